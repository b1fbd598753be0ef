"""Criteria that nobody has written yet: what could precede an outcome, as rules that the engine can decide.

Of each event: how often in a window, on how many days, and the same of those with one value of a property. Of each
attribute: its frequent values, or the quartiles of its numbers. What a rule reads already is left out unless asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from assay.core import values
from assay.core.definitions import model
from assay.core.definitions.formatting import format_text
from assay.core.errors import Place
from assay.core.io.store import Store, literal
from assay.core.io.store import name as quoted
from assay.core.outcomes import caveats

_TIMES: Final = (1, 2, 3, 5, 10)
_WINDOWS: Final = (7 * values.DAY, 14 * values.DAY, 30 * values.DAY)
_DAYS: Final = ((2, 7 * values.DAY), (3, 14 * values.DAY), (5, 30 * values.DAY))
_OF_VALUE: Final = ((1, 14 * values.DAY), (1, 30 * values.DAY), (3, 30 * values.DAY))
#: Values of a property or attribute that are tried: the most frequent; one that fewer subjects have tells nothing.
_VALUES: Final = 8
FEWEST: Final = 20
#: A property or attribute of text with more values than these is an id or a name.
_KINDS: Final = 200
#: What identity makes of an address; nearly every one is its own.
_BUILT_IN: Final = ("domain", "email_domain")
#: How much of anything within 30 days parts the busy from others.
BUSY: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 100, 300)
_PLACE: Final = Place(file="signals", line=1, column=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A criterion that could precede the outcome; those of one `family` ask much the same with other numbers."""

    family: str
    name: str
    form: model.Form
    parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The criterion as `assay fmt` writes it, to be pasted under `criteria:`."""
        return _criterion(self.name, self.parts)

    def rule(self, subject: model.SubjectType) -> model.Rule:
        """Return a rule that holds exactly while the criterion is met; no name in a definition holds an @."""
        return model.Rule(
            name=f"signal@{self.name}",
            version=1,
            status="draft",
            stage="MQL",
            motion="signal",
            subject=subject,
            criteria=(model.Criterion(name=self.name, form=self.form, place=_PLACE),),
            qualify=(model.Group(kind="all_of", members=(self.name,)),),
            place=_PLACE,
        )


def with_all_properties(definitions: model.Definitions) -> model.Definitions:
    """Return the definitions with a draft that reads every property of every source, so that they are all prepared."""
    told = {name for one in definitions.sources if isinstance(one, model.EventsSource) for name, _ in one.properties}
    where = tuple((name, model.Condition(kind="exists", values=(True,))) for name in sorted(told))
    form = model.Count(where=where, threshold=_at_least(1))
    one = Candidate(family="", name="all", form=form).rule("person")
    return replace(definitions, rules=(*definitions.rules, one)) if told else definitions


@dataclass(frozen=True, slots=True)
class _Known:
    """Whose data is looked at, as of when, and how many subjects must have a thing for it to be tried."""

    store: Store
    subject: model.SubjectType
    as_of: int
    fewest: int


def candidates(
    store: Store,
    definitions: model.Definitions,
    subject: model.SubjectType,
    *,
    as_of: int,
    also_read: bool,
    fewest: int = FEWEST,
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Return what could precede an outcome, and the families left out since rules read them already.

    An event, or a value, that fewer than `fewest` subjects have is not tried.
    """
    known = _Known(store, subject, as_of, fewest)
    found = [*_of_events(known, definitions), *_of_attributes(known)]
    read = set() if also_read else _read(definitions)
    named: dict[str, Candidate] = {}
    for one in found:
        if one.family not in read:
            named.setdefault(one.name, one)
    there = {one.family for one in found}
    return tuple(named.values()), tuple(sorted(there & read))


def busy() -> tuple[Candidate, ...]:
    """Return criteria that part people by how much of anything they did lately."""
    window = model.Window(within=30 * values.DAY)
    return tuple(
        Candidate(family="", name=f"busy_{times}", form=model.Count(threshold=_at_least(times), window=window))
        for times in BUSY
    )


def _read(definitions: model.Definitions) -> set[str]:
    """Return the families that some rule reads, itself or through scores."""
    found: set[str] = set()
    for rule in definitions.rules:
        if rule.status == "retired":
            continue
        for _, subject, form in caveats.forms_read(definitions, rule):
            if isinstance(form, model.Count | model.Sum):
                found |= {_family(event, tuple(key for key, _ in form.where)) for event in form.events}
                found |= set(form.events)
            elif isinstance(form, model.Sequence):
                found |= set(form.steps)
            elif isinstance(form, model.Attribute):
                found.add(f"account.{form.name}" if form.of_account or subject == "account" else form.name)
    return found


def _family(event: str, properties: Sequence[str]) -> str:
    return f"{event} by {properties[0]}" if properties else event


# --- events ------------------------------------------------------------------------------------------


def _of_events(known: _Known, definitions: model.Definitions) -> Iterator[Candidate]:
    subject = known.subject
    named = known.store.rows(
        f"SELECT n.name, n.event FROM prepared.events e JOIN prepared.event_names n ON n.event = e.event "
        f'WHERE e."at" <= ? AND e.{subject} >= 0 GROUP BY n.name, n.event '
        f"HAVING count(DISTINCT e.{subject}) >= {known.fewest} ORDER BY n.name",
        [known.as_of],
    )
    properties = _properties(known.store)
    for name, code in named:
        if name not in definitions.event_names:
            continue
        for within in _WINDOWS:
            yield from (_count(name, times, within) for times in _TIMES)
        yield from (_count(name, days, within, distinct=True) for days, within in _DAYS)
        for key in properties:
            for value in _frequent(known, code, key):
                yield from (_count(name, times, within, where=(key, value)) for times, within in _OF_VALUE)


def _properties(store: Store) -> list[str]:
    rows = store.rows(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = 'prepared' AND table_name = 'events' AND column_name LIKE 'p\\_%' ESCAPE '\\' ORDER BY 1"
    )
    return [column.removeprefix("p_") for (column,) in rows]


def _frequent(known: _Known, event: int, key: str) -> list[str]:
    column, subject = quoted(f"p_{key}"), known.subject
    rows = known.store.rows(
        f"SELECT {column}, count(DISTINCT {subject}) AS n FROM prepared.events "
        f'WHERE event = ? AND "at" <= ? AND {subject} >= 0 AND {column} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1',
        [event, known.as_of],
    )
    if not 1 < len(rows) <= _KINDS:
        return []
    return [value for value, n in rows[:_VALUES] if n >= known.fewest]


def _count(
    event: str, times: int, within: int, *, distinct: bool = False, where: tuple[str, str] | None = None
) -> Candidate:
    window = values.format_duration(within)
    filtered = () if where is None else ((where[0], model.Condition(kind="is", values=(where[1],))),)
    form = model.Count(
        events=(event,),
        where=filtered,
        distinct="day" if distinct else None,
        threshold=_at_least(times),
        window=model.Window(within=within),
    )
    parts = [f"count: {_text(event)}"]
    parts += [] if where is None else [f"where: {{{_text(where[0])}: {_text(where[1])}}}"]
    parts += ["distinct: day"] if distinct else []
    parts += [f"at_least: {times}", f"within: {window}"]
    often = f"_on_{times}_days" if distinct else "" if times == 1 else f"_{times}_times"
    of = "" if where is None else f"_{where[1]}"
    name = _name(f"{event}{of}{often}_in_{window}")
    family = _family(event, () if where is None else where[:1])
    return Candidate(family=family, name=name, form=form, parts=tuple(parts))


# --- attributes --------------------------------------------------------------------------------------


def _of_attributes(known: _Known) -> Iterator[Candidate]:
    for owner in ("person", "account") if known.subject == "person" else ("account",):
        of_account = owner != known.subject
        listed = known.store.rows(
            'SELECT name, count(DISTINCT value) FROM prepared.attributes WHERE subject_type = ? AND ("at" IS NULL OR '
            '"at" <= ?) AND value IS NOT NULL GROUP BY name ORDER BY name',
            [owner, known.as_of],
        )
        for name, kinds in listed:
            if name in _BUILT_IN or kinds < 2:
                continue
            family = name if owner == "person" else f"account.{name}"
            written = f"account.{name}" if of_account else name
            for key, condition, text in _conditions(known, owner, name, kinds):
                form = model.Attribute(name=name, condition=condition, of_account=of_account)
                made = _name(f"{written}_{key}")
                parts = (f"attribute: {_text(written)}", text)
                yield Candidate(family=family, name=made, form=form, parts=parts)


def _conditions(known: _Known, owner: str, name: str, kinds: int) -> Iterator[tuple[str, model.Condition, str]]:
    """Yield a name, a condition and its text for each that is worth trying of an attribute."""
    told = (
        f'FROM prepared.attributes WHERE subject_type = {literal(owner)} AND name = {literal(name)} AND ("at" IS NULL '
        f'OR "at" <= {known.as_of}) AND value IS NOT NULL'
    )
    number = "try_cast(value AS DOUBLE)"
    numbers, *quartiles = known.store.rows(
        f"SELECT avg(({number} IS NOT NULL)::INT), quantile_cont({number}, 0.25), quantile_cont({number}, 0.5), "
        f"quantile_cont({number}, 0.75), quantile_cont({number}, 0.9) {told}"
    )[0]
    if numbers > 0.9 and kinds > _VALUES:
        for bound in dict.fromkeys(_round(quartile) for quartile in quartiles if math.isfinite(quartile)):
            text = values.text_of(bound) or "0"
            threshold = model.Threshold(low=bound, text=f"at least {text}")
            yield f"at_least_{text}", model.Condition(kind="range", threshold=threshold), f"at_least: {text}"
    elif kinds <= _KINDS:
        rows = known.store.rows(f"SELECT value, count(DISTINCT subject) AS n {told} GROUP BY 1 ORDER BY n DESC, 1")
        for value in [value for value, n in rows[:_VALUES] if n >= known.fewest]:
            yield f"is_{value}", model.Condition(kind="is", values=(value,)), f"is: {_text(value)}"


def _round(number: float) -> Decimal:
    """Return a number to two figures, as people write thresholds."""
    if number == 0:
        return Decimal(0)
    return round(Decimal(number), 1 - math.floor(math.log10(abs(number)))) + 0


def _at_least(times: int) -> model.Threshold:
    return model.Threshold(low=Decimal(times), text=f"at least {times}")


# --- as text -----------------------------------------------------------------------------------------


def _name(text: str) -> str:
    """Return a criterion's name: letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "signal"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _criterion(name: str, parts: Sequence[str]) -> str:
    written = format_text(f"qualification: q\ncriteria:\n  {name}: {{{', '.join(parts)}}}\n")
    return written.partition("criteria:\n")[2].rstrip("\n")
