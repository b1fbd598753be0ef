"""Real data sets, which are no part of the repository."""

from __future__ import annotations

from pathlib import Path


def shared(name: str) -> Path:
    """Return where a data set lies: in `shared/data` beside the repository or further up; there or not."""
    above = Path(__file__).resolve().parents[3:]
    return next((one / "shared/data" / name for one in above if (one / "shared/data").is_dir()), above[0] / name)
