"""A warehouse is told of outside the definitions, its password nowhere, and what goes wrong with it is told plainly."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from tests.core.sources.databases import ENCODED, PASSWORD, Server, in_tables, load_postgres, load_sqlite, rows_of

AT = ("--as-of", "2026-03-10T09:00:00Z")
VARIABLE = "ASSAY_CONNECTION_WAREHOUSE"
SECRETS = (PASSWORD, ENCODED, "hunter2", "Sesam")


@pytest.fixture
def tabled(small):
    """The small company with its data in a SQLite file, and definitions that name its tables."""
    for file, table in in_tables(small / "definitions", small / "tabled"):
        load_sqlite(small / "w.db", table, *rows_of([small / "data" / file]))
    return small


def test_a_run_from_the_environment_writes_what_a_run_from_files_does(assay, tabled, monkeypatch):
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tabled}/w.db")
    assert assay("run", "-f", "tabled", "--out", "one", *AT).code == 0
    assert assay("run", "-f", "definitions", "--data", "data", "--out", "two", *AT).code == 0
    for name in ("spells.parquet", "leads.csv"):
        assert (tabled / "one" / name).read_bytes() == (tabled / "two" / name).read_bytes()


def test_a_connection_may_stand_on_the_command_line(assay, tabled):
    words = ("-f", "tabled", "--connection", f"warehouse=sqlite:///{tabled}/w.db", *AT)
    assert assay("explain", "--subject", "person:ada", *words).code == 0


def test_definitions_are_checked_without_a_connection(assay, tabled):
    assert assay("check", "tabled").code == 0


@pytest.mark.parametrize("option", ["--connection", "--conection", "-x", None])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(option, assay, tabled):
    words = [option] if option else []
    done = assay("run", "-f", "tabled", "--out", "o", *words, f"warehouse=postgres://u:{ENCODED}@h/d")
    assert done.code == 1
    assert "Set ASSAY_CONNECTION_<NAME> in the environment" in " ".join(done.err.split())
    assert_secret_is_kept(done.out + done.err)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), f"Set {VARIABLE} in the environment"),
        (("--connection", "sqlite:///w.db"), "Write warehouse=URL"),
        (("--connection", "warehose=sqlite:///w.db"), "Did you mean 'warehouse'?"),
        (("--connection", "warehouse=sqlite:///none.db"), "There is no such SQLite file"),
        (("--connection", "warehouse=w.db"), "The URL of the connection cannot be read"),
        (("--connection", "warehouse=oracel://h/d"), "The URL of the connection cannot be read"),
        (("--connection", "warehouse=sqlite://definitions.db"), "the file is no database"),
        (("--connection", "warehouse=postgres://u@127.0.0.1:1/d"), "nobody answers"),
        (("--connection", "warehouse=snowflake://u@h/d"), "pip install 'ibis-framework[snowflake]'"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told(assay, tabled, words, told):
    (tabled / "definitions.db").write_text("no database" * 100)
    done = assay("run", "-f", "tabled", "--out", "o", *words)
    assert done.code == 1
    assert told in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_files_without_a_data_folder_are_told_of(assay, small):
    done = assay("run", "--out", "o")
    assert done.code == 1
    assert "Give --data FOLDER" in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("table: events", "table: evnts", "There is no such table in the warehouse"),
        ("at: at", "at: att", "Did you mean 'at' instead of 'att'?"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(assay, tabled, right, wrong, told):
    for path in (tabled / "tabled/sources").glob("*.yml"):
        path.write_text(path.read_text().replace(right, wrong))
    done = assay("run", "-f", "tabled", "--out", "o", "--connection", f"warehouse=sqlite:///{tabled}/w.db")
    assert done.code == 1
    assert told in " ".join(done.err.split())


def test_without_the_extra_its_name_is_told(tabled):
    program = "import sys; sys.modules['ibis'] = None; from assay.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = ["run", "-f", "tabled", "--out", "o", "--connection", f"warehouse=sqlite:///{tabled}/w.db"]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, cwd=tabled)
    assert done.returncode == 1
    assert "pip install 'assay[warehouse]'" in " ".join(done.stderr.split())


# --- passwords -----------------------------------------------------------------------------------------


def assert_secret_is_kept(text):
    assert [secret for secret in SECRETS if secret in text] == []


def everything_in(folder):
    return "".join(p.read_bytes().decode("latin-1") for p in sorted(folder.rglob("*")) if p.is_file())


@pytest.fixture
def served(small, server: Server):
    """The small company in Postgres."""
    for file, table in in_tables(small / "definitions", small / "tabled", "analytics."):
        server.run(f"DROP TABLE IF EXISTS analytics.{table}")
        load_postgres(server, f"analytics.{table}", *rows_of([small / "data" / file]))
    return small


def test_a_password_shows_up_nowhere_when_all_goes_well(assay, served, server, monkeypatch):
    monkeypatch.setenv(VARIABLE, server.url)
    done = assay("run", "-f", "tabled", "--out", "out", *AT)
    told = assay("run", "-f", "tabled", "--out", "again", "--format", "json", *AT)
    assert (done.code, told.code) == (0, 0)
    assert json.loads(told.out)["events"] > 0
    assert_secret_is_kept(done.out + done.err + told.out + told.err + everything_in(served))


BROKEN = {
    "another password": lambda url: url.replace(ENCODED, ENCODED + "x"),
    "no such user": lambda url: url.replace("reader:", "raeder:"),
    "no such database": lambda url: url.replace("/postgres", "/postgers"),
    "no such host": lambda url: url.replace("127.0.0.1", "nowhere.invalid"),
    "no such port": lambda url: re.sub(r":\d+/", ":1/", url),
    "a port of letters": lambda url: re.sub(r":\d+/", ":five/", url),
    "a password with an @": lambda url: url.replace(ENCODED, PASSWORD),
    "no scheme": lambda url: url.removeprefix("postgres://"),
    "an unknown scheme": lambda url: url.replace("postgres:", "postgrse:"),
    "an unknown option": lambda url: url + "?colour=hunter2",
    "another database's scheme": lambda url: url.replace("postgres:", "mysql:"),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_shows_up_in_no_complaint(how, form, assay, served, server, monkeypatch):
    monkeypatch.setenv(VARIABLE, BROKEN[how](server.url))
    done = assay("run", "-f", "tabled", "--out", "out", "--format", form, *AT)
    assert done.code == 1
    assert "Assay failed in a way it should not" not in done.err
    assert_secret_is_kept(done.out + done.err + everything_in(served))


def test_a_password_shows_up_in_no_traceback(served, server):
    """Whoever debugs sees our own words, and not the driver's before them."""
    program = (
        "import assay, sys; assay.run(assay.load_definitions('tabled'), connections={'warehouse': sys.stdin.read()})"
    )
    for how in BROKEN.values():
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=how(server.url), capture_output=True, text=True, cwd=served, env={**os.environ, "ASSAY_DEBUG": "1"},
        )  # fmt: skip
        assert "BadRequest" in done.stderr
        assert_secret_is_kept(done.stdout + done.stderr)


def test_a_table_that_may_not_be_read_is_told_of(assay, served, server, monkeypatch):
    server.run("DROP ROLE IF EXISTS stranger", f"CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'")
    monkeypatch.setenv(VARIABLE, server.url.replace("reader:", "stranger:"))
    done = assay("run", "-f", "tabled", "--out", "out", *AT)
    assert done.code == 1
    assert "the user may not read it" in " ".join(done.err.split())


def test_a_column_that_holds_lists_is_told_of(assay, served, server, monkeypatch):
    server.run('ALTER TABLE analytics.events ALTER COLUMN "limit" TYPE text[] USING ARRAY["limit"]')
    monkeypatch.setenv(VARIABLE, server.url)
    done = assay("run", "-f", "tabled", "--out", "out", *AT)
    assert done.code == 1
    assert "The column 'limit' has a type that Assay cannot read (found: array)" in " ".join(done.err.split())
