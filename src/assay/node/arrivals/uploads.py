"""Files that somebody uploads: taken, read in the background, put into the lake at once or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone

from assay.core.definitions import model
from assay.core.errors import BadRequest, ShownError
from assay.core.io.writing import csv_of
from assay.core.sources.files import kind_of
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.arrivals import bounds
from assay.node.arrivals.models import UNDER_WAY, State, Upload
from assay.node.jobs import UNAVAILABLE
from assay.node.lake import draining, manifest
from assay.node.lake.files import read_file
from assay.node.rulebook import current

_REJECTS: Final = "rejects.parquet"
_KEPT: Final = timedelta(days=30)
_PATIENCE: Final = timedelta(hours=1)
_AT_ONCE: Final = 50_000


def parts() -> Sequence[tuple[str, model.Source]]:
    """Return the parts of sources that a file may be for, each under a name that stays: source, kind, number."""
    found: list[tuple[str, model.Source]] = []
    for part in current.definitions().sources:
        start = f"{part.source}/{kind_of(part)}/"
        found.append((f"{start}{sum(name.startswith(start) for name, _ in found)}", part))
    return found


@action("upload a file", Permission.CHANGE_DATA)
def take(audit: Audit, part: str, file: UploadedFile[bytes]) -> Upload:
    """Keep a file for a part of a source, to be read soon."""
    if part not in dict(parts()):
        raise BadRequest("There is no such source", where="for", mend="Choose one of the list.")
    name = Path(file.name or "").name
    ending = bounds.demand_format(name)
    if not file.size or file.size > bounds.MOST:
        raise BadRequest(
            f"It is empty or larger than {bounds.MOST >> 20} MiB", where="file", mend="Upload it in parts."
        )
    source, kind, number = part.rsplit("/", 2)
    upload = Upload(name=name[-200:], source=source, part=kind, number=int(number), bytes=file.size)
    upload.save()
    folder = _folder(upload)
    folder.mkdir(mode=0o700, parents=True)
    with (folder / f"rows.{ending}").open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    audit.write("upload", upload.pk, before={}, after={"source": source, "part": kind, "bytes": file.size})
    from assay.node.arrivals.tasks import read_upload

    read_upload.defer(upload_id=upload.pk)
    return upload


def read(upload_id: int) -> None:
    """Read an upload into the lake; what goes wrong is said on the page. Done again, it does nothing."""
    upload = Upload.objects.filter(pk=upload_id, state__in=UNDER_WAY).first()
    if upload is None:
        return
    Upload.objects.filter(pk=upload_id).update(state=State.READING)
    try:
        _read(upload)
    except UNAVAILABLE:
        raise  # the file stays, and is read again once the database answers
    except ShownError as error:
        _fail(upload, error.text())
    except Exception:
        _fail(upload, "Something went wrong inside Assay.")
        _drop_file(upload)
        raise
    _drop_file(upload)


def _read(upload: Upload) -> None:
    (path,) = _folder(upload).glob("rows.*")
    bounds.demand_bounded(path)
    part = dict(parts()).get(f"{upload.source}/{upload.part}/{upload.number}")
    if part is None:
        raise BadRequest("The definitions have no such source any longer", mend="Upload it for another one.")
    found = read_file(part, path, lambda percent: _note(upload.pk, percent))
    now = timezone.now()
    received = pa.array([now] * found.rows.num_rows, pa.timestamp("us", tz="UTC"))
    with transaction.atomic():
        # As soon as this commits the rows are there, and the upload is done: both or none.
        again = Upload.objects.select_for_update().get(pk=upload.pk)
        fresh = _unseen(found.rows, now)
        manifest.add(fresh.append_column("received_at", received.slice(0, fresh.num_rows)), now)
        again.state, again.done_at = State.DONE, now
        again.rows, again.rejected = fresh.num_rows, found.rejects.num_rows
        again.repeated = found.rows.num_rows - fresh.num_rows
        if found.rejects.num_rows:
            pq.write_table(found.rejects, _folder(upload) / _REJECTS)
        again.save()


def _note(upload_id: int, percent: int) -> None:
    Upload.objects.filter(pk=upload_id, state=State.READING).update(percent=percent)
    connection.close()  # this thread's own, which nobody else closes


def _unseen(rows: pa.Table, now: datetime) -> pa.Table:
    """Return rows without the events that the lake has already, by their ids; rows of other kinds replace by order."""
    wanted = []
    for begin in range(0, rows.num_rows, _AT_ONCE):
        part = rows.slice(begin, _AT_ONCE).select(["source", "id"]).to_pylist()
        digests = [
            None if row["id"] is None else draining.digest_of("upload", row["source"], row["id"]) for row in part
        ]
        left = draining.unseen([digest for digest in digests if digest is not None], now)
        for digest in digests:
            wanted.append(digest is None or digest in left)
            left.discard(digest or b"")
    return rows.filter(pa.array(wanted, pa.bool_()))


def _fail(upload: Upload, why: str) -> None:
    Upload.objects.filter(pk=upload.pk).update(state=State.FAILED, why=why, done_at=timezone.now())


def _drop_file(upload: Upload) -> None:
    for path in _folder(upload).glob("rows.*"):
        path.unlink(missing_ok=True)


def tidy(now: datetime) -> None:
    """Say of uploads whose reading a crash cut short that they failed; forget rejects after a while."""
    cut_short = Upload.objects.filter(state__in=UNDER_WAY, made_at__lt=now - _PATIENCE)
    for upload in list(cut_short):
        _fail(upload, "Reading it was cut short. Upload it again.")
        _drop_file(upload)
    for upload in Upload.objects.filter(made_at__lt=now - _KEPT, done_at__isnull=False):
        shutil.rmtree(_folder(upload), ignore_errors=True)


def rejects(upload: Upload, limit: int | None = None) -> pa.Table | None:
    """Return what could not be read of an upload; None where there is nothing, or it was forgotten."""
    path = _folder(upload) / _REJECTS
    if not path.exists():
        return None
    found = pq.read_table(path).select(["line", "column", "reason", "value"])
    return found if limit is None else found.slice(0, limit)


def rejects_file(upload: Upload) -> bytes | None:
    """Return the rejects as CSV that is safe to open in a spreadsheet: nothing in it begins a formula."""
    found = rejects(upload)
    if found is None:
        return None
    return csv_of(found)


def _folder(upload: Upload) -> Path:
    folder: Path = settings.ASSAY.data_folder / "uploads" / str(upload.pk)
    return folder
