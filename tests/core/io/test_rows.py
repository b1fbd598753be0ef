"""Rows in a file behave as a dictionary that is kept, and as nothing where a change broke off."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadRequest
from assay.core.io.rows import Rows

KINDS = st.sampled_from(["a", "b"])
KEYS = st.binary(max_size=3)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "break off", "reopen"]), KINDS, KEYS, st.binary(max_size=3))
)


@settings(max_examples=40, deadline=None)
@given(CHANGES)
def test_they_are_a_dictionary_that_is_kept(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("rows") / "file"
    rows, model = Rows(path), {}
    for what, kind, key, value in changes:
        if what == "put":
            rows.put(kind, key, value)
            model[kind, key] = value
        elif what == "drop":
            rows.drop(kind, key)
            model.pop((kind, key), None)
        elif what == "reopen":
            rows.close()
            rows = Rows(path)
        else:
            with pytest.raises(ZeroDivisionError), rows.together(), rows.together():
                rows.put(kind, key, value + b"!")
                raise ZeroDivisionError
    for kind in ("a", "b"):
        assert list(rows.scan(kind)) == sorted((key, value) for (k, key), value in model.items() if k == kind)
    assert all(rows.get(kind, key) == value for (kind, key), value in model.items())
    rows.close()


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 160, 5_000])
def test_all_rows_behind_a_key_come_in_order_whatever_their_number(tmp_path, count):
    rows = Rows(tmp_path / "file")
    keys = [number.to_bytes(4, "big") for number in range(count)]
    with rows.together():
        for key in reversed(keys):
            rows.put("a", key, key)
        rows.put("b", b"other", b"")
    assert [key for key, _ in rows.scan("a")] == keys
    assert [key for key, _ in rows.scan("a", keys[0] if keys else b"")] == keys[1:]
    seen = []
    for key, _ in rows.scan("a"):
        rows.drop("a", key)
        seen.append(key)
    assert seen == keys and not list(rows.scan("a"))
    rows.close()


def test_a_file_is_held_by_one_process_and_read_by_its_owner_alone(tmp_path):
    rows = Rows(tmp_path / "file")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    with pytest.raises(BadRequest, match="Another run"):
        Rows(tmp_path / "file")
    rows.close()
    Rows(tmp_path / "file").close()


def test_what_is_no_such_file_is_told_in_words(tmp_path):
    (tmp_path / "text").write_text("this is not a database, and longer than a header would be " * 20)
    for path in (tmp_path / "text", tmp_path, tmp_path / "nowhere" / "file"):
        with pytest.raises(BadRequest, match="cannot be opened"):
            Rows(path)
