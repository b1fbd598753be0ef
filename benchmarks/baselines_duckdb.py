"""What DuckDB does at its best: bare ordered reads, preparing raw files, and rules at one instant as SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from assay.core.definitions.model import Definitions
from benchmarks import instant_sql
from benchmarks.generate import EVENT_NAMES, FEATURES

#: The columns that rules read, as integers: what an engine needs to sweep, and nothing else.
COLUMNS: Final = "instant, event, person, account, amount, feature, project"
_NEVER: Final = 2**62

#: How text columns become the integers above.
CODED: Final = (
    '"at" AS instant, event, person, account, '
    "coalesce(CAST(CAST(p_amount AS DECIMAL(18, 6)) * 1000000 AS BIGINT), 0) AS amount, "
    f"coalesce(list_position([{', '.join(repr(f'feature_{i:02d}') for i in range(FEATURES))}], p_feature) - 1, -1)"
    "::SMALLINT AS feature, "
    "coalesce(CAST(substr(p_project, 5) AS INTEGER), -1) AS project"
)

#: One row an id, its earliest instant. Few ids come twice: those whose hash comes twice are looked at closely, all
#: others pass; grouping everything by id takes more than twice as long.
DEDUPLICATED: Final = (
    "SELECT id, created_at, event, user_id, company, amount, feature, project "
    "FROM raw_events ANTI JOIN twice ON hash(id) = hashed UNION ALL "
    "SELECT id, min(created_at), any_value(event), any_value(user_id), any_value(company), any_value(amount), "
    "any_value(feature), any_value(project) FROM raw_events SEMI JOIN twice ON hash(id) = hashed GROUP BY id"
)


class DuckDialect:
    """Conditional aggregates as DuckDB writes them."""

    def count_if(self, condition: str) -> str:
        """Return the number of rows that meet a condition."""
        return f"count(*) FILTER (WHERE {condition})"

    def distinct_if(self, value: str, condition: str) -> str:
        """Return the number of different values among rows that meet a condition."""
        return f"count(DISTINCT {value}) FILTER (WHERE {condition})"

    def sum_if(self, value: str, condition: str) -> str:
        """Return the sum of a value, 0 without rows."""
        return f"coalesce(sum({value}) FILTER (WHERE {condition}), 0)"

    def earliest_if(self, condition: str) -> str:
        """Return the least instant, or an instant after all others without rows."""
        return f"coalesce(min(instant) FILTER (WHERE {condition}), {_NEVER})"

    def latest_if(self, condition: str) -> str:
        """Return the greatest instant, or an instant before all others without rows."""
        return f"coalesce(max(instant) FILTER (WHERE {condition}), {-_NEVER})"

    def exists_between(self, condition: str, low: str, high: str) -> str:
        """Return whether a row that meets a condition has low < instant < high, both aggregates."""
        return (
            f"len(list_filter(coalesce(list(instant) FILTER (WHERE {condition}), []), "
            f"lambda t: t > {low} AND t < {high})) > 0"
        )

    def whole(self, number: str, by: int) -> str:
        """Return the whole quotient of a number that is not negative."""
        return f"({number} // {by})"

    def last_by_at(self, value: str) -> str:
        """Return the value of the row with the greatest instant."""
        return f"arg_max({value}, instant)"

    def pruned(self, low: int, high: int) -> str:
        """Return nothing: zone maps on instants suffice."""
        return ""


def connect(folder: Path, memory_limit: str = "8GB") -> duckdb.DuckDBPyConnection:
    """Return a connection to a native table of the events of a generated folder, made once."""
    file = folder / "baseline.duckdb"
    made = file.exists()
    con = duckdb.connect(str(file), config={"memory_limit": memory_limit})
    if not made:
        con.execute(f"CREATE TABLE events AS SELECT {CODED} FROM read_parquet('{folder}/prepared/events.parquet')")
        con.execute(
            f'CREATE TABLE memberships AS SELECT person, coalesce("at", {instant_sql.ALWAYS}) AS instant, account '
            f"FROM read_parquet('{folder}/prepared/memberships.parquet')"
        )
        con.execute("CHECKPOINT")
    con.execute("CREATE TEMP TABLE answers (rule INTEGER, subject INTEGER)")
    return con


def drain(reader: Iterator[object]) -> int:
    """Read every batch and return how many there were."""
    return sum(1 for _ in reader)


def empty(file: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Return a connection to a new database file."""
    file.unlink(missing_ok=True)
    return duckdb.connect(str(file), config={"memory_limit": memory_limit, "preserve_insertion_order": False})


def warm(con: duckdb.DuckDBPyConnection) -> None:
    """Read every column once, so that no run pays for a cold disk."""
    con.execute(f"SELECT {', '.join(f'max({column})' for column in COLUMNS.split(', '))} FROM events").fetchall()


def ordered_read(con: duckdb.DuckDBPyConnection, subject: str, table: str = "events") -> None:
    """Read all events ordered by subject and time, as Arrow batches."""
    drain(con.execute(f"SELECT {COLUMNS}, rowid FROM {table} ORDER BY {subject}, instant").to_arrow_reader(100_000))


def encode_raw(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Deduplicate raw events by id, and give people and accounts dense integers."""
    con.execute(f"CREATE TEMP VIEW raw_events AS SELECT * FROM read_parquet('{folder}/raw/events.parquet')")
    con.execute("CREATE TABLE twice AS SELECT hash(id) AS hashed FROM raw_events GROUP BY hashed HAVING count(*) > 1")
    con.execute(
        "CREATE TABLE people AS SELECT user_id, CAST(row_number() OVER () - 1 AS INTEGER) AS person "
        "FROM (SELECT DISTINCT user_id FROM raw_events)"
    )
    con.execute(
        "CREATE TABLE accounts AS SELECT company, CAST(row_number() OVER () - 1 AS INTEGER) AS account "
        "FROM (SELECT DISTINCT company FROM raw_events)"
    )
    kinds = ", ".join(repr(name) for name in EVENT_NAMES)
    con.execute(
        "CREATE TABLE encoded AS SELECT epoch_us(created_at) AS instant, "
        f"CAST(list_position([{kinds}], event) - 1 AS INTEGER) AS event, person, account, amount, feature, project "
        f"FROM ({DEDUPLICATED}) JOIN people USING (user_id) JOIN accounts USING (company)"
    )


def query_a_rule(con: duckdb.DuckDBPyConnection, definitions: Definitions, as_of: int, offset: int = 0) -> None:
    """Answer every rule at one instant by a query of its own, into the table `answers`."""
    for i, rule in enumerate(definitions.rules):
        con.execute(
            f"INSERT INTO answers SELECT {offset + i}, subject "
            f"FROM ({instant_sql.query(DuckDialect(), rule, definitions, as_of)})"
        )


def answers(con: duckdb.DuckDBPyConnection) -> dict[int, frozenset[int]]:
    """Return the subjects of each rule by its number."""
    rows = con.execute("SELECT rule, list(subject) FROM answers GROUP BY rule").fetchall()
    return {rule: frozenset(subjects) for rule, subjects in rows}


def subjects_to_recompute(events: Path) -> tuple[int, int, int]:
    """Return the person whose events come closest to 1,000, the account with the most people, and how many they are."""
    table = f"read_parquet('{events}')"
    with duckdb.connect() as con:
        person = con.execute(
            f"SELECT person FROM {table} GROUP BY person ORDER BY abs(count(*) - 1000), person LIMIT 1"
        )
        (chosen,) = person.fetchall()[0]
        found = con.execute(
            f"SELECT account, count(DISTINCT person) AS people FROM {table} GROUP BY account "
            "ORDER BY people DESC LIMIT 1"
        )
        account, people = found.fetchall()[0]
    return int(chosen), int(account), int(people)
