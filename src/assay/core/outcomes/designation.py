"""Leads by designation: of the stages that a subject holds at once, the one whose spell opened latest.

The last activity that pushed a lead over a threshold decides its path (LANGUAGE section 2). Live rules alone designate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa

from assay.core import tables
from assay.core.definitions import model
from assay.core.io.store import Store
from assay.core.outcomes.entries import Period

#: Leads by the stage that designates them, as of instants.
DESIGNATED: Final = pa.schema([("as_of", tables.INSTANT), ("stage", pa.string()), ("leads", pa.int64())])
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = 24


def designated(store: Store, rules: Sequence[model.Rule], spells: pa.Table, period: Period) -> pa.Table:
    """Return how many subjects each stage designated at the ends of months and at `as_of` (DESIGNATED)."""
    live = [rule for rule in rules if rule.status == "live"]
    stage = pa.table(
        {"rule": pa.array([r.name for r in live], pa.string()), "stage": pa.array([r.stage for r in live], pa.string())}
    )
    store.register("designating_rules", stage)
    store.register("designating_spells", spells)
    store.register("designating_instants", pa.table({"as_of": pa.array(_instants(spells, period), pa.int64())}))
    return store.table(
        "WITH held AS (SELECT g.as_of, s.subject_type, s.subject_id, "
        "arg_min(r.stage, {'since': -epoch_us(s.starts_at), 'rule': s.rule}) AS stage "
        "FROM designating_instants g JOIN designating_spells s ON epoch_us(s.starts_at) <= g.as_of "
        "AND (s.ends_at IS NULL OR epoch_us(s.ends_at) > g.as_of) JOIN designating_rules r USING (rule) GROUP BY ALL) "
        "SELECT make_timestamptz(as_of) AS as_of, stage, count(*) AS leads FROM held GROUP BY ALL ORDER BY 1, 2"
    ).cast(DESIGNATED)


def _instants(spells: pa.Table, period: Period) -> list[int]:
    """Return the last instants of the months before `as_of`, at most two years of them, and `as_of`."""
    starts = spells["starts_at"].cast(pa.int64()).to_numpy()
    dated = starts[starts > 0]
    first = max(period.start, int(dated.min()) if len(dated) else period.as_of)
    last = min(period.end - 1, period.as_of)
    month = (_EPOCH + timedelta(microseconds=last)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [last]
    while len(found) < _MOST:
        end = (month - _EPOCH) // timedelta(microseconds=1) - 1
        if end < first:
            break
        found.append(end)
        month = (month - timedelta(days=1)).replace(day=1)
    return sorted(set(found))
