"""Keyed tokens: what leaves the house instead of names and domains.

A token is BLAKE2b under the token key of the partnership, over canonicaliser version, kind and value, each with its
length before it. Every record gives the same number of tokens, in an order that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, shake_256
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners.canonical import KINDS, VERSION, Keys

#: Tokens of each record: 16 kinds, and room for siblings and further registry ids.
SLOTS: Final = 18
TOKEN_BYTES: Final = wire.HASH_BYTES
KEY_BYTES: Final = 32
_PADDING: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """One list, made into tokens.

    `upload` is what the escrow gets: a handle and a token a row, shuffled. `kinds` stays at home: the kind of each row,
    -1 for padding. `handles` are those of the records, in the order of the list, and stay at home too; `has` are the
    fields of each record, which a partner is told of records that have a token in common with one of its own.
    """

    upload: pa.Table = field(repr=False)
    kinds: npt.NDArray[np.int8] = field(repr=False)
    handles: pa.Array = field(repr=False)
    has: npt.NDArray[np.int32] = field(repr=False)
    version: int = VERSION


class Tokeniser:
    """Makes tokens under one token key. The key is in no `repr` and no error."""

    def __init__(self, key: bytes, *, version: int = VERSION) -> None:
        if len(key) != KEY_BYTES:
            raise BadRequest(
                "A token key has 32 bytes", where="token key", value=f"{len(key)} bytes", mend="Pair anew."
            )
        self._begun = tuple(_begin(key, version, kind) for kind in KINDS)
        self._version = version
        # Handles and padding of two partnerships differ even if somebody uses a seed twice.
        self._own = blake2b(key=key, person=b"assay rows").digest()

    def token(self, kind: int, value: str) -> bytes:
        """Return the token of one key; `kind` is an index of KINDS."""
        text = value.encode()
        hashed = self._begun[kind].copy()
        hashed.update(len(text).to_bytes(4, "big") + text)
        return hashed.digest()

    def tokens(self, keys: Keys) -> dict[bytes, int]:
        """Return a record's tokens with their kinds, without padding, at most SLOTS of them."""
        return {self.token(kind, value): kind for kind, value in keys.values[:SLOTS]}

    def tokenise(self, records: Sequence[Keys], *, seed: bytes) -> TokenList:
        """Return the tokens of a list.

        Handles, padding and order come from `seed` alone: 32 secret bytes, fresh for each upload. With a seed that was
        used before, two uploads of different lists could be laid beside each other.
        """
        if len(seed) != KEY_BYTES:
            raise BadRequest("A seed has 32 bytes", where="seed", value=f"{len(seed)} bytes", mend="Draw a fresh one.")
        seed += self._own
        handles = _stream(seed, b"handles", len(records))
        rows, kinds = _padded([self.tokens(keys) for keys in records], seed)
        owner = np.repeat(np.arange(len(records)), SLOTS)
        order = np.argsort(np.frombuffer(_bytes(seed, b"order", 8 * len(kinds)), dtype=np.uint64), kind="stable")
        handle_rows = np.frombuffer(handles, dtype=f"V{TOKEN_BYTES}")[owner[order]]
        token_rows = np.frombuffer(rows, dtype=f"V{TOKEN_BYTES}")[order]
        upload = pa.table({"handle": _binary(handle_rows.tobytes()), "token": _binary(token_rows.tobytes())})
        has = np.fromiter((keys.has for keys in records), np.int32, len(records))
        return TokenList(upload=upload, kinds=kinds[order], handles=_binary(handles), has=has, version=self._version)


def _begin(key: bytes, version: int, kind: str) -> blake2b:
    begun = blake2b(key=key, digest_size=TOKEN_BYTES, person=b"assay token")
    for text in (str(version).encode(), kind.encode()):
        begun.update(len(text).to_bytes(4, "big") + text)
    return begun


def _bytes(seed: bytes, purpose: bytes, count: int) -> bytes:
    return shake_256(len(purpose).to_bytes(1, "big") + purpose + seed).digest(count)


def _stream(seed: bytes, purpose: bytes, count: int) -> bytes:
    return _bytes(seed, purpose, TOKEN_BYTES * count)


def _padded(found: list[dict[bytes, int]], seed: bytes) -> tuple[bytes, npt.NDArray[np.int8]]:
    """Return all tokens, SLOTS a record, and their kinds."""
    lacking = sum(SLOTS - len(tokens) for tokens in found)
    padding = _stream(seed, b"padding", lacking)
    parts: list[bytes] = []
    kinds = np.full(len(found) * SLOTS, _PADDING, np.int8)
    at = 0
    for index, tokens in enumerate(found):
        parts.extend(tokens)
        kinds[index * SLOTS : index * SLOTS + len(tokens)] = list(tokens.values())
        used = TOKEN_BYTES * (SLOTS - len(tokens))
        parts.append(padding[at : at + used])
        at += used
    return b"".join(parts), kinds


def _binary(data: bytes) -> pa.Array:
    """Return bytes as an Arrow array of 16 a value."""
    count = len(data) // TOKEN_BYTES
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(TOKEN_BYTES), count, [None, pa.py_buffer(data)])


def merged(keys: Sequence[Keys]) -> Keys:
    """Return the keys of several records of one company as those of one: what any of them says."""
    values: dict[tuple[int, str], None] = {}
    has = 0
    for one in keys:
        values.update(dict.fromkeys(one.values))
        has |= one.has
    ordered: Iterator[tuple[int, str]] = iter(sorted(values, key=lambda value: value[0]))
    return Keys(tuple(ordered), has)
