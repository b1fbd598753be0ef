"""What the escrow refuses: with a code, a mend, no effect, and nothing of what was sent."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.escrow.parties import ADDRESS, NOW, Caller, House, paired, rows
from tests.partners.two_companies import SETTING

from assay.escrow import refusals, serving, wire
from assay.escrow.app import Limits
from assay.escrow.serving import CannotServe
from assay.partners import identities
from assay.partners.asking import Refused


def _refused(code):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def _request(caller, path="/v1/rows", **changed):
    given = {"escrow": SETTING.escrow, "method": "POST", "path": path, "counter": 50, "at": NOW, "body": b""}
    return wire.Request(**{**given, **changed})


def _answer(house, caller, request, headers=None):
    headers = headers or identities.headers(caller.own.identity, request)
    status, told = house.send(request.method, request.path, headers, request.body)
    return status, json.loads(told)


def test_nothing_is_uploaded_or_sent_before_both_have_confirmed(house):
    acme, birch = Caller("acme", house), Caller("birch", house)
    acme.greet(birch)
    birch.greet(acme)
    acme.confirm(birch)
    for attempt in (lambda: acme.upload(rows("a", "x")), lambda: acme.line.post(SETTING, 1, [b"m"]), acme.pairs):
        with _refused("unconfirmed"):
            attempt()
    assert house.rows("SELECT * FROM tokens") == []


def test_a_data_folder_of_an_earlier_version_is_left_alone_and_the_mend_is_told(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "peppers").mkdir()
    file = tmp_path / "data" / "escrow.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.executescript("CREATE TABLE tokens(list, kind, hash BLOB); INSERT INTO tokens VALUES (1, 0, x'00');")
    told = {"data": str(tmp_path / "data"), "peppers": str(tmp_path / "peppers"), "address": ADDRESS, "members": ""}
    monkeypatch.setenv("ASSAY_ESCROW_ASKED", json.dumps(told))
    with pytest.raises(CannotServe, match="of an earlier version"):
        serving.application()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*), (SELECT count(*) FROM tokens) FROM sqlite_schema").fetchall() == [
            (1, 1)
        ]


def test_two_that_confirmed_different_keys_stay_apart(house):
    acme, birch, other = Caller("acme", house), Caller("birch", house), Caller("other", house)
    acme.greet(birch)
    birch.greet(acme)
    acme.confirm(birch)
    with _refused("other_confirmation"):
        birch.confirm(other)


def test_a_stranger_sees_no_partnership(house):
    paired(house)
    stranger = Caller("stranger", house)
    with _refused("unknown"):
        stranger.line.state(SETTING)
    with _refused("other_partner"):
        stranger.greet(Caller("acme", house))


def test_a_greeting_is_not_changed_once_made(house):
    acme, birch = paired(house)
    with _refused("other_greeting"):
        acme.line.greet(replace(acme.own.greeting, ephemeral=b"e" * 32), birch.public)


def test_a_replayed_request_is_refused_and_says_the_counter(house):
    acme, _ = paired(house)
    request = _request(acme, f"/v1/partnerships/{SETTING.partnership.hex()}", method="GET")
    assert _answer(house, acme, request)[0] == 200
    status, told = _answer(house, acme, request)
    assert (status, told["code"], told["counter"]) == (409, "replay", 50)
    assert "above 50" in told["mend"]


def test_a_counter_is_spent_even_where_the_request_is_refused(house):
    acme, _ = paired(house)
    request = _request(acme, body=b"not rows")
    assert _answer(house, acme, request)[1]["code"] == "malformed"
    assert _answer(house, acme, request)[1]["code"] == "replay"


def test_a_replay_is_refused_after_a_restart_too(house):
    acme, _ = paired(house)
    house.start()
    acme.counter -= 1
    with _refused("replay"):
        acme.line.state(SETTING)


@pytest.mark.parametrize("off", [-wire.SKEW - 1, wire.SKEW + 1])
def test_a_clock_that_is_off_is_told_the_escrows(house, off):
    acme, _ = paired(house)
    acme.clock.now += off
    with _refused("clock") as refused:
        acme.line.state(SETTING)
    assert "the escrow's says 2027-01-15 08:00:00 UTC" in str(refused.value)


@pytest.mark.parametrize("change", ["body", "path", "signer", "escrow", "query"])
def test_a_signature_for_something_else_is_refused(house, change):
    acme, birch = paired(house)
    signed = _request(acme, escrow="https://other.example") if change == "escrow" else _request(acme)
    headers = dict(identities.headers(acme.own.identity, signed))
    if change == "signer":
        headers[wire.IDENTITY] = birch.public.hex()
    changes = {"body": {"body": b"b"}, "path": {"path": "/v1/rows/compared"}, "query": {"path": "/v1/rows?x=1"}}
    status, told = _answer(house, acme, replace(signed, **changes.get(change, {})), headers)
    assert (status, told["code"]) == (401, "unsigned")


@pytest.mark.parametrize(
    "told",
    [b"x", wire.packed(rows("a", "x"))[:-1], wire.packed(rows("a", "x") * 2), b"h" * 16 + bytes([16]) + b"t" * 16],
    ids=["garbage", "cut off", "twice", "unknown kind"],
)
def test_malformed_rows_are_refused(house, told):
    acme, _ = paired(house)
    part = wire.joined([SETTING.partnership, (1).to_bytes(4, "big"), (1).to_bytes(4, "big"), told])
    assert _answer(house, acme, _request(acme, body=part))[1]["code"] == "malformed"
    assert house.rows("SELECT * FROM tokens") == []


def test_another_canonicaliser_version_is_refused_with_the_one_agreed_on(house):
    acme, birch = paired(house)
    acme.setting = replace(SETTING, canonicaliser=2)
    with _refused("canonicaliser") as refused:
        acme.upload(rows("a", "x"))
    assert "version 1" in str(refused.value)
    with _refused("canonicaliser"):
        birch.line.greet(replace(birch.own.greeting, setting=acme.setting), acme.public)


def test_a_list_longer_than_allowed_is_refused_and_nothing_of_the_part_stays(tmp_path):
    acme, _ = paired(House(tmp_path, os.urandom, Limits(rows=3)))
    acme.upload([*rows("a", "x", "y"), *rows("b", "x")])
    with _refused("oversize"):
        acme.upload(rows("c", "x"))
    assert acme.line.state(SETTING)["lists"][0]["rows"] == 3
    acme.upload(rows("a", "z"))


def test_a_body_larger_than_allowed_is_not_even_read(house):
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/rows", "CONTENT_LENGTH": str(wire.BODY_BYTES + 1)}
    answered = []
    told = house.app(environ, lambda status, headers: answered.append(status))
    assert answered == ["413 Refused"] and json.loads(b"".join(told))["code"] == "too_large"


def test_an_unknown_epoch_is_refused(house):
    acme, _ = paired(house)
    with _refused("unconfirmed"):
        acme.upload(rows("a", "x"), epoch=9)


def test_a_key_that_is_no_member_is_refused(tmp_path):
    house = House(tmp_path, os.urandom, Limits(members=frozenset()))
    with _refused("not_a_member"):
        Caller("acme", house).line.state(SETTING)


def test_a_missing_pepper_is_told_and_never_made_anew(house):
    acme, birch = paired(house)
    next(house.peppers.iterdir()).unlink()
    with _refused("no_pepper"):
        acme.upload(rows("a", "x"))
    acme.confirm(birch)
    with _refused("no_pepper"):
        acme.upload(rows("a", "x"))


def test_revoking_destroys_the_pepper_and_everything_but_the_log(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    acme.line.post(SETTING, 1, [b"sealed"])
    birch.line.revoke(SETTING)
    assert list(house.peppers.iterdir()) == []
    for table in ("tokens", "records", "lists", "messages", "greetings", "confirmations", "mailboxes"):
        assert house.rows(f"SELECT * FROM {table}") == []
    for caller in (acme, birch):
        with _refused("revoked"):
            caller.line.state(SETTING)
    with _refused("revoked"):
        acme.greet(birch)


def test_revoking_is_finished_after_a_kill_in_between(house):
    acme, _ = paired(house)
    acme.upload(rows("a", "x"))
    house.rows("UPDATE partnerships SET revoked_at = 1")
    house.start()
    assert house.rows("SELECT * FROM tokens") == [] and list(house.peppers.iterdir()) == []


def test_a_revoked_key_is_refused_and_its_partnerships_end(house):
    acme, birch = paired(house)
    acme.line.revoke_key()
    with _refused("revoked_key"):
        acme.line.state(SETTING)
    with _refused("revoked"):
        birch.line.state(SETTING)


def test_messages_come_once_in_order_and_only_the_same_ones_again(house):
    acme, birch = paired(house)
    acme.line.post(SETTING, 1, [b"one", b"two"])
    acme.line.post(SETTING, 1, [b"one", b"two", b"three"])
    assert birch.line.fetch(SETTING, 0) == [(1, b"one"), (2, b"two"), (3, b"three")]
    birch.line.acknowledge(SETTING, 2)
    house.start()
    assert birch.line.fetch(SETTING, 0) == [(3, b"three")]
    acme.line.post(SETTING, 2, [b"two", b"three", b"four"])
    for first, messages in ((6, [b"six"]), (3, [b"other"]), (0, [b"zero"])):
        with _refused("gap"):
            acme.line.post(SETTING, first, messages)
    assert [number for number, _ in birch.line.fetch(SETTING, 3)] == [4]
    with _refused("gap"):
        birch.line.acknowledge(SETTING, 5)


def test_every_refusal_has_a_mend():
    assert all(what and mend for _, what, mend in refusals._TOLD.values())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.sampled_from(["", "/greetings", "/confirmation", "/messages/1", "/rows/1", "/pairs/1/0", "/none"]),
    st.binary(max_size=60) | st.sampled_from([b"[]", b"{}", b'{"partner": 1}', b'{"partner": "' + b"0" * 64 + b'"}']),
)
def test_no_body_makes_the_escrow_fail(house, method, noun, body):
    acme = Caller("acme", house)
    path = f"/v1/partnerships/{SETTING.partnership.hex()}{noun}"
    try:
        acme.line.ask(method, path, body)
    except Refused as refused:
        assert refused.code != "failed"
