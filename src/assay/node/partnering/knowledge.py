"""What partners know of one account, as the page of a lead or an account shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import insights, ranking, reaching
from assay.node.partnering.insights import LETTERS
from assay.node.partnering.models import (
    Insight,
    Introduction,
    OurInsight,
    Overlap,
    Partner,
    Partnership,
    Play,
    Says,
    Told,
)

#: From how many days on a fact is worth asking about again.
STALE: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What one partner says of the account, in words, with what it told beside."""

    words: str
    since: datetime
    confirmed_at: datetime
    is_stale: bool
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knows:
    """One partner that is named, because it lets us know something of the account."""

    partner: Partner
    sayings: tuple[Saying, ...]
    overlap: Overlap | None  # where an introduction can be asked for
    introduction: Introduction | None  # that is under way
    may_ask: bool
    we_told: tuple[OurInsight, ...]
    is_unread: bool  # nobody there can read what we tell
    sign: str  # what its people see in the place of the account's name, where they know none


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A letter of BANT, or the use case, and who attests what of it."""

    letter: str
    insights: tuple[Insight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Everything that partners let us know of one account; `unnamed` share it and let us know no more."""

    knows: tuple[Knows, ...]
    unnamed: int
    letters: tuple[Attested, ...]
    questions: tuple[Overlap, ...]
    introductions: tuple[Introduction, ...]
    points: ranking.Points | None
    plays: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.knows or self.unnamed or self.questions or self.introductions or self.points)


def knowledge(account_id: str, now: datetime) -> Knowledge:
    """Return what partners know of an account as of now."""
    live = Told.objects.filter(account_id=account_id, until__isnull=True)
    live = live.exclude(partnership__state=Partnership.State.REVOKED).select_related("partnership__partner")
    told: dict[Partner, list[Told]] = {}
    for one in live.order_by("partnership__partner__name", "says", "population"):
        told.setdefault(one.partnership.partner, []).append(one)
    pairs = Overlap.objects.filter(account_id=account_id, until__isnull=True).select_related("partnership__partner")
    pairs = pairs.exclude(partnership__state=Partnership.State.REVOKED).order_by("-bits")
    shared = {one.partnership.partner: one for one in reversed(pairs) if one.ruling == Overlap.Ruling.MATCH}
    introductions = tuple(
        Introduction.objects.filter(account_id=account_id).select_related("partner", "ours").order_by("-changed_at")
    )
    under_way = {
        one.partner_id: one
        for one in reversed(introductions)
        if one.state in {Introduction.State.ASKED, Introduction.State.ACCEPTED}
    }
    ours = insights.told_to(list(told), [account_id])
    numbers = [partner.pk for partner in told]
    unread, reading = reaching.unread(numbers), reaching.with_people(numbers)
    knows = tuple(
        Knows(
            partner=partner,
            sayings=tuple(_saying(one, now) for one in sayings),
            overlap=shared.get(partner),
            introduction=under_way.get(partner.pk),
            may_ask=partner in shared
            and partner.pk not in under_way
            and shared[partner].partnership.state == Partnership.State.LIVE,
            we_told=tuple(one for one in ours if one.partnership.partner_id == partner.pk),
            is_unread=partner.pk in unread,
            sign=reaching.sign(partner, account_id) if partner.pk in reading else "",
        )
        for partner, sayings in told.items()
    )
    attested = ranking.latest(Insight.objects.filter(account_id=account_id).select_related("partner"))
    return Knowledge(
        knows=knows,
        unnamed=len(set(shared) - set(told)),
        letters=tuple(
            Attested(letter=letter, insights=tuple(one for one in attested if one.letter == letter))
            for letter in LETTERS
        ),
        questions=tuple(one for one in pairs if one.ruling == Overlap.Ruling.ASK and one.our_answer is None),
        introductions=introductions,
        points=ranking.points([account_id], now).get(account_id),
        plays=_plays(account_id, {one.says for sayings in told.values() for one in sayings}),
    )


def _saying(one: Told, now: datetime) -> Saying:
    return Saying(
        words=str(Says(one.says).label) if one.says in Says.values else one.says,
        since=one.since,
        confirmed_at=one.confirmed_at,
        is_stale=now - one.confirmed_at > STALE,
        fields=tuple(sorted((name.replace("_", " "), str(value)) for name, value in one.fields.items())),
    )


def _plays(account_id: str, says: set[str]) -> tuple[str, ...]:
    """Return the plays of the cells in which the account is."""
    mine = Play.objects.filter(
        population__members__account_id=account_id, population__members__until__isnull=True, says__in=says
    )
    return tuple(mine.order_by("population__name", "says").values_list("text", flat=True).distinct())


def beside(request: HttpRequest, account_id: str, lead_id: int | None) -> SafeString:
    """Return the section of a lead's or an account's page; nothing where partners know nothing."""
    user = cast(User, request.user)
    if not may(user.role, Permission.SEE_PARTNERS):
        return SafeString()
    found = knowledge(account_id, timezone.now())
    if not found:
        return SafeString()
    shown = {
        "known": found,
        "back": request.path,
        "lead_id": lead_id,
        "may_ask": may(user.role, Permission.WORK_LEADS),
        "may_tell": may(user.role, Permission.LET_PARTNERS_LEARN),
        "may_answer": may(user.role, Permission.MANAGE_PARTNERS),
    }
    return mark_safe(render_to_string("partnering/knowledge.html", shown, request=request))
