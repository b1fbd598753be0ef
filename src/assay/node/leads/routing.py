"""To whom a lead is offered: a ladder of rungs, each of which takes it or says why not.

The account's owner, then a territory, then whoever in the queue has most room, then the catch-all, which people watch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

#: `handoff: {to: account_owner}` means nobody but the account's owner.
ACCOUNT_OWNER: Final = "account_owner"
CATCH_ALL: Final = "catch_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What routing needs to know of a lead."""

    queue: str
    account_id: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    not_to: Collection[int] = ()  # users who had it already


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Somebody in a queue: how many open leads they may have, how many they have, when they got one last."""

    user: int
    capacity: int
    last_given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A territory, as routing reads it."""

    queue: str
    attribute: str
    values: str
    user: int

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """Tell whether an account lies in it: its value is among those named, or between two numbers ("50..5000")."""
        found = attributes.get(self.attribute)
        if found is None:
            return False
        low, dots, high = self.values.partition("..")
        if dots:
            return _between(found, low, high)
        return found.strip().lower() in {value.strip().lower() for value in self.values.split(",")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who may be offered leads: users by id with their names, and what routing knows of them."""

    names: Mapping[int, str]  # active users alone
    away: Mapping[int, int | None] = field(default_factory=dict)  # and who stands in
    owners: Mapping[str, int] = field(default_factory=dict)  # by account
    areas: tuple[Area, ...] = ()
    takers: Mapping[str, tuple[Taker, ...]] = field(default_factory=dict)  # by queue
    loads: Mapping[int, int] = field(default_factory=dict)  # open leads of each user

    def having_given(self, user: int | None, queue: str, at: datetime) -> Roster:
        """Return the roster after one more lead went to that user."""
        if user is None:
            return self
        takers = {
            name: tuple(
                replace(one, last_given_at=at) if name == queue and one.user == user else one for one in of_queue
            )
            for name, of_queue in self.takers.items()
        }
        return replace(self, takers=takers, loads={**self.loads, user: self.loads.get(user, 0) + 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rung of the ladder and what it said; `user` where it took the lead."""

    rung: str
    said: str
    user: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a lead goes: to a user, or to nobody in the catch-all; and what each rung said."""

    user: int | None
    queue: str
    steps: tuple[Step, ...]

    @property
    def why(self) -> str:
        """Return what was said, rung by rung."""
        return "; ".join(f"{step.rung}: {step.said}" for step in self.steps)


def route(asking: Asking, roster: Roster) -> Route:
    """Return where a lead goes; the same question gets the same answer."""
    steps: list[Step] = []
    rungs: tuple[Callable[[Asking, Roster], Step], ...] = (_owner, _territory, _queue)
    for rung in rungs:
        steps.append(rung(asking, roster))
        if steps[-1].user is not None:
            return Route(user=steps[-1].user, queue=asking.queue, steps=tuple(steps))
    steps.append(Step(rung="catch-all", said="nobody else could take it"))
    return Route(user=None, queue=CATCH_ALL, steps=tuple(steps))


def _owner(asking: Asking, roster: Roster) -> Step:
    rung = "account owner"
    if not asking.account_id:
        return Step(rung=rung, said="no account is known")
    owner = roster.owners.get(asking.account_id)
    if owner is None:
        return Step(rung=rung, said="the account has none")
    in_queue = {taker.user for taker in roster.takers.get(asking.queue, ())}
    if asking.queue != ACCOUNT_OWNER and owner not in in_queue:
        return Step(rung=rung, said=f"{roster.names.get(owner, 'the owner')} does not work this queue")
    return _offered(rung, owner, asking, roster)


def _territory(asking: Asking, roster: Roster) -> Step:
    rung = "territory"
    said = "none fits"
    for area in roster.areas:
        if area.queue in {"", asking.queue} and area.holds(asking.attributes):
            step = _offered(rung, area.user, asking, roster)
            said = f"{area.attribute} {asking.attributes[area.attribute]}: {step.said}"
            if step.user is not None:
                return replace(step, said=said)
    return Step(rung=rung, said=said)


def _queue(asking: Asking, roster: Roster) -> Step:
    rung = "round robin"
    takers = roster.takers.get(asking.queue, ())
    if not takers:
        return Step(rung=rung, said=f"nobody works the queue {asking.queue}")
    free = [t for t in takers if _may_take(t.user, asking, roster) and roster.loads.get(t.user, 0) < t.capacity]
    if not free:
        return Step(rung=rung, said=f"everybody in {asking.queue} is away, full or had it already")
    first = min(free, key=lambda t: _turn(t, roster))
    load = roster.loads.get(first.user, 0)
    return Step(
        rung=rung,
        said=f"{roster.names[first.user]} has most room in {asking.queue} ({load} of {first.capacity})",
        user=first.user,
    )


def _turn(taker: Taker, roster: Roster) -> tuple[float, float, int]:
    """Return what orders those who have room: the emptiest first, then who waited longest."""
    given = taker.last_given_at.timestamp() if taker.last_given_at else 0.0
    return roster.loads.get(taker.user, 0) / taker.capacity, given, taker.user


def _offered(rung: str, user: int, asking: Asking, roster: Roster) -> Step:
    """Return the step that offers to this user, or to who stands in."""
    name = roster.names.get(user)
    if name is None:
        return Step(rung=rung, said="that user has left")
    if user in roster.away:
        stand_in = roster.away[user]
        if stand_in is None or not _may_take(stand_in, asking, roster):
            return Step(rung=rung, said=f"{name} is away, and nobody stands in")
        return Step(rung=rung, said=f"{roster.names[stand_in]} stands in for {name}", user=stand_in)
    if user in asking.not_to:
        return Step(rung=rung, said=f"{name} had it already")
    return Step(rung=rung, said=name, user=user)


def _may_take(user: int, asking: Asking, roster: Roster) -> bool:
    return user in roster.names and user not in roster.away and user not in asking.not_to


def _between(found: str, low: str, high: str) -> bool:
    try:
        number = Decimal(found)
        above = not low.strip() or number >= Decimal(low)
        return above and (not high.strip() or number <= Decimal(high))
    except InvalidOperation:
        return False
