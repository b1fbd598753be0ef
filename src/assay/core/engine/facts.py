"""Partner facts, insights and corroboration as tracks over accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.core.definitions.model import Corroboration, PartnerInsight, PartnerSays, Threshold
from assay.core.engine import tracks
from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.compiled import NEVER
from assay.core.engine.corroboration import PartnerCounts, link_steps, numbers
from assay.core.engine.freshness import PartnerSteps, fact_steps, firsts, insight_steps
from assay.core.engine.partner_rows import FactRows, InsightRows, fact_rows, insight_rows, partner_names, take
from assay.core.engine.subjects import Subjects, chosen, only
from assay.core.engine.tracks import BEGINNING, Tracks
from assay.core.io.store import Store
from assay.core.values import whole_range

OnePartner = PartnerSays | PartnerInsight


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFact:
    """A criterion or score line that reads partners, and the slot of its track.

    `inner` are the criteria that a corroboration names. `fades_anchor`: the line's points fade, so that each new
    confirmation is a step; else a partner that counts has the value `freshness.FOR_EVER`.
    """

    slot: int
    form: OnePartner | Corroboration
    inner: tuple[OnePartner, ...] = ()
    fades_anchor: bool = False


def fact_tracks(
    store: Store,
    wanted: Sequence[WantedFact],
    *,
    as_of: int,
    causes: Mapping[str, int],
    subjects: Subjects | None = None,
) -> Tracks:
    """Return the track of each wanted fact over accounts (`subjects`: these alone).

    With a threshold: whether the number of partners meets it. Without: a member for each partner, by its place
    among the names in ascending order, from 1. `causes` maps "fact:<partner>" and "insight:<partner>" to codes.
    """
    if not wanted:
        return tracks.empty()
    book = _Book.read(store, wanted, as_of=as_of, causes=causes, subjects=subjects)
    accounts: Subjects | None = None
    parts: list[Tracks] = []
    for want in wanted:
        if not isinstance(want.form, Corroboration) and want.form.threshold is None:
            parts.append(_members(want.slot, book.steps(want.form, anchored=want.fades_anchor)))
            continue
        found = book.numbers(want)
        low, high = whole_range(_threshold(want.form))
        met = tracks.of_slot(
            want.slot,
            found.account,
            at=found.at,
            value=(found.number >= low) & (found.number <= high),
            cause=found.cause,
        )
        if low <= 0 <= high:
            accounts = chosen(store, "accounts", subjects) if accounts is None else accounts
            none_at_first = np.setdiff1d(accounts, found.account[found.at == BEGINNING], assume_unique=False)
            parts.append(tracks.from_beginning(want.slot, none_at_first, SINCE_EVER))
        parts.append(met)
    return tracks.drop_idle(tracks.concatenate(parts))


def partner_causes(store: Store, *, subjects: Subjects | None = None) -> list[str]:
    """Return "fact:<partner>" and "insight:<partner>" for all partners (`subjects`: those of these accounts)."""
    names = partner_names(store, subjects)
    return [f"fact:{name}" for name in names] + [f"insight:{name}" for name in names]


def births(store: Store, *, subjects: Subjects | None = None) -> tuple[Subjects, npt.NDArray[np.int64]]:
    """Return the accounts with dated facts or insights, ascending, and the earliest instant of each."""
    found = store.arrays(
        'SELECT account, min("at") AS "at" FROM ('
        ' SELECT account, since AS "at" FROM prepared.partner_facts UNION ALL'
        ' SELECT account, "at" FROM prepared.insights'
        f') WHERE "at" IS NOT NULL {only("account", subjects)} GROUP BY account ORDER BY account'
    )
    return found["account"].astype(np.int32), found["at"].astype(np.int64)


def numbers_at(
    store: Store, form: OnePartner | Corroboration, *, as_of: int, accounts: Subjects, inner: Sequence[OnePartner] = ()
) -> dict[int, int]:
    """Return how many (independent) partners count for the form on each of these accounts at an instant.

    `inner` are the criteria that a corroboration names. Accounts on which none ever counted are not in it.
    """
    want = WantedFact(slot=0, form=form, inner=tuple(inner))
    book = _Book.read(store, [want], as_of=as_of, causes=None, subjects=accounts)
    found = book.numbers(want, least=1)
    known = np.flatnonzero(found.at <= as_of)
    return dict(zip(found.account[known].tolist(), found.number[known].tolist(), strict=True))


def independent_partners(store: Store, *, as_of: int, subjects: Subjects | None = None) -> dict[int, int]:
    """Return of each account the number of independent partners that hold a fact or a standing insight at `as_of`.

    Accounts without any are not in it.
    """
    letters = [letter for (letter,) in store.rows("SELECT DISTINCT letter FROM prepared.insights ORDER BY letter")]
    names = partner_names(store, subjects)
    facts = fact_rows(store, names, [], as_of=as_of, subjects=subjects, all_says=True)
    facts = take(facts, facts.until > as_of)
    facts = take(facts, facts.since < facts.until)
    facts.since[:], facts.until[:] = BEGINNING, NEVER
    insights = insight_rows(store, names, letters, as_of=as_of, subjects=subjects)
    latest = firsts(insights.letter, insights.account, insights.partner)[1:] - 1
    insights = take(insights, latest[latest >= 0])
    insights = take(insights, insights.attests)
    no_causes = np.zeros(len(names) + 1, np.int64)
    parts = [_once(facts.account, facts.partner), _once(insights.account, insights.partner)]
    found = numbers(parts, link_steps(facts, no_causes))
    return dict(zip(found.account.tolist(), found.number.tolist(), strict=True))


def _once(account: npt.NDArray[np.int32], partner: npt.NDArray[np.int32]) -> PartnerSteps:
    """Return steps that let each partner count once, since ever."""
    order = np.lexsort((partner, account))
    account, partner = account[order], partner[order]
    first = firsts(account, partner)[:-1]
    n = len(first)
    return PartnerSteps(
        account=account[first],
        partner=partner[first],
        at=np.full(n, BEGINNING),
        value=np.zeros(n, np.int64),
        cause=np.full(n, SINCE_EVER),
    )


def _threshold(form: OnePartner | Corroboration) -> Threshold:
    assert form.threshold is not None
    return form.threshold


def _members(slot: int, steps: PartnerSteps) -> Tracks:
    return Tracks(
        subject=steps.account,
        slot=np.full(len(steps.account), slot, np.int32),
        member=steps.partner,
        at=steps.at,
        value=steps.value,
        cause=steps.cause,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """The rows that the wanted facts read, and what partners' acts are called."""

    names: list[str]
    says: list[str]
    letters: list[str]
    facts: FactRows
    insights: InsightRows
    fact_cause: npt.NDArray[np.int64]  # by the partner's code; 0 is nobody's
    insight_cause: npt.NDArray[np.int64]

    @classmethod
    def read(
        cls,
        store: Store,
        wanted: Sequence[WantedFact],
        *,
        as_of: int,
        causes: Mapping[str, int] | None,
        subjects: Subjects | None,
    ) -> _Book:
        forms = [one for want in wanted for one in (want.form, *want.inner)]
        independent = any(isinstance(form, Corroboration) and form.independent for form in forms)
        says = sorted({form.says for form in forms if isinstance(form, PartnerSays)})
        letters = sorted({form.letter for form in forms if isinstance(form, PartnerInsight)})
        names = partner_names(store, subjects)
        fact_cause, insight_cause = (
            np.array([0, *(causes[f"{kind}:{name}"] if causes else 0 for name in names)], np.int64)
            for kind in ("fact", "insight")
        )
        facts = fact_rows(store, names, says, as_of=as_of, subjects=subjects, all_says=independent)
        return cls(
            names=names,
            says=says,
            letters=letters,
            facts=facts,
            fact_cause=fact_cause,
            insight_cause=insight_cause,
            insights=insight_rows(store, names, letters, as_of=as_of, subjects=subjects),
        )

    def steps(self, form: OnePartner, *, anchored: bool) -> PartnerSteps:
        """Return when each partner counts for one criterion."""
        if isinstance(form, PartnerInsight):
            mine = self.insights.letter == self.letters.index(form.letter) + 1
            return insight_steps(
                take(self.insights, mine),
                fresh_within=form.fresh_within,
                anchored=anchored,
                cause_of_partner=self.insight_cause,
            )
        rows = take(self.facts, self.facts.says == self.says.index(form.says) + 1)
        enough = -np.inf if form.confidence is None else float(form.confidence)
        return fact_steps(
            rows,
            rows.confidence >= enough,
            fresh_within=form.fresh_within,
            anchored=anchored,
            cause_of_partner=self.fact_cause,
        )

    def numbers(self, want: WantedFact, *, least: int | None = None) -> PartnerCounts:
        """Return how many partners count at each instant; below `least` (else the threshold) dependence is left out."""
        if not isinstance(want.form, Corroboration):
            return numbers([self.steps(want.form, anchored=False)])
        parts = [self.steps(one, anchored=False) for one in want.inner]
        found = numbers(parts)
        if not want.form.independent:
            return found
        # Independent partners are never more than partners: few accounts have enough for the graph to matter.
        enough = found.number >= (whole_range(want.form.threshold)[0] if least is None else least)
        matters = np.zeros(max(int(one.max(initial=-1)) for one in (found.account, self.facts.account)) + 1, np.bool_)
        matters[found.account[enough]] = True
        return numbers(
            [take(part, matters[part.account]) for part in parts],
            link_steps(take(self.facts, matters[self.facts.account]), self.fact_cause),
        )
