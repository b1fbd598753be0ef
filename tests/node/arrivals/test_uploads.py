"""A file is in the lake at once and once, or not at all; what cannot be read of it is shown and handed out."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.arrivals import bounds, uploads
from assay.node.arrivals.models import State, Upload
from assay.node.lake import files, manifest

pytestmark = pytest.mark.django_db
EVENTS = "id,at,event,person,limit\n1,2026-05-04T10:00:00Z,signed_up,ada,3\n2,2026-05-04T11:00:00Z,signed_up,bob,\n"
PEOPLE = "person,account,seniority\nada,one,vp\nbob,two,\n"


def _upload(client, data, name="events.csv", part="product/events/0"):
    data = data if isinstance(data, bytes) else data.encode()
    return client.post(reverse("make_upload"), {"part": part, "file": SimpleUploadedFile(name, data)})


def _read(client, *args, **words):
    """Upload a file and read it as the worker does; return the upload."""
    answer = _upload(client, *args, **words)
    assert answer.status_code == 302, answer.content.decode()
    upload = Upload.objects.latest("id")
    uploads.read(upload.pk)
    upload.refresh_from_db()
    return upload


def test_events_of_a_file_are_rows_of_the_lake(revops):
    upload = _read(revops, EVENTS)
    assert (upload.state, upload.rows, upload.rejected) == (State.DONE, 2, 0)
    rows = manifest.rows_since(0).to_pylist()
    assert [(r["seq"], r["source"], r["kind"], r["id"], r["user_id"], r["event"]) for r in rows] == [
        (1, "product", "track", "1", "ada", "signed_up"),
        (2, "product", "track", "2", "bob", "signed_up"),
    ]


def test_rows_of_people_keep_their_columns(revops):
    _read(revops, PEOPLE, "people.csv", "crm/people/0")
    rows = manifest.rows_since(0).to_pylist()
    assert [(row["source"], row["kind"], row["event"]) for row in rows] == [("crm", "row", "people")] * 2
    assert '"ada"' in rows[0]["body"]


def test_parquet_is_read_too(revops):
    sink = io.BytesIO()
    pq.write_table(pa.table({"person": ["ada"], "account": ["one"], "seniority": ["vp"]}), sink)
    assert _read(revops, sink.getvalue(), "people.parquet", "crm/people/0").rows == 1


def test_the_same_events_count_once(revops):
    _read(revops, EVENTS)
    again = _read(revops, EVENTS + "3,2026-05-04T12:00:00Z,signed_up,cleo,\n")
    assert (again.rows, again.repeated) == (1, 2)
    assert [row["id"] for row in manifest.rows_since(0).to_pylist()] == ["1", "2", "3"]


@pytest.mark.django_db(transaction=True)
def test_while_a_large_file_is_read_everybody_can_see_how_far_it_is(revops, monkeypatch):
    told, note = [], uploads._note

    def noted(upload_id, percent):
        note(upload_id, percent)
        told.append(Upload.objects.get(pk=upload_id).percent)
        connection.close()

    monkeypatch.setattr(uploads, "_note", noted)
    monkeypatch.setattr(files, "_PAUSE", 0.05)
    rows = (f"{i},2026-05-04T10:00:00Z,signed_up,p{i % 999},{i % 7}\n" for i in range(150_000))
    assert _read(revops, "id,at,event,person,limit\n" + "".join(rows)).rows == 150_000
    assert told
    assert told == sorted(set(told))


def test_a_page_of_a_file_that_is_being_read_says_how_far_it_is(revops):
    upload = Upload.objects.create(name="e.csv", source="product", part="events", bytes=1, state=State.READING)
    assert "%" not in revops.get(reverse("upload", args=[upload.pk])).content.decode()
    Upload.objects.update(percent=34)
    assert "34&nbsp;%" in revops.get(reverse("upload", args=[upload.pk])).content.decode()
    assert "34&nbsp;%" in revops.get(reverse("data")).content.decode()


def test_reading_again_adds_nothing(revops):
    upload = _read(revops, EVENTS)
    uploads.read(upload.pk)
    assert len(manifest.rows_since(0)) == 2


def test_rejects_are_shown_and_handed_out_safe_for_spreadsheets(revops):
    upload = _read(revops, EVENTS + '3,"=HYPERLINK(""http://evil.example"")",signed_up,cleo,\n')
    assert (upload.rows, upload.rejected) == (2, 1)
    page = revops.get(reverse("upload", args=[upload.pk])).content.decode()
    assert "could not be read" in page
    answer = revops.get(reverse("upload_rejects", args=[upload.pk]))
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert row["column"] == "at"
    assert row["value"].startswith("'=HYPERLINK")


def test_a_file_that_cannot_be_read_says_so_and_adds_nothing(revops):
    upload = _read(revops, "nothing,of,it\n1,2,3\n")
    assert upload.state == State.FAILED
    assert upload.why
    assert upload.why.split(".")[0] in revops.get(reverse("upload", args=[upload.pk])).content.decode().replace(
        "&#x27;", "'"
    )
    assert len(manifest.rows_since(0)) == 0


@pytest.mark.parametrize("name", ["events.csv.gz", "events.zip", "events.xlsx", "events"])
def test_packed_files_and_others_are_refused(name, revops):
    answer = _upload(revops, EVENTS, name)
    assert answer.status_code == 422
    assert not Upload.objects.exists()


def test_an_empty_file_is_refused(revops):
    assert _upload(revops, "").status_code == 422


def test_parquet_that_unpacks_to_too_much_is_refused_unread(revops):
    sink = io.BytesIO()
    table = pa.table({"person": pa.array([0]).take(pa.array([0] * 5_000_000)).cast(pa.string())})
    with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        for _ in range(30):
            writer.write_table(table)
    assert len(sink.getvalue()) < 5 << 20
    upload = _read(revops, sink.getvalue(), "people.parquet", "crm/people/0")
    assert upload.state == State.FAILED
    assert "1 GiB" in upload.why


def test_a_request_that_is_too_large_is_refused_before_it_is_read(revops):
    answer = revops.generic(
        "POST",
        reverse("make_upload"),
        b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(bounds.MOST * 2),
    )
    assert answer.status_code in {400, 413}


def test_the_file_is_gone_once_it_was_read(revops, node):
    _read(revops, EVENTS)
    assert [path for path in (node / "uploads").rglob("*") if path.is_file()] == []


def test_who_may_not_change_data_uploads_nothing(node, client_of):
    assert _upload(client_of(Role.REP), EVENTS).status_code == 403
    assert not Upload.objects.exists()


def test_an_upload_is_in_the_audit_without_its_rows(revops):
    _read(revops, EVENTS)
    row = AuditRow.objects.get(subject="upload")
    assert row.after == {"source": "product", "part": "events", "bytes": len(EVENTS)}


def test_the_page_of_data_says_what_came(revops):
    _read(revops, EVENTS)
    page = revops.get(reverse("data")).content.decode()
    assert "product" in page
    assert "events.csv" in page
    assert "2 rows in 1 files" in page.replace("1 file,", "1 files,")


def test_an_upload_that_was_cut_short_is_said_to_have_failed(revops):
    from datetime import timedelta

    _upload(revops, EVENTS)
    upload = Upload.objects.get()
    uploads.tidy(upload.made_at + timedelta(minutes=30))
    upload.refresh_from_db()
    assert upload.state == State.WAITING
    uploads.tidy(upload.made_at + timedelta(hours=2))
    upload.refresh_from_db()
    assert upload.state == State.FAILED
