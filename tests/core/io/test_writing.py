"""Output is whole or absent, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.core.errors import BadRequest
from assay.core.io.writing import folder_aside, write_folder, write_text

TABLE = pa.table(
    {
        "id": ["a,b", None],
        "at": pa.array([datetime(2026, 3, 1, 9, tzinfo=UTC), None], pa.timestamp("us", tz="UTC")),
        "score": [70.0, 0.5],
        "n": [1, 2],
    }
)


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_written_whole(tmp_path):
    write_folder(tmp_path / "out", {"a.csv": TABLE, "a.parquet": TABLE, "b/c.json": {"x": 1}, "r.html": "<p>é</p>"})
    assert files(tmp_path) == {"out/a.csv", "out/a.parquet", "out/b/c.json", "out/r.html"}
    assert pq.read_table(tmp_path / "out/a.parquet").equals(TABLE)


def test_csv_holds_canonical_text(tmp_path):
    write_folder(tmp_path / "out", {"a.csv": TABLE})
    text = (tmp_path / "out/a.csv").read_text("utf-8").splitlines()
    assert [line.replace('"', "") for line in text] == ["id,at,score,n", "a,b,2026-03-01T09:00:00Z,70,1", ",,0.5,2"]


def test_an_error_in_the_middle_leaves_the_old_files(tmp_path):
    out = tmp_path / "out"
    write_folder(out, {"a.txt": "old", "b.txt": "old"})
    with pytest.raises(RuntimeError), folder_aside(out) as aside:
        (aside / "a.txt").write_text("new")
        raise RuntimeError
    assert ((out / "a.txt").read_text(), files(tmp_path)) == ("old", {"out/a.txt", "out/b.txt"})


def test_new_files_replace_old_ones_and_leave_others_alone(tmp_path):
    out = tmp_path / "out"
    write_folder(out, {"a.txt": "old", "mine.txt": "kept"})
    write_folder(out, {"a.txt": "new"})
    assert ((out / "a.txt").read_text(), (out / "mine.txt").read_text()) == ("new", "kept")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(BadRequest):
        write_folder(tmp_path / "out", {})


def test_text_is_replaced_in_one_step(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    write_text(tmp_path / "a.txt", "new")
    assert ((tmp_path / "a.txt").read_text(), files(tmp_path)) == ("new", {"a.txt"})


KILLED = """
import sys, time
from pathlib import Path
from assay.core.io.writing import folder_aside
with folder_aside(Path(sys.argv[1])) as aside:
    (aside / "a.txt").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_leaves_the_old_files_and_its_remains_are_swept(tmp_path):
    out = tmp_path / "out"
    write_folder(out, {"a.txt": "old"})
    path = os.pathsep.join(p for p in sys.path if p)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(out)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (out / "a.txt").read_text() == "old"
    write_folder(out, {"a.txt": "new"})
    assert files(tmp_path) == {"out/a.txt"}
