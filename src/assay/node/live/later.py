"""Rows that are dated after an instant count once theirs comes: time alone brings it, so it must be looked for."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from assay.core.io.store import Store
from assay.node.live.keys import node_sql

#: Whose later rows there are: people and accounts, by the tables that say something of them from an instant on.
_PEOPLE: Final = """
SELECT person AS one, "at" FROM prepared.events
UNION ALL SELECT person, "at" FROM prepared.memberships
UNION ALL SELECT subject, "at" FROM prepared.attributes WHERE subject_type = 'person'
"""
_ACCOUNTS: Final = """
SELECT account AS one, "at" FROM prepared.events
UNION ALL SELECT account, "at" FROM prepared.memberships
UNION ALL SELECT subject, "at" FROM prepared.attributes WHERE subject_type = 'account'
UNION ALL SELECT account, since FROM prepared.partner_facts
UNION ALL SELECT account, confirmed_at FROM prepared.partner_facts
UNION ALL SELECT account, "at" FROM prepared.insights
"""


def instants(store: Store, as_of: int) -> pa.Table:
    """Return the earliest instant after `as_of` of which a row of each subject tells, as `node` and `at`."""
    return store.table(
        f'SELECT {node_sql("p", "id")} AS node, make_timestamptz(min("at")) AS "at" '
        f'FROM ({_PEOPLE}) JOIN prepared.people ON person = one WHERE "at" > {as_of} GROUP BY 1 '
        f'UNION ALL SELECT {node_sql("a", "id")}, make_timestamptz(min("at")) '
        f'FROM ({_ACCOUNTS}) JOIN prepared.accounts ON account = one WHERE "at" > {as_of} GROUP BY 1'
    )
