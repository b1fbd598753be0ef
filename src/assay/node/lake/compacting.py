"""Many small files become few large ones, each ordered by subject and instant; what is left over is swept away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from assay.core.io.store import Store
from assay.node.lake import manifest
from assay.node.lake.models import FileKind, LakeFile

#: Fresh files are merged once there are as many, or once the oldest is as old.
_FRESH_FILES: Final = 50
_FRESH_FOR: Final = timedelta(minutes=2)
#: As many files of a size become one of the next; larger ones stay as they are.
_TOGETHER: Final = 8
_SMALLEST: Final = 50_000
_LARGEST: Final = 8_000_000
#: How long a file that was replaced stays for those who read it, and one that nobody names before it is an orphan.
_READ_FOR: Final = timedelta(minutes=10)
_WRITTEN_FOR: Final = timedelta(hours=1)

#: A person's rows stand together, else an account's. Rows of uploaded files name nobody here and stand first.
_ORDER: Final = "coalesce(user_id, anonymous_id, group_id, ''), \"at\", seq"


def compact(now: datetime) -> bool:
    """Merge files where that pays; tell whether anything was. Readers see all old files or the new one."""
    chosen = worth_merging(manifest.files(), now)
    if not chosen:
        return False
    paths = [manifest.folder() / file.name for file in chosen]
    with Store(memory_limit="500MB", threads=1) as store:
        merged = manifest.write(
            store.batches(f"SELECT * FROM {manifest.relation(paths)} ORDER BY {_ORDER}", rows=100_000),
            FileKind.COMPACTED,
        )
    with transaction.atomic():
        manifest.held()
        replaced = LakeFile.objects.filter(id__in=[file.id for file in chosen], replaced_at=None).update(
            replaced_at=now
        )
        if replaced == len(chosen):
            manifest.named(merged)
            return True
        transaction.set_rollback(True)  # somebody was erased meanwhile: the merged file still holds them
    (manifest.folder() / merged.name).unlink(missing_ok=True)
    return False


def worth_merging(files: Sequence[LakeFile], now: datetime) -> list[LakeFile]:
    """Return the files to be merged next: fresh ones, else as many of one size as make a larger one; none if few."""
    fresh = [file for file in files if file.kind == FileKind.FRESH]
    if len(fresh) >= _FRESH_FILES or (fresh and min(file.made_at for file in fresh) < now - _FRESH_FOR):
        return _up_to_largest(fresh)
    sizes: dict[int, list[LakeFile]] = {}
    for file in files:
        if file.kind == FileKind.COMPACTED and file.rows < _LARGEST:
            sizes.setdefault(_size(file), []).append(file)
    for _, same in sorted(sizes.items()):
        if len(same) >= _TOGETHER:
            return _up_to_largest(sorted(same, key=lambda file: file.rows))
    return []


def _size(file: LakeFile) -> int:
    size, rows = 0, _SMALLEST
    while file.rows > rows:
        size, rows = size + 1, rows * _TOGETHER
    return size


def _up_to_largest(files: Sequence[LakeFile]) -> list[LakeFile]:
    chosen: list[LakeFile] = []
    rows = 0
    for file in files:
        if chosen and rows + file.rows > _LARGEST:
            break
        chosen.append(file)
        rows += file.rows
    return chosen


def sweep(now: datetime) -> int:
    """Remove files that were replaced a while ago, and orphans that a crash left; return how many."""
    gone = manifest.remove_replaced(now - _READ_FOR)
    # A file is written long before it is an orphan: whoever writes takes seconds, and the sweeper waits an hour.
    named = set(LakeFile.objects.values_list("name", flat=True))
    before = time.time() - _WRITTEN_FOR.total_seconds()
    for path in manifest.folder().iterdir():
        if path.name not in named and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
