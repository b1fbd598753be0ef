"""What a run reads: events, pairs, memberships and births up to an instant, loaded once for all stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.definitions import model
from assay.core.engine import attributes, facts, memberships, rows
from assay.core.engine.arrays import Bools, Int32s, Int64s
from assay.core.engine.causes import CauseBook
from assay.core.engine.compiled import NEVER
from assay.core.engine.events import Events, later_events, load_events
from assay.core.engine.kinds import Kinds
from assay.core.engine.memberships import Memberships
from assay.core.engine.plan import StagePlan, lay_out, number_slots
from assay.core.engine.rows import Pairs
from assay.core.engine.slots import Slots
from assay.core.engine.stages import Kind, Stage, forms_read, plan_stages
from assay.core.engine.subjects import Subjects
from assay.core.engine.sweep import EVERYBODY
from assay.core.io.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The few subjects that a run is about; None where it is about all."""

    persons: Subjects | None = None
    accounts: Subjects | None = None

    def where(self) -> str:
        """Return SQL over events `e` that keeps those of these people and accounts."""
        if self.persons is None or self.accounts is None:
            return ""
        return f"AND ({_among('e.person', self.persons)} OR {_among('e.account', self.accounts)})"

    def members(self) -> str:
        """Return SQL over memberships that keeps those of these people and accounts."""
        if self.persons is None or self.accounts is None:
            return ""
        return f"AND ({_among('person', self.persons)} OR {_among('account', self.accounts)})"


def _among(column: str, subjects: Subjects) -> str:
    return f"{column} IN ({', '.join(map(str, subjects.tolist()))})" if len(subjects) else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything the stages of one run share."""

    store: Store
    definitions: model.Definitions
    as_of: int
    scope: Scope
    stages: tuple[StagePlan, ...]
    causes: CauseBook
    codes: Mapping[str, int]
    kinds: Kinds
    events: Events
    pairs: Pairs
    members: Memberships
    counts: Mapping[Kind, int]

    def born(self, kind: Kind) -> Int64s:
        """Return each subject's earliest dated instant apart from its events up to `as_of`, NEVER where it has none.

        Rows after `as_of` count: who is known by such rows alone is not born yet.
        """
        store, scope = self.store, self.scope
        born = np.full(self.counts["person" if kind == "pair" else kind], NEVER, np.int64)
        if kind == "account":
            np.minimum.at(born, *attributes.births(store, "account", subjects=scope.accounts))
            np.minimum.at(born, *memberships.births(store, "account", subjects=scope.accounts))
            np.minimum.at(born, *facts.births(store, subjects=scope.accounts))
            account, _, at = later_events(store, ("account", "account"), as_of=self.as_of, where=scope.where())
            np.minimum.at(born, account, at)
            return born
        np.minimum.at(born, *attributes.births(store, "person", subjects=scope.persons))
        if kind == "person":
            np.minimum.at(born, *memberships.births(store, "person", subjects=scope.persons))
            person, _, at = later_events(store, ("person", "person"), as_of=self.as_of, where=scope.where())
            np.minimum.at(born, person, at)
            return born
        born = born[self.pairs.person]
        keys = self.pairs.person.astype(np.int64) << 32 | self.pairs.account
        for person, account, at in (
            memberships.pair_births(store, persons=scope.persons),
            later_events(store, ("person", "account"), as_of=self.as_of, where=scope.where()),
        ):
            wanted = person.astype(np.int64) << 32 | account
            known = np.isin(wanted, keys)  # the others are no pairs yet
            np.minimum.at(born, np.searchsorted(keys, wanted[known]), at[known])
        return born

    def chosen(self, kind: Kind, born: Int64s) -> Bools:
        """Return which subjects of a kind the run is about: those in scope that are born; empty for all of them."""
        few = {"person": self.scope.persons, "account": self.scope.accounts, "pair": None}[kind]
        found = np.ones(self.counts[kind], np.bool_)
        if few is not None:
            found[:] = False
            found[few] = True
        found &= (born <= self.as_of) | (born == NEVER)
        return EVERYBODY if found.all() else found

    def subject_of(self, kind: Kind) -> Int32s:
        """Return which subject each event belongs to, -1 for none."""
        if kind == "person":
            return self.events.person
        if kind == "account":
            return self.events.account
        return rows.pair_of(self.events.person, self.events.account, self.pairs.lo, self.pairs.account)


def cause_texts(store: Store, definitions: model.Definitions, stages: Sequence[Stage], scope: Scope) -> Iterable[str]:
    """Yield every text that can open or close a spell but for events."""
    yield from facts.partner_causes(store, subjects=scope.accounts)
    for stage in stages:
        for rule in stage.rules:
            for criterion in rule.criteria:
                yield f"expiry:{criterion.name}"
            for form in forms_read(definitions, (c.form for c in rule.criteria)):
                if isinstance(form, model.Attribute):
                    yield f"attribute:{attributes.written(form)}"
    for score in definitions.scores:
        for form in forms_read(definitions, (line.form for line in score.points)):
            if isinstance(form, model.Attribute):
                yield f"attribute:{attributes.written(form)}"


def load(
    store: Store,
    definitions: model.Definitions,
    *,
    as_of: int,
    names: Sequence[str],
    scores: Sequence[str] = (),
    scope: Scope | None = None,
) -> World:
    """Return the world in which the named rules are decided and the named scores read, as of an instant."""
    scope = scope or Scope()
    stages = plan_stages(definitions, names, scores)
    slots = [number_slots(definitions, stage) for stage in stages]
    for score in scores:
        kind = definitions.score(score).subject
        slots.append(_score_slots(definitions, kind, score))
    book = CauseBook.of(cause_texts(store, definitions, stages, scope))
    codes = book.codes()
    people, accounts = (store.rows(f"SELECT count(*) FROM prepared.{t}")[0][0] for t in ("people", "accounts"))
    events, kinds = load_events(store, slots, definitions.lists, as_of=as_of, where=scope.where())
    if any(of.stage.kind == "pair" for of in slots):
        pairs = rows.load_pairs(store, as_of=as_of, people=people, where=scope.where(), members=scope.members())
    else:
        none = np.empty(0, np.int32)
        pairs = Pairs(person=none, account=none, lo=np.zeros(people + 1, np.int64))
    return World(
        store=store,
        definitions=definitions,
        as_of=as_of,
        scope=scope,
        stages=tuple(lay_out(of, kinds, codes) for of in slots),
        causes=book,
        codes=codes,
        kinds=kinds,
        events=events,
        pairs=pairs,
        members=memberships.load(store, as_of=as_of, subjects=scope.persons),
        counts={"person": people, "account": accounts, "pair": len(pairs)},
    )


def _score_slots(definitions: model.Definitions, kind: model.SubjectType, score: str) -> Slots:
    return number_slots(definitions, Stage(kind=kind, rules=()), [score])
