"""The events that feed one criterion, as a form takes them."""

from __future__ import annotations

from assay.core.engine.arrays import Case, Feed
from assay.core.engine.compiled import inner


@inner
def feed_of(case: Case, slot: int) -> Feed:
    """Return the events that feed a slot with one feed."""
    plan, desk = case.plan, case.desk
    feed = plan.items[plan.slots[slot].feeds]
    since = plan.slots[slot].since
    resets = desk.posted[0:0]
    if since >= 0:
        resets = desk.posted[desk.feed_lo[since] : desk.feed_lo[since + 1]]
    return Feed(
        case.rows.at,
        case.rows.values[max(plan.slots[slot].column, 0)],
        desk.posted[desk.feed_lo[feed] : desk.feed_lo[feed + 1]],
        resets,
    )
