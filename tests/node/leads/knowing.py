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
