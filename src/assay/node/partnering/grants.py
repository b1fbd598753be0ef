"""What partners may learn: asked for, agreed to by a second person where it is more than before, withdrawn at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Max, Q
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Actor, Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission
from assay.node.partnering import fields as known_fields
from assay.node.partnering.models import Grant, Level, Partnership, Population, Preset

_LOCK: Final = 0x61737361_79000002
_RANK: Final = {Level.HIDDEN.value: 0, Level.COUNTS.value: 1, Level.OVERLAPS.value: 2}


@action("ask for a grant", Permission.LET_PARTNERS_LEARN)
def ask(
    audit: Audit,
    partnership: Partnership | None,
    population: Population,
    *,
    level: str,
    fields: Sequence[str] = (),
    is_held: bool = False,
    expires_on: date | None = None,
    review_on: date | None = None,
) -> Grant:
    """Say what a partner, or all partners by default, may learn of a population.

    What is no more than before holds at once. What is more waits until somebody else agrees; until then what held goes
    on holding.
    """
    if level not in Level.values:
        raise BadRequest("There is no such level", where="level", value=level[:20], mend="Choose one.")
    if expires_on is not None and expires_on < (today := timezone.now().date()):
        raise BadRequest(
            "It would be over already", where="until", value=str(expires_on), mend=f"Choose {today} or a later day."
        )
    if population.is_of_people and level != Level.HIDDEN:
        _demand_people(partnership, level, fields)
    wanted = [] if level != Level.OVERLAPS else known_fields.demand(fields)
    _one_at_a_time()
    asked = Grant(
        partnership=partnership,
        population=population,
        level=level,
        fields=wanted,
        is_held=is_held and level == Level.OVERLAPS,
        version=_next_version(),
        asked_by=_user(audit.actor),
        expires_on=expires_on,
        review_on=review_on,
    )
    before = effective(partnership, [population]).get(population.pk)
    Grant.objects.filter(partnership=partnership, population=population, state=Grant.State.ASKED).update(
        state=Grant.State.OVER, until=timezone.now()
    )
    asked.save(force_insert=True)
    if not widens(before, asked) or may_agree_alone(audit.actor):
        _hold(asked, _user(audit.actor))
    _write(audit, asked)
    return asked


@action("agree to a grant", Permission.LET_PARTNERS_LEARN)
def agree(audit: Audit, grant_id: int) -> Grant:
    """Let a grant hold that somebody else asked for."""
    _one_at_a_time()
    asked = _asked(grant_id)
    if isinstance(audit.actor, User) and asked.asked_by_id == audit.actor.pk and not may_agree_alone(audit.actor):
        raise BadRequest(
            "A second person must agree to what lets a partner learn more", mend=_ask_one_of(_others(audit.actor))
        )
    if asked.expires_on is not None and asked.expires_on < timezone.now().date():
        raise BadRequest(
            "It would be over already", where="until", value=str(asked.expires_on), mend="Ask again, with a later day."
        )
    _hold(asked, _user(audit.actor))
    _write(audit, asked)
    return asked


@action("turn a grant down", Permission.LET_PARTNERS_LEARN)
def turn_down(audit: Audit, grant_id: int) -> Grant:
    """Say no to a grant that was asked for; what held before goes on."""
    _one_at_a_time()
    asked = _asked(grant_id)
    asked.state, asked.until = Grant.State.OVER, timezone.now()
    asked.save(update_fields=["state", "until"])
    _write(audit, asked)
    return asked


@action("let the default hold", Permission.LET_PARTNERS_LEARN)
def follow_default(audit: Audit, partnership: Partnership, population: Population) -> None:
    """End what was said for one partner, so that what holds for all holds for it; never more than it may learn now."""
    _one_at_a_time()
    own = Grant.objects.filter(partnership=partnership, population=population, state=Grant.State.HOLDS).first()
    if own is None:
        raise BadRequest("Nothing was said for this partner alone", mend="The default holds already.")
    if widens(own, effective(None, [population]).get(population.pk)) and not may_agree_alone(audit.actor):
        raise BadRequest(
            "By default partners learn more of this population than this partner does",
            mend="Ask for that grant for this partner: somebody else agrees to it.",
        )
    _end([own], timezone.now())
    audit.write("grant", own.pk, before={"state": Grant.State.HOLDS}, after={"state": Grant.State.OVER})


def expire(now: datetime) -> int:
    """End grants whose last day is over; return how many."""
    over = list(Grant.objects.filter(state=Grant.State.HOLDS, expires_on__lt=now.date()))
    _end(over, now)
    return len(over)


def effective(partnership: Partnership | None, populations: Iterable[Population] | None = None) -> dict[int, Grant]:
    """Return the grant that holds of each population: the partner's own, else the default; none where none holds.

    A population without one is hidden.
    """
    return effective_of([partnership], populations)[0]


def effective_of(
    partnerships: Sequence[Partnership | None], populations: Iterable[Population] | None = None
) -> list[dict[int, Grant]]:
    """Return for each of these partnerships what `effective` does, in one query."""
    own = [one.pk for one in partnerships if one is not None]
    held = Grant.objects.filter(state=Grant.State.HOLDS).select_related("population")
    held = held.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=timezone.now().date()))
    held = held.filter(Q(partnership__isnull=True) | Q(partnership__in=own))
    if populations is not None:
        held = held.filter(population__in=list(populations))
    some = list(held)
    return [_for(one, some) for one in partnerships]


def _for(partnership: Partnership | None, held: Iterable[Grant]) -> dict[int, Grant]:
    pk = None if partnership is None else partnership.pk
    found: dict[int, Grant] = {}
    for grant in held:
        if grant.partnership_id not in {None, pk}:
            continue
        if grant.population.is_of_people and not compares_people(partnership):
            continue
        if grant.partnership_id is not None or grant.population_id not in found:
            found[grant.population_id] = grant
    return found


def compares_people(partnership: Partnership | None) -> bool:
    """Tell whether both sides signed that people are compared, too."""
    return partnership is not None and bool(partnership.terms.get("people"))


def _demand_people(partnership: Partnership | None, level: str, fields: Sequence[str]) -> None:
    """Raise BadRequest for what cannot be let known of people."""
    if partnership is None:
        raise BadRequest("People are let known to one partner at a time", mend="Say it on that partner's page.")
    if not compares_people(partnership):
        raise BadRequest(
            "The two of you signed that people are not compared",
            mend="End this partnership and invite anew, with people compared, too.",
        )
    if level == Level.COUNTS or fields:
        raise BadRequest(
            "Of people a partner may learn which it has, too, and no field", mend="Choose 'Which', and tick no field."
        )


def waiting(partnership: Partnership | None = None) -> list[Grant]:
    """Return grants that wait for a second person; of all partners where none is named."""
    asked = Grant.objects.filter(state=Grant.State.ASKED)
    if partnership is not None:
        asked = asked.filter(partnership=partnership)
    return list(asked.select_related("population", "partnership__partner", "asked_by").order_by("version"))


def widens(before: Grant | None, after: Grant | None) -> bool:
    """Tell whether a partner learns more by one grant than by another."""
    if after is None or after.level == Level.HIDDEN:
        return False
    if before is None or _RANK[after.level] > _RANK[before.level]:
        return True
    if after.level == before.level == Level.OVERLAPS:
        lets_more = not set(after.fields) <= set(before.fields)
        if lets_more or (before.is_held and not after.is_held):
            return True
    return before.expires_on is not None and (after.expires_on is None or after.expires_on > before.expires_on)


def may_agree_alone(actor: Actor) -> bool:
    """Tell whether the settings let somebody agree alone: only as long as nobody else could."""
    if not isinstance(actor, User):
        return True
    return bool(settings.ASSAY.allows_self_approval) and not _others(actor)


def demand_another(actor: Actor, partnership: Partnership, populations: Iterable[Population] | None = None) -> None:
    """Raise BadRequest where somebody asked for a grant that holds and would decide alone what more goes by it.

    Where everybody asked for one, whoever asked for the latest is refused: then somebody is always left.
    """
    if not isinstance(actor, User) or may_agree_alone(actor):
        return
    held = sorted(effective(partnership, populations).values(), key=lambda one: -one.version)
    askers = [one.asked_by_id for one in held if one.level == Level.OVERLAPS]
    others = [one for one in _others(actor) if one.pk not in askers]
    if actor.pk == next(iter(askers), None) or (actor.pk in askers and others):
        raise BadRequest(
            "There is an alarm about this partner's list, and you asked for what it may learn: somebody else decides",
            mend=_ask_one_of(others or _others(actor)),
        )


@action("keep a preset of fields", Permission.LET_PARTNERS_LEARN)
def keep_preset(audit: Audit, name: str, fields: Sequence[str]) -> Preset:
    """Keep fields that are let out together, under a name; grants that were made from it stay as they are."""
    name = name.strip()
    if not name or len(name) > 60:
        raise BadRequest("A preset needs a name of at most 60 characters", where="name", value=name[:40])
    made, _ = Preset.objects.update_or_create(name=name, defaults={"fields": known_fields.demand(fields)})
    audit.write("preset", made.pk, before={}, after={"fields": len(made.fields)})
    return made


@action("remove a preset of fields", Permission.LET_PARTNERS_LEARN)
def drop_preset(audit: Audit, preset_id: int) -> None:
    """Forget a preset; grants that were made from it stay as they are."""
    audit.write("preset", preset_id, before={}, after={"removed": True})
    Preset.objects.filter(pk=preset_id).delete()


def by_population(
    grants: Mapping[int, Grant], populations: Iterable[Population]
) -> list[tuple[Population, Grant | None]]:
    """Return each population with the grant that holds of it."""
    return [(one, grants.get(one.pk)) for one in populations]


def _hold(asked: Grant, by: User | None) -> None:
    now = timezone.now()
    before = Grant.objects.filter(
        partnership=asked.partnership, population=asked.population, state=Grant.State.HOLDS
    ).exclude(pk=asked.pk)
    _end(list(before), now)
    asked.state, asked.agreed_by, asked.since = Grant.State.HOLDS, by, now
    asked.save(update_fields=["state", "agreed_by", "since"])


def _end(grants: Sequence[Grant], now: datetime) -> None:
    Grant.objects.filter(pk__in=[one.pk for one in grants]).update(state=Grant.State.OVER, until=now)


def _asked(grant_id: int) -> Grant:
    found = Grant.objects.filter(pk=grant_id, state=Grant.State.ASKED).select_related("population").first()
    if found is None:
        raise BadRequest("Nobody waits for this any more", mend="Look at the page again.")
    return found


def _others(actor: User) -> list[User]:
    roles = list(MAY[Permission.LET_PARTNERS_LEARN])
    return list(User.objects.filter(is_active=True, role__in=roles).exclude(pk=actor.pk))


def _ask_one_of(others: Sequence[User]) -> str:
    named = ", ".join(str(one) for one in others[:3])
    return f"Ask {named}." if named else "Invite somebody, or set ASSAY_SELF_APPROVAL=1 while you are alone."


def _next_version() -> int:
    return (Grant.objects.aggregate(last=Max("version"))["last"] or 0) + 1


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _user(actor: Actor) -> User | None:
    return actor if isinstance(actor, User) else None


def _write(audit: Audit, grant: Grant) -> None:
    after: dict[str, str | int | None] = {
        "state": grant.state,
        "level": grant.level,
        "fields": len(grant.fields),
        "population": grant.population.slug,
        "partnership": grant.partnership_id,
        "version": grant.version,
    }
    audit.write("grant", grant.pk, before={}, after=after)
