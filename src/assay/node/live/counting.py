"""How many each rule holds of: counted beside now and then, as of very many a count takes longer than a page may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from assay.node.live.models import RuleCount

#: Who entered within this time counts as having entered lately.
LATELY: Final = timedelta(days=7)
_COUNTED: Final = """
SELECT rule, coalesce(held, 0), coalesce(entered, 0)
FROM (SELECT rule, count(*) AS held FROM live_holding GROUP BY rule) h
FULL JOIN (SELECT rule, count(*) AS entered FROM live_spell WHERE starts_at > %s GROUP BY rule) e USING (rule)
"""


def counts(now: datetime) -> Mapping[str, tuple[int, int]]:
    """Return of how many each rule held, and how many entered it lately, when that was counted last; else as of now."""
    found = {one.rule: (one.held, one.entered) for one in RuleCount.objects.all()}
    return found or _counted(now)


def count(now: datetime) -> None:
    """Count anew."""
    found = _counted(now)
    with transaction.atomic():
        RuleCount.objects.all().delete()
        RuleCount.objects.bulk_create(RuleCount(rule=rule, held=n, entered=m) for rule, (n, m) in found.items())


def _counted(now: datetime) -> dict[str, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [now - LATELY])
        return {rule: (held, entered) for rule, held, entered in cursor.fetchall()}
