"""Reading a folder: light, repeatable, and in an order that does not hang on the disk's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assay.core.definitions import check, load
from tests.core.definitions.folders import folder_with, write

ROOT = Path(__file__).parents[3]
CRITERIA = {"it": "{count: session_started, at_least: 2}"}


def test_checking_loads_nothing_heavy():
    program = (
        "import sys; from pathlib import Path; from assay.core.definitions import check; "
        "assert check(Path('examples/acme/definitions')) == []; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT,
                          env={"PYTHONPATH": "src"})  # fmt: skip
    assert set(done.stdout.split()).isdisjoint({"numba", "duckdb", "pyarrow", "numpy", "pandas"})


def test_definitions_stand_in_the_order_of_their_names(tmp_path):
    definitions = load(folder_with(tmp_path, CRITERIA))
    assert [rule.name for rule in definitions.rules] == ["active", "big", "ready"]
    assert [source.source for source in definitions.sources] == ["companies", "product", "users"]


def test_loading_twice_gives_the_same(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    assert load(folder) == load(folder)


def test_a_folder_of_sources_alone_is_right(tmp_path):
    text = "source: logins\nevents: {file: l.csv, at: at, event: {constant: logged_in}, person: who}\n"
    definitions = load(write(tmp_path, {"sources/a.yml": text, "README.md": "Hello."}))
    assert definitions.event_names == {"logged_in"}


def test_an_unreadable_file_is_told_of(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    (folder / "lists" / "loop.yml").symlink_to(folder / "lists" / "loop.yml")
    assert [c.code for c in check(folder)] == ["A112"]


def test_a_circle_hides_no_other_complaint(tmp_path):
    folder = folder_with(tmp_path, {"it": "{qualified: ready}", "more": "{count: nothing, at_least: 1}"})
    assert [c.code for c in check(folder)] == ["A408", "A401"]
    assert "ready → ready" in check(folder)[0].message


def test_very_long_chains_of_rules_are_followed(tmp_path):
    folder = folder_with(tmp_path, CRITERIA)
    for number in range(300):
        other = f"r{number - 1}" if number else "ready"
        text = (
            (folder / "qualifications/ready.yml")
            .read_text()
            .replace("qualification: ready", f"qualification: r{number}")
        )
        text = text.replace(CRITERIA["it"], f"{{qualified: {other}}}")
        (folder / f"qualifications/r{number}.yml").write_text(text)
    assert load(folder).rule("r299").fingerprint
