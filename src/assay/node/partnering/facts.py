"""What partners told becomes rows of the lake, as an uploaded file's rows would: each change once, whatever breaks.

`Told` and `Insight` say what holds; `LakeFact` and `LakeInsight` say what of it the lake has. The difference is written
in one transaction with the note that it was. Rules then decide of it as of any other row.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from django.db import connection, transaction

from assay.core.definitions.model import InsightsSource, PartnerFactsSource
from assay.core.sources.files import kind_of
from assay.node.lake import manifest
from assay.node.lake.rows import LAKE, ROW_KIND
from assay.node.partnering import ranking
from assay.node.partnering.models import LakeFact, LakeInsight
from assay.node.rulebook import current

#: So many changes at once; what is left comes with the next pass.
_AT_ONCE: Final = 20_000
#: A fact that is confirmed again and again becomes a row of the lake so often: freshness is counted in days.
CONFIRMED_EVERY: Final = timedelta(days=1)
#: From how many partners tell to what rules call `confidence`: what an answer of both sides is worth at least.
_SAID_BY_BOTH: Final = 0.95
_MOST_SURE: Final = 0.99

#: What partners say now, a row a partner, account and kind of saying; several populations may say the same.
_SAID: Final = f"""
SELECT p.id AS partner, p.slug AS name, p.parent, t.account_id, t.says, min(t.since) AS since,
    max(t.confirmed_at) AS confirmed_at, coalesce(max(left(t.fields ->> 'origin', 200)), '') AS origin,
    max(CASE WHEN o.ruling = 'match' THEN greatest(
        least({_MOST_SURE}, round((1 / (1 + power(2, -least(greatest(o.bits, -60), 60))))::numeric, 2)),
        CASE WHEN o.our_answer THEN {_SAID_BY_BOTH} END) END)::float8 AS confidence
FROM partnering_told t JOIN partnering_partnership s ON s.id = t.partnership_id
JOIN partnering_partner p ON p.id = s.partner_id
LEFT JOIN partnering_overlap o ON o.partnership_id = t.partnership_id AND o.their_handle = t.their_handle
    AND o.account_id = t.account_id AND o.until IS NULL
WHERE t.until IS NULL AND s.state <> 'revoked'
GROUP BY p.id, t.account_id, t.says
"""
_CHANGED: Final = f"""
WITH said AS ({_SAID}), kept AS (SELECT * FROM partnering_lakefact WHERE until IS NULL)
SELECT k.id, coalesce(s.partner, k.partner_id) AS partner, coalesce(s.account_id, k.account_id) AS account_id,
    coalesce(s.says, k.says) AS says, s.name, s.parent, s.origin, s.confidence, s.since, s.confirmed_at,
    s.partner IS NULL AS is_over,
    k.id IS NOT NULL AND s.partner IS NOT NULL AND (k.source <> %(source)s
        OR (k.name, k.parent, k.origin, k.confidence) IS DISTINCT FROM (s.name, s.parent, s.origin, s.confidence))
        AS is_reworded,
    (SELECT max(b.until) FROM partnering_lakefact b WHERE b.partner_id = coalesce(s.partner, k.partner_id)
        AND b.account_id = coalesce(s.account_id, k.account_id) AND b.says = coalesce(s.says, k.says)) AS over_before,
    CASE WHEN s.partner IS NULL THEN (SELECT max(t.until) FROM partnering_told t
        JOIN partnering_partnership x ON x.id = t.partnership_id
        WHERE x.partner_id = k.partner_id AND t.account_id = k.account_id AND t.says = k.says) END AS ended_at
FROM said s FULL JOIN kept k ON k.partner_id = s.partner AND k.account_id = s.account_id AND k.says = s.says
WHERE s.partner IS NULL OR k.id IS NULL OR k.source <> %(source)s
    OR (k.name, k.parent, k.origin, k.confidence) IS DISTINCT FROM (s.name, s.parent, s.origin, s.confidence)
    OR s.confirmed_at >= k.confirmed_at + %(every)s
ORDER BY 3, 2, 4 LIMIT {_AT_ONCE}
"""
_NEW_INSIGHTS: Final = f"""
SELECT i.id, p.slug AS name, i.account_id, i.letter, i.value, least(i.at, %(now)s) AS at
FROM partnering_insight i JOIN partnering_partner p ON p.id = i.partner_id
LEFT JOIN partnering_lakeinsight k ON k.insight = i.id
WHERE k.id IS NULL OR k.source <> %(source)s ORDER BY i.at, i.id LIMIT {_AT_ONCE}
"""
#: Insights that are gone, and whether the partner said nothing on the letter since.
_GONE_INSIGHTS: Final = f"""
SELECT k.id, k.name, k.account_id, k.letter, k.source, NOT EXISTS (
    SELECT 1 FROM partnering_lakeinsight n JOIN partnering_insight i ON i.id = n.insight
    WHERE n.name = k.name AND n.account_id = k.account_id AND n.letter = k.letter AND n.insight > k.insight) AS is_last
FROM partnering_lakeinsight k LEFT JOIN partnering_insight i ON i.id = k.insight
WHERE i.id IS NULL AND k.withdrawn_at IS NULL ORDER BY k.id LIMIT {_AT_ONCE}
"""
#: An account, and a row of the lake that tells of it.
_Told = tuple[str, tuple[Any, ...]]
_COLUMNS: Final = pa.schema([field for field in LAKE if field.name != "seq"])

#: What a definitions folder needs so that rules see what partners tell.
FACTS_TEXT: Final = """\
source: partner_facts
partner_facts:
  file: partner_facts.csv
  account: account_id
  partner: partner
  says: says
  from: from
  until: until
  confirmed_at: confirmed_at
  origin: origin
  parent: parent
  confidence: confidence
"""
INSIGHTS_TEXT: Final = """\
source: insights
insights:
  file: insights.csv
  account: account_id
  partner: partner
  letter: letter
  value: value
  at: at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Something that the definitions lack, and the text that would mend it."""

    what: str
    text: str


def facts_part() -> PartnerFactsSource | None:
    """Return the source part that partner facts become rows of: the first that can tell when a fact ends."""
    for part in current.definitions().sources:
        if isinstance(part, PartnerFactsSource) and None not in (part.since, part.until, part.confirmed_at):
            return part
    return None


def insights_part() -> InsightsSource | None:
    """Return the source part that insights become rows of: the first that can tell that one is withdrawn."""
    for part in current.definitions().sources:
        if isinstance(part, InsightsSource) and part.value is not None:
            return part
    return None


def lacking() -> list[Lacking]:
    """Return what the definitions lack for rules to see what partners tell; until then it is kept, and not lost."""
    found = []
    if facts_part() is None:
        found.append(Lacking(what="a source of partner facts with `from`, `until` and `confirmed_at`", text=FACTS_TEXT))
    if insights_part() is None:
        found.append(Lacking(what="a source of insights with `value`", text=INSIGHTS_TEXT))
    return found


def pass_on(now: datetime) -> int:
    """Write into the lake what partners told since the last time; return how many rows that were.

    A crash at any moment leaves each change either to be written or written, never both and never neither.
    """
    part, letters = facts_part(), insights_part()
    if part is None and letters is None:
        return 0
    with transaction.atomic():
        manifest.held()  # one at a time
        told = [*_facts(part, now), *_insights(letters, now)]
        if told:
            columns = zip(*(row for _, row in told), strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, _COLUMNS, strict=True)]
            manifest.add(pa.table(arrays, schema=_COLUMNS), now)
            ranking.refresh(now, {account for account, _ in told})
    return len(told)


class Passing:
    """Passes on what partners told, again and again, at a pace that its own cost sets; keeps the ranking fresh."""

    _RANKED_EVERY: Final = timedelta(minutes=10)  # what fades, fades by days
    _LEAST: Final = 1.0  # seconds between two looks
    _TIMES: Final = 20  # as long as a look took is waited so many times

    def __init__(self) -> None:
        self._not_before = 0.0
        self._ranked_at: datetime | None = None

    def step(self, now: datetime) -> int:
        """Look, where it is time to; return how many rows came."""
        began = time.monotonic()
        if began < self._not_before:
            return 0
        passed = pass_on(now)
        if self._ranked_at is None or now - self._ranked_at >= self._RANKED_EVERY:
            self._ranked_at = now
            ranking.refresh(now)
        took = time.monotonic() - began
        self._not_before = began + (0 if passed else max(self._LEAST, took * self._TIMES))
        return passed


def _facts(part: PartnerFactsSource | None, now: datetime) -> Sequence[_Told]:
    changed = [] if part is None else _found(_CHANGED, source=part.source, every=CONFIRMED_EVERY)
    if part is None or not changed:
        return []
    known = LakeFact.objects.in_bulk([one["id"] for one in changed if one["id"] is not None])
    told: list[LakeFact] = []
    begun: list[LakeFact] = []
    for one in changed:
        fact = known.get(one["id"])
        if fact is not None and (one["is_over"] or one["is_reworded"]):
            fact.until = min(one["ended_at"] or now, now) if one["is_over"] else now
            told.append(fact)
        elif fact is not None:
            fact.confirmed_at = one["confirmed_at"]
            told.append(fact)
        if not one["is_over"] and (fact is None or one["is_reworded"]):
            begun.append(_begun(part, one, now))
    # What is over goes first: its place is taken by what begins.
    LakeFact.objects.bulk_update(told, ("until", "confirmed_at"), batch_size=1000)
    told += LakeFact.objects.bulk_create(begun, batch_size=1000)
    return [(fact.account_id, _row_of(part, fact, now)) for fact in told]


def _begun(part: PartnerFactsSource, one: Mapping[str, Any], now: datetime) -> LakeFact:
    """Return a stretch that begins; where the partner was silent or said it otherwise before, it begins after that."""
    before = now if one["is_reworded"] else one["over_before"]
    return LakeFact(
        partner_id=one["partner"],
        account_id=one["account_id"],
        says=one["says"],
        source=part.source,
        name=one["name"],
        origin=one["origin"],
        parent=one["parent"],
        confidence=one["confidence"],
        since=one["since"] if before is None else max(one["since"], before),
        confirmed_at=one["confirmed_at"],
    )


def _row_of(part: PartnerFactsSource, fact: LakeFact, now: datetime) -> tuple[Any, ...]:
    told = {
        part.account: fact.account_id,
        part.partner: fact.name,
        part.says: fact.says,
        part.since: _text(fact.since),
        part.until: None if fact.until is None else _text(fact.until),
        part.confirmed_at: _text(fact.confirmed_at),
        part.origin: fact.origin or None,
        part.parent: fact.parent or None,
        part.confidence: None if fact.confidence is None else f"{fact.confidence:.2f}",
    }
    body = {column: value for column, value in told.items() if column is not None and value is not None}
    return _row(fact.source, kind_of(part), body, now, f"partner-fact-{fact.pk}")


def _insights(part: InsightsSource | None, now: datetime) -> Sequence[_Told]:
    if part is None:
        return []
    gone = _found(_GONE_INSIGHTS)
    new = _found(_NEW_INSIGHTS, source=part.source, now=now)
    LakeInsight.objects.filter(pk__in=[one["id"] for one in gone]).update(withdrawn_at=now)
    noted = [
        LakeInsight(
            insight=one["id"], source=part.source, name=one["name"], account_id=one["account_id"], letter=one["letter"]
        )
        for one in new
    ]
    LakeInsight.objects.bulk_create(
        noted, update_conflicts=True, unique_fields=["insight"], update_fields=["source", "name"], batch_size=1000
    )
    over = [{**one, "value": "no", "at": now} for one in gone if one["is_last"]]
    return [(one["account_id"], _insight_row(part, one, now)) for one in (*over, *new)]


def _insight_row(part: InsightsSource, one: Mapping[str, Any], now: datetime) -> tuple[Any, ...]:
    told = {
        part.account: one["account_id"],
        part.partner: one["name"],
        part.letter: one["letter"],
        part.at: _text(one["at"]),
        part.value or "value": one["value"],
    }
    return _row(part.source, kind_of(part), told, now, None)


def _row(source: str, kind: str, body: Mapping[str, Any], now: datetime, name: str | None) -> tuple[Any, ...]:
    return (source, ROW_KIND, name, None, now, None, None, None, kind, json.dumps(body))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _found(query: str, **values: Any) -> Sequence[Mapping[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
