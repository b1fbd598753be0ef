"""What of the raw data the definitions read."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.definitions.model import Count, Definitions, EventsSource, Form, Sum


def read_properties(definitions: Definitions) -> tuple[str, ...]:
    """Return the event properties that a rule or score reads in where, distinct or sum, sorted."""
    forms: list[Form] = [c.form for rule in definitions.rules for c in rule.criteria]
    forms += [line.form for score in definitions.scores for line in score.points]
    read = {name for form in forms for name in _properties_of(form)}
    return tuple(sorted(read))


def _properties_of(form: Form) -> Iterator[str]:
    if isinstance(form, Count):
        yield from (name for name, _ in form.where)
        if form.distinct is not None and form.distinct_is_property:
            yield form.distinct
    elif isinstance(form, Sum):
        yield form.property
        yield from (name for name, _ in form.where)


def unread_columns(part: EventsSource, read: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of declared properties that nothing reads: they only tell differing copies apart."""
    return tuple(column for name, column in part.properties if name not in read)
