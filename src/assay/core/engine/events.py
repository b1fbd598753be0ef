"""Events in memory, as integers.

They are read once, in the order in which they lie. First the columns that are integers already; then, for each property
that rules read, the rows that have it, as codes of its different texts: a condition or a number is worked out once a
text. Most rows lack most properties and are not looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core import values
from assay.core.definitions import model
from assay.core.engine.arrays import Int32s, Int64s
from assay.core.engine.compiled import NO_VALUE
from assay.core.engine.kinds import Kinds, Predicate, Readers, predicates, share_columns, value_readers
from assay.core.engine.slots import Slots, ValueKey
from assay.core.io.store import Store, name

#: Rows that are copied at once: few enough to stay in the processor's cache.
_BATCH: Final = 100_000

Bools = npt.NDArray[np.bool_]
Lists = Mapping[str, tuple[model.Scalar, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Events up to as_of: parallel arrays of length n, by `event`; `values` has shape (columns, n)."""

    at: Int64s
    person: Int32s
    account: Int32s
    kind: Int32s
    event: Int32s  # rowid in prepared.events, ascending
    values: Int64s

    def __len__(self) -> int:
        return len(self.at)

    def in_order(self) -> Events:
        """Return the same by `event`: a condition that names many subjects is a join, which may give any order."""
        if bool((self.event[1:] > self.event[:-1]).all()):
            return self
        order = np.argsort(self.event)
        return Events(
            at=self.at[order],
            person=self.person[order],
            account=self.account[order],
            kind=self.kind[order],
            event=self.event[order],
            values=self.values[:, order],
        )

    def places(self, events: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return where these rowids stand."""
        if len(self) and self.event[-1] == len(self) - 1:  # all rows were read
            return events
        return np.searchsorted(self.event, events)


@dataclass(frozen=True, slots=True)
class _Property:
    """What a property says: `places` of the events that have it, the `codes` of their texts, and the texts."""

    places: Int64s
    codes: Int64s
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where events are read: the store, the condition that all of them meet (SQL over `e`), and the names' codes."""

    store: Store
    condition: str
    as_of: int
    codes: Mapping[str, int]

    def has(self, of_property: str) -> bool:
        """Return whether any source gives a property."""
        return f"p_{of_property}" in self.store.columns("prepared.events")

    def bare(self, columns: int) -> Events:
        """Return the events without what is read of properties: `kind` is the code of the event's name."""
        count = self.store.rows(f"SELECT count(*) FROM prepared.events e {self.condition}", [self.as_of])[0][0]
        events = Events(
            at=np.empty(count, np.int64),
            person=np.empty(count, np.int32),
            account=np.empty(count, np.int32),
            kind=np.empty(count, np.int32),
            event=np.empty(count, np.int32),
            values=np.full((max(columns, 1), count), NO_VALUE, np.int64),
        )
        sql = (
            "SELECT e.rowid::INTEGER AS event, e.at AS at, e.person AS person, e.account AS account, e.event AS kind "
            f"FROM prepared.events e {self.condition}"
        )
        done = 0
        for batch in self.store.batches(sql, [self.as_of], rows=_BATCH):
            for column in ("event", "at", "person", "account", "kind"):
                getattr(events, column)[done : done + len(batch)] = batch.column(column).to_numpy()
            done += len(batch)
        return events.in_order()

    def read(self, of_property: str, readers: Readers, events: Events) -> _Property:
        """Return a property of the events of these names."""
        column = f"e.{name(f'p_{of_property}')}"
        among = ""
        if readers is not None:
            listed = ", ".join(str(self.codes[reader]) for reader in sorted(readers) if reader in self.codes)
            among = f"AND e.event IN ({listed or 'NULL'})"
        sql = (
            f"SELECT e.rowid AS event, {column} AS text FROM prepared.events e {self.condition} "
            f"AND {column} IS NOT NULL {among}"
        )
        rowids, texts = [np.empty(0, np.int64)], [pa.array([], pa.string()).dictionary_encode()]
        for batch in self.store.batches(sql, [self.as_of]):
            rowids.append(batch.column("event").to_numpy())
            texts.append(batch.column("text").cast(pa.string()).dictionary_encode())
        # Each batch has a dictionary of its own; made one, a batch at a time never holds all texts at once.
        encoded = pa.chunked_array(texts).unify_dictionaries()
        codes = np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks]).astype(np.int64)
        return _Property(events.places(np.concatenate(rowids)), codes, encoded.chunk(0).dictionary.to_pylist())


def load_events(
    store: Store, stages: Sequence[Slots], lists: Lists, *, as_of: int, where: str = ""
) -> tuple[Events, Kinds]:
    """Return the events at or before `as_of` (and meeting `where`, SQL over `e`), and the kinds told apart."""
    names = {text: code for code, text in store.rows("SELECT event, name FROM prepared.event_names")}
    source = _Source(store, f"WHERE e.at <= ? {where}", as_of, names)
    readers = value_readers(stages)
    asked = predicates(stages)
    columns = share_columns(readers)
    events = source.bare(len(columns))
    kinds = _Kinds.of(names)
    distinct = 0
    for key in readers:
        if key.what in ("person", "account"):
            distinct = max(distinct, _fill_own(events, _column(events, columns, key), key, kinds.reading(readers[key])))
    for of in _properties(asked, readers):
        conditions, condition_readers = asked.get(of, ((), frozenset()))
        keys = [key for key in readers if key.name == of]
        if source.has(of):
            found = source.read(of, _union(condition_readers, *(readers[key] for key in keys)), events)
        else:
            found = _Property(np.empty(0, np.int64), np.empty(0, np.int64), ())
        for key in keys:
            wanted = kinds.reading(readers[key])[events.kind[found.places]]
            distinct = max(distinct, _fill(_column(events, columns, key), key, found, wanted))
        if conditions:
            kinds = kinds.told_apart(events.kind, found, _patterns(of, conditions, found, lists))
    return events, Kinds(names=kinds.names, met=kinds.met, columns=columns, distinct=distinct)


def later_events(store: Store, whose: tuple[str, str], *, as_of: int, where: str = "") -> tuple[Int32s, Int32s, Int64s]:
    """Return the earliest event after `as_of` of each person, account or both: two columns of whose it is, instants."""
    one, other = whose
    found = store.arrays(
        f'SELECT e.{one} AS one, e.{other} AS other, min(e.at) AS "at" FROM prepared.events e '
        f"WHERE e.at > ? AND e.{one} >= 0 AND e.{other} >= 0 {where} GROUP BY ALL ORDER BY ALL",
        [as_of],
    )
    return found["one"].astype(np.int32), found["other"].astype(np.int32), found["at"].astype(np.int64)


def _properties(asked: Iterable[str], readers: Iterable[ValueKey]) -> Iterable[str]:
    return dict.fromkeys([*asked, *(key.name for key in readers if key.name)])


def _union(*readers: Readers) -> Readers:
    some = [names for names in readers if names is not None]
    return None if len(some) < len(readers) else frozenset().union(*some)


def _column(events: Events, columns: Sequence[Sequence[ValueKey]], key: ValueKey) -> Int64s:
    column: Int64s = events.values[next(i for i, keys in enumerate(columns) if key in keys)]
    return column


def _fill_own(events: Events, column: Int64s, key: ValueKey, reading: Bools) -> int:
    """Write whose event it is as a value; return one more than its greatest code."""
    of = events.person if key.what == "person" else events.account
    np.copyto(column, of, where=reading[events.kind] & (of >= 0))
    return int(of.max(initial=-1)) + 1


def _fill(column: Int64s, key: ValueKey, found: _Property, wanted: Bools) -> int:
    """Write a property's codes or amounts into a column, of the events wanted; return one more than the last code."""
    if key.what == "code":
        column[found.places[wanted]] = found.codes[wanted]
        return len(found.texts)
    amounts = np.array([_amount(text) for text in found.texts], np.int64)
    column[found.places[wanted]] = amounts[found.codes[wanted]]
    return 0


def _amount(text: str) -> int:
    number = values.parse_number(text)
    amount = None if number is None else values.millionths(number)
    return NO_VALUE if amount is None else amount


def _patterns(
    of: str, conditions: Iterable[model.Condition], found: _Property, lists: Lists
) -> list[frozenset[Predicate]]:
    """Return what each text of a property meets, and last what an event without it does."""
    return [
        frozenset((of, condition) for condition in conditions if values.meets(condition, text, lists))
        for text in (*found.texts, None)
    ]


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Kinds as far as they are told apart."""

    names: tuple[str, ...]
    met: tuple[frozenset[Predicate], ...]

    @classmethod
    def of(cls, codes: Mapping[str, int]) -> _Kinds:
        """Return one kind a name."""
        texts = {code: text for text, code in codes.items()}
        names = tuple(texts.get(code, "") for code in range(max(texts, default=-1) + 1))
        return cls(names, (frozenset(),) * len(names))

    def reading(self, readers: Readers) -> Bools:
        """Return which kinds have one of these names."""
        return np.array([readers is None or of in readers for of in self.names], np.bool_)

    def told_apart(self, kind: Int32s, found: _Property, patterns: Sequence[frozenset[Predicate]]) -> _Kinds:
        """Return kinds that also tell what events meet of a property, and give events theirs, in place."""
        absent = patterns[-1]
        numbers: dict[frozenset[Predicate], int] = {absent: 0}
        pattern = np.array([numbers.setdefault(met, len(numbers)) for met in patterns], np.int64)[found.codes]
        some = np.flatnonzero(pattern)
        places = found.places[some]
        keys = kind[places] * np.int64(len(numbers)) + pattern[some]
        new = np.zeros(len(self.names) * len(numbers), np.int32)
        several = list(numbers)
        names, met = list(self.names), [before | absent for before in self.met]
        for key in np.flatnonzero(np.bincount(keys, minlength=len(new))).tolist():
            new[key] = len(names)
            before, which = divmod(key, len(numbers))
            names.append(self.names[before])
            met.append(self.met[before] | several[which])
        kind[places] = new[keys]
        return _Kinds(tuple(names), tuple(met))
