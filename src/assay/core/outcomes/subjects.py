"""Subjects as dense integers: their ids, since when they are known, and what accounts they belonged to when."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.definitions.model import SubjectType
from assay.core.io.store import Store
from assay.core.outcomes.arrays import BEGINNING, NEVER, Int64s

_TABLE = {"person": "people", "account": "accounts"}

#: Who belonged to which account in [since, until), as of $1; BEGINNING and NEVER where open.
STAYS = f"""
SELECT person, account, coalesce("at", {BEGINNING}) AS since,
    lead("at", 1, {NEVER}) OVER (PARTITION BY person ORDER BY "at" NULLS FIRST) AS until
FROM prepared.memberships WHERE "at" IS NULL OR "at" <= $1
"""


def ids(store: Store, kind: SubjectType) -> pa.Array:
    """Return the ids of all subjects of a kind, by their dense number."""
    return store.table(f"SELECT id FROM prepared.{_TABLE[kind]} ORDER BY {kind}")["id"].combine_chunks()


def numbers(found: pa.ChunkedArray, known: pa.Array) -> Int64s:
    """Return the dense number of each id."""
    places = pc.index_in(found, value_set=known)
    return np.asarray(places.to_numpy(), dtype=np.int64)


def births(store: Store, kind: SubjectType, *, as_of: int) -> Int64s:
    """Return the first instant at which anything dated is known of each subject, NEVER where nothing is by `as_of`.

    Events, dated attributes, memberships and, of accounts, partner facts and insights: LANGUAGE section 4, "Birth".
    """
    parts = [
        f'SELECT {kind} AS subject, min("at") AS "at" FROM prepared.events WHERE {kind} >= 0 GROUP BY {kind}',
        f'SELECT subject, "at" FROM prepared.attributes WHERE subject_type = \'{kind}\' AND "at" IS NOT NULL',
        f'SELECT {kind}, "at" FROM prepared.memberships WHERE {kind} >= 0 AND "at" IS NOT NULL',
    ]
    if kind == "account":
        parts += [
            "SELECT account, since FROM prepared.partner_facts WHERE since IS NOT NULL",
            'SELECT account, "at" FROM prepared.insights',
        ]
    found = store.arrays(
        f'SELECT subject, min("at") AS "at" FROM ({" UNION ALL ".join(parts)}) WHERE "at" <= ? GROUP BY subject',
        [as_of],
    )
    born = np.full(store.number(f"SELECT count(*) FROM prepared.{_TABLE[kind]}"), NEVER, np.int64)
    born[found["subject"]] = found["at"]
    return born


def clusters(store: Store, kind: SubjectType, *, as_of: int) -> Int64s:
    """Return which subjects are no independent ones: people with one account as of `as_of` share a number.

    Accounts, and people without one, stand for themselves. Dense numbers are not promised, only that they are small.
    """
    own = np.arange(store.number(f"SELECT count(*) FROM prepared.{_TABLE[kind]}"), dtype=np.int64)
    if kind == "account":
        return own
    accounts = store.number("SELECT count(*) FROM prepared.accounts")
    found = store.arrays(f"SELECT person, account FROM ({STAYS}) WHERE until = {NEVER} AND account >= 0", [as_of])
    own += accounts
    own[found["person"]] = found["account"]
    return own
