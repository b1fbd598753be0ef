"""The tables that stages hand to each other, by name and column.

Between `sources`, `identity` and `engine` rows stay in DuckDB (they may not fit in memory); the tables below live in
the schema `prepared` of one connection. Instants are BIGINT microseconds since 1970-01-01 UTC. `person`, `account`,
`event` and `source` are dense integers from 0; -1 means none. Values of properties and attributes are text, exactly
as `values.text_of` writes them; an absent value is NULL. Nothing here is cut at `as_of`: the engine does that.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

#: Every person id known anywhere, after merges: one row a person.
PEOPLE: Final = {"person": "INTEGER", "id": "VARCHAR"}

#: Every id that was merged into another's, and the id of the person whose it is.
MERGED: Final = {"id": "VARCHAR", "shown": "VARCHAR"}

#: Every account known anywhere. `domain` is the registrable domain or NULL.
ACCOUNTS: Final = {"account": "INTEGER", "id": "VARCHAR", "name": "VARCHAR", "domain": "VARCHAR"}

#: Codes of sources and event names; codes of sources ascend with their names, so comparing codes compares names.
SOURCE_NAMES: Final = {"source": "INTEGER", "name": "VARCHAR"}
EVENT_NAMES: Final = {"event": "INTEGER", "name": "VARCHAR"}

#: Deduplicated events, one row each, with one further VARCHAR column `p_<property>` for every property that a rule or
#: score reads. `id` is the source's own id, or `<line>` as text where the source has none. The table's rowid names the
#: event elsewhere. `account` is whose account the event is (LANGUAGE section 5), already decided.
EVENTS: Final = {
    "at": "BIGINT",
    "event": "INTEGER",
    "person": "INTEGER",
    "account": "INTEGER",
    "source": "INTEGER",
    "id": "VARCHAR",
}

#: Which account a person belongs to from `at` on: at most one undated row (`at` NULL: until the first dated one) and
#: one row per dated instant. `account` -1: left. The account of the e-mail's domain is an undated row.
MEMBERSHIPS: Final = {"person": "INTEGER", "at": "BIGINT", "account": "INTEGER"}

#: One row per (subject_type, subject, name, at); `at` NULL: holds until the first dated row; `value` NULL: unset.
ATTRIBUTES: Final = {
    "subject_type": "VARCHAR",
    "subject": "INTEGER",
    "name": "VARCHAR",
    "at": "BIGINT",
    "value": "VARCHAR",
}

#: What partners say, as given; `since` NULL: since ever; `until` NULL: no end known.
PARTNER_FACTS: Final = {
    "account": "INTEGER",
    "partner": "VARCHAR",
    "says": "VARCHAR",
    "since": "BIGINT",
    "until": "BIGINT",
    "confirmed_at": "BIGINT",
    "origin": "VARCHAR",
    "parent": "VARCHAR",
    "confidence": "DOUBLE",
}

#: Partners' statements; one row per (account, partner, letter, at), the last row read wins. `value` in lower case.
INSIGHTS: Final = {"account": "INTEGER", "partner": "VARCHAR", "letter": "VARCHAR", "value": "VARCHAR", "at": "BIGINT"}

#: What became of people and accounts; `source` is the name of the source that says so.
OUTCOMES: Final = {
    "account": "INTEGER",
    "person": "INTEGER",
    "at": "BIGINT",
    "outcome": "VARCHAR",
    "amount": "VARCHAR",
    "source": "VARCHAR",
}

#: Rows that could not be read, or that were read only in part. `value` is the offending field, never the whole row.
#: A row of a file is told by `file` and `line`, one of a warehouse by `table` and `key`: its id, or whose it is.
REJECTS: Final = {
    "source": "VARCHAR",
    "file": "VARCHAR",
    "line": "BIGINT",
    "column": "VARCHAR",
    "reason": "VARCHAR",
    "value": "VARCHAR",
    "table": "VARCHAR",
    "key": "VARCHAR",
}

#: Counts worth telling: duplicates, conflicts, rejects by source; `what` is a stable word.
COUNTS: Final = {"source": "VARCHAR", "what": "VARCHAR", "rows": "BIGINT"}

#: The tables of the schema `prepared`, by name.
PREPARED: Final = {
    "people": PEOPLE,
    "merged": MERGED,
    "accounts": ACCOUNTS,
    "source_names": SOURCE_NAMES,
    "event_names": EVENT_NAMES,
    "events": EVENTS,
    "memberships": MEMBERSHIPS,
    "attributes": ATTRIBUTES,
    "partner_facts": PARTNER_FACTS,
    "insights": INSIGHTS,
    "outcomes": OUTCOMES,
    "rejects": REJECTS,
    "counts": COUNTS,
}

INSTANT: Final = pa.timestamp("us", tz="UTC")

#: The engine's one result (LANGUAGE section 7), ordered by rule, subject_type, subject_id, starts_at.
SPELLS: Final = pa.schema(
    [
        pa.field("rule", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("subject_type", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("starts_at", INSTANT, nullable=False),
        pa.field("ends_at", INSTANT),
        pa.field("opened_by", pa.string(), nullable=False),
        pa.field("closed_by", pa.string()),
    ]
)

#: Who is worth somebody's time as of one instant: one row a subject, best first.
LEADS: Final = pa.schema(
    [
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("subject_type", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),  # the account's name, or the person's account's name
        pa.field("account_id", pa.string()),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("motion", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("other_rules", pa.string(), nullable=False),  # joined by "; "
        pa.field("since", INSTANT, nullable=False),
        pa.field("until", INSTANT),
        pa.field("opened_by", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("lean", pa.string(), nullable=False),  # "product 70 %, fit 30 %", empty where there is no score
        pa.field("independent_partners", pa.int32(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
    ]
)
