"""A page's story: the one that is kept, at once; an older one says so, and what must be told first follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from assay.core.values import micros
from assay.node.leads import stories
from assay.node.leads.stories import Story

#: A page looks so often by itself whether something newer was told.
_LOOKS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page can say of a subject; `follows` is the address at which there may be more, '' where there is not.

    `as_of` is None where nothing was told yet.
    """

    story: Story | None
    as_of: datetime | None
    is_current: bool
    follows: str


def story(request: HttpRequest, subject_type: str, subject_id: str, address: str) -> Shown:
    """Return what the page at an address shows of a subject; it is told only where the address says so."""
    now = timezone.now()
    found = stories.at_once(subject_type, subject_id, micros(now))
    if found is None and "now" in request.GET:
        told = stories.story(subject_type, subject_id, micros(now))
        return Shown(story=told, as_of=now, is_current=True, follows="")
    if found is None:
        return Shown(story=None, as_of=None, is_current=False, follows=f"{address}?now=1")
    looked = request.GET.get("looked", "0")
    looks = int(looked) if looked.isdecimal() and len(looked) < 3 else 0
    follows = "" if found.is_current or looks >= _LOOKS else f"{address}?looked={looks + 1}"
    return Shown(story=found.story, as_of=found.as_of, is_current=found.is_current, follows=follows)
