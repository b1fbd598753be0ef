"""Only the doors touch the outside, and only the command line talks."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

FOREIGN = ("django", "altair", "cyclopts", "jinja2", "rich", "vl_convert", "pandas", "polars")


def _modules_after(statement, root):
    """Return the names of all modules loaded once a fresh Python has run the statement."""
    program = f"{statement}; import sys; print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["assay.core", "assay.core.pipeline"])
def test_the_core_comes_without_web_charts_or_terminal(module, root):
    assert _modules_after(f"import {module}", root).isdisjoint(FOREIGN)


def test_importing_assay_loads_nothing_heavy(root):
    heavy = {*FOREIGN, "numba", "llvmlite", "duckdb", "pyarrow", "numpy"}
    assert _modules_after("import assay", root).isdisjoint(heavy)


def test_asking_for_help_loads_no_compiler_no_charts_and_no_server(root):
    heavy = {"numba", "llvmlite", "altair", "vl_convert", "django", "psycopg"}
    assert _modules_after("import assay.cli.main", root).isdisjoint(heavy)


def test_only_the_command_line_prints(product):
    talkers = [
        f"{s.path}:{call.lineno}"
        for s in product
        for call in s.calls()
        if isinstance(call.func, ast.Name) and call.func.id == "print" and not s.path.startswith("src/assay/cli/")
    ]
    assert talkers == []


def test_sql_is_executed_in_core_io_the_node_and_the_escrow_alone(product):
    executing = {"execute", "executemany", "executescript"}
    strays = [
        f"{s.path}:{call.lineno}"
        for s in product
        for call in s.calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in executing
        and not s.path.startswith(("src/assay/core/io/", "src/assay/node/", "src/assay/escrow/"))
    ]
    assert strays == []


def test_only_core_io_writes_files(product):
    """A half-written file must never carry the real name; `core/io` writes aside and renames."""
    writing = {"write_text", "write_bytes", "write_csv", "write_parquet", "write_table"}
    strays = [
        f"{s.path}:{call.lineno}"
        for s in product
        if s.path.startswith("src/assay/core/") and not s.path.startswith("src/assay/core/io/")
        for call in s.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in writing
    ]
    assert strays == []
