"""The tracking API keeps what it says it keeps, and says why it refuses."""

import base64
import gzip
import json
import threading
import time

import psycopg
import pytest
from django.db import connection
from tests.node.intake.sending import KEY, track

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_batch_is_kept_call_by_call_in_its_order(send, inbox):
    answer = send("/v1/batch", {"batch": [track(messageId="a"), track(messageId="b")]})
    assert (answer.status_code, answer.content) == (200, b'{"success": true}')
    assert [call["messageId"] for call in inbox()] == ["a", "b"]


@pytest.mark.parametrize("kind", ["track", "identify", "group", "alias", "page", "screen"])
def test_each_kind_of_call_has_an_address_of_its_own(kind, send, inbox):
    call = {"userId": "u1", "event": "e", "groupId": "g1", "previousId": "a1"}
    assert send(f"/v1/{kind}", call).status_code == 200
    assert inbox()[0]["type"] == kind


def test_import_is_another_name_of_batch(send, inbox):
    assert send("/v1/import", {"batch": [track()]}).status_code == 200
    assert len(inbox()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"},
        {"HTTP_AUTHORIZATION": f"Bearer {KEY}"},
    ],
)
def test_the_write_key_comes_as_the_user_of_basic_or_as_bearer(headers, send, inbox):
    assert send("/v1/track", track(), **headers).status_code == 200


def test_the_write_key_comes_in_the_body(send, inbox):
    assert send("/v1/batch", {"batch": [track()], "writeKey": KEY}).status_code == 200
    assert send("/v1/track", track(writeKey=KEY)).status_code == 200


@pytest.mark.parametrize("key", ["", "another", KEY + " "])
def test_an_unknown_write_key_keeps_nothing(key, send, inbox):
    answer = send("/v1/batch", {"batch": [track()], "writeKey": key})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert inbox() == []


def test_a_retired_write_key_keeps_nothing(send, inbox, write_key):
    from assay.node.intake.keys import KNOWN

    write_key.is_active = False
    write_key.save()
    KNOWN.forget()
    assert send("/v1/track", track()).status_code == 401


def test_what_gzip_packed_is_unpacked(send, inbox):
    packed = gzip.compress(json.dumps({"batch": [track()]}).encode())
    assert send("/v1/batch", packed, HTTP_CONTENT_ENCODING="gzip").status_code == 200
    assert len(inbox()) == 1


def test_a_bomb_is_refused_before_it_is_unpacked(send):
    bomb = gzip.compress(b" " * (200 << 20))
    before = time.process_time()
    assert send("/v1/batch", bomb, HTTP_CONTENT_ENCODING="gzip").status_code == 413
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize("packed", [b"", b"\x1f\x8b", b"no gzip", gzip.compress(b"{}", mtime=0)[:-4]])
def test_broken_gzip_is_refused_for_good(packed, send):
    assert send("/v1/batch", packed, HTTP_CONTENT_ENCODING="gzip").status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b'{"batch": [{"type": "track", "userId": "\xff"}]}', "bad_json"),
        (b'{"batch": [{"type": "track", "properties": {"a": "\\ud800"}}]}', "bad_json"),
        (b"[]", "bad_shape"),
        (b"{}", "bad_shape"),
        (b'{"batch": {}}', "bad_shape"),
        (b'{"batch": []}', "empty_batch"),
        (b'{"batch": [1]}', "bad_shape"),
        (b'{"batch": [{"type": "track", "event": 1}]}', "bad_shape"),
        (b'{"batch": [{"type": "buy", "userId": "u"}]}', "bad_type"),
        (b'{"batch": [{"type": "track", "event": "e"}]}', "missing"),
        (b'{"batch": [{"type": "track", "userId": " ", "event": "e"}]}', "missing"),
        (b'{"batch": [{"type": "track", "userId": "u"}]}', "missing"),
        (b'{"batch": [{"type": "group", "userId": "u"}]}', "missing"),
        (b'{"batch": [{"type": "alias", "userId": "u"}]}', "missing"),
        (b'{"batch": [{"type": "page", "userId": "u", "properties": 1}]}', "bad_shape"),
        (b'{"batch": [{"type": "page", "userId": "u\\u0000"}]}', "bad_shape"),
        (b'{"batch": [{"type": "group", "userId": "u", "groupId": "g\\u0000"}]}', "bad_shape"),
        (b'{"batch": [{"type": "track", "userId": "u", "event": "e\\u0000"}]}', "bad_shape"),
        (b'{"batch": [{"type": "page", "userId": "u", "timestamp": "yesterday"}]}', "bad_timestamp"),
        (b'{"batch": [{"type": "page", "userId": "u", "timestamp": "0001-01-01"}]}', "bad_timestamp"),
        (b'{"batch": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    ],
)
def test_what_cannot_be_read_is_refused_for_good_and_names_no_value(body, code, send, inbox):
    answer = send("/v1/batch", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}
    assert code is None or answer.json()["code"] == code
    assert "yesterday" not in answer.json()["message"]
    assert inbox() == []


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("userId", {"userId": "x" * 300}),
        ("anonymousId", {"userId": None, "anonymousId": "x" * 300}),
        ("messageId", {"messageId": "x" * 300}),
        ("groupId", {"type": "group", "groupId": "x" * 300}),
        ("context.groupId", {"context": {"groupId": "x" * 300}}),
        ("previousId", {"type": "alias", "previousId": "x" * 300}),
    ],
)
def test_an_id_that_is_longer_than_any_can_be_is_refused_by_its_name(name, call, send, inbox):
    answer = send("/v1/batch", {"batch": [track(), track(**call)]})
    assert answer.status_code == 400
    assert answer.json()["message"] == f"batch[1].{name}: it is longer than 200 characters."
    assert inbox() == []


def test_an_id_of_two_hundred_characters_is_kept(send, inbox):
    assert send("/v1/batch", {"batch": [track(userId="x" * 200)]}).status_code == 200
    assert len(inbox()) == 1


def test_one_bad_call_keeps_none_of_its_batch_and_is_named(send, inbox):
    answer = send("/v1/batch", {"batch": [track(), track(event=None)]})
    assert answer.json()["message"] == "batch[1].event: it is missing."
    assert inbox() == []


def _filled(size, **facts):
    return track(properties={"text": "x" * size}, **facts)


def test_segments_clients_send_messages_of_32_kb_at_most(send):
    assert send("/v1/batch", {"batch": [_filled(32_000)]}).status_code == 200
    assert send("/v1/batch", {"batch": [_filled(33_000)]}).status_code == 413


def test_segments_clients_send_500_kb_at_most(send):
    assert send("/v1/batch", {"batch": [_filled(30_000)] * 16}).status_code == 200
    assert send("/v1/batch", {"batch": [_filled(30_000)] * 18}).status_code == 413


def test_segments_clients_send_2500_messages_at_most(send, inbox):
    small = {"type": "page", "userId": "u"}
    assert send("/v1/batch", {"batch": [small] * 2500}).status_code == 200
    assert send("/v1/batch", {"batch": [small] * 2501}).status_code == 413
    assert len(inbox()) == 2500


def test_rudderstacks_clients_send_up_to_4_mib(send, inbox):
    large = _filled(4_190_000, channel="server")
    assert send("/v1/batch", {"batch": [large]}).status_code == 200
    assert send("/v1/batch", {"batch": [large, large]}).status_code == 413
    assert len(inbox()) == 1


def test_a_request_in_chunks_says_no_length_and_is_read_all_the_same(write_key, inbox, client):
    import io

    body = json.dumps({"batch": [track()], "writeKey": KEY}).encode()
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(body)}
    assert client.post("/v1/batch", content_type="application/json", **chunked).status_code == 200


def test_calls_are_only_posted(client, transactional_db):
    assert client.get("/v1/batch").status_code == 405
    assert client.options("/v1/batch")["Access-Control-Allow-Origin"] == "*"


def test_a_full_inbox_asks_clients_to_come_again(send, inbox, settings):
    from dataclasses import replace

    from assay.node.intake.keys import KNOWN

    settings.ASSAY = replace(settings.ASSAY, inbox_limit=10)
    small = {"type": "page", "userId": "u"}
    assert send("/v1/batch", {"batch": [small] * 20}).status_code == 200
    until = time.monotonic() + 10
    while (answer := send("/v1/track", track())).status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
        KNOWN.forget()
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_database_that_does_not_answer_asks_clients_to_come_again(send, inbox, settings):
    from dataclasses import replace

    nowhere = "postgres://assay_intake:wrong@127.0.0.1:1/assay"
    settings.ASSAY = replace(settings.ASSAY, intake_database_url=nowhere)
    answer = send("/v1/track", track())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_requests_that_come_together_are_all_kept_once(write_key, inbox, node_postgres):
    from assay.node.intake import copying
    from assay.node.intake import inbox as writing
    from assay.node.intake.calls import Kept

    url = node_postgres.url("assay_intake", connection.settings_dict["NAME"])
    keeping = writing.Writer(url)

    def keep(n):
        for i in range(20):
            keeping.keep(
                copying.rows(write_key.id, 1_700_000_000_000_000, [Kept(json.dumps({"n": n, "i": i}).encode(), 0)])
            )

    threads = [threading.Thread(target=keep, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keeping.close()
    assert sorted((call["n"], call["i"]) for call in inbox()) == [(n, i) for n in range(8) for i in range(20)]


def test_the_intake_sees_nothing_of_what_it_wrote(send, inbox, node_postgres):
    send("/v1/track", track())
    url = node_postgres.url("assay_intake", connection.settings_dict["NAME"])
    with psycopg.connect(url) as intake, pytest.raises(psycopg.errors.InsufficientPrivilege):
        intake.execute("SELECT * FROM intake_inbox")
