"""Whether an account may be told to a partner now: grant, hold, budgets, and what somebody decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import grants
from assay.node.partnering.models import Disclosed, Grant, Level, Overlap, Partnership, PersonOverlap
from assay.partners import probing
from assay.partners.dealing import RELEASE, Let, Verdict

WEEK: Final = timedelta(days=7)

HELD: Final = "Each account of this population waits until somebody lets it go"
BUDGET: Final = "More accounts were told this week than the budget lets go"


class Gate:
    """Answers, within one step of a partnership, whether something may be told; what is held is kept for people."""

    def __init__(self, partnership: Partnership, grants: Mapping[str, Grant], now: datetime) -> None:
        self._partnership, self._grants, self._now = partnership, grants, now
        _forget_held(partnership, grants)
        self._told = told_since(partnership, now - WEEK)
        self._alarm = alarm(partnership)
        self._known = {
            (one.account_id, one.population.slug): one
            for one in Disclosed.objects.filter(
                partnership=partnership, state__in=[Disclosed.State.HELD, Disclosed.State.REFUSED]
            ).select_related("population")
            if one.population is not None
        }
        # Somebody let these fields of the account go before: that a value changed asks nobody again.
        self._let_go = {
            (account_id, slug, tuple(sorted(fields)))
            for account_id, slug, fields in Disclosed.objects.filter(
                partnership=partnership, state=Disclosed.State.TOLD, let_go_by__isnull=False
            ).values_list("account_id", "population__slug", "fields")
        }

    def __call__(self, record: str, population: str, fields: tuple[str, ...]) -> Verdict:
        """Return whether fields of an account may be told, as one of a population."""
        grant = self._grants.get(population)
        if grant is None or grant.level != Level.OVERLAPS or not set(fields) <= set(grant.fields):
            return Verdict(Let.REFUSE, "No grant lets this be told")
        known = self._known.get((record, population))
        if known is not None and known.state == Disclosed.State.REFUSED:
            return Verdict(Let.REFUSE, "Somebody decided that this account is not told")
        if known is not None and known.let_go_by_id is not None and set(fields) <= set(known.fields):
            return RELEASE
        why = "" if (record, population, tuple(sorted(fields))) in self._let_go else self._why(record, grant)
        if not why:
            self._told.add(record)
            return RELEASE
        self._hold(known, record, grant, why)
        return Verdict(Let.HOLD, why)

    def _why(self, record: str, grant: Grant) -> str:
        if grant.is_held:
            return HELD
        if self._alarm:
            return self._alarm
        if record not in self._told and len(self._told) >= self._partnership.matches_a_week:
            return BUDGET
        return ""

    def _hold(self, known: Disclosed | None, record: str, grant: Grant, why: str) -> None:
        if known is not None:
            # More fields than somebody looked at are to be looked at anew.
            if (known.why, known.fields) != (why, list(grant.fields)) or known.let_go_by_id is not None:
                known.why, known.fields, known.grant, known.let_go_by = why, list(grant.fields), grant.version, None
                known.save(update_fields=["why", "fields", "grant", "let_go_by"])
            return
        self._known[record, grant.population.slug] = Disclosed.objects.create(
            partnership=self._partnership,
            account_id=record,
            population=grant.population,
            fields=list(grant.fields),
            grant=grant.version,
            state=Disclosed.State.HELD,
            why=why,
            at=self._now,
        )


def _forget_held(partnership: Partnership, grants: Mapping[str, Grant]) -> None:
    """Forget what waits though no grant lets it be told any more, or both do not have it any more."""
    waiting = Disclosed.objects.filter(partnership=partnership, state=Disclosed.State.HELD)
    match = {"partnership": partnership, "ruling": Overlap.Ruling.MATCH, "until__isnull": True}
    is_shared = Q(account_id__in=Overlap.objects.filter(**match).values("account_id"))
    is_shared |= Q(account_id__in=PersonOverlap.objects.filter(**match).values("record"))
    is_moot = ~Q(population__slug__in=list(grants)) | ~is_shared
    waiting.filter(is_moot).delete()


def told_since(partnership: Partnership, since: datetime) -> set[str]:
    """Return the accounts that a partner was told of since an instant."""
    told = Disclosed.objects.filter(
        partnership=partnership, at__gt=since, state__in=[Disclosed.State.TOLD, Disclosed.State.WITHDRAWN]
    )
    return set(told.values_list("account_id", flat=True))


def alarm(partnership: Partnership) -> str:
    """Return what about the partner's list is not as agreed; '' where all is."""
    standing = getattr(partnership, "standing", None)
    theirs = standing.their_records if standing is not None else None
    if standing is None or theirs is None:
        return ""
    bounds = probing.Bounds(
        longest=partnership.longest_list, growth=partnership.growth_a_week, overlap=partnership.alarm_above
    )
    return probing.alarm(bounds, theirs=theirs, shared=standing.shared_records or 0, before=standing.records_before)


@action("let an account go to a partner", Permission.LET_PARTNERS_LEARN)
def let_go(audit: Audit, disclosed_id: int) -> Disclosed:
    """Let an account go that was held: the next exchange tells it. Under an alarm not who asked for the grant."""
    return _decided(audit, disclosed_id, Disclosed.State.HELD)


@action("keep an account from a partner", Permission.LET_PARTNERS_LEARN)
def refuse(audit: Audit, disclosed_id: int) -> Disclosed:
    """Do not let an account go that was held, now or later."""
    return _decided(audit, disclosed_id, Disclosed.State.REFUSED)


def held(partnership: Partnership | None = None) -> int:
    """Return how many accounts wait for somebody."""
    found = Disclosed.objects.filter(state=Disclosed.State.HELD, let_go_by__isnull=True)
    return (found if partnership is None else found.filter(partnership=partnership)).count()


def _decided(audit: Audit, disclosed_id: int, state: str) -> Disclosed:
    open_ones = (
        Disclosed.objects.select_for_update(of=("self",))
        .select_related("partnership__standing")
        .filter(pk=disclosed_id, state__in=[Disclosed.State.HELD, Disclosed.State.REFUSED])
    )
    found = open_ones.first()
    if found is None:
        raise BadRequest("Nobody waits for this any more", mend="Look at the page again.")
    if state == Disclosed.State.HELD and alarm(found.partnership):
        grants.demand_another(audit.actor, found.partnership, [found.population] if found.population else [])
    found.state = state
    found.let_go_by = audit.actor if isinstance(audit.actor, User) and state == Disclosed.State.HELD else None
    found.save(update_fields=["state", "let_go_by"])
    audit.write("disclosure", found.pk, before={}, after={"state": state, "is_let_go": state == Disclosed.State.HELD})
    from assay.node.partnering.errands import want

    want(found.partnership_id, timezone.now())
    return found
