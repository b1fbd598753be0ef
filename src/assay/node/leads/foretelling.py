"""Whose stories are told before anybody looks: of open leads, those changed last first, then of their accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from assay.node.leads.states import OPEN

#: So many open leads, those changed last, have their stories told ahead.
MOST: Final = 10_000
#: A subject of whom much is heard is told of anew so often, unless somebody looks.
PAUSE: Final = timedelta(minutes=5)

_NEXT: Final = """
WITH open_leads AS (
    SELECT subject_type, subject_id, account_id, changed_at FROM leads_lead WHERE state = ANY(%(open)s)
    ORDER BY changed_at DESC, id DESC LIMIT %(most)s
), subjects AS (
    SELECT 0 AS turn, subject_type, subject_id, changed_at FROM open_leads
    UNION ALL SELECT 1, 'account', account_id, changed_at FROM open_leads WHERE account_id <> ''
), once AS (
    SELECT min(turn) AS turn, subject_type, subject_id, max(changed_at) AS changed_at FROM subjects
    GROUP BY subject_type, subject_id
)
SELECT o.subject_type, o.subject_id FROM once o
LEFT JOIN live_keptstory k ON k.subject_type = o.subject_type AND k.subject_id = o.subject_id
WHERE k.id IS NULL OR k.edition <> %(edition)s
    OR (k.begun_at < clock_timestamp() - %(pause)s AND (k.changed_at >= k.begun_at OR k.lasts_until <= %(now)s))
ORDER BY o.turn, k.id IS NOT NULL, o.changed_at DESC, o.subject_id LIMIT %(few)s
"""


def next_to_tell(edition: int, now: datetime, few: int) -> list[tuple[str, str]]:
    """Return a few subjects of open leads, and accounts, whose story is missing or outdated: the next to tell."""
    told: dict[str, Any] = {
        "open": sorted(OPEN),
        "most": MOST,
        "edition": edition,
        "pause": PAUSE,
        "now": now,
        "few": few,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, told)
        return list(cursor.fetchall())
