"""A call means the same whoever sends it and however wrong its clock is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.node.intake import bodies, calls, limits, plain
from assay.node.intake.refusals import Refusal

RECEIVED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
instants = st.integers(0, 10**15).map(lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=n))
texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def read(message, received=RECEIVED, **envelope):
    """Return the one call of a batch, as the lake will understand it."""
    sent = calls.read_batch(json.dumps({"batch": [message], **envelope}).encode())
    (kept,) = calls.kept(sent, received)
    return calls.understood(kept.body.decode(), kept.skew, calls.microseconds(received))


def page(**facts):
    return {"type": "page", "userId": "u", **facts}


@given(instants, instants, st.timedeltas(timedelta(days=-900), timedelta(days=900)))
def test_a_wrong_clock_moves_nothing(happened, received, wrong):
    told = {"timestamp": (happened + wrong).isoformat()}
    sent_at = (received + wrong).isoformat()
    assert read(page(**told), received, sentAt=sent_at).at == calls.microseconds(happened)


@given(instants, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_without_the_instant_of_sending_a_client_is_believed(happened, late):
    assert read(page(timestamp=happened.isoformat()), happened + late).at == calls.microseconds(happened)


def test_a_call_without_an_instant_happened_when_it_arrived():
    assert read(page()).at == calls.microseconds(RECEIVED)
    assert read(page(), sentAt="2020-01-01T00:00:00Z").at == calls.microseconds(RECEIVED)


def test_the_original_instant_goes_before_the_other():
    told = {"originalTimestamp": "2026-05-04T11:00:00Z", "timestamp": "2026-05-04T11:30:00Z"}
    assert read(page(**told)).at == calls.microseconds(RECEIVED - timedelta(hours=1))


def test_a_call_may_say_by_itself_when_it_was_sent():
    told = {"timestamp": "2026-05-04T10:00:00Z", "sentAt": "2026-05-04T11:00:00Z"}
    assert read(page(**told)).at == calls.microseconds(RECEIVED - timedelta(hours=1))


def test_an_unreadable_instant_of_sending_is_not_looked_at():
    assert read(page(timestamp="2026-05-04T11:00:00Z"), sentAt="now").at == calls.microseconds(
        RECEIVED - timedelta(hours=1)
    )


@given(st.dictionaries(texts, values, max_size=5))
def test_properties_stay_as_they_were(properties):
    call = {"type": "track", "userId": "u", "event": "e", "properties": properties}
    assert json.loads(read(call).body) == json.loads(json.dumps(properties))


def test_numbers_keep_every_digit():
    body = b'{"batch": [{"type": "track", "userId": "u", "event": "e", "properties": {"n": 0.10000000000000000001}}]}'
    (kept,) = calls.kept(calls.read_batch(body), RECEIVED)
    assert calls.understood(kept.body.decode(), 0, 0).body == '{"n": 0.10000000000000000001}'


@given(texts, texts, st.dictionaries(texts, values, max_size=3))
def test_the_name_of_a_page_is_one_of_its_properties_unless_they_have_one(name, category, properties):
    named = {key: value for key, value in (("name", name), ("category", category)) if value}
    got = read(page(name=name, category=category, properties=properties)).body
    assert json.loads(got) == json.loads(json.dumps({**named, **properties}))


def test_the_account_of_a_call_is_that_of_its_context_first():
    assert read(page(context={"groupId": "a"}, groupId="b")).group == "a"
    assert read(page(groupId="b")).group == "b"
    assert read({"type": "group", "groupId": "b", "context": {"groupId": "a"}}).group == "b"


@pytest.mark.parametrize("told", [{"traits": {"plan": "team"}}, {"context": {"traits": {"plan": "team"}}}])
def test_traits_are_found_where_each_client_puts_them(told):
    assert read({"type": "identify", "userId": "u", **told}).body == '{"plan": "team"}'


@pytest.mark.parametrize("told", [{}, {"traits": None}, {"context": {"traits": None}}, {"context": None}])
def test_a_call_without_traits_has_none(told):
    assert read({"type": "identify", "userId": "u", **told}).body == "{}"


def test_ids_are_text_and_a_missing_one_of_a_message_is_made():
    call = read(page(userId=17))
    assert call.user == "17"
    assert len(call.id) == 32
    assert call.id != read(page(userId=17)).id


def _understand(kept):
    for one in kept:
        calls.understood(one.body.decode(), one.skew, 0)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_kept_and_understood_or_refused(body):
    for read_as in (calls.read_batch, lambda raw: calls.read_one("track", raw)):
        try:
            _understand(calls.kept(read_as(body), RECEIVED))
        except Refusal as refusal:
            assert 400 <= refusal.status < 500


@given(values)
def test_whatever_json_comes_it_is_kept_and_understood_or_refused(body):
    for told in (body, {"batch": [body]}, {"batch": [{"type": "identify", "userId": body, "traits": body}]}):
        try:
            _understand(calls.kept(calls.read_batch(json.dumps(told).encode()), RECEIVED))
        except Refusal as refusal:
            assert refusal.status == 400


_blanks = st.sampled_from([None, "", " ", "u", "ü" * 200, "x" * 201, "\0", 7])
_instants = st.sampled_from(
    [None, "", "2026-05-04", "2026-05-04T11:00:00z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
_messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "group", "alias", "page", "screen", "buy"])},
    optional={
        **dict.fromkeys(["messageId", "userId", "anonymousId", "previousId", "groupId", "event"], _blanks),
        **dict.fromkeys(["timestamp", "originalTimestamp", "sentAt"], _instants | instants.map(datetime.isoformat)),
        "context": st.none() | st.fixed_dictionaries({"groupId": _blanks}),
        "properties": st.none() | st.dictionaries(texts, values, max_size=2),
        "channel": texts,
    },
)
_usual = st.fixed_dictionaries({"type": st.just("track"), "messageId": texts, "userId": texts, "event": texts})
_sent = st.one_of(st.none(), instants.map(datetime.isoformat), st.sampled_from(["", "now", RECEIVED.isoformat()]))


@given(st.lists(_messages | _usual, max_size=4), _sent)
def test_what_is_read_quickly_is_kept_as_it_would_be_otherwise(batch, sent_at):
    body = json.dumps({"batch": batch, "sentAt": sent_at}).encode()
    quick = plain.read(body, calls.microseconds(RECEIVED))
    if quick is not None:
        assert quick.kept == calls.kept(calls.read_batch(body), RECEIVED)


def test_what_clients_usually_send_is_read_quickly():
    track = {"type": "track", "messageId": "m", "userId": "u", "event": "e", "timestamp": "2026-05-04T11:00:00.123Z"}
    batch = [track, page(messageId="n"), {"type": "group", "userId": "u", "groupId": "g", "messageId": "o"}]
    body = json.dumps({"batch": batch, "sentAt": "2026-05-04T12:00:00Z", "writeKey": "k"}).encode()
    quick = plain.read(body, calls.microseconds(RECEIVED))
    assert quick is not None
    assert (len(quick.kept), quick.write_key) == (3, "k")


@given(st.integers(0, 3), st.binary(max_size=300))
def test_unpacking_is_the_reverse_of_packing(parts, body):
    import gzip

    assert bodies.unpacked(b"".join([gzip.compress(body)] * parts)) == body * parts


@given(st.lists(st.integers(1, 70_000), min_size=1, max_size=30), st.integers(0, 2000))
def test_limits_hold_for_messages_and_requests_alike(messages, envelope):
    size = sum(messages) + envelope
    fits = size <= 500 << 10 and max(messages) <= 32 << 10
    if fits:
        limits.hold(limits.SEGMENT, size, messages)
        return
    with pytest.raises(Refusal) as refused:
        limits.hold(limits.SEGMENT, size, messages)
    assert refused.value.status == 413
