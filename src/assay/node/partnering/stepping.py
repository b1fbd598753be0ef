"""The background of partnerships: populations kept current, and one step after the other with each partner."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import F, Q

from assay.core.errors import ShownError
from assay.node.partnering import accounts, bringing, company, errands, grants, people, populations, saying
from assay.node.partnering.bringing import Ours
from assay.node.partnering.duplicates import Looking
from assay.node.partnering.hearing import Hearing
from assay.node.partnering.memory import NodeKeep
from assay.node.partnering.models import Company, Partnership, Standing
from assay.partners.dealing import Deal, State, at_once

#: Between two steps with a partner where nothing calls for one.
EVERY: Final = timedelta(seconds=10)
#: Of a lock in Postgres: one process at a time talks to escrows, as the numbers of requests must ascend.
_LOCK: Final = 0x61737361_79000003
_MOST: Final = 200
_STATES: Final = {
    State.INVITED: Partnership.State.INVITED,
    State.COMPARING: Partnership.State.COMPARING,
    State.CONFIRMED: Partnership.State.CONFIRMED,
    State.LIVE: Partnership.State.LIVE,
    State.REVOKED: Partnership.State.REVOKED,
}
_log: Final = logging.getLogger(__name__)


class Background:
    """What happens with partners by itself: `step` is called again and again, and may be cut short anywhere."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._ours = Ours()
        self._duplicates = Looking()
        #: Accounts that changed since a partnership's last step; None: it may be any.
        self._touched: dict[int, set[str] | None] = {}

    def step(self) -> bool:
        """Do what there is to do now; tell whether there may be more."""
        with alone() as is_alone:
            return is_alone and self._step()

    def _step(self) -> bool:
        now: datetime = self._clock()
        accounts.refresh(now)
        people.refresh(now)
        populations.refresh(now)
        grants.expire(now)
        ours = company.ours()
        if ours is None:
            return False
        touched = self._ours.refresh(ours)
        has_more = False
        going = _to_step(now)
        for one in going:
            known = self._touched.setdefault(one.pk, None)
            if known is not None:
                known |= touched
        agreeing = self._compare(ours, going, now) if touched else set()
        for one in sorted(going, key=lambda one: one.pk not in agreeing):
            if touched or _is_due(one, now):
                has_more |= self._with(ours, one, now)
        for gone in set(self._touched) - {one.pk for one in _to_step(now)}:
            del self._touched[gone]
        # Behind the partners, so that nobody waits for it.
        self._duplicates.refresh(self._ours, now)
        return has_more

    def _compare(self, ours: Company, going: list[Partnership], now: datetime) -> set[int]:
        """Compare accounts that changed with all partners of an escrow in one request; return who has any of them.

        What comes of it is told in each partner's step, which follows, and which also mends whatever fails here.
        """
        agreeing: set[int] = set()
        live = [one for one in going if one.state == Partnership.State.LIVE and self._touched[one.pk]]
        for escrow in sorted({one.escrow for one in live}):
            here, us = [one for one in live if one.escrow == escrow], company.us(ours, escrow)
            deals = [
                (
                    Deal(NodeKeep(one, company.locker()), us),
                    bringing.of_partner(self._ours, one, frozenset(self._touched[one.pk] or ())),
                    Hearing(one, now),
                )
                for one in here
            ]
            try:
                agreeing |= {here[at].pk for at in at_once.compare(deals)}
            except (company.Away, ShownError):
                continue
        return agreeing

    def _with(self, ours: Company, partnership: Partnership, now: datetime) -> bool:
        """Take one step with a partner; what stands in its way is shown on its page, and others go on."""
        touched = self._touched.get(partnership.pk)
        try:
            has_more = step(ours, self._ours, partnership, now, None if touched is None else frozenset(touched))
        except company.Away:
            _stopped(partnership, "The escrow does not answer. Nothing is lost: it is tried again.")
        except ShownError as error:
            _stopped(partnership, error.text())
        else:
            self._touched[partnership.pk] = set()
            return has_more
        self._touched[partnership.pk] = None  # what was done of the step is not known here
        return False


def step(ours: Company, bring: Ours, partnership: Partnership, now: datetime, touched: frozenset[str] | None) -> bool:
    """Take one step with a partner; return whether another at once may do more."""
    # Said before the step: somebody who asks while it runs is asking for the next one.
    Standing.objects.filter(partnership=partnership).update(stepped_at=now, wanted_at=None)
    keep = NodeKeep(partnership, company.locker())
    deal = Deal(keep, company.us(ours, partnership.escrow))
    errands.do(partnership, keep, deal)
    hearing = Hearing(partnership, now)
    if deal.state == State.REVOKED and partnership.state != Partnership.State.REVOKED:
        with keep.together():
            hearing.ended()
    if partnership.state == Partnership.State.PAUSED and deal.state != State.REVOKED:
        return False
    if deal.state == State.LIVE:
        with keep.together():
            saying.hand_on(partnership, deal)
    has_more = False
    brought = bringing.mine(bring, partnership, now, touched)
    for _ in range(_MOST):
        has_more = deal.step(brought, hearing)
        brought = replace(brought, touched=frozenset())
        _follow(partnership, deal)
        if not has_more:
            break
    Partnership.objects.filter(pk=partnership.pk).update(synced_at=now)
    if partnership.standing.obstacle:
        Standing.objects.filter(partnership=partnership).update(obstacle="")
    return has_more


@contextmanager
def alone() -> Iterator[bool]:
    """Give whether nobody else on this database talks to escrows meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _to_step(now: datetime) -> list[Partnership]:
    """Return the partnerships that are going on, and those whose end the escrow was not told yet."""
    going = ~Q(state__in=[Partnership.State.REVOKED, Partnership.State.PAUSED])
    going |= Q(errands__isnull=False) | Q(state=Partnership.State.REVOKED) & ~Q(standing__obstacle="")
    found = Partnership.objects.filter(going, standing__isnull=False).select_related("standing", "partner").distinct()
    return list(found.order_by(F("standing__stepped_at").asc(nulls_first=True)))


def _is_due(one: Partnership, now: datetime) -> bool:
    standing: Standing = one.standing
    return standing.wanted_at is not None or standing.stepped_at is None or now - standing.stepped_at >= EVERY


def _follow(partnership: Partnership, deal: Deal) -> None:
    """Let the rows say how far it got."""
    state = _STATES[deal.state]
    if state != partnership.state and partnership.state != Partnership.State.PAUSED:
        partnership.state = state
        Partnership.objects.filter(pk=partnership.pk).update(state=state)
    theirs = deal.partner
    if theirs is not None and partnership.identity != theirs.hex():
        partnership.identity = theirs.hex()
        Partnership.objects.filter(pk=partnership.pk).update(identity=theirs.hex())
    if theirs is not None and not partnership.standing.digits and deal.state != State.INVITED:
        partnership.standing.digits = deal.digits()
        Standing.objects.filter(partnership=partnership).update(digits=partnership.standing.digits)


def _stopped(partnership: Partnership, text: str) -> None:
    if partnership.standing.obstacle != text:
        _log.warning("a step with a partner did not get through", extra={"facts": {"partnership": partnership.pk}})
        Standing.objects.filter(partnership=partnership).update(obstacle=text)
