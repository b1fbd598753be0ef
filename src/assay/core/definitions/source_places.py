"""Where the rows of a source lie: in files of the data folder, or in a table of a warehouse."""

from __future__ import annotations

from typing import Final

from assay.core.definitions import complaints as codes
from assay.core.definitions.reader import Reader
from assay.core.definitions.source_model import Table
from assay.core.definitions.yaml_nodes import MappingNode, Node

ENDINGS: Final = (".csv", ".csv.gz", ".parquet", ".jsonl")
PLACE_KEYS: Final = ("file", "table", "connection")
_MOST_STEPS: Final = 3  # catalog.schema.table


def read_place(reader: Reader, body: MappingNode, what: str) -> tuple[str | None, Table | None]:
    """Return the file or the table that a source's body names; neither where that is wrong."""
    if body.get("table") is None:
        return _read_file(reader, body, what), None
    connection = reader.name(body.get("connection"), "'connection'")
    if reader.lacks(body, "connection"):
        reader.complain(
            codes.MISSING_KEY,
            body.place,
            f"{what} names a table, and lacks 'connection'.",
            value="connection",
            mend="Add 'connection:' and a name; where that warehouse is, is told when data is read.",
        )
    if body.get("file") is not None:
        reader.complain(
            codes.CLASHING,
            body.place,
            f"{what} has either 'file' or 'table'.",
            value="",
            mend="Split one of them off, with a line '---'.",
        )
    if what == "'events'" and reader.lacks(body, "id"):
        reader.complain(
            codes.MISSING_KEY,
            body.place,
            "Events of a table need an 'id': a table has no lines that could name them.",
            value="id",
            mend="Add 'id:' and the column that is different in every row; make a view where there is none.",
        )
    name = _table(reader, body.get("table"))
    return None, Table(connection=connection, name=name) if connection and name else None


def _read_file(reader: Reader, body: MappingNode, what: str) -> str | None:
    if reader.lacks(body, "file", "table"):
        reader.complain(
            codes.MISSING_KEY,
            body.place,
            f"{what} lacks 'file'.",
            value="file",
            mend="Add 'file:', or 'table:' and 'connection:'.",
        )
    elif body.get("connection") is not None and reader.lacks(body, "table"):
        reader.complain(
            codes.CLASHING,
            body.place,
            f"{what} has a 'connection', and no 'table'.",
            value="",
            mend="Write 'table:' and its name, or remove 'connection:'.",
        )
    return _file(reader, body.get("file"))


def _table(reader: Reader, node: Node | None) -> str | None:
    text = reader.text(node, "'table'")
    if text is None or node is None:
        return None
    steps = text.split(".")
    if len(steps) > _MOST_STEPS or any(step.strip() != step or not step for step in steps):
        reader.complain(
            codes.BAD_TABLE,
            node,
            f"There can be no table '{text}'.",
            mend="Write 'events', 'analytics.events' or 'catalog.analytics.events'.",
        )
        return None
    return text


def _file(reader: Reader, node: Node | None) -> str | None:
    text = reader.text(node, "'file'")
    if text is None or node is None:
        return None
    if text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text or ":" in text:
        reader.complain(
            codes.BAD_FILE,
            node,
            "A source's file lies inside the data folder.",
            mend="Write a path relative to the data folder, with '/'.",
        )
        return None
    if not text.endswith((*ENDINGS, "*")):
        reader.complain(
            codes.BAD_FILE,
            node,
            "A source's file ends in .csv, .csv.gz, .parquet or .jsonl.",
            mend="Write the data as one of these.",
        )
        return None
    return text
