"""Tables of a warehouse into the store: only the columns that are used travel, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from assay.core.definitions.model import EventsSource
from assay.core.errors import InternalError
from assay.core.io.store import Store, literal, name
from assay.core.io.warehouses import Query, Warehouse
from assay.core.sources.fields import Scan
from assay.core.sources.files import check_columns
from assay.core.sources.staging import Part, keep

#: A number that Postgres and others know, and that text never is.
_ENDLESS = "'NaN', 'Infinity', '-Infinity'"


class Warehouses:
    """The warehouses of a run, each opened when its first table is read."""

    def __init__(self, given: Mapping[str, Any], doors: ExitStack) -> None:
        self._given = given
        self._doors = doors
        self._open: dict[str, Warehouse] = {}

    def of(self, connection: str) -> Warehouse:
        """Return the warehouse of a connection; BadRequest where it was not given or cannot be reached."""
        if connection not in self._open:
            self._open[connection] = self._doors.enter_context(Warehouse.open(connection, self._given.get(connection)))
        return self._open[connection]


@contextmanager
def opened(given: Mapping[str, Any]) -> Iterator[Warehouses]:
    """Give the warehouses of connections by name; those that were opened here are closed afterwards."""
    with ExitStack() as doors:
        yield Warehouses(given, doors)


def query_of(part: Part, until: int | None) -> Query:
    """Return what is asked of a part's table: the columns that travel, and no events after `until`.

    Rows of other kinds all travel: of attributes, memberships, facts and outcomes there are few, and some that lie
    ahead are known today.
    """
    if part.part.table is None:
        raise InternalError("A source of files was taken for one of a warehouse")
    at = part.part.at if isinstance(part.part, EventsSource) else None
    return Query(table=part.part.table.name, columns=tuple(part.needed()), at=at, until=until)


def stage_warehouse(store: Store, part: Part, warehouse: Warehouse, *, until: int | None) -> None:
    """Stage a part's table."""
    query = query_of(part, until)
    check_columns(part.part, query.table, list(warehouse.columns(query.table)), query.columns, what="table")
    kinds = warehouse.kinds(query)
    own = [f"c{i}" for i in range(len(query.columns))]
    fetched = f"raw.fetched_{part.number}"
    store.fill(fetched, own, warehouse.batches(query))
    stored = {column: kind for column, kind, *_ in store.rows(f"DESCRIBE {fetched}")}
    columns = {
        column: (_column_sql(mine, kind), kind or stored[mine])
        for column, mine, kind in zip(query.columns, own, kinds, strict=True)
    }
    is_told_by_id = isinstance(part.part, EventsSource)
    scan = Scan(
        source=fetched,
        columns=columns,
        row="rowid",
        line="NULL::BIGINT",
        file=literal(query.table),
        is_cheap=is_told_by_id
        and all(expression == mine for (expression, _), mine in zip(columns.values(), own, strict=True)),
    )
    is_view = keep(store, part, scan)
    if not is_told_by_id:
        _put_in_order(store, part)
    if not is_view:
        store.run(f"DROP TABLE {fetched}")


def _column_sql(own: str, kind: str) -> str:
    return f"(CASE WHEN {own} NOT IN ({_ENDLESS}) THEN {own} END)" if kind == "DECIMAL" else own


def _put_in_order(store: Store, part: Part) -> None:
    """Number rows by what they say: a table has no order, and the same rows must give the same answer."""
    piece, files = part.pieces.popitem()
    texts = [column for column, *_ in store.rows(f"DESCRIBE {piece}") if column not in ("row", "file", "line")]
    order = ", ".join(f"{name(column)} NULLS FIRST" for column in texts)
    store.run(f"ALTER TABLE {piece} RENAME TO unordered_{part.number}")
    store.run(
        f"CREATE TABLE {piece} AS SELECT * REPLACE (row_number() OVER (ORDER BY {order}) - 1 AS row) "
        f"FROM raw.unordered_{part.number}"
    )
    store.run(f"DROP TABLE raw.unordered_{part.number}")
    part.pieces[piece] = files
