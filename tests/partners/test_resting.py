"""Secrets at rest open with their key, at their place, unchanged, and in no other way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadRequest
from assay.core.io.rows import Rows
from assay.partners.filed import FiledKeep
from assay.partners.keeping import SECRET
from assay.partners.resting import Locker
from tests.partners.two_companies import Dice

KEY = b"a secret of some length"


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_is_sealed_opens_again_and_does_not_show(value, place):
    sealed = Locker(KEY, Dice(1)).seal(place, value)
    assert Locker(KEY, Dice(2)).open(place, sealed) == value
    assert len(value) < 8 or value not in sealed


@pytest.mark.parametrize("at", range(0, 45, 4))
def test_another_key_place_or_byte_opens_nothing(at):
    locker = Locker(KEY, Dice(1))
    sealed = locker.seal(b"here", b"0123456789abcdef")
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    for opener, place, data in (
        (locker, b"here", changed),
        (locker, b"there", sealed),
        (Locker(KEY + b"!", Dice(1)), b"here", sealed),
        (locker, b"here", sealed[:at]),
    ):
        with pytest.raises(BadRequest, match="cannot be opened"):
            opener.open(place, data)


def test_one_value_looks_different_each_time():
    locker = Locker(KEY, Dice(1))
    assert locker.seal(b"", b"value") != locker.seal(b"", b"value")


def test_a_short_secret_is_refused():
    with pytest.raises(BadRequest, match="too short"):
        Locker(b"short", Dice(1))


def test_a_file_holds_no_secret_openly(tmp_path):
    rows = Rows(tmp_path / "memory")
    keep = FiledKeep(rows, Locker(KEY, Dice(1)))
    for kind in sorted(SECRET):
        keep.put(kind, b"k", b"planted secret " + kind.encode())
    keep.put("list", b"k", b"planted open")
    assert [keep.get(kind, b"k") for kind in sorted(SECRET)] == [
        b"planted secret " + k.encode() for k in sorted(SECRET)
    ]
    assert list(keep.scan("salt")) == [(b"k", b"planted secret salt")]
    rows.close()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"planted open" in data and b"planted secret" not in data
