"""What of partnering waits for somebody, as the home page says it: so many, and where. One query each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.urls import reverse

from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import ecosystem, releasing
from assay.node.partnering.models import Disclosed, Grant, Introduction, Overlap, Partnership, PersonOverlap

_GOING = ~Q(partnership__state=Partnership.State.REVOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """So many of something, what one and several are called, and where they stand."""

    count: int
    one: str
    several: str
    address: str


def awaited(user: User, now: datetime) -> list[Awaited]:
    """Return what waits for somebody; what nothing waits of has the count 0."""
    found: list[Awaited] = []
    if may(user.role, Permission.WORK_LEADS):
        found.append(_introductions(user))
    if may(user.role, Permission.LET_PARTNERS_LEARN):
        found += [_grants(user), _held(), _alarms()]
    if may(user.role, Permission.MANAGE_PARTNERS):
        found += [_companies(), _people(), _reviews(now.date())]
    return found


def _introductions(user: User) -> Awaited:
    """Count what partners ask: of the owner, and of who manages the partner; where nobody is named, of all managers."""
    whom = Q(ours=user)
    if may(user.role, Permission.MANAGE_PARTNERS):
        whom |= Q(partner__manager=user) | Q(partner__manager__isnull=True)
    count = Introduction.objects.filter(whom, state=Introduction.State.ASKED, by_us=False).count()
    return Awaited(
        count=count, one="introduction to answer", several="introductions to answer", address=reverse("introductions")
    )


def _grants(user: User) -> Awaited:
    asked = Grant.objects.filter(_GOING | Q(partnership__isnull=True), state=Grant.State.ASKED)
    count = asked.exclude(asked_by=user).count()
    return Awaited(count=count, one="grant to agree to", several="grants to agree to", address=reverse("partners"))


def _held() -> Awaited:
    held = Disclosed.objects.filter(_GOING, state=Disclosed.State.HELD, let_go_by__isnull=True)
    counted = dict(held.order_by().values_list("partnership__partner__slug").annotate(n=Count("pk")))
    return _of_partners(counted, "held account to let go or keep", "held accounts to let go or keep", "partner-held")


def _alarms() -> Awaited:
    going = Partnership.objects.filter(state=Partnership.State.LIVE, standing__isnull=False)
    known = {one.partner.slug: 1 for one in going.select_related("partner", "standing") if releasing.alarm(one)}
    return _of_partners(known, "alarm about a partner\u2019s list", "alarms about partners\u2019 lists", "partner-held")


def _companies() -> Awaited:
    asked = Overlap.objects.filter(_GOING, until__isnull=True, ruling=Overlap.Ruling.ASK, our_answer__isnull=True)
    counted = dict(asked.order_by().values_list("partnership__partner__slug").annotate(n=Count("pk")))
    words = ("question: is it the same company?", "questions: is it the same company?")
    return _of_partners(counted, *words, "partner-overlaps", several_at="ecosystem")


def _people() -> Awaited:
    asked = PersonOverlap.objects.filter(_GOING, until__isnull=True, ruling=Overlap.Ruling.ASK, our_answer__isnull=True)
    counted = dict(asked.order_by().values_list("partnership__partner__slug").annotate(n=Count("pk")))
    return _of_partners(
        counted, "question: is it the same person?", "questions: is it the same person?", "partner-people"
    )


def _reviews(today: date) -> Awaited:
    late = [one for one in ecosystem.reviews(today) if one.is_late]
    address = reverse("ecosystem") + "#care"
    return Awaited(count=len(late), one="review that is late", several="reviews that are late", address=address)


def _of_partners(
    counted: dict[str, int], one: str, several: str, route: str, *, several_at: str = "partners"
) -> Awaited:
    """Lead to the page of the only partner that it is about, or to one that names them all."""
    address = reverse(route, args=list(counted)) if len(counted) == 1 else reverse(several_at)
    return Awaited(count=sum(counted.values()), one=one, several=several, address=address)
