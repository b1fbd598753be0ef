"""What pages read of leads: quick also where there are very many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.http import urlencode

from assay.core.sentences import plain
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, may
from assay.node.leads import known
from assay.node.leads.models import Absence, Lead, LeadSpell, SavedView, Seat
from assay.node.leads.reasons import words
from assay.node.leads.routing import CATCH_ALL
from assay.node.leads.signing import to_sign
from assay.node.leads.states import OPEN, UNANSWERED, WORKED, State

PAGE: Final = 50
_MOST_PAGES: Final = 200

#: The tabs of the inbox, in the order of the work.
TABS: Final[Mapping[str, str]] = {
    "mine": "For me",
    "unanswered": "Unanswered",
    "working": "In work",
    "to_sign": "To sign",
    "asleep": "Put off",
    "ended": "Ended",
    "all": "All",
}
ORDERS: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "due": ("Answer soonest", (F("respond_by").asc(nulls_last=True), "-changed_at", "-id")),
    "score": ("Best score", (Coalesce("score", -1e9).desc(), "id")),
    "newest": ("Changed last", ("-changed_at", "-id")),
    "partners": ("Partners know most", (F("points").desc(nulls_last=True), "id")),
}

#: What of the filters a saved view keeps.
KEPT: Final = ("tab", "stage", "motion", "rule", "owner", "state", "known", "order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What somebody wants to see; each as the address has it, blank where it does not matter."""

    tab: str
    stage: str = ""
    motion: str = ""
    rule: str = ""
    owner: str = ""
    state: str = ""
    known: str = ""  # by so many partners at least
    order: str = "due"
    page: int = 1
    words: str = field(default="", repr=False)  # searched for; never in an address

    def address(self, **changes: object) -> str:
        """Return the query of the address that shows this, with some of it changed."""
        shown = {name: getattr(self, name) for name in KEPT} | {"found": "1" if self.words else ""}
        shown |= {"page": self.page} | changes
        if set(changes) - {"page"} and "page" not in changes:
            shown["page"] = 1
        return "?" + urlencode({k: v for k, v in shown.items() if v not in {"", 1} and (k, v) != ("order", "due")})

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything but the tab narrows what is shown."""
        return any((self.stage, self.motion, self.rule, self.owner, self.state, self.known, self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the inbox."""

    leads: list[Lead]
    count: int
    filters: Filters

    @property
    def pages(self) -> int:
        """Return how many pages there are to turn."""
        return min(max(1, -(-self.count // PAGE)), _MOST_PAGES)


def filters(user: User, asked: Mapping[str, str], searched: str = "") -> Filters:
    """Return the filters of an address; what makes no sense counts as not asked."""
    tab = asked.get("tab", "")
    usual = "mine" if may(user.role, Permission.WORK_LEADS) else "all"
    page = asked.get("page", "1")
    return Filters(
        tab=tab if tab in TABS else usual,
        stage=asked.get("stage", "")[:10],
        motion=asked.get("motion", "")[:100],
        rule=asked.get("rule", "")[:100],
        owner=asked.get("owner", "") if asked.get("owner", "").isdecimal() else "",
        state=asked.get("state", "") if asked.get("state", "") in State.values else "",
        known=asked.get("known", "") if asked.get("known", "") in known.KNOWN else "",
        order=asked.get("order", "due") if asked.get("order", "due") in ORDERS else "due",
        page=min(int(page), _MOST_PAGES) if page.isdecimal() and page != "0" else 1,
        words=searched,
    )


def inbox(user: User, asked: Filters, now: datetime) -> Page:
    """Return the page of leads that somebody asks for."""
    found = Lead.objects.filter(_of_tab(user, asked.tab, now))
    for name in ("stage", "motion", "rule", "state"):
        if value := getattr(asked, name):
            found = found.filter(**{name: value})
    if asked.owner:
        found = found.filter(owner_id=int(asked.owner))
    for word in asked.words.split()[:5]:
        found = found.filter(
            Q(name__icontains=word)
            | Q(account_name__icontains=word)
            | Q(subject_id__icontains=word)
            | Q(account_id__icontains=word)
        )
    if asked.known or asked.order == "partners":
        found = known.with_partners(found, asked.known)
    first = (asked.page - 1) * PAGE
    ordered = found.select_related("owner").order_by(*ORDERS[asked.order][1])
    return Page(leads=list(ordered[first : first + PAGE]), count=found.count(), filters=asked)


def _of_tab(user: User, tab: str, now: datetime) -> Q:
    awake = Q(wakes_at__isnull=True) | Q(wakes_at__lte=now)
    match tab:
        case "mine":
            queues = list(Seat.objects.filter(user=user).values_list("queue", flat=True))
            to_take = Q(owner__isnull=True, queue__in=queues, state__in=sorted(UNANSWERED))
            return (Q(owner=user, state__in=sorted(UNANSWERED | WORKED)) & awake) | to_take
        case "unanswered":
            return Q(state__in=sorted(UNANSWERED))
        case "working":
            return Q(state__in=sorted(WORKED)) & awake
        case "to_sign":
            return to_sign(user)
        case "asleep":
            return Q(state=State.RECYCLED) | Q(state__in=sorted(WORKED), wakes_at__gt=now)
        case "ended":
            return Q(state__in=sorted(set(State) - OPEN))
        case _:
            return Q()


def counts(user: User, now: datetime) -> dict[str, int]:
    """Return how many leads the tabs hold in which one has to do something."""
    return {tab: Lead.objects.filter(_of_tab(user, tab, now)).count() for tab in ("mine", "unanswered", "to_sign")}


def caught() -> int:
    """Return how many leads lie in the catch-all."""
    return Lead.objects.filter(state=State.OFFERED, queue=CATCH_ALL).count()


def saved_views(user: User) -> list[SavedView]:
    """Return somebody's own views of the inbox."""
    return list(SavedView.objects.filter(user=user))


def takers() -> list[User]:
    """Return everybody who may be given leads."""
    return list(User.objects.filter(is_active=True, role__in=sorted(MAY[Permission.WORK_LEADS])).order_by("name", "pk"))


def lead(lead_id: int) -> Lead | None:
    """Return a lead with everything that its page shows."""
    found = Lead.objects.select_related("owner", "merged_into", "signed_by_sales", "signed_by_marketing")
    return (
        found.prefetch_related("events__by", "events__to", "evidence__by", "notes__by", "tasks__whose")
        .filter(pk=lead_id)
        .first()
    )


def others_of(lead: Lead) -> list[Lead]:
    """Return the other leads of the same subject or account, open ones and newest first."""
    same = Q(subject_type=lead.subject_type, subject_id=lead.subject_id)
    if lead.account_id:
        same |= Q(account_id=lead.account_id)
    found = Lead.objects.filter(same, merged_into=None).exclude(pk=lead.pk).select_related("owner")
    return list(found.order_by("-changed_at")[:20])


def leads_of_account(account_id: str) -> list[Lead]:
    """Return the leads of an account and of its people, newest first."""
    mine = Q(account_id=account_id) | Q(subject_type="account", subject_id=account_id)
    return list(Lead.objects.filter(mine, merged_into=None).select_related("owner").order_by("-changed_at")[:100])


def choices() -> dict[str, list[str]]:
    """Return the stages, motions and rules by which leads can be filtered, as they were within the last minute."""
    found: dict[str, list[str]] | None = cache.get("leads.choices")
    if found is None:
        found = _choices()
        cache.set("leads.choices", found, 60)
    return found


def _choices() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in ("stage", "motion", "rule"):
        found[name] = sorted(set(LeadSpell.objects.order_by().values_list(name, flat=True).distinct()))
    return found


# --- the funnel ---------------------------------------------------------------------------------------------------

STEPS: Final = (
    ("created_at", "Arrived"),
    ("offered_at", "Offered"),
    ("accepted_at", "Accepted (SAL)"),
    ("sales_qualified_at", "Sales-qualified (SQL)"),
    ("opportunity_at", "Opportunity (SQO)"),
)
GROUPS: Final = {"rule": "Rule", "motion": "Motion", "stage": "Stage", "owner": "Owner"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """How many leads got so far, and which share of those who had got to the step before."""

    name: str
    count: int
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow:
    """One group of leads, and how far they got."""

    group: str
    key: str  # as the inbox filters by it
    counts: tuple[int, ...]  # by STEPS, then won, rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far the leads that arrived in a period got, and why others did not."""

    steps: tuple[FunnelStep, ...]
    rejected: list[tuple[str, int]]
    recycled: list[tuple[str, int]]
    lost: list[tuple[str, int]]
    rows: list[FunnelRow]
    time_to_accept: timedelta | None


def funnel(since: datetime, until: datetime, by: str) -> Funnel:
    """Return the funnel of the leads that arrived in [since, until), by one of GROUPS."""
    leads = Lead.objects.filter(created_at__gte=since, created_at__lt=until, merged_into=None)
    reached: dict[str, Any] = {f"n_{name}": Count(name) for name, _ in STEPS}
    for state in (State.WON, State.REJECTED):
        reached[f"n_{state.value}"] = Count("pk", filter=Q(state=state))
    taken = Avg(F("accepted_at") - F("created_at"), filter=Q(accepted_at__isnull=False))
    whole = leads.aggregate(**reached, taken=taken)
    names = [*(f"n_{name}" for name, _ in STEPS), "n_won"]
    labels = [*(label for _, label in STEPS), "Won"]
    numbers = [int(whole[name]) for name in names]
    steps = tuple(
        FunnelStep(name=label, count=n, share=n / before if before else None)
        for label, n, before in zip(labels, numbers, [0, *numbers], strict=False)
    )
    group = "owner__name" if by == "owner" else by
    rows = leads.values(*{group, by}).annotate(**reached).order_by("-n_created_at", group)[:50]
    took: timedelta | None = whole["taken"]
    reasons = _reasons(leads)
    return Funnel(
        steps=steps,
        rejected=reasons[State.REJECTED],
        recycled=reasons[State.RECYCLED],
        lost=reasons[State.LOST],
        rows=[
            FunnelRow(
                group=(row[group] or "nobody") if by in {"owner", "stage"} else plain(row[group]),
                key=str(row["owner" if by == "owner" else group] or ""),
                counts=tuple(int(row[name]) for name in (*names, "n_rejected")),
            )
            for row in rows
        ],
        time_to_accept=took,
    )


def _reasons(leads: QuerySet[Lead]) -> dict[State, list[tuple[str, int]]]:
    """Return why leads stand in the states that need a reason, the most frequent first."""
    found: dict[State, list[tuple[str, int]]] = {State.REJECTED: [], State.RECYCLED: [], State.LOST: []}
    of_these = leads.filter(state__in=sorted(found)).order_by()
    counted = of_these.values_list("state", "reason").annotate(n=Count("pk")).order_by("-n", "reason")
    for state, reason, n in counted:
        found[State(state)].append((words(reason) or "no reason given", n))
    return found


# --- deadlines ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much one person has to do."""

    user: User
    offered: int
    late: int
    working: int
    capacity: int
    is_away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Who has to answer what by when."""

    late: list[Lead]
    soon: list[Lead]
    catch_all: list[Lead]
    catch_all_count: int
    unanswered: int
    late_count: int
    loads: list[Load]


def board(now: datetime) -> Board:
    """Return what waits for an answer: what is late, what is due within a quarter of a day, and the catch-all."""
    offered = Lead.objects.filter(state=State.OFFERED).select_related("owner").order_by("respond_by", "id")
    late, caught = offered.filter(respond_by__lte=now), offered.filter(queue=CATCH_ALL)
    counted = Lead.objects.filter(state=State.OFFERED).aggregate(
        all=Count("pk"),
        late=Count("pk", filter=Q(respond_by__lte=now) | Q(times_offered__gt=1)),
        caught=Count("pk", filter=Q(queue=CATCH_ALL)),
    )
    return Board(
        late=list(late[:PAGE]),
        soon=list(offered.filter(respond_by__gt=now, respond_by__lte=now + timedelta(hours=6))[:PAGE]),
        catch_all=list(caught[:PAGE]),
        catch_all_count=counted["caught"],
        unanswered=counted["all"],
        late_count=counted["late"],
        loads=_loads(now),
    )


def _loads(now: datetime) -> list[Load]:
    users = {user.pk: user for user in takers()}
    room: dict[int, int] = {}
    for seat in Seat.objects.all():
        room[seat.user_id] = max(room.get(seat.user_id, 0), seat.capacity)
    away = set(Absence.objects.filter(starts_at__lte=now, ends_at__gt=now).values_list("user_id", flat=True))
    offered = Q(state__in=sorted(UNANSWERED))
    rows = (
        Lead.objects.filter(owner__in=users, state__in=sorted(UNANSWERED | WORKED))
        .order_by()
        .values("owner")
        .annotate(
            offered=Count("pk", filter=offered),
            late=Count("pk", filter=offered & Q(times_offered__gt=1)),
            working=Count("pk", filter=Q(state__in=sorted(WORKED))),
        )
    )
    counted: dict[int, Any] = {row["owner"]: row for row in rows}
    return [
        Load(
            user=user,
            offered=counted.get(pk, {}).get("offered", 0),
            late=counted.get(pk, {}).get("late", 0),
            working=counted.get(pk, {}).get("working", 0),
            capacity=room.get(pk, 0),
            is_away=pk in away,
        )
        for pk, user in users.items()
        if pk in counted or pk in room
    ]
