"""Arriving agrees with a plain model that keeps lists and loops over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.node.leads.knowing import HAND, HOUR, MQL, NOON, TRIAL, acme, enter, leave, merged

from assay.core.errors import BadRequest, InternalError
from assay.node.leads import arriving
from assay.node.leads.models import Lead, LeadSpell
from assay.node.leads.moving import move
from assay.node.leads.states import DECIDED, MOVES, OPEN, Move, State

pytestmark = pytest.mark.django_db

AGAIN = {rule: timedelta(microseconds=acme().rule(rule).handoff.not_again_for or 0) for rule in (TRIAL, MQL, HAND)}
MOTION = {TRIAL: "trial_to_paid", MQL: "new_business", HAND: "new_business"}
FAR = [State.RECYCLED, State.QUALIFIED, State.OFFERED, State.ACCEPTED, State.SALES_QUALIFIED, State.OPPORTUNITY]


@dataclass
class PlainLead:
    motion: str
    made: int
    state: State = State.OFFERED
    decided_at: object = None
    rule: str = ""
    spells: list = field(default_factory=list)

    def designate(self):
        held = [s for s in self.spells if s[2] is None]
        if held:
            self.rule = min(held, key=lambda s: (-s[1].timestamp(), s[0]))[0]
        elif self.state in {State.QUALIFIED, State.OFFERED}:
            self.state = State.CLOSED


@dataclass
class Plain:
    """What leads should be: by subject, lists of leads and of spells ([rule, entered, left, lead, passed over])."""

    leads: dict = field(default_factory=dict)
    other: dict = field(default_factory=dict)
    spells: dict = field(default_factory=dict)
    made: int = 0

    def open(self, who, motion):
        return next((x for x in self.leads.get(who, []) if x.motion == motion and x.state in OPEN), None)

    def known_as(self, who):
        return self.known_as(self.other[who]) if who in self.other else who

    def batch(self, changes, now):
        for what, told, rule, at, into in sorted(changes, key=lambda c: (c[0] != "merged", c[3], c[0] != "exit")):
            who = self.known_as(told)
            mine = self.spells.setdefault(who, [])
            if what == "enter" and not any(s[0] == rule and s[1] == at for s in mine):
                held = [s for s in mine if s[0] == rule and s[2] is None]
                if held:
                    held[0][1] = at
                else:
                    mine.append([rule, at, None, None, False])
            elif what == "exit":
                for spell in mine:
                    if spell[0] == rule and spell[2] is None and spell[1] <= at:
                        spell[2] = at
            elif what == "merged":
                by_now = self.known_as(into)
                to = into if by_now == who == told else by_now
                if who != to:
                    self.merge(who, to)
        self.settle(list(self.spells), now)

    def merge(self, who, into):
        for motion in {lead.motion for lead in self.leads.get(who, [])}:
            one, other = self.open(who, motion), self.open(into, motion)
            if one and other:
                stays, goes = sorted((one, other), key=lambda x: (FAR.index(x.state), -x.made), reverse=True)
                stays.spells += goes.spells
                for spell in goes.spells:
                    spell[3] = stays
                goes.spells, goes.state = [], State.CLOSED
                stays.made = min(stays.made, goes.made)
        self.leads.setdefault(into, []).extend(self.leads.pop(who, []))
        self.other.pop(into, None)
        self.other[who] = into
        mine = self.spells.setdefault(into, [])
        for spell in self.spells.pop(who, []):
            twin = next((s for s in mine if s[0] == spell[0] and s[1] == spell[1]), None)
            if twin is None:
                mine.append(spell)
                continue
            if spell[3] is not None:
                spell[3].spells = [s for s in spell[3].spells if s is not spell]
                if twin[3] is not None:
                    twin[3].spells = [s for s in twin[3].spells if s is not twin]
                twin[3] = spell[3]
                spell[3].spells.append(twin)

    def settle(self, touched, now):
        for who in touched:
            for spell in sorted(self.spells.get(who, []), key=lambda s: (s[1], s[0])):
                if spell[2] is None and spell[3] is None and not spell[4]:
                    self.find_lead(who, spell, now)
            for lead in self.leads.get(who, []):
                if lead.state in OPEN:
                    lead.designate()

    def find_lead(self, who, spell, now):
        motion, again = MOTION[spell[0]], AGAIN[spell[0]]
        lead = self.open(who, motion)
        if lead is None:
            decided = [x for x in self.leads.get(who, []) if x.motion == motion and x.state in DECIDED]
            if again and any(x.decided_at + again > now for x in decided):
                spell[4] = True
                return
            self.made += 1
            lead = PlainLead(motion, now.timestamp())
            self.leads.setdefault(who, []).append(lead)
        elif lead.state == State.RECYCLED and not (again and lead.decided_at + again > now):
            lead.state = State.OFFERED
        spell[3] = lead
        lead.spells.append(spell)

    def seen(self):
        return sorted(
            (who, x.motion, x.state, x.rule) for who, all_of in self.leads.items() for x in all_of if x.spells
        )


PEOPLE = st.sampled_from(["ann", "bob", "cyd"])
RULES = st.sampled_from([TRIAL, MQL, HAND])
HOURS = st.integers(0, 6).map(lambda n: NOON + 2 * n * HOUR)
LATER = HOURS.map(lambda at: at + HOUR)  # spells never touch: nothing ends when it begins
CHANGE = st.one_of(
    st.tuples(st.just("enter"), PEOPLE, RULES, HOURS, st.just("")),
    st.tuples(st.just("exit"), PEOPLE, RULES, LATER, st.just("")),
    st.tuples(st.just("merged"), PEOPLE, st.just(""), HOURS, PEOPLE),
)


def _contradict(changes):
    """Tell whether merges name two ids for one former id, or one that is former itself; no decision tells such."""
    merges = {(who, into) for what, who, _, _, into in changes if what == "merged"}
    former = {who for who, _ in merges}
    return len(former) < len(merges) or bool(former & {into for _, into in merges})


STEP = st.one_of(
    st.lists(CHANGE, min_size=1, max_size=5).map(lambda changes: ("changes", changes)),
    st.tuples(st.just("move"), st.tuples(PEOPLE, RULES, st.sampled_from(Move))),
    st.tuples(st.just("time"), st.integers(1, 40)),
)


def _told(change):
    what, who, rule, at, into = change
    return merged(who, into, at) if what == "merged" else (enter if what == "enter" else leave)(rule, who, at)


def _move_both(plain, who, rule, how, now):
    """Move the open lead of both in the same way; what is illegal is refused."""
    lead = plain.open(who, MOTION[rule])
    real = Lead.objects.filter(subject_id=who, motion=MOTION[rule], state__in=OPEN).first()
    assert (lead is None) == (real is None)
    if lead is None or how in {Move.OFFER, Move.RETURN, Move.CLOSE}:
        return
    legal = MOVES[lead.state]
    if how not in legal:
        with pytest.raises(BadRequest):
            move(real, how, at=now)
        return
    move(real, how, at=now).save()
    real.save()
    lead.state = legal[how]
    if lead.state in DECIDED or lead.state == State.RECYCLED:
        lead.decided_at = now


def _seen():
    found = Lead.objects.filter(merged_into=None).filter(pk__in=LeadSpell.objects.values("lead"))
    return sorted(found.values_list("subject_id", "motion", "state", "rule"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=8))
def test_whatever_is_told_the_leads_are_those_of_the_plain_model(db, steps):
    with transaction.atomic():
        plain, now = Plain(), NOON + 14 * HOUR
        for kind, what in steps:
            now += HOUR
            if kind == "time":
                now += timedelta(days=what)
            elif kind == "move":
                _move_both(plain, *what, now)
            elif _contradict(what):
                with pytest.raises(InternalError):
                    arriving.apply([_told(change) for change in what], acme(), now)
            else:
                for _ in range(2):  # told twice
                    arriving.apply([_told(change) for change in what], acme(), now)
                plain.batch(what, now)
            assert _seen() == plain.seen()
            open_ones = Lead.objects.filter(state__in=OPEN).values_list("subject_id", "motion")
            assert len(open_ones) == len(set(open_ones))
        transaction.set_rollback(True)
