"""Tokens: the same for partners of one key, and nothing to anybody else."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import blake2b, sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadRequest
from assay.partners.canonical import KINDS, VERSION, Keys, Record, keys_of
from assay.partners.tokens import SLOTS, TOKEN_BYTES, Tokeniser, merged

VECTORS = json.loads((Path(__file__).parents[2] / "docs/vectors/tokens.json").read_text("utf-8"))
KEY, OTHER_KEY, SEED, OTHER_SEED = (bytes([i]) * 32 for i in range(4))
RECORDS = [
    Record(name=f"Secretname{i} Ltd", website=f"secretname{i}.example", country="GB" if i % 2 else "", city="Leeds")
    for i in range(40)
]
KEYS = [keys_of(record) for record in RECORDS]


def rows(tokens):
    return list(zip(tokens.upload["handle"].to_pylist(), tokens.upload["token"].to_pylist(), strict=True))


@pytest.mark.parametrize("case", VECTORS["tokens"], ids=lambda case: f"{case['kind']} {case['value']}")
def test_each_shared_vector_gives_its_token(case):
    tokeniser = Tokeniser(bytes.fromhex(VECTORS["key"]), version=VECTORS["version"])
    assert tokeniser.token(KINDS.index(case["kind"]), case["value"]).hex() == case["token"]


def test_a_token_is_what_the_vectors_say_it_is():
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (str(VERSION).encode(), b"domain", b"acme.com"))
    plain = blake2b(message, key=KEY, digest_size=16, person=b"assay token").digest()
    assert Tokeniser(KEY).token(KINDS.index("domain"), "acme.com") == plain


@given(st.text(max_size=20), st.integers(0, len(KINDS) - 2))
def test_tokens_differ_by_key_version_and_kind(value, kind):
    token = Tokeniser(KEY).token(kind, value)
    others = [
        Tokeniser(OTHER_KEY).token(kind, value),
        Tokeniser(KEY, version=2).token(kind, value),
        Tokeniser(KEY).token(kind + 1, value),
        Tokeniser(KEY).token(kind, value + "\0"),
    ]
    assert len({token, *others}) == 5


def test_every_record_has_the_same_number_of_tokens_under_a_handle_of_its_own():
    tokens = Tokeniser(KEY).tokenise([*KEYS, Keys((), 0)], seed=SEED)
    assert set(Counter(handle for handle, _ in rows(tokens)).values()) == {SLOTS}
    assert len({handle for handle, _ in rows(tokens)}) == len(KEYS) + 1
    assert all(len(token) == TOKEN_BYTES for _, token in rows(tokens))


def test_padding_is_new_every_time_and_never_agrees_with_anything():
    tokens = Tokeniser(KEY).tokenise([Keys((), 0)] * 50, seed=SEED)
    others = Tokeniser(KEY).tokenise([Keys((), 0)] * 50, seed=OTHER_SEED)
    padding = {token for _, token in rows(tokens)} | {token for _, token in rows(others)}
    assert len(padding) == 2 * 50 * SLOTS


def test_bytes_of_padding_are_as_even_as_those_of_tokens():
    tokens = Tokeniser(KEY).tokenise([keys_of(Record(name=f"a{i}")) for i in range(400)], seed=SEED)
    for is_padding in (True, False):
        chosen = [t for (_, t), kind in zip(rows(tokens), tokens.kinds, strict=True) if (kind < 0) == is_padding]
        ones = sum(byte.bit_count() for token in chosen for byte in token)
        assert abs(ones / (len(chosen) * 128) - 0.5) < 0.01


def test_a_seed_decides_handles_and_order_and_no_real_token():
    first, same, fresh = (Tokeniser(KEY).tokenise(KEYS, seed=seed) for seed in (SEED, SEED, OTHER_SEED))
    assert rows(first) == rows(same)
    assert {h for h, _ in rows(first)}.isdisjoint(h for h, _ in rows(fresh))
    real = [{t for (_, t), kind in zip(rows(one), one.kinds, strict=True) if kind >= 0} for one in (first, fresh)]
    assert real[0] == real[1]
    assert [h for h, _ in rows(first)] != [handle for handle in first.handles.to_pylist() for _ in range(SLOTS)]


def test_no_plain_value_and_no_unkeyed_hash_is_in_an_upload():
    tokens = Tokeniser(KEY).tokenise(KEYS, seed=SEED)
    data = b"".join(handle + token for handle, token in rows(tokens))
    values = [value.encode() for keys in KEYS for _, value in keys.values]
    assert not any(value in data for value in values)
    hashes = [h for v in values for h in (sha256(v).digest()[:16], blake2b(v, digest_size=16).digest())]
    assert not any(found in data for found in hashes)


def test_a_dictionary_without_the_key_finds_nobody_and_with_it_everybody():
    stolen = {token for _, token in rows(Tokeniser(KEY).tokenise(KEYS, seed=SEED))}
    guesses = [f"secretname{i}.example" for i in range(1000)]
    domain = KINDS.index("domain")
    wrong = [Tokeniser(bytes(31) + bytes([i])) for i in range(1, 20)]
    assert not any(tokeniser.token(domain, guess) in stolen for tokeniser in wrong for guess in guesses)
    # What the pepper of the escrow is for: a partner, who has the key, could test guesses on a bare upload.
    assert sum(Tokeniser(KEY).token(domain, guess) in stolen for guess in guesses) == len(RECORDS)


def test_a_short_key_or_seed_is_refused_without_showing_it():
    with pytest.raises(BadRequest) as caught:
        Tokeniser(b"hunter2")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(BadRequest):
        Tokeniser(KEY).tokenise(KEYS, seed=b"short")


def test_more_keys_than_slots_are_cut_from_the_end():
    keys = Keys(tuple((1, f"sibling{i}.example") for i in range(SLOTS + 5)), 1)
    tokens = Tokeniser(KEY).tokenise([keys], seed=SEED)
    assert tokens.upload.num_rows == SLOTS


def test_duplicates_made_one_have_the_keys_of_all():
    one = merged([keys_of(Record(name="Acme", website="acme.com")), keys_of(Record(name="Acme", country="DE"))])
    assert {KINDS[kind] for kind, _ in one.values} >= {"domain", "name", "name_country"}
    assert one.has == 0b111
