"""The files of the lake: written and synced before the manifest names them, read by way of the manifest alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection

from assay.core.io.store import literal
from assay.core.io.writing import sync
from assay.node.lake.models import FileKind, LakeFile, Position
from assay.node.lake.rows import LAKE

_ROW_GROUP: Final = 100_000
_Found = TypeVar("_Found")


def folder() -> Path:
    """Return the folder of the lake, making it where it is missing."""
    made: Path = settings.ASSAY.data_folder / "lake"
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def files() -> list[LakeFile]:
    """Return the files that count."""
    return list(LakeFile.objects.filter(replaced_at=None))


def paths() -> list[Path]:
    """Return where the files that count are."""
    return [folder() / file.name for file in files()]


def relation(of: Sequence[Path]) -> str:
    """Return what stands after FROM for the rows of files, with the columns of `rows.LAKE`."""
    if of:
        return f"read_parquet([{', '.join(literal(str(path)) for path in of)}])"
    types = {pa.int64(): "BIGINT", pa.string(): "VARCHAR"}
    empty = ", ".join(f'NULL::{types.get(field.type, "TIMESTAMPTZ")} AS "{field.name}"' for field in LAKE)
    return f"(SELECT {empty} WHERE false)"


def rows_since(seq: int) -> pa.Table:
    """Return the rows that came after one, in their order."""
    return rows_between(seq, last_seq())


def rows_between(seq: int, last: int) -> pa.Table:
    """Return the rows that came after one and up to another, in their order."""
    return reading(lambda: _rows_between(seq, last))


def _rows_between(seq: int, last: int) -> pa.Table:
    holding = LakeFile.objects.filter(replaced_at=None, seq_to__gt=seq, seq_from__lte=last)
    these = [("seq", ">", seq), ("seq", "<=", last)]
    parts = [pq.read_table(folder() / file.name, schema=LAKE, filters=these, memory_map=False) for file in holding]
    return pa.concat_tables([LAKE.empty_table(), *parts]).sort_by("seq")


def reading(read: Callable[[], _Found]) -> _Found:
    """Return what a function reads; it reads again where a file was erased between naming and opening it."""
    for _ in range(5):
        with suppress(FileNotFoundError):
            return read()
    return read()


def last_seq() -> int:
    """Return the number of the last row; 0 where there is none."""
    return Position.objects.filter(id=1).values_list("seq", flat=True).first() or 0


def held() -> int:
    """Hold the lake until the transaction ends; return the number of its last row. One at a time changes it."""
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("SELECT seq FROM lake_position WHERE id = 1 FOR UPDATE")
            found = cursor.fetchone()
            if found is not None:
                return int(found[0])
            cursor.execute("INSERT INTO lake_position VALUES (1, 0) ON CONFLICT DO NOTHING")
    raise AssertionError("the position was just made")


def add(rows: pa.Table, now: datetime) -> pa.Table:
    """Append rows (LAKE without `seq`) to the lake as a file, and return them with their numbers.

    To be called in the transaction that takes them from elsewhere: the rows are there if it commits, and only then.
    """
    last = held()
    seq = pa.array(range(last + 1, last + 1 + rows.num_rows), pa.int64())
    numbered = rows.append_column("seq", seq).select(LAKE.names).cast(LAKE)
    if numbered.num_rows:
        named(write([numbered], FileKind.FRESH))
        Position.objects.filter(id=1).update(seq=last + numbered.num_rows)
        _count(numbered, now)
    return numbered


def write(parts: Iterable[pa.Table | pa.RecordBatch], kind: FileKind) -> LakeFile:
    """Write rows as a file, on disk when this returns, that no manifest names yet; without rows there is none."""
    file = LakeFile(name=f"{uuid.uuid4().hex}.parquet", kind=kind, rows=0, bytes=0, seq_from=0, seq_to=-1)
    path = folder() / file.name
    try:
        with pq.ParquetWriter(path, LAKE, compression="lz4", version="2.6", write_statistics=True) as writer:
            for part in parts:
                table = part if isinstance(part, pa.Table) else pa.Table.from_batches([part])
                table = table.cast(LAKE)
                writer.write_table(table, row_group_size=_ROW_GROUP)
                _widen(file, table)
        sync(path)
        sync(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    file.bytes = path.stat().st_size
    if not file.rows:
        path.unlink()
    return file


def named(file: LakeFile) -> None:
    """Let the manifest name a file, where it has rows."""
    if file.rows:
        file.save()


def remove_replaced(before: datetime | None = None) -> int:
    """Remove files that were replaced before an instant, or ever; return how many."""
    gone = 0
    replaced = LakeFile.objects.exclude(replaced_at=None)
    for file in replaced if before is None else replaced.filter(replaced_at__lt=before):
        (folder() / file.name).unlink(missing_ok=True)
        file.delete()
        gone += 1
    return gone


def _widen(file: LakeFile, table: pa.Table) -> None:
    if not table.num_rows:
        return
    seq, at = (pc.min_max(table[column]).as_py() for column in ("seq", "at"))
    is_first = file.rows == 0
    file.seq_from = seq["min"] if is_first else min(file.seq_from, seq["min"])
    file.seq_to = max(file.seq_to, seq["max"])
    if at["min"] is not None:
        file.at_from = min(filter(None, (file.at_from, at["min"])))
        file.at_to = max(filter(None, (file.at_to, at["max"])))
    file.rows += table.num_rows


def _count(rows: pa.Table, now: datetime) -> None:
    counted = rows.group_by(["source", "kind"]).aggregate([([], "count_all")]).to_pylist()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO lake_sourcecount (source, kind, rows, last_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (source, kind) DO UPDATE "
            "SET rows = lake_sourcecount.rows + EXCLUDED.rows, last_at = EXCLUDED.last_at",
            [(one["source"], one["kind"], one["count_all"], now) for one in counted],
        )
