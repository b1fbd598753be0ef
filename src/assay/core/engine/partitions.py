"""A stage on a cluster: the same kernel, over partitions of subjects that the cluster has put in order.

What travels is one table with the columns of `schema`. A subject has one row that says what is told of it from outside
(its birth and the steps of its tracks), which sorts first, and a row for each event. So a task needs nothing of other
subjects: the cluster joins by sorting, and only the stage's plan is sent to everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.engine import people
from assay.core.engine.arrays import STEP, Bools, Int32s, Int64s, Plan, Rows, Steps
from assay.core.engine.chunks import Asked, Progress, Swept, Way
from assay.core.engine.compiled import NO_VALUE
from assay.core.engine.people import Changes
from assay.core.engine.plan import StagePlan
from assay.core.engine.settling import settle
from assay.core.engine.sweep import EVERYBODY, sweep_subjects
from assay.core.engine.tracks import BEGINNING
from assay.core.engine.world import World

#: Rows that a task sweeps at once: some 50 MB, as several tasks share an executor.
CHUNK: Final = 500_000

#: Rows of one batch that is sent, and steps: a subject with more has a batch of its own.
_SENT: Final = 500_000

_KEY: Final = "subject"
_ORDER: Final = ("at", "event")
_TOLD: Final = -1  # the kind and event of the row that says what is told of a subject

#: What tasks give: a spell of rule `of`, with all causes; or, with `of` -1 - the place of a window, a step of activity:
#: its instant in `begins`, its value in `ends`, its cause in `opened`.
GIVEN: Final = pa.schema(
    [
        ("of", pa.int32()),
        ("subject", pa.int32()),
        ("begins", pa.int64()),
        ("ends", pa.int64()),
        ("opened", pa.list_(pa.int64())),
        ("closed", pa.list_(pa.int64())),
    ]
)

Batches = Iterator[pa.RecordBatch]
Work = Callable[[Batches], Batches]


class Cluster(Protocol):
    """What runs work on partitions of rows."""

    def work_on(self, rows: Batches, work: Work, *, key: str, order: Sequence[str], gives: pa.Schema) -> pa.Table:
        """Return all that `work` gives.

        It is called once a partition: rows of one key are in one partition, in order of the key and then of `order`;
        batches begin and end anywhere. What one call gives stays in its order.
        """


def schema(columns: int) -> pa.Schema:
    """Return the columns of the rows that travel, with so many values an event."""
    fixed = [("subject", pa.int32()), ("at", pa.int64()), ("kind", pa.int32()), ("event", pa.int32())]
    told = [("born", pa.int64()), ("steps", pa.binary())]
    return pa.schema([*fixed, *told, *((f"value_{column}", pa.int64()) for column in range(columns))])


def on(cluster: Cluster) -> Way:
    """Return the way to sweep a stage on a cluster: of all subjects, at once."""

    def sweep(
        world: World, of: StagePlan, steps: Steps, windows: Sequence[int], progress: Progress | None
    ) -> Iterable[Swept]:
        kind = of.stage.kind
        if progress:
            progress(f"{kind}s", 0.0)
        work = Task(plan=of.plan, distinct=world.kinds.distinct, windows=tuple(windows))
        found = GIVEN.empty_table()
        if world.counts[kind]:
            sent = _sent(world, of, steps, windows)
            found = cluster.work_on(sent, work, key=_KEY, order=_ORDER, gives=GIVEN)
        if progress:
            progress(f"{kind}s", 1.0)
        yield _swept(found, len(of.stage.rules), windows)

    return sweep


def _sent(world: World, of: StagePlan, steps: Steps, windows: Sequence[int]) -> Batches:
    """Yield everything that a stage reads, in batches of bounded size."""
    asked = Asked.of(world, of, windows)
    events = world.events
    columns = schema(len(events.values))
    yield from _told(columns, steps, asked)
    for begin in range(0, len(events), _SENT):
        part = slice(begin, begin + _SENT)
        mine = np.flatnonzero((asked.subject[part] >= 0) & asked.wanted[events.kind[part]]) + begin
        nothing = [pa.nulls(len(mine), columns.field(name).type) for name in ("born", "steps")]
        read = [asked.subject[mine], events.at[mine], events.kind[mine], events.event[mine]]
        values = [column[mine] for column in events.values]
        yield pa.record_batch([*map(pa.array, read), *nothing, *map(pa.array, values)], schema=columns)


def _told(columns: pa.Schema, steps: Steps, asked: Asked) -> Batches:
    """Yield a row a subject that the stage is about: what is told of it from outside."""
    first, subjects = 0, len(asked.born)
    values = len(columns) - 6
    while first < subjects:
        most = int(np.searchsorted(steps.lo, steps.lo[first] + _SENT, side="right")) - 1
        end = min(max(most, first + 1), first + _SENT, subjects)
        lo = steps.lo[first : end + 1]
        offsets = ((lo - lo[0]) * STEP.itemsize).astype(np.int32)
        written = pa.py_buffer(np.ascontiguousarray(steps.step[lo[0] : lo[-1]]).tobytes())
        count = end - first
        told = pa.record_batch(
            [
                pa.array(np.arange(first, end, dtype=np.int32)),
                pa.array(np.full(count, BEGINNING, np.int64)),
                pa.array(np.full(count, _TOLD, np.int32)),
                pa.array(np.full(count, _TOLD, np.int32)),
                pa.array(asked.born[first:end]),
                pa.BinaryArray.from_buffers(pa.binary(), count, [None, pa.py_buffer(offsets), written]),
                *[pa.array(np.full(count, NO_VALUE, np.int64))] * values,
            ],
            schema=columns,
        )
        yield told.filter(pa.array(asked.chosen[first:end])) if len(asked.chosen) else told
        first = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is sent to every executor, and there called with each partition's rows."""

    plan: Plan
    distinct: int
    windows: tuple[int, ...]
    chunk: int = CHUNK

    def __call__(self, batches: Batches) -> Batches:
        """Yield the rows of `GIVEN` of a partition, a chunk of whole subjects at a time."""
        for whole in whole_subjects(batches, self.chunk):
            yield from self._sweep(whole)

    def _sweep(self, whole: pa.Table) -> Batches:
        subjects, rows, steps, born = _laid_out(whole)
        asking = self.distinct, EVERYBODY, np.empty((0, 2), np.int64), 0
        spells, causes, _, _ = sweep_subjects(self.plan, rows, steps, born, asking)
        opened, closed = (_lists(causes, spells[:, side], spells[:, side + 1]) for side in (4, 6))
        yield _given(spells[:, 0], subjects[spells[:, 1]], spells[:, 2], spells[:, 3], (opened, closed))
        for place, within in enumerate(self.windows):
            pair, at, value, cause = people.activity(rows, within)
            one, none = np.arange(len(pair) + 1, dtype=np.int32), np.zeros(len(pair) + 1, np.int32)
            why = pa.ListArray.from_arrays(one, cause), pa.ListArray.from_arrays(none, cause[:0])
            yield _given(np.full(len(pair), -1 - place), subjects[pair], at, value, why)


def whole_subjects(batches: Batches, size: int) -> Iterator[pa.Table]:
    """Yield rows sorted by subject as tables of whole subjects, of about `size` rows or of one subject with more."""
    waiting: list[pa.RecordBatch] = []
    rows, last = 0, None
    for batch in batches:
        if not len(batch):
            continue
        subject = batch.column("subject").to_numpy()
        begins = int(np.searchsorted(subject, subject[-1]))  # where the subject begins that may go on
        whole = begins > 0 or subject[0] != last
        if whole and waiting and rows + begins >= size:
            yield pa.Table.from_batches([*waiting, batch.slice(0, begins)])
            waiting, rows, batch = [], 0, batch.slice(begins)  # noqa: PLW2901
        waiting.append(batch)
        rows += len(batch)
        last = subject[-1]
    if waiting:
        yield pa.Table.from_batches(waiting)


def _laid_out(whole: pa.Table) -> tuple[Int32s, Rows, Steps, Int64s]:
    """Return the subjects of a table, and their rows, steps and births as of subjects numbered from 0."""
    kind = whole["kind"].to_numpy()
    told = kind == _TOLD
    begins = np.flatnonzero(told)
    lo = np.append(begins, len(kind)) - np.arange(len(begins) + 1)
    columns = [name for name in whole.column_names if name.startswith("value_")]
    values = np.empty((len(columns), len(kind) - len(begins)), np.int64)
    for place, name in enumerate(columns):
        values[place] = whole[name].to_numpy()[~told]
    at, event = (whole[name].to_numpy()[~told] for name in ("at", "event"))
    own = Rows(0, lo, at, kind[~told], event, values)
    born = whole["born"].take(pa.array(begins)).to_numpy()
    return whole["subject"].to_numpy()[told], own, _steps(whole["steps"], told), born.copy()


def _steps(column: pa.ChunkedArray, told: Bools) -> Steps:
    """Return the steps that the rows named hold, one row a subject."""
    written = column.filter(pa.array(told)).combine_chunks()
    lo = np.zeros(len(written) + 1, np.int64)
    np.cumsum(pc.binary_length(written).to_numpy() // STEP.itemsize, out=lo[1:])
    data = written.buffers()[2]
    if not lo[-1]:
        return Steps(lo, np.empty(0, STEP))
    first = np.frombuffer(written.buffers()[1], np.int32)[written.offset]
    return Steps(lo, np.frombuffer(data, STEP, count=lo[-1], offset=first).copy())


def _lists(causes: Int64s, begin: Int64s, end: Int64s) -> pa.ListArray:
    """Return causes[begin[k] : end[k]] for each k."""
    lengths = end - begin
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    places = np.repeat(begin - offsets[:-1], lengths) + np.arange(offsets[-1])
    return pa.ListArray.from_arrays(offsets, causes[places])


def _given(
    of: npt.NDArray[np.int64], subject: Int32s, begins: Int64s, ends: Int64s, why: tuple[pa.ListArray, pa.ListArray]
) -> pa.RecordBatch:
    columns = [of.astype(np.int32), subject, np.ascontiguousarray(begins), np.ascontiguousarray(ends)]
    return pa.record_batch([*map(pa.array, columns), *why], schema=GIVEN)


def _swept(found: pa.Table, rules: int, windows: Sequence[int]) -> Swept:
    """Return what tasks gave, in the order of subjects."""
    order = np.argsort(found["subject"].to_numpy(), kind="stable")
    of = found["of"].to_numpy()[order]
    active = {within: _changes(found.take(order[of == -1 - place])) for place, within in enumerate(windows)}
    spells, causes = _spells(found.take(order[of >= 0]))
    return Swept(settle(spells, causes, rules), active)


def _changes(found: pa.Table) -> Changes:
    """Return the steps of activity, as `people.activity` does."""
    pair, at, value = (found[name].to_numpy() for name in ("subject", "begins", "ends"))
    return Changes(pair, at, value, _column(found, "opened").flatten().to_numpy())


def _spells(found: pa.Table) -> tuple[Int64s, Int64s]:
    """Return spells and causes, as `sweep_subjects` does."""
    spells = np.empty((len(found), 8), np.int64)
    for place, name in enumerate(("of", "subject", "begins", "ends")):
        spells[:, place] = found[name].to_numpy()
    parts: list[Int64s] = []
    before = 0
    for side, name in ((4, "opened"), (6, "closed")):
        lists = _column(found, name)
        lengths = pc.list_value_length(lists).to_numpy()
        spells[:, side + 1] = before + np.cumsum(lengths)
        spells[:, side] = spells[:, side + 1] - lengths
        parts.append(lists.flatten().to_numpy())
        before += len(parts[-1])
    return spells, np.concatenate(parts)


def _column(found: pa.Table, name: str) -> pa.ListArray:
    """Return a column of lists in one piece."""
    column = found[name].combine_chunks()
    return column if isinstance(column, pa.ListArray) else pa.concat_arrays(column.chunks)
