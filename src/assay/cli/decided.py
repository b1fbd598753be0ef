"""Which definition folders' cases have come out as stated, so that an unchanged folder is not decided again.

A folder is known by the text of all its files and of Assay itself: whatever changes, its cases are run again. What is
kept is an empty file with that name in the user's cache folder, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path


def fingerprint(folder: Path) -> str:
    """Return a name for what stands in a definitions folder, as this Assay reads it."""
    texts = hashlib.blake2b(digest_size=16)
    for root, pattern in ((folder, "*.yml"), (Path(__file__).parents[1] / "core", "*.py")):
        for path in sorted(root.rglob(pattern)):
            text = path.read_bytes()
            texts.update(f"{path.relative_to(root)}\0{len(text)}\0".encode())
            texts.update(text)
    return texts.hexdigest()


def is_known(name: str) -> bool:
    """Return whether the cases of a folder of that fingerprint came out as stated before."""
    return (_cache() / name).exists()


def remember(name: str) -> None:
    """Note that the cases of a folder of that fingerprint came out as stated; where that cannot be written, do not."""
    with contextlib.suppress(OSError):
        _cache().mkdir(parents=True, exist_ok=True)
        (_cache() / name).touch()


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assay" / "cases"
