"""Sizes only go down: pieces stay small enough to read in one go. There is no list of exceptions."""

from __future__ import annotations

import ast

LINES_A_MODULE = 400
LINES_A_TEST_FILE = 600
LINES_A_FUNCTION = 60  # without its docstring
POSITIONAL_ARGUMENTS = 5


def _lines(function):
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def _positional(function):
    arguments = [a.arg for a in [*function.args.posonlyargs, *function.args.args]]
    return [name for name in arguments if name not in {"self", "cls"}]


def test_no_module_is_longer_than_400_lines(everything):
    modules = [s for s in everything if not s.path.startswith("tests/")]
    assert [f"{s.path}: {lines}" for s in modules if (lines := len(s.text.splitlines())) > LINES_A_MODULE] == []


def test_no_test_file_is_longer_than_600_lines(tests):
    assert [f"{s.path}: {lines}" for s in tests if (lines := len(s.text.splitlines())) > LINES_A_TEST_FILE] == []


def test_no_function_is_longer_than_60_lines(everything):
    assert [
        f"{s.path}:{f.lineno} {f.name}: {_lines(f)}"
        for s in everything
        for f in s.functions()
        if _lines(f) > LINES_A_FUNCTION
    ] == []


def test_no_function_takes_more_than_5_positional_arguments(product):
    assert [
        f"{s.path}:{f.lineno} {f.name}: {len(_positional(f))}"
        for s in product
        for f in s.functions()
        if len(_positional(f)) > POSITIONAL_ARGUMENTS
    ] == []
