"""A person who is erased is in no file and no waiting call, and everybody else is."""

import json
from datetime import timedelta

import pytest
from tests.node.lake.conftest import NOW

from assay.core.definitions import model
from assay.core.errors import Place
from assay.node.intake.models import Inbox
from assay.node.lake import compacting, draining, erasing, manifest
from assay.node.lake.models import LakeFile

pytestmark = pytest.mark.django_db(transaction=True)


def page(user=None, anonymous=None):
    return {"type": "page", "userId": user, "anonymousId": anonymous}


def test_rows_and_calls_of_all_ids_go_and_others_stay(put, stored):
    put(page("ada"), page("bob"))
    draining.drain(NOW)
    put(page("bob"))
    draining.drain(NOW)
    put(page(anonymous="x1"), page("bob", "x2"))
    draining.drain(NOW)
    put(page("ada"), page("bob"), page("cleo", "x1"))
    gone = erasing.erase(["ada", "x1"])
    assert (gone.rows, gone.files, gone.calls) == (2, 2, 2)
    assert [(row["user_id"], row["seq"]) for row in stored()] == [("bob", 2), ("bob", 3), ("bob", 5)]
    assert [json.loads(body)["userId"] for body in Inbox.objects.values_list("body", flat=True)] == ["bob"]


def test_no_file_holds_the_person_any_longer(put):
    put(page("wilhelmina"), page("bob"))
    draining.drain(NOW)
    compacting.compact(NOW + timedelta(days=36500))  # the fresh file stays beside for those who read it
    erasing.erase(["wilhelmina"])
    held = [path.read_bytes() for path in manifest.folder().iterdir()]
    assert held
    assert not any(b"wilhelmina" in data for data in held)


def test_a_file_that_held_nobody_else_is_gone(put, stored):
    put(page("ada"))
    draining.drain(NOW)
    erasing.erase(["ada"])
    assert stored() == []
    assert list(manifest.folder().iterdir()) == []
    assert LakeFile.objects.count() == 0


def test_numbers_are_never_given_again(put, stored):
    put(page("ada"))
    draining.drain(NOW)
    erasing.erase(["ada"])
    put(page("bob"))
    draining.drain(NOW)
    assert [row["seq"] for row in stored()] == [2]


def test_uploaded_rows_go_by_the_columns_that_name_a_person(lake_folder, stored):
    import pyarrow as pa
    from django.db import transaction

    from assay.node.lake.rows import LAKE

    kinds = {"people": ["ada", "bob"], "outcomes": ["ada"]}
    rows = [
        {
            "source": "crm",
            "kind": "row",
            "event": kind,
            "received_at": NOW,
            "body": json.dumps({"Id": one, "owner": "ada"}),
        }
        for kind, ids in kinds.items()
        for one in ids
    ]
    without_seq = pa.schema([field for field in LAKE if field.name != "seq"])
    with transaction.atomic():
        manifest.add(pa.Table.from_pylist(rows, schema=without_seq), NOW)
    place = Place(file="sources.yaml", line=1, column=1)
    part = model.PeopleSource(source="crm", file="people.csv", table=None, place=place, id="Id")
    assert erasing.erase(["ada"], [part]).rows == 1
    assert [(row["event"], json.loads(row["body"])["Id"]) for row in stored()] == [
        ("people", "bob"),
        ("outcomes", "ada"),
    ]
