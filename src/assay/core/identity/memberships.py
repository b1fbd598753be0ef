"""Which account a person belongs to, over time."""

from __future__ import annotations

from assay.core.identity.people import last_of
from assay.core.io.store import Store


def resolve_memberships(store: Store) -> None:
    """Make `prepared.memberships`, and `raw.stays`: a person's whole time cut into [since, until) at one account each.

    `raw.stays` has only people with a dated membership; everybody else's undated account is `raw.person_homes`.
    """
    dated = last_of("(SELECT * FROM raw.people_rows WHERE says AND account_at IS NOT NULL)", ["person", "account_at"])
    store.run(
        f'CREATE TABLE prepared.memberships AS SELECT person, "at", account FROM ('
        f'SELECT person, account_at AS "at", coalesce(a.account, -1) AS account FROM ({dated}) r '
        f"LEFT JOIN raw.account_ids a ON a.text = r.account UNION ALL "
        f"SELECT person, NULL, a.account FROM raw.homes JOIN raw.account_ids a ON a.text = homes.home) "
        f'ORDER BY person, "at" NULLS FIRST'
    )
    store.run(
        'CREATE TABLE raw.stays AS WITH dated AS (SELECT person, "at" AS since, account FROM prepared.memberships '
        'WHERE "at" IS NOT NULL), whole AS (SELECT * FROM dated UNION ALL SELECT DISTINCT d.person, '
        f"{-(2**62)}, coalesce(m.account, -1) FROM dated d LEFT JOIN prepared.memberships m "
        'ON m.person = d.person AND m."at" IS NULL) SELECT person, since, '
        f"lead(since, 1, {2**62}) OVER (PARTITION BY person ORDER BY since) AS until, account FROM whole"
    )
    store.run(
        "CREATE TABLE raw.person_homes AS SELECT i.text, i.person, coalesce(m.account, -1) AS home, "
        "i.person IN (SELECT person FROM raw.stays) AS moves FROM raw.person_ids i "
        'LEFT JOIN prepared.memberships m ON m.person = i.person AND m."at" IS NULL'
    )
