"""Whose each row of the lake is, as numbers: the people, accounts and domains that it names and ties together.

A node is a person's id, an account's or a domain, as 64 bits of its MD5. Ties say more than identity does in the end
(a shared browser ties two people): what is loaded together may be too much, never too little.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from assay.core.definitions import model
from assay.core.identity import company_domains
from assay.core.io.store import Store, literal
from assay.core.sources.texts import trimmed_sql
from assay.node.lake.reading import lake_sources

#: Two people's ids that may be one person; an account and its domain; from a person to an account or its domain; from
#: there to a person.
SAME, SITE, HOME, STAFF = 0, 1, 2, 3

#: The name of a row that is no event, or of an event whose name a definition states rather than the row.
ALWAYS: Final = 0
#: Of each row that names anybody: `node`, whose it is (a person's?), `place`, the account at which it is so or the node
#: itself, and the event's name as a number.
ROWS: Final = pa.schema(
    [("seq", pa.int64()), ("place", pa.int64()), ("node", pa.int64()), ("name", pa.int64()), ("is_persons", pa.bool_())]
)
#: Of each event: whom it may be the first of, and its instant in microseconds.
BEGINS: Final = pa.schema([("seq", pa.int64()), ("node", pa.int64()), ("at", pa.int64())])
#: Nodes that belong together, each pair in both directions; `kind` says what `other` is to `node`.
TIES: Final = pa.schema([("node", pa.int64()), ("kind", pa.int8()), ("other", pa.int64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What rows of the lake name: tables of ROWS, BEGINS and TIES."""

    rows: pa.Table
    begins: pa.Table
    ties: pa.Table


def name_of(event: str) -> int:
    """Return the number of an event's name, never ALWAYS."""
    return node_of("e", event) + 1


def node_sql(prefix: str, text: str) -> str:
    """Return SQL for the node of an id: `prefix` is p, a or d; NULL where there is no id."""
    return f"CAST(CAST(md5_number_lower('{prefix}:' || {text}) % 9223372036854775807 AS UBIGINT) AS BIGINT)"


def node_of(prefix: str, text: str) -> int:
    """Return the node of one id, as `node_sql` does."""
    digest = hashlib.md5(f"{prefix}:{text}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") % 9223372036854775807


def node_of_subject(subject_type: str, subject_id: str) -> int:
    """Return the node of a person's id or an account's."""
    return node_of("p" if subject_type == "person" else "a", subject_id)


def keys_of(store: Store, definitions: model.Definitions, lake: str) -> Keys:
    """Return whose the rows of `lake` (what stands after FROM in the store) are."""
    told = _told(definitions, lake)
    store.run(f"CREATE OR REPLACE TEMP TABLE told_keys AS {told}")
    sites = [one for (one,) in store.rows("SELECT DISTINCT site FROM told_keys WHERE site IS NOT NULL")]
    found = company_domains(definitions, sites)
    store.save(
        "engine",
        "sites",
        pa.table({"site": pa.array(list(found), pa.string()), "domain": pa.array(list(found.values()), pa.string())}),
    )
    store.run(
        "CREATE OR REPLACE TEMP TABLE keys AS SELECT seq, "
        f"{node_sql('p', 'person')} AS person, {node_sql('p', 'other')} AS other, "
        f"{node_sql('a', 'account')} AS account, "
        f"{node_sql('d', 'domain')} AS domain, {node_sql('a', 'domain')} AS made, event "
        "FROM told_keys LEFT JOIN engine.sites USING (site)"
    )
    rows = store.table(
        "SELECT seq, min(coalesce(account, person)) AS place, any_value(coalesce(person, account)) AS node, "
        f"CASE WHEN count(event) = count(*) THEN any_value({node_sql('e', 'event')}) + 1 ELSE {ALWAYS} END AS name, "
        "count(person) > 0 AS is_persons "
        "FROM keys WHERE coalesce(person, account) IS NOT NULL GROUP BY seq ORDER BY seq"
    )
    begins = store.table(
        f'SELECT seq, coalesce(account, person) AS node, epoch_us("at") AS "at" FROM keys JOIN {lake} USING (seq) '
        'WHERE coalesce(account, person) IS NOT NULL AND keys.event IS NOT NULL AND "at" IS NOT NULL ORDER BY seq'
    )
    # A domain that no account states is an account's id itself.
    pairs = (
        ("person", SAME, "other", SAME),
        ("account", SITE, "domain", SITE),
        ("domain", SITE, "made", SITE),
        ("person", HOME, "account", STAFF),
        ("person", HOME, "domain", STAFF),
    )
    named = [
        f"SELECT {a} AS node, {there} AS kind, {b} AS other, {back} AS back FROM keys" for a, there, b, back in pairs
    ]
    ties = store.table(
        f"WITH told AS ({' UNION ALL '.join(named)}), "
        "both_ways AS (SELECT node, kind, other FROM told UNION ALL SELECT other, back, node FROM told) "
        "SELECT DISTINCT node, kind, other FROM both_ways "
        "WHERE node IS NOT NULL AND other IS NOT NULL AND node <> other ORDER BY ALL"
    )
    return Keys(rows=rows.cast(ROWS), begins=begins.cast(BEGINS), ties=ties.cast(TIES))


def _told(definitions: model.Definitions, lake: str) -> str:
    """Return SQL for what each row names: seq, person, other (id of the same person), account, site, event."""
    own, relations = lake_sources(definitions, lake)
    queries = [
        f"SELECT seq, {_id('user_id')} AS person, {_id('anonymous_id')} AS other, NULL AS account, NULL AS site, "
        "NULL::VARCHAR AS event "
        f"FROM {lake} WHERE kind IN ('identify', 'alias') AND user_id IS NOT NULL AND anonymous_id IS NOT NULL"
    ]
    for part in own.sources:
        event = "NULL"
        sql = relations[part.source][part.file].sql
        if isinstance(part, model.EventsSource):
            told = [_id("person"), "NULL", _id("account"), "NULL"]
            event = "NULL" if part.constant is not None else _id("event")
        elif isinstance(part, model.PeopleSource):
            home = _text("account") if part.account is not None else "NULL"
            email = _text("email") if part.email is not None else "NULL"
            told = [_text("id"), _text("same_as"), home, email]
        elif isinstance(part, model.AccountsSource):
            told = ["NULL", "NULL", _text("id"), _text("domain") if part.domain is not None else "NULL"]
        elif isinstance(part, model.OutcomesSource):
            told = [_text(one) if getattr(part, one) is not None else "NULL" for one in ("person", "account")]
            told = [told[0], "NULL", told[1], "NULL"]
        else:
            told = ["NULL", "NULL", _text("account"), "NULL"]
        named = ", ".join(
            f"CAST({value} AS VARCHAR) AS {column}"
            for column, value in zip(("person", "other", "account", "site"), told, strict=True)
        )
        queries.append(f'SELECT "0:row" AS seq, {named}, {event}::VARCHAR AS event FROM ({sql})')
    return " UNION ALL ".join(queries)


def _id(column: str) -> str:
    return trimmed_sql(column)


def _text(column: str) -> str:
    return trimmed_sql(f"({column} ->> {literal('$')})")
