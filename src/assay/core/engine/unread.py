"""Values that stand where a number is asked for and are none: they count as absent, and are counted here."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core import values
from assay.core.definitions import model
from assay.core.engine import attributes
from assay.core.engine.stages import forms_read
from assay.core.io.store import Store, literal, name


def unread_numbers(store: Store, definitions: model.Definitions, *, as_of: int) -> dict[str, int]:
    """Return how many values up to `as_of` are no numbers where one is asked for, by attribute or property.

    Only those that some rule or score reads as a number; names without any are left out. Attributes of an account that
    a person rule reads are named as it writes them ("account.employees").
    """
    forms = list(_forms(definitions))
    found = _of_properties(store, definitions, [form for _, form in forms], as_of)
    for subject, form in forms:
        if isinstance(form, model.Attribute):
            owner: model.SubjectType = "account" if form.of_account else subject
            bad = attributes.unparsed_numbers(
                store, [(0, form)], subject_type=owner, as_of=as_of, lists=definitions.lists
            )
            found |= {attributes.written(form): rows for rows in bad.values()}
    return {of: rows for of, rows in sorted(found.items()) if rows}


def _forms(definitions: model.Definitions) -> Iterator[tuple[model.SubjectType, model.Form]]:
    for rule in definitions.rules:
        yield from ((rule.subject, form) for form in forms_read(definitions, (c.form for c in rule.criteria)))
    for score in definitions.scores:
        yield from ((score.subject, form) for form in forms_read(definitions, (line.form for line in score.points)))


def _of_properties(store: Store, definitions: model.Definitions, forms: list[model.Form], as_of: int) -> dict[str, int]:
    """Return the same for properties of events, over the events that read them as numbers."""
    readers: dict[str, set[str] | None] = {}  # None: any event
    for form in forms:
        if not isinstance(form, model.Count | model.Sum):
            continue
        read = [of for of, condition in form.where if attributes.wants_number(condition, definitions.lists)]
        if isinstance(form, model.Sum):
            read.append(form.property)
        for of in read:
            before = readers.get(of, set())
            readers[of] = None if before is None or not form.events else before | set(form.events)
    known = store.columns("prepared.events")
    return {of: _unread(store, of, events, as_of) for of, events in readers.items() if f"p_{of}" in known}


def _unread(store: Store, of_property: str, events: set[str] | None, as_of: int) -> int:
    column = f"e.{name(f'p_{of_property}')}"
    among = "" if events is None else f"AND n.name IN ({', '.join(literal(event) for event in sorted(events))})"
    counted = store.rows(
        f"SELECT {column}, count(*) FROM prepared.events e JOIN prepared.event_names n USING (event) "
        f"WHERE {column} IS NOT NULL AND e.at <= ? {among} GROUP BY 1",
        [as_of],
    )
    return sum(rows for text, rows in counted if not _is_number(text))


def _is_number(text: str) -> bool:
    number = values.parse_number(text)
    return number is not None and values.millionths(number) is not None
