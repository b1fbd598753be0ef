"""What is told to a stage from outside: the tracks that its slots wish for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core import values
from assay.core.definitions import model
from assay.core.engine import attributes, facts, memberships, people, tracks
from assay.core.engine.arrays import STEP, Int32s, Int64s, Steps
from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.compiled import NEVER
from assay.core.engine.people import Changes
from assay.core.engine.plan import StagePlan
from assay.core.engine.slots import Wish
from assay.core.engine.stages import Kind, Node
from assay.core.engine.tracks import Tracks
from assay.core.engine.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The spells of one rule: parallel arrays sorted by (subject, start). `end` is NEVER where nothing ends them.

    `opened` and `closed` are causes (see `causes`); `closed` is 0 where the end is NEVER.
    """

    subject: Int32s
    start: Int64s
    end: Int64s
    opened: Int64s
    closed: Int64s

    def changes(self) -> Changes:
        """Return when the rule starts and stops holding of each subject."""
        ends = self.end != NEVER
        subject = np.concatenate((self.subject, self.subject[ends]))
        at = np.concatenate((self.start, self.end[ends]))
        value = np.concatenate((np.ones(len(self.start), np.int64), np.zeros(int(ends.sum()), np.int64)))
        cause = np.concatenate((self.opened, self.closed[ends]))
        order = np.lexsort((at, subject))
        return Changes(subject[order], at[order], value[order], cause[order])

    def take(self, places: npt.NDArray[Any]) -> Held:
        """Return these spells (indices or a mask)."""
        return Held(
            subject=self.subject[places],
            start=self.start[places],
            end=self.end[places],
            opened=self.opened[places],
            closed=self.closed[places],
        )

    def until(self, as_of: int) -> Held:
        """Return the spells that start at or before an instant."""
        return self.take(self.start <= as_of)

    def of(self, *subjects: int) -> Held:
        """Return the spells of these subjects."""
        return self.take(np.isin(self.subject, np.array(subjects, np.int32)))

    def next_changes(self, as_of: int) -> Iterator[tuple[int, int, str]]:
        """Yield the first change of each subject after an instant: (subject, instant, "enter" or "exit")."""
        subject, at, value, _ = self.changes()
        later = at > as_of
        _, first = np.unique(subject[later], return_index=True)
        for place in np.flatnonzero(later)[first]:
            yield int(subject[place]), int(at[place]), "enter" if value[place] else "exit"

    def track(self, slot: int) -> Tracks:
        """Return the rule's spells as a track of a slot."""
        subject, at, value, cause = self.changes()
        return tracks.of_slot(slot, subject, at=at, value=value, cause=cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What earlier stages found: spells, and when pairs were active (by window; NEVER: from the first event on)."""

    held: dict[Node, Held]
    active: dict[int, Changes]


def steps_for(world: World, of: StagePlan, found: Found) -> Steps:
    """Return all tracks that a stage's slots wish for, by subject."""
    kind = of.stage.kind
    count = world.counts[kind]
    if kind == "account":
        parts = [_of_accounts(world, of.wishes), *_of_people(world, of.wishes, found), *_earlier(world, of, found)]
    else:
        own = _of_persons(world, of.wishes)
        moves = kind == "person"
        of_account = tracks.concatenate(
            [_of_accounts(world, of.wishes, of_account=True, keep_idle=moves), *_account_rules(world, of.wishes, found)]
        )
        if moves:
            parts = [own, _through(world, of.wishes, of_account)]
        else:
            parts = [
                memberships.onto_pairs(own, world.pairs.person),
                memberships.onto_pairs(of_account, world.pairs.account),
            ]
        parts += _earlier(world, of, found)
    every = tracks.concatenate(parts)
    step = np.empty(len(every), STEP)
    for column in ("slot", "member", "at", "value", "cause"):
        step[column] = getattr(every, column)
    return Steps(tracks.offsets(every, count), step)


def _through(world: World, wishes: Sequence[Wish], of_account: Tracks) -> Tracks:
    """Return what persons read of their account at each instant, and of having none."""
    alone = [w.slot for w in wishes if _holds_without_account(world, w)]
    if not alone:
        return memberships.through(of_account, world.members, world.codes)
    nobody = world.counts["account"]
    everybody = np.arange(world.counts["person"], dtype=np.int32)
    persons = everybody if world.scope.persons is None else world.scope.persons
    members = memberships.with_nobody(world.members, persons, nobody)
    without = [tracks.from_beginning(slot, np.array([nobody]), SINCE_EVER) for slot in alone]
    return memberships.through(tracks.concatenate([of_account, *without]), members, world.codes)


def _holds_without_account(world: World, wish: Wish) -> bool:
    form = wish.form
    if isinstance(form, model.Attribute):
        return form.of_account and values.meets(form.condition, None, world.definitions.lists)
    if isinstance(form, model.PartnerSays | model.PartnerInsight | model.Corroboration) and form.threshold:
        low, high = values.whole_range(form.threshold)
        return low <= 0 <= high
    return False


def _of_persons(world: World, wishes: Sequence[Wish]) -> Tracks:
    wanted = [(w.slot, w.form) for w in wishes if isinstance(w.form, model.Attribute) and not w.form.of_account]
    return attributes.attribute_tracks(
        world.store,
        wanted,
        subject_type="person",
        as_of=world.as_of,
        lists=world.definitions.lists,
        causes=world.codes,
        subjects=world.scope.persons,
    )


def _of_accounts(world: World, wishes: Sequence[Wish], *, of_account: bool = False, keep_idle: bool = False) -> Tracks:
    """Return attribute and partner tracks of accounts; `of_account`: those that a person rule reads."""
    wanted = [
        (w.slot, w.form) for w in wishes if isinstance(w.form, model.Attribute) and w.form.of_account == of_account
    ]
    partners = [
        facts.WantedFact(slot=w.slot, form=w.form, inner=w.inner, fades_anchor=w.fades)
        for w in wishes
        if isinstance(w.form, model.PartnerSays | model.PartnerInsight | model.Corroboration)
    ]
    return tracks.concatenate(
        [
            attributes.attribute_tracks(
                world.store,
                wanted,
                subject_type="account",
                as_of=world.as_of,
                lists=world.definitions.lists,
                causes=world.codes,
                subjects=world.scope.accounts,
                keep_idle=keep_idle,
            ),
            facts.fact_tracks(
                world.store, partners, as_of=world.as_of, causes=world.codes, subjects=world.scope.accounts
            ),
        ]
    )


def _subject_of(world: World, wish: Wish) -> str:
    return world.definitions.rule(wish.form.rule).subject if isinstance(wish.form, model.Qualified) else ""


def _account_rules(world: World, wishes: Sequence[Wish], found: Found) -> list[Tracks]:
    """Return account rules that a person rule reads, over accounts."""
    return [
        found.held["account", w.form.rule].track(w.slot)
        for w in wishes
        if isinstance(w.form, model.Qualified) and _subject_of(world, w) == "account"
    ]


def _earlier(world: World, of: StagePlan, found: Found) -> list[Tracks]:
    """Return rules of the stage's own kind of subject that an earlier stage decided."""
    kind: Kind = of.stage.kind
    own = "account" if kind == "account" else "person"
    return [
        found.held[kind, w.form.rule].track(w.slot)
        for w in of.wishes
        if isinstance(w.form, model.Qualified) and _subject_of(world, w) == own
    ]


def _of_people(world: World, wishes: Sequence[Wish], found: Found) -> list[Tracks]:
    """Return what an account's rules read of its people."""
    return [_people_track(world, w.slot, w.form, found) for w in wishes if _reads_people(world, w)]


def _reads_people(world: World, wish: Wish) -> bool:
    return isinstance(wish.form, model.PeopleQualified) or _subject_of(world, wish) == "person"


def _people_track(world: World, slot: int, form: model.Form, found: Found) -> Tracks:
    assert isinstance(form, model.Qualified | model.PeopleQualified)
    least, share = 1, Fraction(0)
    if isinstance(form, model.PeopleQualified):
        least, share = form.people or 0, form.share or Fraction(0)
    return people.people_track(
        slot,
        present(world, found, form),
        found.held["pair", form.rule].changes(),
        world.pairs,
        accounts=world.counts["account"],
        least=least,
        share=share,
    )


def present(world: World, found: Found, form: model.Qualified | model.PeopleQualified) -> Changes:
    """Return when each pair is one of the people that a form asks about."""
    within = form.active_within if isinstance(form, model.PeopleQualified) else None
    if within is not None:
        return found.active[within]
    return people.with_members(found.active[NEVER], world.members, world.pairs, world.codes["membership"])


def windows_of_activity(world: World) -> Mapping[int, None]:
    """Return the windows over which any account rule asks who was active."""
    return dict.fromkeys(
        (w.form.active_within or NEVER) if isinstance(w.form, model.PeopleQualified) else NEVER
        for of in world.stages
        if of.stage.kind == "account"
        for w in of.wishes
        if _reads_people(world, w)
    )
