"""How the engine's inner functions are compiled: once, without the interpreter's lock, and kept on disk.

The compiler keeps machine code beside a function's own file and asks only whether that file has changed. Functions
here call each other across files, so the kept code lives in a folder named after the text of all that have any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
from numba.core import config

Function = TypeVar("Function", bound=Callable[..., object])

#: The instant after all others.
NEVER: Final = 2**63 - 1

#: An event's value where the property is absent.
NO_VALUE: Final = -(2**63)

_HERE: Final = Path(__file__).parent
_SETTING: Final = "CACHE_DIR"
_KEPT: Final[dict[str, Any]] = {"cache": True, "nogil": True, "error_model": "numpy"}
_CONSTANTS: Final = ("arrays.py", "bundles.py", "causes.py", "tracks.py")


def _folder() -> Path:
    texts = hashlib.blake2b(digest_size=8)
    for path in sorted(_HERE.rglob("*.py")):
        text = path.read_bytes()
        if b"@compiled" in text or b"@inner" in text or path.name in _CONSTANTS:
            texts.update(text)
    given: str = getattr(config, _SETTING)
    return (Path(given) if given else _HERE / "__pycache__") / f"assay-engine-{texts.hexdigest()}"


_FOLDER: Final = _folder()


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers to machine code on first use; later processes find it on disk.

    Where the package's folder cannot be written the compiler falls back to the user's cache folder.
    """
    return _kept(function, numba.njit(**_KEPT))


def inner(function: Function) -> Function:
    """Compile a function that works only on arrays given to it: it may neither make arrays nor return any.

    The compiler then leaves out counting references to arrays at every call, which for the bundles of arrays passed
    here costs hundreds of times more than the work (benchmarks/README.md). An inner function may call and be called
    by inner functions; what they return to a `compiled` one must be numbers.
    """
    return _kept(function, numba.njit(**(_KEPT | {"_nrt": False})))


def _kept(function: Function, compiler: Callable[[Function], object]) -> Function:
    before: str = getattr(config, _SETTING)
    setattr(config, _SETTING, str(_FOLDER))
    try:
        return cast(Function, compiler(function))
    finally:
        setattr(config, _SETTING, before)


def is_compiled() -> bool:
    """Return whether an earlier process left the sweep's machine code on disk."""
    return any(_FOLDER.rglob("sweep.sweep_subjects-*.nbc"))
