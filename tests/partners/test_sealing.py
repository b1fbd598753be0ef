"""Sealed messages: opened by the partner alone, bound to what they are about, in order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.partners import sealing
from assay.partners.identities import Distrust
from assay.partners.sealing import About, Read
from tests.partners.two_companies import SETTING, Dice, paired

ABOUT = About(handle=b"h" * 16, grant=3)


def _sent(*texts, grants=None):
    acme, _ = paired()
    given = grants or [ABOUT.grant] * len(texts)
    of = [replace(ABOUT, grant=grant) for grant in given]
    return [
        sealing.seal(acme, about, n, text, Dice(n)) for n, (about, text) in enumerate(zip(of, texts, strict=True), 1)
    ]


def _read_all(messages):
    _, birch = paired()
    read, texts = Read(), []
    for message in messages:
        _, text, read = sealing.unseal([birch], message, read)
        texts.append(text)
    return texts


@given(st.lists(st.binary(max_size=2000), max_size=4))
def test_the_partner_reads_what_was_sealed(texts):
    assert _read_all(_sent(*texts)) == texts


def test_the_sender_cannot_be_answered_with_its_own_message():
    acme, _ = paired()
    with pytest.raises(Distrust):
        sealing.unseal([acme], _sent(b"hello")[0], Read())


@pytest.mark.parametrize(
    "order",
    [[2], [1, 1], [1, 3], [2, 1], [1, 2, 1]],
    ids=["dropped", "replayed", "skipped", "reordered", "brought back"],
)
def test_messages_dropped_replayed_or_reordered_are_noticed(order):
    sent = _sent(b"one", b"two", b"three")
    with pytest.raises(Distrust, match="missing, repeated or out of order"):
        _read_all([sent[n - 1] for n in order])


def test_a_message_under_an_older_grant_is_refused():
    with pytest.raises(Distrust, match="older grant"):
        _read_all(_sent(b"new", b"old", grants=[4, 3]))


@given(st.integers(0, 300), st.integers(1, 255))
def test_no_changed_byte_gets_through(place, change):
    message = bytearray(_sent(b"hello")[0])
    message[place % len(message)] ^= change
    with pytest.raises(Distrust):
        _read_all([bytes(message)])


@given(st.binary(max_size=400))
def test_bytes_that_nobody_sealed_are_refused(told):
    with pytest.raises(Distrust):
        _read_all([told])


def test_a_message_of_another_partnership_is_refused():
    acme, _ = paired(replace(SETTING, partnership=b"q" * 16))
    with pytest.raises(Distrust):
        _read_all([sealing.seal(acme, ABOUT, 1, b"hello", Dice(1))])


@given(st.integers(0, 250), st.integers(0, 250))
def test_sizes_tell_a_bucket_and_no_more(one, other):
    assert len(_sent(b"x" * one)[0]) == len(_sent(b"x" * other)[0])


def test_a_text_longer_than_every_bucket_is_refused():
    with pytest.raises(Distrust, match="too long"):
        _sent(b"x" * 65536)


def test_the_text_stands_nowhere_in_the_message():
    assert b"initech.example" not in _sent(b"initech.example" * 3)[0]
