"""Output files: written aside, made durable, then renamed, so that nobody ever sees half a file or half a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from assay.core.errors import BadRequest, InternalError
from assay.core.io.spreadsheets import guarded
from assay.core.values import text_of

_ASIDE: Final = ".assay-"
_MICROSECOND: Final = timedelta(microseconds=1)


def write_folder(out: Path, contents: Mapping[str, pa.Table | str | Mapping[str, object]]) -> None:
    """Write files by name into the folder `out`: all of them, or none.

    The ending says how: a table becomes csv or parquet, a mapping JSON, and text is written as it is.
    """
    with folder_aside(out) as aside:
        for file, value in contents.items():
            path = aside / file
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, value)


def _write(path: Path, value: pa.Table | str | Mapping[str, object]) -> None:
    if isinstance(value, str):
        path.write_text(value, encoding="utf-8")
    elif not isinstance(value, pa.Table):
        write_json(path, value)
    elif path.suffix == ".parquet":
        write_parquet(path, value)
    elif path.suffix == ".csv":
        write_csv(path, value)
    else:
        raise InternalError(f"No way to write a table as {path.suffix}")


@contextmanager
def folder_aside(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` to write into; when the block ends well its files replace those of the same name.

    Files already in `out` stay as they are until every new one is on disk, and stay for good if the block raises;
    files that this block does not write are left alone. Each file is replaced in one step.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise BadRequest(
            "There is a file where the output folder should be", where=str(out), mend="Name another folder."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    _sweep_orphans(out)
    aside = Path(tempfile.mkdtemp(prefix=f"{_ASIDE}{out.name}-{os.getpid()}-", dir=out.parent))
    try:
        aside.chmod(0o777 & ~_umask())
        yield aside
        _sync_tree(aside)
        _put_in_place(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put_in_place(aside: Path, out: Path) -> None:
    if not out.exists():
        aside.rename(out)
        sync(out.parent)
        return
    for folder, _, files in os.walk(aside):
        target = out / Path(folder).relative_to(aside)
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(files):
            (Path(folder) / file).replace(target / file)
        sync(target)


def _sweep_orphans(out: Path) -> None:
    """Remove what a killed process left beside `out`."""
    for left in out.parent.glob(f"{_ASIDE}{out.name}-*"):
        process = left.name.removeprefix(f"{_ASIDE}{out.name}-").partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def file_aside(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; when the block ends well it replaces `path` in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{_ASIDE}{path.name}-", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        aside.chmod(0o666 & ~_umask())
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_tree(folder: Path) -> None:
    for inside, _, files in os.walk(folder):
        for file in files:
            sync(Path(inside) / file)
        sync(Path(inside))


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, are on disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def csv_of(table: pa.Table) -> bytes:
    """Return a table as `write_csv` writes it."""
    sink = pa.BufferOutputStream()
    write_csv(sink, table)
    return bytes(sink.getvalue())


def write_csv(to: Path | pa.NativeFile, table: pa.Table) -> None:
    """Write a table as UTF-8 CSV with a header; instants in ISO with Z, absent values empty, no text a formula."""
    texts = [_as_text(table.column(name)) for name in table.column_names]
    pa_csv.write_csv(pa.table(texts, names=table.column_names), to, pa_csv.WriteOptions(quoting_style="needed"))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_integer(column.type):
        return column
    is_text = pa.types.is_string(column.type)
    return guarded(column if is_text else pa.array([text_of(value) for value in _plain(column)], pa.string()))


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """Return Python values; instants as datetimes in UTC, whatever Arrow makes of their zone."""
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    whole = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64()).to_pylist()
    return [None if us is None else datetime.fromtimestamp(0, UTC) + _MICROSECOND * us for us in whole]


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table as parquet."""
    pq.write_table(table, path, compression="zstd")


def write_json(path: Path, value: Mapping[str, object] | Iterable[object]) -> None:
    """Write a value as indented UTF-8 JSON that ends in a newline."""
    plain = value if isinstance(value, Mapping) else list(value)
    path.write_text(json.dumps(plain, ensure_ascii=False, indent=2, default=text_of) + "\n", encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 in one step: the old file or the whole new one, whatever happens."""
    with file_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
