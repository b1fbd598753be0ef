"""The engine finds what an obviously right evaluator finds, for every form and in all combinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core import engine
from assay.core.definitions.model import Corroboration, Definitions, Group, Rule
from assay.core.engine.results import Verdict
from tests.model.comparing import assert_alike, examples
from tests.model.history import Subject
from tests.model.implementations import as_spells, shared_store
from tests.model.implementations import engine as engine_spells
from tests.model.naive import Spell, judge, naive, naive_score, naive_verdict
from tests.model.strategies import FORMS, any_definitions, of_form
from tests.model.world import World, load
from tests.model.worlds import as_ofs, instants, partner_worlds, worlds

PARTNER_FORMS = ("partner_says", "partner_insight", "corroboration")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_spells_of_the_model(form: str) -> None:
    drawn = partner_worlds() if form in PARTNER_FORMS else worlds()

    @examples(60)
    @given(drawn, of_form(form), as_ofs)
    def compare(world: World, definitions: Definitions, as_of: int) -> None:
        assert_alike(engine_spells(world, definitions, as_of), naive(world, definitions, as_of), definitions)

    compare()


@examples(80)
@given(worlds(people=4, accounts=3, events=25), any_definitions(), as_ofs)
def test_rules_in_all_combinations_give_the_spells_of_the_model(
    world: World, definitions: Definitions, as_of: int
) -> None:
    assert_alike(engine_spells(world, definitions, as_of), naive(world, definitions, as_of), definitions)


@examples(40)
@given(worlds(people=4, accounts=3, events=16), any_definitions(fading=True), as_ofs)
def test_rules_over_fading_scores_give_the_spells_of_the_model(
    world: World, definitions: Definitions, as_of: int
) -> None:
    assert_alike(engine_spells(world, definitions, as_of), naive(world, definitions, as_of), definitions)


@examples(20)
@given(worlds(), any_definitions(fading=True), as_ofs)
def test_two_sweeps_give_the_same_table(world: World, definitions: Definitions, as_of: int) -> None:
    load(world, shared_store(), definitions)
    first = engine.sweep(shared_store(), definitions, as_of=as_of)
    assert first.equals(engine.sweep(shared_store(), definitions, as_of=as_of))


@examples(30)
@given(worlds(), any_definitions(fading=True), as_ofs, st.data())
def test_recomputing_some_subjects_gives_their_rows_of_the_sweep(
    world: World, definitions: Definitions, as_of: int, data: st.DataObject
) -> None:
    everybody = [("person", p) for p in world.people] + [("account", a) for a in world.accounts]
    some = data.draw(st.lists(st.sampled_from(everybody), min_size=1, unique=True))
    swept = engine_spells(world, definitions, as_of)
    recomputed, _ = engine.recompute(shared_store(), definitions, some, as_of=as_of)
    assert sorted(as_spells(recomputed), key=str) == sorted(
        (s for s in swept if (s.subject_type, s.subject_id) in some), key=str
    )


def subject_of(subject_type: str, subject_id: str) -> Subject:
    """Return the model's subject."""
    return Subject(subject_id, None) if subject_type == "person" else Subject(None, subject_id)


def spell_at(found: list[Spell], verdict: Verdict) -> Spell | None:
    """Return the spell that a verdict should tell of."""
    return next(
        (
            s
            for s in found
            if (s.rule, s.subject_type, s.subject_id) == (verdict.rule, verdict.subject_type, verdict.subject_id)
            and s.starts_at <= verdict.as_of
            and (s.ends_at is None or verdict.as_of < s.ends_at)
        ),
        None,
    )


def criteria_read(rule: Rule) -> set[str]:
    """Return the criteria that a rule's logic or its corroborations read; definitions with others are refused."""

    def named(groups: Iterable[Group]) -> Iterator[str]:
        for group in groups:
            yield from (m for m in group.members if isinstance(m, str))
            yield from named(m for m in group.members if not isinstance(m, str))

    decided = {*named(rule.qualify), *named(rule.stay_qualified)}
    inner = {
        name for c in rule.criteria if c.name in decided and isinstance(c.form, Corroboration) for name in c.form.any_of
    }
    return decided | inner


@examples(40)
@given(worlds(), any_definitions(), instants, st.data())
def test_a_verdict_says_what_the_model_says(
    world: World, definitions: Definitions, as_of: int, data: st.DataObject
) -> None:
    subject_type = data.draw(st.sampled_from(["person", "account"]))
    subject_id = data.draw(st.sampled_from(world.people if subject_type == "person" else world.accounts))
    load(world, shared_store(), definitions)
    verdicts = engine.explain(
        shared_store(), definitions, subject_type=subject_type, subject_id=subject_id, as_of=as_of
    )
    subject = subject_of(subject_type, subject_id)
    born = judge(world, definitions, as_of).birth(subject) <= as_of
    found = naive(world, definitions, as_of)
    assert {v.rule for v in verdicts} == {r.name for r in definitions.rules if r.subject == subject_type}
    for verdict in verdicts:
        wanted = naive_verdict(world, definitions, verdict.rule, subject, as_of)
        spell = spell_at(found, verdict)
        assert verdict.qualified == wanted.qualified == (spell is not None)
        if spell is not None:
            assert (verdict.since, verdict.until) == (spell.starts_at, spell.ends_at)
            assert (verdict.opened_by, verdict.closed_by) == (spell.opened_by, spell.closed_by)
        read = criteria_read(definitions.rule(verdict.rule))
        assert {f.criterion for f in verdict.findings} == read
        if born:
            assert {f.criterion for f in verdict.findings if f.met} == wanted.met & read
            assert set(verdict.excluded_by) == set(wanted.excluded_by)
            assert set(verdict.because) == set(wanted.because)
            assert set(verdict.missing) == set(wanted.missing)


@examples(60)
@given(worlds(), any_definitions(fading=True).filter(lambda d: d.scores), instants)
def test_a_score_adds_up_to_the_model_s(world: World, definitions: Definitions, as_of: int) -> None:
    load(world, shared_store(), definitions)
    for score in definitions.scores:
        ids = world.people if score.subject == "person" else world.accounts
        readings = engine.read_scores(shared_store(), definitions, score=score.name, subject_ids=ids, as_of=as_of)
        assert set(readings) == set(ids)
        for subject_id, reading in readings.items():
            wanted = naive_score(world, definitions, score.name, subject_of(score.subject, subject_id), as_of)
            assert sum((c.points for c in reading.contributions), Decimal(0)) == reading.total
            assert float(reading.total) == pytest.approx(float(sum(wanted.values())), abs=1e-6)
            points = {(c.line, c.dimension): float(c.points) for c in reading.contributions}
            for key in {*points, *wanted}:
                assert points.get(key, 0.0) == pytest.approx(float(wanted.get(key, 0)), abs=1e-6)
