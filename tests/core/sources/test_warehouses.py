"""Rows of a warehouse mean what the same rows mean in a file; only what is used travels."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from assay.core import definitions as language
from assay.core import hindsight, pipeline
from assay.core.definitions.model import AccountsSource, DatedColumn, InsightsSource, PeopleSource, Table
from assay.core.errors import BadData
from assay.core.identity import resolve
from assay.core.io.store import Store
from assay.core.io.warehouses import BATCH, Query, Warehouse
from assay.core.io.writing import write_folder
from assay.core.sources import read
from assay.core.sources.staging import new_part
from assay.core.sources.warehouse_tables import query_of
from assay.core.values import parse_instant
from tests.core.sources import world
from tests.core.sources.databases import ACME, in_tables, load_postgres, load_sqlite, rows_of

GOLDEN = Path(__file__).parents[2] / "golden/cli"
COLUMNS = ["id", "at", "event", "person", "account", "plan"]
ROWS = [
    ["e1", "2026-03-01T09:00:00Z", "login", "ada", "acme", "pro"],
    ["e2", "2026-03-02T09:00:00Z", "seat_added", " ada ", None, " "],
    ["e2", "2026-03-02T09:00:00Z", "seat_added", " ada ", None, " "],
    ["e3", "2026-03-03T09:00:00Z", "login", "bob", "acme", "pro"],
    ["e3", "2026-03-03T09:00:00Z", "login", "bob", "acme", "free"],
    ["e4", "tomorrow", "login", "cho", None, None],
    ["e5", "2026-03-04T09:00:00Z", None, "cho", None, None],
    ["e6", "2026-03-05T09:00:00Z", "login", None, None, None],
    ["e7", "2026-03-06T09:00:00Z", "unheard_of", "dee", None, None],
]


def warehouse_events(table="events", **changes):
    return world.events(file="", table=Table(connection="warehouse", name=table), **changes)


def prepared(found, given):
    """Return the prepared tables of a source in a warehouse."""
    with Store(on_disk=False, threads=1) as store:
        read(store, found, None, connections={"warehouse": given})
        resolve(store, found)
        return world.Prepared(
            rejects=store.rows("FROM prepared.rejects"),
            counts={(s, what): n for s, what, n in store.rows("FROM prepared.counts")},
            events=store.rows(world.EVENTS),
            attributes=store.rows(world.ATTRIBUTES),
            memberships=store.rows(world.MEMBERSHIPS),
        )


@pytest.fixture(params=["sqlite", "postgres"])
def load(request, tmp_path):
    """Load rows into a table of either database; return the connection's URL and the table's name."""

    def into(columns, rows, table="events"):
        if request.param == "sqlite":
            load_sqlite(tmp_path / "w.db", table, columns, rows)
            return f"sqlite:///{tmp_path}/w.db", table
        server = request.getfixturevalue("server")
        server.run(f"DROP TABLE IF EXISTS analytics.{table}")
        load_postgres(server, f"analytics.{table}", columns, rows)
        return server.url, f"analytics.{table}"

    return into


# --- the same as files ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """A few hundredths of Acme's year."""
    folder = tmp_path_factory.mktemp("acme")
    command = [sys.executable, ACME / "generate.py", "--out", folder, "--seed", "7", "--scale", "0.03"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def acme_written(acme, tmp_path_factory):
    with pipeline.run(language.load(ACME / "definitions"), acme) as result:
        return written(result, tmp_path_factory.mktemp("files"))


def written(result, out):
    write_folder(out, {"spells.parquet": result.spells, "leads.csv": result.leads})
    assert result.spells.num_rows > 100
    assert result.leads.num_rows > 5
    return {path.name: path.read_bytes() for path in out.iterdir()}, result.counts.to_pylist()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_acme_in_a_warehouse_gives_the_bytes_of_the_files(kind, acme, acme_written, tmp_path, request):
    is_postgres = kind == "postgres"
    server = request.getfixturevalue("server") if is_postgres else None
    for file, table in in_tables(ACME / "definitions", tmp_path / "definitions", "analytics." if is_postgres else ""):
        columns, rows = rows_of(sorted(acme.glob(file)))
        if server is not None:
            server.run(f"DROP TABLE IF EXISTS analytics.{table}")
            load_postgres(server, f"analytics.{table}", columns, rows)
        else:
            load_sqlite(tmp_path / "acme.db", table, columns, rows)
    url = server.url if server is not None else f"sqlite:///{tmp_path}/acme.db"
    checked = language.load(tmp_path / "definitions")
    with pipeline.run(checked, None, connections={"warehouse": url}) as result:
        assert written(result, tmp_path / "out") == acme_written


def test_answers_about_the_past_are_those_of_the_files(acme, tmp_path):
    at = parse_instant("2025-11-01")
    for file, table in in_tables(ACME / "definitions", tmp_path / "definitions"):
        load_sqlite(tmp_path / "acme.db", table, *rows_of(sorted(acme.glob(file))))
    asked = hindsight.Asked(outcome="won", within=parse_instant("1970-04-01"))
    answers = []
    for folder, data in ((ACME / "definitions", acme), (tmp_path / "definitions", None)):
        checked = language.load(folder)
        given = {"warehouse": f"sqlite:///{tmp_path}/acme.db"}
        with hindsight.prepared(checked, data, connections=given, as_of=at) as store:
            found = hindsight.look_back(store, checked, ["pql_trial_conversion"], asked, as_of=at)
            answers.append([(one.reached, one.rate, one.others) for one in found])
    assert repr(answers[0]) == repr(answers[1])


def test_rejects_duplicates_and_conflicts_are_those_of_a_file(load, tmp_path):
    lines = [",".join(value or "" for value in row) for row in [COLUMNS, *ROWS]]
    from_file = world.prepare_csv(tmp_path, "\n".join(lines) + "\n")
    url, table = load(COLUMNS, ROWS)
    found = prepared(world.definitions(warehouse_events(table)), url)
    assert found.events == from_file.events
    assert found.counts == from_file.counts
    told = [(column, reason, value) for _, _, _, column, reason, value, *_ in from_file.rejects]
    assert sorted(map(repr, told)) == sorted(repr(row[3:6]) for row in found.rejects)


def test_rejects_name_the_table_and_the_key_of_the_row(load):
    url, table = load(COLUMNS, ROWS)
    found = prepared(world.definitions(warehouse_events(table)), url)
    assert [(row[1], row[2], row[6], row[7]) for row in found.rejects] == [
        (None, None, table, key) for key in ("e4", "e5", "e6")
    ]


def test_rows_in_another_order_give_the_same_answer(load):
    """The last e-mail that was read counts, so the order must come from the rows themselves."""
    source = PeopleSource(
        source="crm",
        file="",
        table=Table(connection="warehouse", name="people"),
        id="id",
        email="email",
        attributes=(("plan", DatedColumn(column="plan")),),
        place=world.PLACE,
    )
    rows = [["1", "b@x.example", "pro"], ["1", "a@x.example", "free"], ["2", None, None], ["1", None, "team"]]
    seen = []
    for some in (rows, rows[::-1]):
        url, table = load(["id", "email", "plan"], some, f"people_{len(seen)}")
        part = replace(source, table=Table(connection="warehouse", name=table))
        seen.append(prepared(world.definitions(part), url).attributes)
    assert seen[0] == seen[1]
    assert ("person", "1", "plan", None, "pro") in seen[0]


# --- values --------------------------------------------------------------------------------------------

TYPED = [
    ("x integer", "7", "7"),
    ("x bigint", "9007199254740993", "9007199254740993"),
    ("x double precision", "7.0", "7"),
    ("x double precision", "NaN", None),
    ("x double precision", "Infinity", None),
    ("x real", "0.5", "0.5"),
    ("x numeric", "7.50", "7.5"),
    ("x numeric(12, 2)", "100.00", "100"),
    ("x numeric", "NaN", None),
    ("x numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ("x boolean", "t", "true"),
    ("x char(5)", "ab", "ab"),
    ("x text", "  ", None),
    ("x jsonb", '"pro"', "pro"),
    ("x jsonb", '{"a": 1}', '{"a": 1}'),
    ("x json", "null", None),
    ("x uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    ("x timestamptz", "2026-03-01 10:00:00+02", "2026-03-01T08:00:00Z"),
    ("x timestamp", "2026-03-01 10:00:00.5", "2026-03-01T10:00:00.500000Z"),
    ("x timestamptz", "infinity", None),
    ("x date", "2026-03-01", "2026-03-01"),
    ("x time", "10:00:00", "10:00:00"),
]


@pytest.mark.parametrize(("column", "written_as", "text"), TYPED)
def test_a_value_of_a_typed_column_becomes_its_canonical_text(server, column, written_as, text):
    server.run("DROP TABLE IF EXISTS analytics.typed")
    row = ["e1", "2026-03-01T09:00:00Z", "login", "ada", None, written_as]
    load_postgres(server, "analytics.typed", [*COLUMNS[:5], column], [row])
    source = warehouse_events("analytics.typed", properties=(("plan", "x"),))
    assert [event[5] for event in prepared(world.definitions(source), server.url).events] == [text]


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (7.0, "7"), (0.5, "0.5"), (" pro ", "pro"), (b"pro", "pro"), ("", None), (None, None)]
)
def test_a_value_of_sqlite_has_a_type_of_its_own(tmp_path, value, text):
    load_sqlite(tmp_path / "w.db", "events", COLUMNS, [[*ROWS[0][:5], value]])
    found = prepared(world.definitions(warehouse_events()), f"sqlite:///{tmp_path}/w.db")
    assert [event[5] for event in found.events] == [text]


@pytest.mark.parametrize(
    ("column", "zone", "written_as", "instant"),
    [
        ("at timestamp", None, "2026-03-10 09:00:00", "2026-03-10T09:00:00Z"),
        ("at timestamp", "Europe/Berlin", "2026-03-10 09:00:00", "2026-03-10T08:00:00Z"),
        ("at timestamp", "Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
        ("at timestamp", "Europe/Berlin", "2026-03-29 02:30:00", None),
        ("at timestamptz", "Europe/Berlin", "2026-03-10 09:00:00+00", "2026-03-10T09:00:00Z"),
        ("at date", "Europe/Berlin", "2026-03-10", "2026-03-09T23:00:00Z"),
        ("at text", "Europe/Berlin", "2026-03-10 09:00", "2026-03-10T08:00:00Z"),
        ("at bigint", "Europe/Berlin", "1773133200", "2026-03-10T09:00:00Z"),
        ("at numeric(10, 0)", None, "1773133200", "2026-03-10T09:00:00Z"),
        ("at timestamptz", None, "2300-01-01 00:00:00+00", None),
        ("at timestamptz", None, "-infinity", None),
    ],
)
def test_instants_are_read_as_in_files(server, column, zone, written_as, instant):
    server.run("DROP TABLE IF EXISTS analytics.zoned")
    load_postgres(server, "analytics.zoned", ["id", column, *COLUMNS[2:]], [["e1", written_as, *ROWS[0][2:]]])
    source = warehouse_events("analytics.zoned", time_zone=zone)
    found = prepared(world.definitions(source), server.url)
    assert [event[1] for event in found.events] == ([parse_instant(instant)] if instant else [])
    assert len(found.rejects) == (instant is None)


# --- what travels --------------------------------------------------------------------------------------


def traced(path):
    """Return an Ibis connection to a SQLite file, and the list of statements that it will have run."""
    backend = ibis.sqlite.connect(path)
    ran = []
    backend.con.set_trace_callback(ran.append)
    return backend, ran


def test_only_the_columns_that_are_named_travel(tmp_path):
    load_sqlite(tmp_path / "w.db", "events", [*COLUMNS, "notes", "salary"], [[*row, "x", 1] for row in ROWS])
    backend, ran = traced(tmp_path / "w.db")
    prepared(world.definitions(warehouse_events()), backend)
    asked = [sql for sql in ran if 'FROM "events"' in sql]
    assert len(asked) == 1
    assert all(f'"{column}"' in asked[0] for column in COLUMNS)
    assert "notes" not in asked[0]
    assert "salary" not in asked[0]
    assert "*" not in asked[0]


def test_what_postgres_is_asked_names_only_the_columns_in_use(server):
    server.run("DROP TABLE IF EXISTS analytics.wide")
    load_postgres(server, "analytics.wide", [*COLUMNS, "secret_notes"], [])
    part = new_part(0, warehouse_events("analytics.wide"), ("plan",))
    with Warehouse.open("warehouse", server.url) as warehouse:
        sql = warehouse.sql(query_of(part, parse_instant("2026-03-04")))
    assert "secret_notes" not in sql
    assert "*" not in sql
    assert "2026-03-05" in sql  # a text's day, with one to spare for its zone


@pytest.mark.parametrize("column", ["at", "at timestamp", "at timestamptz", "at date"])
def test_events_after_the_instant_stay_where_they_are(load, column):
    rows = [[f"e{day}", f"2026-03-{day:02d}", *ROWS[0][2:]] for day in range(1, 29)]
    rows.append(["e0", None, *ROWS[0][2:]])
    url, table = load(["id", column, *COLUMNS[2:]], rows)
    query = Query(table=table, columns=("id",), at="at", until=parse_instant("2026-03-10"))
    with Warehouse.open("warehouse", url) as warehouse:
        ids = {row["c0"] for batch in warehouse.batches(query) for row in batch.to_pylist()}
    assert {f"e{day}" for day in range(11)} <= ids <= {f"e{day}" for day in range(13)}


def test_rows_come_in_batches(load):
    url, table = load(["id"], [[str(i)] for i in range(2 * BATCH + 1)])
    with Warehouse.open("warehouse", url) as warehouse:
        sizes = [batch.num_rows for batch in warehouse.batches(Query(table=table, columns=("id",)))]
    assert sizes == [BATCH, BATCH, 1]


def test_a_table_without_rows_is_no_error(load):
    url, table = load(COLUMNS, [])
    found = prepared(world.definitions(warehouse_events(table)), url)
    assert (found.events, found.rejects) == ([], [])


def test_a_run_sees_all_tables_as_of_one_moment(server):
    server.run("DROP TABLE IF EXISTS analytics.moving")
    load_postgres(server, "analytics.moving", ["id"], [["1"]])
    query = Query(table="analytics.moving", columns=("id",))
    with Warehouse.open("warehouse", server.url) as warehouse:
        assert sum(batch.num_rows for batch in warehouse.batches(query)) == 1
        server.run("INSERT INTO analytics.moving VALUES ('2')")
        assert sum(batch.num_rows for batch in warehouse.batches(query)) == 1


def test_a_warehouse_is_never_written_to(tmp_path):
    load_sqlite(tmp_path / "w.db", "events", COLUMNS, ROWS)
    before = (tmp_path / "w.db").read_bytes()
    (tmp_path / "w.db").chmod(0o444)
    prepared(world.definitions(warehouse_events()), f"sqlite:///{tmp_path}/w.db")
    assert (tmp_path / "w.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["w.db"]


def test_a_connection_that_was_given_stays_open(tmp_path):
    load_sqlite(tmp_path / "w.db", "events", COLUMNS, ROWS)
    backend, _ = traced(tmp_path / "w.db")
    prepared(world.definitions(warehouse_events()), backend)
    assert backend.list_tables() == ["events"]


def test_a_table_given_in_memory_takes_the_place_of_the_warehouse(tmp_path):
    found = world.definitions(warehouse_events())
    frame = pa.table({column: [row[i] for row in ROWS] for i, column in enumerate(COLUMNS)})
    with Store(on_disk=False) as store:
        read(store, found, {"app": frame})
        assert store.number("SELECT count(*) FROM raw.good_0") == 6


# --- every kind of source ------------------------------------------------------------------------------


def test_dated_attributes_and_insights_come_from_tables_too(load):
    url, accounts = load(["id", "site", "plan", "since"], [["a1", "acme.example", "pro", "2026-01-01"]], "accounts")
    columns = ["account", "partner", "letter", "value", "at"]
    url, insights = load(
        columns,
        [["a1", "globex", "need", "yes", "2026-02-01"], ["a1", "globex", "mood", None, "2026-02-01"]],
        "insights",
    )
    found = world.definitions(
        AccountsSource(
            source="crm",
            file="",
            table=Table(connection="warehouse", name=accounts),
            id="id",
            domain="site",
            attributes=(("plan", DatedColumn(column="plan", at="since")),),
            place=world.PLACE,
        ),
        InsightsSource(
            source="partners",
            file="",
            table=Table(connection="warehouse", name=insights),
            account="account",
            partner="partner",
            letter="letter",
            value="value",
            at="at",
            place=world.PLACE,
        ),
    )
    told = prepared(found, url)
    assert told.attributes == [
        ("account", "a1", "domain", None, "acme.example"),
        ("account", "a1", "plan", parse_instant("2026-01-01"), "pro"),
    ]
    assert [(row[6], row[7]) for row in told.rejects] == [(insights, "a1, globex")]


def test_a_sqlite_file_that_lies_about_text_is_told_of(tmp_path):
    with closing(sqlite3.connect(tmp_path / "w.db")) as connection, connection:
        connection.execute("CREATE TABLE events (id, at, event, person, account, plan)")
        connection.execute("INSERT INTO events VALUES ('1', '2026-01-01', 'login', CAST(x'ff' AS TEXT), NULL, NULL)")
    with pytest.raises(BadData, match="not UTF-8"):
        prepared(world.definitions(warehouse_events()), f"sqlite:///{tmp_path}/w.db")
