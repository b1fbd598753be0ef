"""Raw files and tables into one relation a source part: `raw.part_<k>`, every row of it, good or bad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from assay.core.definitions.model import EventsSource, Source
from assay.core.errors import BadData
from assay.core.io.store import Store, literal, name
from assay.core.sources.careful import LineReject, csv_rows, text_lines
from assay.core.sources.csv_files import count_lines, escaped, fast_scan, read_dialect
from assay.core.sources.fields import Field, Scan, fields_of, stage_sql
from assay.core.sources.files import ROW, Relation, check_columns, find_files, format_of, kind_of, label_of, table_for
from assay.core.sources.instants import is_native
from assay.core.sources.json_files import json_scan
from assay.core.sources.needs import unread_columns
from assay.core.sources.texts import all_trimmed_sql

_BATCH: Final = 50_000
#: Rows of a part are numbered through its files: this many numbers each.
FILE: Final = 2**34


@dataclass(slots=True, kw_only=True)
class Part:
    """One source part on its way into the store. `pieces` are relations, with the number of files in each."""

    number: int
    part: Source
    fields: tuple[Field, ...]
    rest: tuple[str, ...] = ()
    pieces: dict[str, int] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Return how complaints name this part."""
        return f"source {self.part.source}, {kind_of(self.part)}"

    def needed(self) -> list[str]:
        """Return the raw columns that travel."""
        return list(dict.fromkeys([*(f.column for f in self.fields), *self.rest]))

    def next_name(self) -> str:
        """Return the name of the next piece's table or view."""
        return f"raw.piece_{self.number}_{len(self.pieces)}"


def new_part(number: int, part: Source, read: tuple[str, ...]) -> Part:
    """Return a part with its fields, no pieces yet."""
    rest = unread_columns(part, read) if isinstance(part, EventsSource) and part.id is not None else ()
    return Part(number=number, part=part, fields=fields_of(part, read), rest=rest)


def stage_folder(store: Store, part: Part, folder: Path) -> None:
    """Stage every file of a part."""
    files = find_files(folder, part.part)
    formats = {format_of(path) for path in files}
    if formats == {"parquet"}:
        _stage_parquet(store, part, files, folder)
        return
    for path in files:
        file = label_of(path, folder)
        if format_of(path) == "csv":
            _stage_csv(store, part, path, file)
        elif format_of(path) == "jsonl":
            _stage_json(store, part, path, file)
        else:
            _stage_parquet(store, part, [path], folder)


def stage_table(store: Store, part: Part, parts: Sequence[Source], data: Mapping[str, Any]) -> None:
    """Stage a part's table in memory, or its relation."""
    table = table_for(part.part, parts, data)
    if isinstance(table, Relation):
        given, line = f"({table.sql})", name(ROW)
    else:
        check_columns(part.part, "the table", table.column_names, part.needed())
        needed = table.select(part.needed())
        given, line = f"given_{part.number}", f"{name(ROW)} + 1"
        store.register(given, needed.append_column(ROW, pa.array(range(len(needed)), pa.int64())))
    kinds = {column: kind for column, kind, *_ in store.rows(f"DESCRIBE SELECT * FROM {given}")}
    check_columns(part.part, "the relation", list(kinds), part.needed())
    scan = Scan(
        source=given,
        columns={column: (name(column), kinds[column]) for column in part.needed()},
        row=name(ROW),
        line=line,
        file=literal(part.part.source),
        is_cheap=not isinstance(table, Relation) or table.is_cheap,
    )
    keep(store, part, scan)


def finish(store: Store, part: Part) -> None:
    """Make `raw.part_<k>` of the pieces."""
    before = accumulate(part.pieces.values(), initial=0)
    pieces = [
        f"SELECT * REPLACE (row + {files * FILE} AS row) FROM {piece}"
        for piece, files in zip(part.pieces, before, strict=False)
    ]
    store.run(f"CREATE VIEW raw.part_{part.number} AS {' UNION ALL BY NAME '.join(pieces)}")


def keep(store: Store, part: Part, scan: Scan, files: int = 1) -> bool:
    """Add a piece of so many files: a view where reading again is cheap, else a table. Return whether it is a view."""
    instants = [scan.columns[f.column][1] for f in part.fields if f.instant]
    is_view = scan.is_cheap and isinstance(part.part, EventsSource) and all(map(is_native, instants))
    if is_view:
        scan = replace(scan, trimmed=_trimmed_columns(store, part, scan))
    sql = stage_sql(scan, part.fields, zone=part.part.time_zone, rest=part.rest)
    target = part.next_name()
    store.run(f"CREATE {'VIEW' if is_view else 'TABLE'} {target} AS {sql}")
    part.pieces[target] = files
    return is_view


def _trimmed_columns(store: Store, part: Part, scan: Scan) -> frozenset[str]:
    """Return the raw columns of text that need no trimming: a view is read several times, and would trim each time."""
    columns = dict.fromkeys([*(f.column for f in part.fields if not f.instant and not f.as_is), *part.rest])
    texts = {column: own for column in columns for own, kind in [scan.columns[column]] if kind == "VARCHAR"}
    if not texts:
        return frozenset()
    found = store.rows(f"SELECT {', '.join(map(all_trimmed_sql, texts.values()))} FROM {scan.source}")[0]
    return frozenset(column for column, is_trimmed in zip(texts, found, strict=True) if is_trimmed)


def _stage_parquet(store: Store, part: Part, files: Sequence[Path], folder: Path) -> None:
    """Stage parquet files: those with the same types of the needed columns together."""
    alike: dict[tuple[str, ...], list[Path]] = {}
    for path in files:
        kinds = _parquet_types(store, path, part, label_of(path, folder))
        alike.setdefault(tuple(kinds[column] for column in part.needed()), []).append(path)
    for kinds_of_group, group in alike.items():
        names = ", ".join(literal(escaped(path)) for path in group)
        prefix = len(str(folder)) + 1
        scan = Scan(
            source=f"read_parquet([{names}])",
            columns={c: (name(c), kind) for c, kind in zip(part.needed(), kinds_of_group, strict=True)},
            row=f"CAST(file_index * {FILE} + file_row_number AS BIGINT)",
            line="file_row_number + 1",
            file=literal(label_of(group[0], folder)) if len(group) == 1 else f"substr(filename, {prefix + 1})",
            is_cheap=True,
        )
        keep(store, part, scan, len(group))


def _parquet_types(store: Store, path: Path, part: Part, file: str) -> dict[str, str]:
    with store.reading(f"{part.where}, {file}", mend="Write it anew as a parquet file."):
        described = store.rows(f"DESCRIBE SELECT * FROM read_parquet({literal(escaped(path))})")
    found = {column: kind for column, kind, *_ in described}
    check_columns(part.part, file, list(found), part.needed())
    return found


def _stage_csv(store: Store, part: Part, path: Path, file: str) -> None:
    """Stage a CSV file: the fast way if that accounts for every line, else the sure way."""
    dialect = read_dialect(path, f"{part.where}, {file}", part.needed())
    check_columns(part.part, file, dialect.columns, part.needed())
    fast = fast_scan(path, file, dialect)
    target = part.next_name() + "_fast"
    staged = stage_sql(fast, part.fields, zone=part.part.time_zone, rest=part.rest)
    if store.try_run(f"CREATE TABLE {target} AS {staged}"):
        rows = store.number(f"SELECT count(*) FROM {target}")
        if rows + 1 == _lines_of(path, f"{part.where}, {file}"):
            piece = part.next_name()
            store.run(f"CREATE VIEW {piece} AS SELECT * REPLACE (rowid AS row, rowid + 2 AS line) FROM {target}")
            part.pieces[piece] = 1
            return
        store.run(f"DROP TABLE {target}")
    places = [dialect.columns.index(column) for column in part.needed()]
    rejects: list[LineReject] = []
    rows_of_file = ((line, [cells[i] for i in places]) for line, cells in csv_rows(path, dialect, rejects))
    _stage_texts(store, part, rows_of_file, file)
    add_rejects(store, part, file, rejects)


def _lines_of(path: Path, where: str) -> int:
    try:
        return count_lines(path)
    except (OSError, EOFError) as error:
        raise BadData(
            "The file cannot be read to its end",
            where=where,
            value=type(error).__name__,
            mend="Check that it was copied whole.",
        ) from None


def _stage_texts(store: Store, part: Part, rows: Iterator[tuple[int, list[str]]], file: str) -> None:
    texts = part.next_name() + "_text"
    columns = part.needed()
    own = [f"c{i}" for i in range(len(columns))]
    store.run(f"CREATE TABLE {texts} (line BIGINT, {', '.join(f'{c} VARCHAR' for c in own)})")
    while batch := list(islice(rows, _BATCH)):
        table = pa.table(
            {"line": pa.array([line for line, _ in batch], pa.int64())}
            | {c: pa.array([cells[i] for _, cells in batch], pa.string()) for i, c in enumerate(own)}
        )
        store.insert(texts, table)
    scan = Scan(
        source=texts,
        columns={c: (mine, "VARCHAR") for c, mine in zip(columns, own, strict=True)},
        row="line",
        line="line",
        file=literal(file),
    )
    keep(store, part, scan)
    store.run(f"DROP TABLE {texts}")


def _stage_json(store: Store, part: Part, path: Path, file: str) -> None:
    """Stage a file of one JSON object a line."""
    lines = part.next_name() + "_lines"
    source = (
        f"read_csv({literal(escaped(path))}, auto_detect=false, header=false, delim=chr(1), quote='', escape='', "
        f"null_padding=false, strict_mode=true, max_line_size=2000000, columns={{'j': 'VARCHAR'}})"
    ).replace("chr(1)", literal("\x01"))
    rejects: list[LineReject] = []
    is_fast = store.try_run(f"CREATE TABLE {lines} AS SELECT 0 AS line, j FROM {source}")
    if is_fast and store.number(f"SELECT count(*) FROM {lines}") == _lines_of(path, f"{part.where}, {file}"):
        line = "rowid + 1"
    else:
        line = "line"
        store.run(f"CREATE OR REPLACE TABLE {lines} (line BIGINT, j VARCHAR)")
        texts = text_lines(path, rejects)
        while batch := list(islice(texts, _BATCH)):
            numbers, objects = zip(*batch, strict=True)
            store.insert(lines, pa.table({"line": pa.array(numbers, pa.int64()), "j": pa.array(objects, pa.string())}))
    scan, present = json_scan(store, lines, line, part.needed(), file)
    check_columns(part.part, file, present, part.needed())
    keep(store, part, scan)
    store.run(
        f"INSERT INTO raw.rejects SELECT {literal(part.part.source)}, {literal(file)}, {line}, NULL, "
        f"'not a JSON object', NULL, NULL, NULL FROM {lines} WHERE trim(j) <> '' AND NOT coalesce(json_valid(j) AND "
        f"json_type(CASE WHEN json_valid(j) THEN j END) = 'OBJECT', false)"
    )
    store.run(f"DROP TABLE {lines}")
    add_rejects(store, part, file, rejects)


def add_rejects(store: Store, part: Part, file: str, rejects: Sequence[LineReject]) -> None:
    """Add lines that are no rows to `raw.rejects`."""
    if rejects:
        store.insert(
            "raw.rejects",
            pa.table(
                {
                    "source": [part.part.source] * len(rejects),
                    "file": [file] * len(rejects),
                    "line": pa.array([r.line for r in rejects], pa.int64()),
                    "column": pa.nulls(len(rejects), pa.string()),
                    "reason": [r.reason for r in rejects],
                    "value": pa.array([r.value for r in rejects], pa.string()),
                }
            ),
        )
