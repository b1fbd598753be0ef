"""The embedded server starts from whatever a crash left, and refuses what it cannot work with."""

from __future__ import annotations

import os
import signal
import stat

import psycopg
import pytest

from assay.core.errors import BadRequest
from assay.node.postgres import cluster, programs

PASSWORD = "known to this test"


@pytest.fixture
def folder(open_folder, request):
    made = open_folder / request.node.name
    made.mkdir()
    made.chmod(0o711)
    return made / "postgres"


def _started(made, log, port=None):
    chosen = port or cluster.free_port()
    running = cluster.start(made, chosen, log)
    url = cluster.url(chosen, cluster.SUPERUSER, PASSWORD, "postgres")
    cluster.wait_until_ready(running, url)
    return running, url


def test_what_was_committed_survives_kill_9(folder, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        made = cluster.opened(folder, PASSWORD)
        running, url = _started(made, log)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        running.kill()
        running.wait()
        again, url = _started(cluster.opened(folder, PASSWORD), log)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        cluster.stop(again)


def test_what_a_killed_server_left_working_holds_up_no_start(folder, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        made = cluster.opened(folder, PASSWORD)
        running, url = _started(made, log)
        with psycopg.connect(url) as connection:
            busy = connection.info.backend_pid
            os.kill(busy, signal.SIGSTOP)  # as busy as can be: it never looks up
            running.kill()
            running.wait()
            again, url = _started(made, log)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        cluster.stop(again)


def test_a_note_of_a_dead_server_whose_number_is_anothers_now_is_no_hindrance(folder, tmp_path):
    made = cluster.opened(folder, PASSWORD)
    note = made.data / "postmaster.pid"
    note.write_text(f"{os.getppid()}\n{made.data}\n0\n54321\n\n127.0.0.1\n")
    assert cluster.port_of_running(made) is None
    with (tmp_path / "log").open("wb") as log:
        running, _ = _started(made, log)
        cluster.stop(running)


def test_a_server_that_was_left_running_is_stopped_first(folder, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        made = cluster.opened(folder, PASSWORD)
        left, _ = _started(made, log)
        again, _ = _started(made, log)
        assert left.wait(10) == 0
        cluster.stop(again)


def test_a_server_is_known_by_whatever_name_its_folder_is_called(folder, tmp_path):
    made = cluster.opened(folder, PASSWORD)
    other = folder.parent / "another-name"
    other.symlink_to(folder)
    linked = cluster.opened(other, PASSWORD)
    with (tmp_path / "log").open("wb") as log:
        for one, same in ((made, linked), (linked, made)):
            running, _ = _started(one, log)
            assert cluster.port_of_running(same) == cluster.port_of_running(one) is not None
            again, _ = _started(same, log)  # which stops the first one, and finds nothing in its way
            assert running.wait(10) == 0
            again.kill()
            again.wait()
        assert cluster.port_of_running(made) is None
        running, _ = _started(linked, log)
        cluster.stop(running)


def test_files_half_made_are_made_anew(folder):
    (folder / "data.new" / "base").mkdir(parents=True)
    assert (cluster.opened(folder, PASSWORD).data / "PG_VERSION").exists()


def test_data_of_another_version_is_refused_with_a_mend(folder):
    made = cluster.opened(folder, PASSWORD)
    (made.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(BadRequest, match="The data is Postgres 9's"):
        cluster.opened(folder, PASSWORD)


def test_a_password_that_does_not_fit_is_told_so(folder, tmp_path):
    made, port = cluster.opened(folder, PASSWORD), cluster.free_port()
    with (tmp_path / "log").open("wb") as log:
        running = cluster.start(made, port, log)
        with pytest.raises(BadRequest, match="Postgres refuses the password"):
            cluster.wait_until_ready(running, cluster.url(port, cluster.SUPERUSER, "another", "postgres"))
        cluster.stop(running)


def test_a_server_asked_to_stop_ends_in_good_order(folder, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        running, _ = _started(cluster.opened(folder, PASSWORD), log)
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")
def test_a_folder_that_nobody_may_enter_is_refused_to_root(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(BadRequest, match="who may not enter this folder"):
        cluster.opened(tmp_path / "closed" / "postgres", PASSWORD)
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o700


def test_programs_are_to_be_had_and_new_enough():
    assert programs.found().major >= 14


def test_errors_of_the_database_are_logged_without_what_they_speak_of(folder, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        running, url = _started(cluster.opened(folder, PASSWORD), log)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE people (email text PRIMARY KEY)")
            for statement in (
                "INSERT INTO people VALUES ('planted@secret.example'), ('planted@secret.example')",
                "SELECT 'planted@secret.example'::int",
                "SELECT * FROM nowhere WHERE email = 'planted@secret.example'",
                "DO $$ BEGIN RAISE WARNING 'planted@secret.example'; END $$; SELECT 1/0",
            ):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)
        cluster.stop(running)
    assert "planted" not in (tmp_path / "log").read_text()
