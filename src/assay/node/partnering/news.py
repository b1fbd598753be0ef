"""Whether rows that came lately may tell of accounts and people."""

from __future__ import annotations

from typing import Final

from assay.node.lake import manifest
from assay.node.lake.rows import GROUP_KIND, PERSON_KINDS, ROW_KIND

_TELLING: Final = (GROUP_KIND, ROW_KIND, *PERSON_KINDS)
#: Where more rows came since the last reading, they are not looked through for such.
_FEW: Final = 100_000


def tells(seq: int, last: int) -> bool:
    """Tell whether rows behind one may tell of accounts or people."""
    if not 0 <= last - seq <= _FEW:
        return True
    kinds = set(manifest.rows_between(seq, last)["kind"].unique().to_pylist())
    return bool(kinds & set(_TELLING))
