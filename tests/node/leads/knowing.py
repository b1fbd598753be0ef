"""What tests of leads stand on: Acme's rules, changes told in few words, people who take leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from assay.core import definitions
from assay.core.definitions.model import Definitions
from assay.node.leads import stories
from assay.node.leads.models import Lead
from assay.node.live.changes import Change

ROOT = Path(__file__).resolve().parents[3]
ACME = ROOT / "examples" / "acme"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

TRIAL, UPSELL = "pql_trial_conversion", "pql_upsell"  # trial_to_paid, 30 days; upsell, 60 days
MQL, HAND = "mql_engaged", "pql_hand_raise"  # both new_business; 90 days, at once


@cache
def acme() -> Definitions:
    """Return the rules of Acme."""
    return definitions.load(ACME / "definitions")


def enter(rule: str = TRIAL, who: str = "ann", at: datetime = NOON, **more) -> Change:
    kind = acme().rule(rule).subject
    return Change(what="enter", subject_type=kind, subject_id=who, at=at, rule=rule, version=1, cause="birth", **more)


def leave(rule: str = TRIAL, who: str = "ann", at: datetime = NOON + HOUR, cause: str = "attribute:plan") -> Change:
    kind = acme().rule(rule).subject
    return Change(what="exit", subject_type=kind, subject_id=who, at=at, rule=rule, version=1, cause=cause)


def merged(who: str, into: str, at: datetime = NOON) -> Change:
    return Change(what="merged", subject_type="person", subject_id=who, at=at, into=into)


def works_at(account: str, **attributes: str):
    """Return a description by which everybody works at that account."""

    def describe(asked, as_of):
        return {
            one: stories.About(account_id=account, account_name=account.title(), attributes=attributes) for one in asked
        }

    return describe


def lead_of(who: str = "ann", motion: str = "trial_to_paid") -> Lead:
    return Lead.objects.get(subject_id=who, motion=motion, merged_into=None)


class Told:
    """Acme's story of a small world, decided by the core: what pages get to say of leads."""

    def __init__(self, data: Path) -> None:
        from assay.core import pipeline

        self.result = pipeline.run(acme(), data)
        self.as_of = self.result.as_of
        self.now = datetime.fromtimestamp(self.as_of / 1_000_000, UTC)

    def changes(self, most: int = 10**9) -> list[Change]:
        """Return the entries of the spells that hold."""
        held = [s for s in self.result.spells.to_pylist() if s["ends_at"] is None or s["ends_at"] > self.now]
        return [
            Change(
                what="enter",
                subject_type=s["subject_type"],
                subject_id=s["subject_id"],
                at=s["starts_at"],
                rule=s["rule"],
                version=s["version"],
                cause=s["opened_by"],
            )
            for s in held[:most]
        ]

    def tell(self, subject_type: str, subject_id: str, as_of: int) -> stories.Story | None:
        """Return the story of one subject, as of the end of the world."""
        from assay.core.errors import BadRequest
        from assay.node.live import stories as live
        from assay.node.live.deciding import Known

        known = Known(store=self.result.store, definitions=acme())
        try:
            return live._story(known, self.result.spells, (subject_type, subject_id), self.as_of, {})
        except BadRequest:
            return None

    def describe(self, asked, as_of):
        """Return what leads carry of their subjects."""
        from assay.node.live import stories as live
        from assay.node.live.deciding import Known

        return live.describe(Known(store=self.result.store, definitions=acme()), asked, self.as_of)
