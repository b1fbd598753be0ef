"""What partners bring: qualified leads by segment and how they ended, needs that nobody serves, what wants care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, Q

from assay.node.leads.models import Lead
from assay.node.leads.states import State
from assay.node.partnering import lens, ranking
from assay.node.partnering.knowledge import STALE
from assay.node.partnering.models import (
    Grant,
    Insight,
    Introduction,
    LakeFact,
    Overlap,
    Partner,
    Partnership,
    Says,
    Told,
)

#: Stages that rest on what partners know.
STAGES: Final = ("EQL", "XQL")
#: How long before its review date terms are shown.
_SOON: Final = timedelta(days=30)
_NONE: Final = "not known"


@dataclass(slots=True)
class Brought:
    """What came of leads that a partner's word stood behind."""

    eql: int = 0
    xql: int = 0
    accepted: int = 0
    won: int = 0
    lost: int = 0
    amount: Decimal = Decimal()

    def add(self, lead: Lead) -> None:
        """Count one lead."""
        self.eql += lead.stage == "EQL"
        self.xql += lead.stage == "XQL"
        self.accepted += lead.accepted_at is not None
        self.won += lead.state == State.WON
        self.lost += lead.state in {State.LOST, State.REJECTED}
        if lead.state == State.WON and lead.amount is not None:
            self.amount += lead.amount


@dataclass(slots=True, kw_only=True)
class PartnerLine:
    """One partner: what it brought in all and by segment, what is shared, how fresh it is."""

    partner: Partner
    all: Brought = field(default_factory=Brought)
    segments: dict[str, Brought] = field(default_factory=dict)
    shared: int = 0
    told: int = 0
    insights: int = 0
    introductions: int = 0
    asked: int = 0  # these since the same instant as leads
    accepted: int = 0
    made: int = 0
    success: str = ""  # how both sides signed that they will know that it was worth it
    waiting: int = 0  # introductions that it asked and nobody answered
    questions: int = 0
    confirmed_at: datetime | None = None
    is_stale: bool = False
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """A need that partners attest and nobody serves: what it is, in which segment, at how many accounts."""

    value: str
    segment: str
    accounts: tuple[str, ...]
    partners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something that is to be looked at again by a day; of no one partner: what all may learn by default."""

    partner: Partner | None
    what: str
    on: date
    is_late: bool


def partners(now: datetime, since: datetime) -> list[PartnerLine]:
    """Return every partner with what it brought since an instant, who brought most first."""
    lines = {one.pk: PartnerLine(partner=one) for one in Partner.objects.filter(left_at__isnull=True)}
    _count_leads(lines, since)
    _count_rows(lines, now)
    _count_introductions(lines, since)
    found = list(lines.values())
    found.sort(key=lambda one: (-one.all.amount, -one.all.won, -one.all.eql, -one.all.xql, one.partner.name))
    return found


def _count_leads(lines: Mapping[int, PartnerLine], since: datetime) -> None:
    """Count each lead for every partner whose word held as the lead arose; several may have brought one."""
    leads = Lead.objects.filter(stage__in=STAGES, created_at__gte=since, merged_into=None)
    accounts = {one: one.subject_id if one.subject_type == "account" else one.account_id for one in leads}
    behind: dict[str, list[LakeFact]] = {}
    for fact in LakeFact.objects.filter(account_id__in=set(accounts.values())).exclude(says=Says.OWN):
        behind.setdefault(fact.account_id, []).append(fact)
    attested: dict[str, list[Insight]] = {}
    for insight in Insight.objects.filter(account_id__in=set(accounts.values())):
        attested.setdefault(insight.account_id, []).append(insight)
    segment = _segments(set(accounts.values()))
    for lead, account in accounts.items():
        who = {
            one.partner_id
            for one in behind.get(account, ())
            if one.since <= lead.created_at and (one.until is None or one.until > lead.created_at)
        }
        who |= {one.partner_id for one in attested.get(account, ()) if one.at <= lead.created_at}
        for pk in who & lines.keys():
            lines[pk].all.add(lead)
            lines[pk].segments.setdefault(segment.get(account, _NONE), Brought()).add(lead)
    for line in lines.values():
        line.segments = dict(sorted(line.segments.items(), key=lambda one: (-one[1].eql - one[1].xql, one[0])))


def _count_rows(lines: Mapping[int, PartnerLine], now: datetime) -> None:
    live = Q(until__isnull=True) & ~Q(partnership__state=Partnership.State.REVOKED)
    match, ask = Q(ruling=Overlap.Ruling.MATCH), Q(ruling=Overlap.Ruling.ASK, our_answer__isnull=True)
    pairs = Overlap.objects.filter(live).order_by().values("partnership__partner")
    for row in pairs.annotate(shared=Count("account_id", filter=match, distinct=True), asked=Count("pk", filter=ask)):
        if line := lines.get(row["partnership__partner"]):
            line.shared, line.questions = row["shared"], row["asked"]
    told = Told.objects.filter(live).order_by().values("partnership__partner")
    for of in told.annotate(n=Count("account_id", distinct=True), last=Max("confirmed_at")):
        if line := lines.get(of["partnership__partner"]):
            line.told, line.confirmed_at = of["n"], of["last"]
            line.is_stale = now - of["last"] > STALE
    for pk, n in Insight.objects.order_by().values_list("partner").annotate(n=Count("account_id", distinct=True)):
        if pk in lines:
            lines[pk].insights = n
    for one in Partnership.objects.exclude(state=Partnership.State.REVOKED):
        if line := lines.get(one.partner_id):
            line.state, line.success = str(one.get_state_display()), str(one.terms.get("success") or "")


def _count_introductions(lines: Mapping[int, PartnerLine], since: datetime) -> None:
    """Count introductions by whichever side: one that was closed counts for how far it got."""
    state = Introduction.State
    new, waiting = Q(made_at__gte=since), Q(state=state.ASKED, by_us=False)
    made = Q(introduced_at__isnull=False) | Q(state=state.MADE)
    accepted = made | Q(accepted_at__isnull=False) | Q(state=state.ACCEPTED)
    counted = Introduction.objects.order_by().values("partner")
    for asked in counted.annotate(
        n=Count("pk"),
        waiting=Count("pk", filter=waiting),
        asked=Count("pk", filter=new),
        accepted=Count("pk", filter=new & accepted),
        made=Count("pk", filter=new & made),
    ):
        if line := lines.get(asked["partner"]):
            line.introductions, line.waiting = asked["n"], asked["waiting"]
            line.asked, line.accepted, line.made = asked["asked"], asked["accepted"], asked["made"]


def unserved(now: datetime, most: int = 30) -> list[Unserved]:
    """Return the needs and use cases that partners attest at accounts where we have no lead and nobody sells.

    Served is an account of which we have a lead that can still come to something or was won, or of which a partner says
    that it is its customer or that it has an opportunity open there.
    """
    attested = [
        one
        for one in ranking.latest(Insight.objects.filter(letter__in=("need", "use_case")).select_related("partner"))
        if ranking.freshness(one.at, now) > 1 / 4
    ]
    ids = {one.account_id for one in attested}
    ended = [State.LOST, State.REJECTED, State.CLOSED]
    ours = Lead.objects.filter(merged_into=None).exclude(state__in=ended)
    served = set(ours.filter(subject_type="account", subject_id__in=ids).values_list("subject_id", flat=True))
    served |= set(ours.filter(account_id__in=ids).values_list("account_id", flat=True))
    says = (Says.CUSTOMER, Says.OPEN_OPPORTUNITY)
    served |= set(
        Told.objects.filter(account_id__in=ids, until__isnull=True, says__in=says).values_list("account_id", flat=True)
    )
    segment = _segments(ids - served)
    found: dict[tuple[str, str], list[Insight]] = {}
    for one in attested:
        if one.account_id not in served:
            value = one.value if one.value.strip().lower() != "yes" else one.letter.replace("_", " ")
            found.setdefault((value, segment.get(one.account_id, _NONE)), []).append(one)
    made = [
        Unserved(
            value=value,
            segment=where,
            accounts=tuple(sorted({one.account_id for one in insights})),
            partners=tuple(sorted({one.partner.name for one in insights})),
        )
        for (value, where), insights in found.items()
    ]
    made.sort(key=lambda one: (-len(one.accounts), one.value, one.segment))
    return made[:most]


def reviews(today: date) -> list[Review]:
    """Return terms and grants whose day of review is near or over, the most urgent first."""
    by = today + _SOON
    live = ~Q(state=Partnership.State.REVOKED)
    found = [
        Review(partner=one.partner, what="terms", on=one.review_on, is_late=one.review_on < today)
        for one in Partnership.objects.filter(live, review_on__lte=by).select_related("partner")
        if one.review_on is not None
    ]
    going = Q(partnership__isnull=True) | ~Q(partnership__state=Partnership.State.REVOKED)
    grants = Grant.objects.filter(going, state=Grant.State.HOLDS).select_related("partnership__partner", "population")
    for grant in grants.filter(Q(review_on__lte=by) | Q(expires_on__lte=by)):
        for what, on in (("is reviewed", grant.review_on), ("expires", grant.expires_on)):
            if on is not None and on <= by:
                of = None if grant.partnership is None else grant.partnership.partner
                said = f"what it may learn of “{grant.population.name}” {what}"
                found.append(Review(partner=of, what=said, on=on, is_late=on < today))
    return sorted(found, key=lambda one: (one.on, one.partner.name if one.partner else ""))


def _segments(ids: set[str]) -> dict[str, str]:
    """Return the segment of each account that has one."""
    name = lens.lens().segment
    if not name:
        return {}
    return {one: str(value) for one, account in lens.accounts(ids).items() if (value := account.attributes.get(name))}


def segment_names(lines: Sequence[PartnerLine]) -> list[str]:
    """Return the segments in which anything was brought, where most was first."""
    counted: dict[str, int] = {}
    for line in lines:
        for name, brought in line.segments.items():
            counted[name] = counted.get(name, 0) + brought.eql + brought.xql
    return sorted(counted, key=lambda name: (-counted[name], name))
