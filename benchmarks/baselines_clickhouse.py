"""What ClickHouse does at its best, in process: one query a rule at one instant over a MergeTree table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from chdb import session

from assay.core.definitions.model import Definitions
from benchmarks import instant_sql
from benchmarks.generate import DAY

_NEVER: Final = 2**62


class ClickHouseDialect:
    """Conditional aggregates as ClickHouse writes them."""

    def count_if(self, condition: str) -> str:
        """Return the number of rows that meet a condition."""
        return f"countIf({condition})"

    def distinct_if(self, value: str, condition: str) -> str:
        """Return the number of different values among rows that meet a condition."""
        return f"uniqExactIf({value}, {condition})"

    def sum_if(self, value: str, condition: str) -> str:
        """Return the sum of a value, 0 without rows."""
        return f"sumIf({value}, {condition})"

    def earliest_if(self, condition: str) -> str:
        """Return the least instant, or an instant after all others without rows."""
        return f"minIf(instant, {condition}) + if(countIf({condition}) = 0, {_NEVER}, 0)"

    def latest_if(self, condition: str) -> str:
        """Return the greatest instant; 0 without rows, which is before all events."""
        return f"maxIf(instant, {condition})"

    def exists_between(self, condition: str, low: str, high: str) -> str:
        """Return whether a row that meets a condition has low < instant < high, both aggregates."""
        return f"arrayExists(t -> t > {low} AND t < {high}, groupArrayIf(instant, {condition}))"

    def whole(self, number: str, by: int) -> str:
        """Return the whole quotient of a number that is not negative."""
        return f"intDiv({number}, {by})"

    def last_by_at(self, value: str) -> str:
        """Return the value of the row with the greatest instant."""
        return f"argMax({value}, instant)"

    def pruned(self, low: int, high: int) -> str:
        """Return the days that are read: the table is ordered by them."""
        return f"day >= {low // DAY}" if low > 0 else ""


class Connection:
    """A session, with types."""

    def __init__(self, place: Path) -> None:
        self._session: Any = session.Session(str(place))  # type: ignore[no-untyped-call]

    def query(self, sql: str, form: str = "CSV") -> str:
        """Return the answer of a query as text."""
        return str(self._session.query(sql, form))


def connect(folder: Path) -> Connection:
    """Return a connection to a MergeTree of the events of a generated folder, loaded and merged once."""
    place = folder / "clickhouse"
    made = place.exists()
    con = Connection(place)
    con.query("CREATE DATABASE IF NOT EXISTS bench")
    con.query("USE bench")
    if not made:
        con.query(
            "CREATE TABLE events (day UInt16, instant Int64, event UInt8, person UInt32, account UInt32, amount Int64, "
            "feature Int8, project Int32) ENGINE = MergeTree ORDER BY (day, event, person)"
        )
        con.query(
            f"INSERT INTO events SELECT intDiv(at, {DAY}), at, event, person, account, "
            "toInt64(round(toFloat64OrZero(assumeNotNull(ifNull(p_amount, '0'))) * 100)) * 10000, "
            "if(isNull(p_feature), -1, toInt8(substring(assumeNotNull(p_feature), 9))), "
            "if(isNull(p_project), -1, toInt32(substring(assumeNotNull(p_project), 5))) "
            f"FROM file('{folder}/prepared/events.parquet', Parquet)"
        )
        con.query(
            "CREATE TABLE memberships (person UInt32, instant Int64, account UInt32) "
            "ENGINE = MergeTree ORDER BY (person, instant)"
        )
        con.query(
            f"INSERT INTO memberships SELECT person, ifNull(at, {instant_sql.ALWAYS}), account "
            f"FROM file('{folder}/prepared/memberships.parquet', Parquet)"
        )
        con.query("OPTIMIZE TABLE events FINAL")
    con.query("DROP TABLE IF EXISTS answers")
    con.query("CREATE TABLE answers (rule UInt16, subject UInt32) ENGINE = Memory")
    return con


def warm(con: Connection) -> None:
    """Read every column once, so that no run pays for a cold disk."""
    con.query(
        "SELECT max(day), max(instant), max(event), max(person), max(account), max(amount), max(feature), "
        "max(project) FROM events"
    )


def query_a_rule(con: Connection, definitions: Definitions, as_of: int, offset: int = 0) -> None:
    """Answer every rule at one instant by a query of its own, into the table `answers`."""
    for i, rule in enumerate(definitions.rules):
        con.query(
            f"INSERT INTO answers SELECT {offset + i}, subject "
            f"FROM ({instant_sql.query(ClickHouseDialect(), rule, definitions, as_of)})"
        )


def answers(con: Connection) -> dict[int, frozenset[int]]:
    """Return the subjects of each rule by its number."""
    found = con.query("SELECT rule, groupArray(subject) AS subjects FROM answers GROUP BY rule", "JSONEachRow")
    rows = [json.loads(line) for line in found.splitlines() if line]
    return {int(row["rule"]): frozenset(map(int, row["subjects"])) for row in rows}
