"""Partner facts and insights as tracks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.core.definitions.model import Corroboration, Definitions, Form, PartnerInsight, PartnerSays, Threshold
from assay.core.engine import facts
from assay.core.engine.facts import WantedFact
from assay.core.engine.freshness import FOR_EVER
from assay.core.engine.tracks import ABSENT, BEGINNING
from tests.core.engine.reading_tracks import INSTANTS, assert_tidy, causes_at, codes_of, rows, stored, value_at
from tests.model import partners
from tests.model.comparing import examples
from tests.model.conditions import holds
from tests.model.history import History, cause, cause_text
from tests.model.world import Insight, PartnerFact, World
from tests.model.worlds import PARTNERS, START, STEP, STEPS, as_ofs, partner_worlds, worlds

ONE = Threshold(low=Decimal(1), text="at least 1")
LATE = START + (STEPS + 1) * STEP
EXPIRED = cause("expiry", "x")

thresholds = st.sampled_from(
    [
        ONE,
        Threshold(low=Decimal(2)),
        Threshold(high=Decimal(0)),
        Threshold(high=Decimal(1)),
        Threshold(low=Decimal(1), high=Decimal(1)),
        Threshold(low=Decimal("1.5")),
        Threshold(low=Decimal(0)),
    ]
)
freshness = st.sampled_from([None, STEP, 2 * STEP, 5 * STEP])
sayings = st.builds(
    PartnerSays,
    says=st.sampled_from(["customer", "prospect"]),
    fresh_within=freshness,
    confidence=st.sampled_from([None, None, Decimal("0.7"), Decimal(0)]),
    threshold=st.just(ONE),
)
attestations = st.builds(
    PartnerInsight, letter=st.sampled_from(["budget", "need"]), fresh_within=freshness, threshold=st.just(ONE)
)
some_worlds = partner_worlds() | worlds(events=0)


def known(world: World, as_of: int) -> History:
    return History(world, Definitions(folder="-"), as_of)


def texts(found: set[tuple[int, str, str]]) -> set[str]:
    return {"expired" if one == EXPIRED else cause_text(one) for one in found}


@examples(60)
@given(some_worlds, sayings | attestations, thresholds, as_ofs)
def test_the_number_of_partners_and_its_causes_are_the_models(
    world: World, form: PartnerSays | PartnerInsight, threshold: Threshold, as_of: int
) -> None:
    form = replace(form, threshold=threshold)
    store = stored(world)
    codes = codes_of(*facts.partner_causes(store))
    tracks = facts.fact_tracks(store, [WantedFact(slot=3, form=form)], as_of=as_of, causes=codes)
    found = rows(tracks)
    history = known(world, as_of)
    assert_tidy(tracks)
    for number, account in enumerate(world.accounts):
        before = False
        for x in INSTANTS:
            truth = holds(threshold, len(partners.partners(history, form, account, x)))
            assert value_at(found, number, 3, x) == truth
            if truth != before and x != INSTANTS[0]:
                fed = partners.partner_causes(history, form, account, x, expired=EXPIRED, fading=False)
                assert causes_at(found, (number, 3, 0), x, codes) == texts(fed)
            before = truth


@examples(60)
@given(some_worlds, sayings | attestations, st.booleans(), as_ofs)
def test_each_partner_counts_from_its_newest_confirmation(
    world: World, form: PartnerSays | PartnerInsight, fading: bool, as_of: int
) -> None:
    form = replace(form, threshold=None)
    store = stored(world)
    codes = codes_of(*facts.partner_causes(store))
    wanted = [WantedFact(slot=0, form=form, fades_anchor=fading)]
    tracks = facts.fact_tracks(store, wanted, as_of=as_of, causes=codes)
    found = rows(tracks)
    history = known(world, as_of)
    named = sorted({row.partner for row in [*world.partner_facts, *world.insights]})
    assert_tidy(tracks)
    for number, account in enumerate(world.accounts):
        for x in INSTANTS:
            expected = partners.partners(history, form, account, x)
            for member, partner in enumerate(named, 1):
                since = expected.get(partner, ABSENT) if fading else FOR_EVER
                since = FOR_EVER if since == partners.SINCE_EVER else since
                track = (number, 0, member)
                assert value_at(found, number, 0, x, member) == (since if partner in expected else ABSENT)
                for one in causes_at(found, track, x, codes):
                    fed = partners.partner_causes(history, form, account, x, expired=EXPIRED, fading=fading)
                    assert one in texts(fed)
                    assert one == "expired" or one.endswith(partner)


@examples(80)
@given(some_worlds, st.lists(sayings | attestations, min_size=1, max_size=2), thresholds, st.booleans(), as_ofs)
def test_corroboration_and_its_causes_are_the_models(
    world: World, inner: list[Form], threshold: Threshold, independent: bool, as_of: int
) -> None:
    siblings = {str(i): form for i, form in enumerate(inner)}
    form = Corroboration(threshold=threshold, any_of=tuple(siblings), independent=independent)
    store = stored(world)
    codes = codes_of(*facts.partner_causes(store))
    wanted = [WantedFact(slot=0, form=form, inner=tuple(inner))]
    tracks = facts.fact_tracks(store, wanted, as_of=as_of, causes=codes)
    found = rows(tracks)
    history = known(world, as_of)
    assert_tidy(tracks)
    for number, account in enumerate(world.accounts):
        before = False
        for x in INSTANTS:
            who = partners.agreeing(history, form, siblings, account, x)
            many = partners.components(history, account, who, x) if independent else len(who)
            assert value_at(found, number, 0, x) == holds(threshold, many)
            if holds(threshold, many) != before and x != INSTANTS[0]:
                fed = partners.link_causes(history, account, x) if independent else set()
                for one in inner:
                    fed |= partners.partner_causes(history, one, account, x, expired=EXPIRED, fading=False)
                assert causes_at(found, (number, 0, 0), x, codes) == texts(fed)
            before = holds(threshold, many)


@examples(25)
@given(some_worlds, st.lists(sayings | attestations, min_size=1, max_size=2), as_ofs)
def test_partners_at_an_instant_are_as_many_as_the_models(world: World, inner: list[Form], as_of: int) -> None:
    store = stored(world)
    history = known(world, as_of)
    form = Corroboration(threshold=ONE, any_of=("a", "b"))
    for number, account in enumerate(world.accounts):
        one = partners.partners(history, inner[0], account, as_of)
        here = np.array([number], np.int32)
        assert facts.numbers_at(store, inner[0], as_of=as_of, accounts=here).get(number, 0) == len(one)
        both = {partner for each in inner for partner in partners.partners(history, each, account, as_of)}
        counted = facts.numbers_at(store, form, as_of=as_of, accounts=here, inner=inner)
        assert counted.get(number, 0) == len(both)
        alone = replace(form, independent=True)
        independent = facts.numbers_at(store, alone, as_of=as_of, accounts=here, inner=inner)
        assert independent.get(number, 0) == partners.components(history, account, both, as_of)


@examples(25)
@given(some_worlds, as_ofs)
def test_independent_partners_hold_a_fact_or_a_standing_insight(world: World, as_of: int) -> None:
    found = facts.independent_partners(stored(world), as_of=as_of)
    history = known(world, as_of)
    for number, account in enumerate(world.accounts):
        who = set(partners.links(history, account, as_of))
        for letter in ("budget", "need"):
            who |= set(partners.attesters(history, PartnerInsight(letter=letter), account, as_of))
        assert found.get(number, 0) == partners.components(history, account, who, as_of)


@examples(25)
@given(some_worlds, st.lists(sayings | attestations, min_size=1, max_size=3), as_ofs)
def test_asking_for_some_accounts_gives_their_part_of_all(world: World, inner: list[Form], as_of: int) -> None:
    store = stored(world)
    codes = codes_of(*facts.partner_causes(store))
    wanted = [WantedFact(slot=i, form=form) for i, form in enumerate(inner)]
    wanted.append(
        WantedFact(
            slot=9,
            form=Corroboration(threshold=Threshold(high=Decimal(1)), any_of=("a",), independent=True),
            inner=tuple(inner),
        )
    )
    everybody = rows(facts.fact_tracks(store, wanted, as_of=as_of, causes=codes))
    some = np.array([0], np.int32)
    assert rows(facts.fact_tracks(store, wanted, as_of=as_of, causes=codes, subjects=some)) == [
        row for row in everybody if row[0] == 0
    ]
    accounts, at = facts.births(store)
    mine = [(a, x) for a, x in zip(accounts.tolist(), at.tolist(), strict=True) if a == 0]
    assert [(a.tolist(), x.tolist()) for a, x in [facts.births(store, subjects=some)]] == [
        ([a for a, _ in mine], [x for _, x in mine])
    ]


@examples(25)
@given(some_worlds)
def test_accounts_are_born_with_their_first_dated_fact_or_insight(world: World) -> None:
    accounts, at = facts.births(stored(world))
    for number, account in enumerate(world.accounts):
        dated = [f.since for f in world.partner_facts if f.account == account and f.since is not None]
        dated += [i.at for i in world.insights if i.account == account]
        assert at[accounts == number].tolist() == ([min(dated)] if dated else [])


def test_at_most_zero_partners_is_true_since_ever_of_an_account_nobody_knows() -> None:
    store = stored(World(accounts=("a", "b")))
    wanted = [WantedFact(slot=0, form=PartnerSays(says="customer", threshold=Threshold(high=Decimal(0))))]
    found = rows(facts.fact_tracks(store, wanted, as_of=LATE, causes=codes_of()))
    assert [row[:5] for row in found] == [(0, 0, 0, BEGINNING, 1), (1, 0, 0, BEGINNING, 1)]


def _one_account(*given: PartnerFact | Insight) -> World:
    return World(
        accounts=("a",),
        partner_facts=tuple(row for row in given if isinstance(row, PartnerFact)),
        insights=tuple(row for row in given if isinstance(row, Insight)),
    )


def _steps(world: World, form: Form, inner: tuple[PartnerSays, ...] = ()) -> list[tuple[int, int, set[str]]]:
    store = stored(world)
    codes = codes_of(*facts.partner_causes(store))
    found = rows(facts.fact_tracks(store, [WantedFact(slot=0, form=form, inner=inner)], as_of=LATE, causes=codes))
    return sorted(
        ((row[3] - START) // STEP, row[4], tuple(sorted(causes_at(found, (0, 0, 0), row[3], codes))))
        for row in {row[3]: row for row in found}.values()
    )


def _says(partner: str, since: int, until: int | None = None, **more: object) -> PartnerFact:
    return PartnerFact(
        account="a",
        partner=partner,
        says="customer",
        since=START + since * STEP,
        until=None if until is None else START + until * STEP,
        **more,
    )


def test_a_fact_closes_by_its_partner_and_stale_facts_by_expiry() -> None:
    fresh = PartnerSays(says="customer", fresh_within=3 * STEP, threshold=ONE)
    world = _one_account(_says("globex", 0, 2), _says("globex", 5))
    assert _steps(world, fresh) == [
        (0, 1, ("fact:globex",)),
        (2, 0, ("fact:globex",)),
        (5, 1, ("fact:globex",)),
        (8, 0, ("expired",)),
    ]


def test_a_confirmation_exactly_as_freshness_runs_out_keeps_the_fact_whole() -> None:
    fresh = PartnerSays(says="customer", fresh_within=3 * STEP, threshold=ONE)
    world = _one_account(_says("globex", 0, confirmed_at=START + 3 * STEP))
    assert _steps(world, fresh) == [(0, 1, ("fact:globex",)), (6, 0, ("expired",))]


def test_two_partners_with_one_parent_count_once() -> None:
    customer = PartnerSays(says="customer", threshold=ONE)
    two = Corroboration(threshold=Threshold(low=Decimal(2)), any_of=("x",), independent=True)
    linked = _one_account(_says("fabrikam", 0, parent="h"), _says("globex", 1, parent="h"))
    assert _steps(linked, two, (customer,)) == []
    apart = _one_account(_says("fabrikam", 0, parent="h"), _says("globex", 1, parent="i"))
    assert _steps(apart, two, (customer,)) == [(1, 1, ("fact:globex",))]


def test_partners_come_apart_when_the_fact_that_links_them_ends() -> None:
    customer = PartnerSays(says="customer", threshold=ONE)
    two = Corroboration(threshold=Threshold(low=Decimal(2)), any_of=("x",), independent=True)
    world = _one_account(
        _says("fabrikam", 0, parent="h"),
        _says("globex", 0, origin="o"),
        PartnerFact(
            account="a", partner="umbrella", says="own", since=START, until=START + 4 * STEP, origin="o", parent="h"
        ),
    )
    assert _steps(world, two, (customer,)) == [(4, 1, ("fact:umbrella",))]


def test_an_insight_is_withdrawn_by_no() -> None:
    world = _one_account(
        Insight(account="a", partner="globex", letter="need", at=START),
        Insight(account="a", partner="globex", letter="need", value="no", at=START + STEP),
    )
    assert _steps(world, PartnerInsight(letter="need", threshold=ONE)) == [
        (0, 1, ("insight:globex",)),
        (1, 0, ("insight:globex",)),
    ]


def test_every_partner_has_two_causes() -> None:
    store = stored(_one_account(*(_says(partner, 0) for partner in PARTNERS)))
    assert sorted(facts.partner_causes(store)) == sorted(
        f"{kind}:{partner}" for kind in ("fact", "insight") for partner in PARTNERS
    )
