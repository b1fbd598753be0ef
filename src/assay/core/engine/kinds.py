"""Kinds of events: an event's name together with which of the conditions in `where` it meets.

The conditions and values that any stage reads are worked out once, a different text at a time; from then on an event is
its kind, its instant and a few integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.core.definitions import model
from assay.core.engine.slots import FeedKey, Slots, ValueKey

Predicate = tuple[str, model.Condition]

#: The names of the events that something is read of; None: of any.
Readers = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kinds of events of a run, and what stands in the columns of their values.

    names     the event name of each kind
    met       which predicates each kind meets
    columns   the values in each column of `Rows.values`; a column serves several values that no event shares
    distinct  one more than the greatest code in any column that a distinct reads
    """

    names: tuple[str, ...]
    met: tuple[frozenset[Predicate], ...]
    columns: tuple[tuple[ValueKey, ...], ...]
    distinct: int

    def column(self, key: ValueKey | None) -> int:
        """Return the column of a value, or -1 for none."""
        return -1 if key is None else next(i for i, keys in enumerate(self.columns) if key in keys)

    def feeds_of(self, feeds: Mapping[FeedKey, int]) -> list[list[int]]:
        """Return the feeds that each kind belongs to."""
        return [
            [
                feed
                for key, feed in feeds.items()
                if (not key.events or kind in key.events) and all(predicate in met for predicate in key.where)
            ]
            for kind, met in zip(self.names, self.met, strict=True)
        ]


def predicates(stages: Sequence[Slots]) -> dict[str, tuple[list[model.Condition], Readers]]:
    """Return for each property the conditions that feeds ask of it, and of which events."""
    found: dict[str, tuple[list[model.Condition], Readers]] = {}
    for slots in stages:
        for key in slots.feeds:
            for of, condition in key.where:
                conditions, readers = found.get(of, ([], frozenset()))
                if condition not in conditions:
                    conditions.append(condition)
                found[of] = conditions, _with(readers, key.events)
    return found


def value_readers(stages: Sequence[Slots]) -> dict[ValueKey, Readers]:
    """Return of which events each value is read."""
    found: dict[ValueKey, Readers] = {}
    for slots in stages:
        feeds = list(slots.feeds)
        for slot in slots.slots:
            if slot.value is not None:
                found[slot.value] = _with(found.get(slot.value, frozenset()), feeds[slot.feeds[0]].events)
    return found


def _with(readers: Readers, events: Sequence[str]) -> Readers:
    return None if readers is None or not events else readers | set(events)


def share_columns(readers: Mapping[ValueKey, Readers]) -> tuple[tuple[ValueKey, ...], ...]:
    """Return the values of each column: two share one where no event has both."""
    columns: list[list[ValueKey]] = []
    for key, events in readers.items():
        for column in columns:
            if not any(_overlap(events, readers[other]) for other in column):
                column.append(key)
                break
        else:
            columns.append([key])
    return tuple(map(tuple, columns))


def _overlap(one: Readers, other: Readers) -> bool:
    return one is None or other is None or bool(one & other)
