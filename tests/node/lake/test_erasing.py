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
    put(page("ada"), page("bob"), page(anonymous="x1"))
    gone = erasing.erase(["ada", "x1"])
    assert (gone.rows, gone.files, gone.calls) == (2, 2, 2)
    assert [(row["user_id"], row["seq"]) for row in stored()] == [("bob", 2), ("bob", 3), ("bob", 5)]
    assert _waiting() == [page("bob")]


def _waiting():
    """Return the calls that wait, without the ids that nobody gave them."""
    return [
        {**dict.fromkeys(page()), **{name: told for name, told in json.loads(body).items() if name != "messageId"}}
        for body in Inbox.objects.order_by("id").values_list("body", flat=True)
    ]


def test_what_was_told_of_a_company_stays_without_who_told_it(put, stored):
    told = {"type": "group", "groupId": "f1", "traits": {"tier": "gold"}}
    put({**told, "userId": "ada", "anonymousId": "y"}, {**told, "anonymousId": "x1"}, {**told, "userId": "bob"})
    draining.drain(NOW)
    put({**told, "userId": "ada", "context": {"traits": {"email": "ada@one.example"}}})
    assert erasing.erase(["ada", "x1"]).calls == 0
    assert [(row["kind"], row["group_id"], row["user_id"], row["anonymous_id"]) for row in stored()] == [
        ("group", "f1", None, None),
        ("group", "f1", None, None),
        ("group", "f1", "bob", None),
        ("member", "f1", "bob", None),
    ]
    draining.drain(NOW)
    assert "ada" not in str([*stored(), _waiting()])
    assert [row["body"] for row in stored() if row["kind"] == "group"] == ['{"tier": "gold"}'] * 4


def test_calls_of_others_that_carry_an_id_of_the_persons_browser_stay_without_it(put, stored):
    calls = [page("bob", "x1"), {"type": "identify", "userId": "bob", "anonymousId": "x1", "traits": {"plan": "trial"}}]
    put(*calls)
    draining.drain(NOW)
    put(*calls, {"type": "alias", "userId": "ada", "previousId": "x1"})
    gone = erasing.erase(["ada", "x1"])
    assert (gone.rows, gone.files, gone.calls) == (0, 1, 1)
    assert [(row["kind"], row["user_id"], row["anonymous_id"]) for row in stored()] == [
        ("page", "bob", None),
        ("identify", "bob", None),
    ]
    assert [(call["type"], call["userId"], call["anonymousId"]) for call in _waiting()] == [
        ("page", "bob", None),
        ("identify", "bob", None),
    ]


def test_a_file_that_the_sweeper_took_before_it_was_named_is_written_again(put, stored, monkeypatch):
    put(page("ada"), page("bob"))
    draining.drain(NOW)
    write, taken = manifest.write, []

    def written(parts, kind):
        made = write(parts, kind)
        if not taken:
            taken.append(made.name)
            (manifest.folder() / made.name).unlink()
        return made

    monkeypatch.setattr(manifest, "write", written)
    assert erasing.erase(["ada"]).rows == 1
    assert [row["user_id"] for row in stored()] == ["bob"]


def test_an_erasure_that_was_cut_short_goes_on_where_it_was(put, stored, monkeypatch):
    for _ in range(3):
        put(page("ada"), page("bob"))
        draining.drain(NOW)
    write, written = manifest.write, []

    def dies(parts, kind):
        written.append(kind)
        if len(written) == 2:
            raise KeyboardInterrupt
        return write(parts, kind)

    monkeypatch.setattr(manifest, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        erasing.erase(["ada"])
    assert [row["user_id"] for row in stored()].count("ada") == 2
    assert erasing.erase(["ada"]).files == 2
    assert [row["user_id"] for row in stored()] == ["bob"] * 3


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
