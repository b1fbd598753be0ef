"""Forgetting a person in what uploads left: files that nobody reads any more, and rejects that name them."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from assay.core.errors import BadRequest
from assay.node.arrivals.models import UNDER_WAY, Upload

#: The columns of rejects that hold what stood in a file.
_FOUND: Final = ("value", "key")
#: Seconds within which a file that no upload names may still be on its way in.
_TAKEN_WITHIN: Final = 3600


def demand_read() -> None:
    """Raise BadRequest where a file waits to be read: it may name anybody, and is in no lake yet."""
    if Upload.objects.filter(state__in=UNDER_WAY).exists():
        raise BadRequest(
            "An upload is being read",
            where="uploads",
            mend="Give the command again once the page Data says it is done.",
        )


def erase(ids: Collection[str]) -> None:
    """Erase a person from what uploads left; of each reject the line and the reason stay."""
    names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(ids)))})(?!\w)")
    states = dict(Upload.objects.values_list("pk", "state"))
    folder: Path = settings.ASSAY.data_folder / "uploads"
    for path in folder.glob("*/rows.*"):
        state = states.get(int(path.parent.name))
        is_new = state is None and path.stat().st_mtime > time.time() - _TAKEN_WITHIN
        if state not in UNDER_WAY and not is_new:
            path.unlink(missing_ok=True)
    for path in folder.glob("*/rejects.parquet"):
        _erase_rejects(path, names)


def _erase_rejects(path: Path, names: re.Pattern[str]) -> None:
    rejects = pq.read_table(path, memory_map=False)
    found = [rejects[column].to_pylist() for column in _FOUND]
    is_theirs = [any(told and names.search(told) for told in row) for row in zip(*found, strict=True)]
    if not any(is_theirs):
        return
    for column, told in zip(_FOUND, found, strict=True):
        kept = [None if theirs else one for theirs, one in zip(is_theirs, told, strict=True)]
        rejects = rejects.set_column(rejects.column_names.index(column), column, pa.array(kept, pa.string()))
    aside = path.with_suffix(".new")
    pq.write_table(rejects, aside)
    aside.replace(path)
