"""Filters of templates: names as words, instants as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django import template
from django.utils import timezone

from assay.core import sentences
from assay.node.leads.known import account_of
from assay.node.leads.models import Lead

register = template.Library()


@register.filter
def words(name: str) -> str:
    """Return a name of the definitions as words."""
    return sentences.plain(name or "")


@register.filter
def called(rule: str, stage: str) -> str:
    """Return what a rule is called beside its stage: PQL "trial conversion", not "pql trial conversion"."""
    return sentences.plain((rule or "").removeprefix(f"{stage.lower()}_"))


@register.filter
def of_account(known: Mapping[str, int], lead: Lead) -> int:
    """Return how many partners let us know something of a lead's account."""
    return known.get(account_of(lead), 0)


@register.filter
def cause(text: str) -> str:
    """Return what opened or closed a spell in words."""
    return sentences.cause(text, brief=True)


@register.filter
def away(at: datetime | None) -> str:
    """Return how far an instant lies ahead or back: "in 3 hours", "2 days ago"."""
    if at is None:
        return ""
    us = round((at - timezone.now()).total_seconds() * 1_000_000)
    length = sentences.roughly(abs(us))
    return f"in {length}" if us >= 0 else f"{length} ago"


@register.filter
def length_of_time(length: timedelta) -> str:
    """Return a length of time as people say it: "3 hours"."""
    return sentences.roughly(max(1_000_000, round(length.total_seconds() * 1_000_000)))


@register.filter
def is_past(at: datetime | None) -> bool:
    """Tell whether an instant is over."""
    return at is not None and at <= timezone.now()


@register.filter
def percent(share: float | None) -> str:
    """Return a share as people write it."""
    return "" if share is None else f"{round(share * 100)} %"


@register.filter
def instant(us: int | None) -> str:
    """Return microseconds since 1970 as people write an instant, in UTC."""
    return "" if us is None else sentences.day(us)
