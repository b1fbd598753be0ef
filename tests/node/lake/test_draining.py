"""What was accepted is in the lake once, whatever happens on the way."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.node.lake.conftest import NOW

from assay.node.lake import draining, manifest
from assay.node.lake.models import LakeFile, SourceCount

pytestmark = pytest.mark.django_db(transaction=True)


def track(**facts):
    return {"type": "track", "userId": "u1", "event": "e", **facts}


def test_an_empty_inbox_gives_nothing(lake_folder):
    assert draining.drain(NOW) is None
    assert LakeFile.objects.count() == 0


def test_calls_become_rows_in_the_order_in_which_they_were_accepted(put, stored):
    put(track(messageId="a", context={"groupId": "g"}, properties={"plan": "team"}, anonymousId="x"))
    put(track(messageId="b"))
    taken = draining.drain(NOW)
    assert [(row["seq"], row["id"]) for row in stored()] == [(1, "a"), (2, "b")]
    assert taken.to_pylist() == stored()
    first = stored()[0]
    assert (first["source"], first["kind"], first["event"]) == ("app", "track", "e")
    assert (first["user_id"], first["anonymous_id"], first["group_id"]) == ("u1", "x", "g")
    assert (first["at"], first["received_at"]) == (NOW, NOW)
    assert first["body"] == '{"plan": "team"}'
    assert draining.drain(NOW) is None


def test_each_kind_of_call_goes_to_its_source(put, stored):
    put(
        {"type": "identify", "userId": "u", "anonymousId": "x", "traits": {"email": "a@b.example"}},
        {"type": "alias", "userId": "u", "previousId": "old"},
        {"type": "page", "anonymousId": "x", "name": "Prices"},
        {"type": "screen", "anonymousId": "x"},
    )
    draining.drain(NOW)
    assert [(r["source"], r["kind"], r["user_id"], r["anonymous_id"]) for r in stored()] == [
        ("people", "identify", "u", "x"),
        ("people", "alias", "u", "old"),
        ("app", "page", None, "x"),
        ("app", "screen", None, "x"),
    ]


def test_a_group_call_tells_of_the_account_and_of_its_member(put, stored):
    put({"type": "group", "userId": "u", "groupId": "g", "traits": {"plan": "team"}})
    put({"type": "group", "groupId": "h"})
    draining.drain(NOW)
    assert [(r["seq"], r["source"], r["kind"], r["user_id"], r["group_id"], r["body"]) for r in stored()] == [
        (1, "accounts", "group", "u", "g", '{"plan": "team"}'),
        (2, "people", "member", "u", "g", "{}"),
        (3, "accounts", "group", None, "h", "{}"),
    ]


def test_what_a_key_has_no_source_for_is_kept_and_counted(put, key, stored):
    key.events_source = ""
    key.save()
    put(track())
    draining.drain(NOW)
    assert [row["source"] for row in stored()] == [""]
    assert list(SourceCount.objects.values_list("source", "kind", "rows", "last_at")) == [("", "track", 1, NOW)]


def test_a_message_that_comes_again_counts_once(put, stored):
    put(track(messageId="a", event="first"), track(messageId="a", event="second"))
    draining.drain(NOW)
    put(track(messageId="a"), track(messageId="b"))
    draining.drain(NOW)
    put(track(messageId="b"))
    assert draining.drain(NOW).num_rows == 0
    assert [(row["seq"], row["id"], row["event"]) for row in stored()] == [(1, "a", "first"), (2, "b", "e")]


def test_two_keys_may_give_messages_the_same_id(put, key, stored):
    from assay.node.intake.models import WriteKey

    other = WriteKey.objects.create(name="App", digest=b"2", events_source="mobile")
    put(track(messageId="a"))
    put(track(messageId="a"), write_key=other)
    draining.drain(NOW)
    assert [row["source"] for row in stored()] == ["app", "mobile"]


def test_a_message_is_remembered_for_90_days(put, stored):
    put(track(messageId="a"))
    draining.drain(NOW)
    assert draining.forget_messages(NOW + timedelta(days=90)) == 0
    assert draining.forget_messages(NOW + timedelta(days=91)) == 1
    put(track(messageId="a"))
    draining.drain(NOW)
    assert len(stored()) == 2


def test_what_a_failing_transaction_took_is_still_in_the_inbox(put, stored):
    put(track(messageId="a"))
    with pytest.raises(RuntimeError), transaction.atomic():
        draining.drain(NOW)
        raise RuntimeError
    assert stored() == []
    draining.drain(NOW)
    assert [row["id"] for row in stored()] == ["a"]


def test_a_folder_that_takes_no_file_leaves_everything_in_the_inbox(put, stored, lake_folder):
    put(track(messageId="a"))
    lake_folder.parent.mkdir(exist_ok=True)
    lake_folder.write_text("this is no folder")
    with pytest.raises(OSError):
        draining.drain(NOW)
    lake_folder.unlink()
    draining.drain(NOW)
    assert [row["id"] for row in stored()] == ["a"]


def test_the_oldest_are_taken_first(put, stored):
    put(*[track(messageId=str(i)) for i in range(5)])
    draining.drain(NOW, calls=2)
    draining.drain(NOW, calls=2)
    assert [row["id"] for row in stored()] == ["0", "1", "2", "3"]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_message_is_stored_once_however_it_is_repeated(put, stored, batches):
    from assay.node.lake.models import SeenMessage

    SeenMessage.objects.all().delete()
    before = manifest.last_seq()
    for batch in batches:
        if batch:
            put(*[track(messageId=one) for one in batch])
        draining.drain(NOW)
    rows = manifest.rows_since(before).to_pylist()
    first_seen = list(dict.fromkeys(one for batch in batches for one in batch))
    assert [row["id"] for row in rows] == first_seen
    assert [row["seq"] for row in rows] == list(range(before + 1, before + 1 + len(rows)))
