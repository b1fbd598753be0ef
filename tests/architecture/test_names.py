"""Things are named after what they serve, and every package says what it takes, gives and never does."""

from __future__ import annotations

import ast
import re

from assay.core import tables

EMPTY_WORDS = {"base", "common", "core_utils", "helper", "helpers", "manager", "misc", "shared", "util", "utils"}


def _packages(product):
    inits = [s for s in product if s.path.endswith("/__init__.py")]
    return [s for s in inits if s.path != "src/assay/__init__.py"]


def test_no_module_is_named_after_nothing(everything):
    words = {s.path: set(re.split(r"[/_.]", s.path)) for s in everything}
    assert [path for path, found in words.items() if found & EMPTY_WORDS] == []


def test_no_class_is_a_manager_or_a_helper(everything):
    assert [
        f"{s.path}:{node.lineno} {node.name}"
        for s in everything
        for node in ast.walk(s.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?)$", node.name)
    ] == []


def test_every_package_says_what_it_takes_gives_and_never_does(product):
    lacking = {}
    for source in _packages(product):
        docstring = ast.get_docstring(source.tree) or ""
        missing = [word for word in ("Takes", "Gives", "Never") if not re.search(rf"^{word}: \S", docstring, re.M)]
        if missing:
            lacking[source.path] = missing
    assert lacking == {}


def test_tables_that_packages_speak_of_exist(product):
    unknown = []
    for source in _packages(product):
        docstring = ast.get_docstring(source.tree) or ""
        named = re.findall(r"`prepared\.(\w+)`", docstring)
        unknown += [f"{source.path}: prepared.{table}" for table in named if table not in tables.PREPARED]
    assert unknown == []


def test_tests_are_named_as_claims(tests):
    """A claim has a subject and a verb: at least three words after `test_`."""
    assert [
        f"{s.path}:{f.lineno} {f.name}"
        for s in tests
        for f in s.functions()
        if f.name.startswith("test_") and len(f.name.split("_")) < 4
    ] == []


def test_every_test_folder_mirrors_a_part_of_the_product(root, tests):
    """`tests/core/io/` judges `src/assay/core/io/`; a few folders judge something that has no folder there."""
    own_houses = {"architecture", "benchmarks", "conftest.py", "crash", "docs", "examples", "golden", "model"}
    own_houses.add("realdata")
    folders = {s.path.rpartition("/")[0].removeprefix("tests").removeprefix("/") for s in tests}
    mirrored = {f for f in folders if f and f.split("/")[0] not in own_houses}
    assert {f for f in mirrored if not (root / "src/assay" / f).is_dir()} == set()
