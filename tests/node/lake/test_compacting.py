"""Merging changes where rows are, never which there are."""

import os
import time
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.node.lake.conftest import NOW

from assay.core.io.store import Store
from assay.node.lake import compacting, draining, manifest
from assay.node.lake.models import FileKind, LakeFile

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(days=36500)  # files are made by the clock of the machine


def test_an_empty_lake_reads_as_no_rows(lake_folder):
    with Store() as store:
        found = store.table(f"SELECT * FROM {manifest.relation(manifest.paths())}")
    assert found.num_rows == 0
    assert found.column_names == manifest.rows_since(0).column_names


def _fill(put, files):
    for i in range(files):
        put(*[{"type": "page", "userId": f"u{i % 3}", "messageId": f"{i}-{n}"} for n in range(3)])
        draining.drain(NOW)


def test_fresh_files_become_one_ordered_by_subject_and_instant(put, stored):
    _fill(put, 5)
    before = stored()
    assert compacting.compact(NOW + LATER)
    assert stored() == before
    (file,) = manifest.files()
    assert (file.kind, file.rows, file.seq_from, file.seq_to) == (FileKind.COMPACTED, 15, 1, 15)
    rows = pq.read_table(manifest.folder() / file.name).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["user_id"], row["at"], row["seq"]))


def test_who_reads_old_files_can_go_on_reading(put):
    _fill(put, 3)
    before = manifest.paths()
    compacting.compact(NOW + LATER)
    compacting.sweep(NOW + LATER + timedelta(minutes=9))
    assert all(path.exists() for path in before)
    assert compacting.sweep(NOW + LATER + timedelta(minutes=11)) == 3
    assert not any(path.exists() for path in before)
    assert all(path.exists() for path in manifest.paths())


def test_orphans_are_swept_once_nobody_can_be_writing_them(put):
    _fill(put, 1)
    orphans = [manifest.folder() / name for name in ("old.parquet", "young.parquet")]
    for path in orphans:
        path.write_bytes(b"half a file")
    os.utime(orphans[0], (time.time() - 7200, time.time() - 7200))
    assert compacting.sweep(NOW) == 1
    assert [path.exists() for path in orphans] == [False, True]
    assert all(path.exists() for path in manifest.paths())


def test_what_was_replaced_meanwhile_is_not_merged(put, stored):
    """Somebody was erased between reading and naming: the merged file would bring the rows back."""
    _fill(put, 3)
    before = stored()
    original = manifest.held

    def held():
        LakeFile.objects.filter(id=manifest.files()[0].id).update(replaced_at=NOW)
        return original()

    manifest.held = held
    try:
        assert not compacting.compact(NOW + LATER)
    finally:
        manifest.held = original
    assert LakeFile.objects.filter(kind=FileKind.COMPACTED).count() == 0
    assert len(list(manifest.folder().iterdir())) == 3
    LakeFile.objects.update(replaced_at=None)
    assert stored() == before


@given(st.lists(st.integers(1, 9_000_000), max_size=40), st.integers(0, 60))
def test_merging_comes_to_an_end_and_makes_few_files(rows, fresh):
    files = [LakeFile(id=i, kind=FileKind.COMPACTED, rows=n, made_at=NOW) for i, n in enumerate(rows)]
    files += [LakeFile(id=-1 - i, kind=FileKind.FRESH, rows=1000, made_at=NOW) for i in range(fresh)]
    total = sum(file.rows for file in files)
    for _ in range(200):
        chosen = compacting.worth_merging(files, NOW + timedelta(hours=1))
        if not chosen:
            break
        ids = {file.id for file in chosen}
        merged = LakeFile(id=max(ids) + 1000, kind=FileKind.COMPACTED, rows=sum(f.rows for f in chosen), made_at=NOW)
        files = [file for file in files if file.id not in ids] + [merged]
    else:
        pytest.fail("merging goes on for ever")
    assert sum(file.rows for file in files) == total
    assert len([file for file in files if file.rows < 8_000_000]) < 8 * 4
