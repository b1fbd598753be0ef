"""How the engine's inner functions are compiled: cached on disk, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

#: The instant after all others.
NEVER: Final = 2**63 - 1

#: An event's value where the property is absent.
NO_VALUE: Final = -(2**63)


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers to machine code on first use; the result is kept for later processes."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """Like `compiled`, for tiny functions that belong inside their callers' loops."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy", inline="never")(function))


def is_compiled() -> bool:
    """Return whether an earlier process left the sweep's machine code on disk."""
    here = Path(__file__).parent
    return any((here / "__pycache__").glob("sweep.sweep_subjects-*.nbc"))
