"""What makes a look back too good to be true: today's values used in the past, and attributes that are outcomes.

A rule is taken to read an outcome where half of those who convert do so at the very instant at which they qualify.
An attribute is taken for one where its name or a value asked for is that outcome's name, or where it comes to
meet its condition at the outcome's own instant: within a day of it in at least half of all cases, and five at least.
Kaufman, Rosset, Perlich and Stitelman (2012), ACM TKDD 6:15, call it leakage and tell how it comes about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core import values
from assay.core.definitions import model
from assay.core.io.store import Store
from assay.core.outcomes.arrays import BEGINNING, Int64s
from assay.core.references import rules_read_by

_NEAR: Final = values.DAY
_FEWEST: Final = 5
_SUBJECTS: Final = {"person": "people", "account": "accounts"}
#: What identity makes of an address; it has no date, and seldom changes.
_BUILT_IN: Final = ("domain", "email_domain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """One thing to mind when reading an answer: `of` names a criterion; `code` is undated, leak or late_outcomes."""

    code: str
    of: str
    text: str


@dataclass(frozen=True, slots=True)
class _Read:
    """An attribute that a rule reads: `of` is the criterion, or `score.line`, or `rule.criterion` of another rule."""

    of: str
    subject: model.SubjectType
    form: model.Attribute


def of_rule(
    store: Store,
    definitions: model.Definitions,
    rule: model.Rule,
    *,
    outcome: str,
    converted: Mapping[model.SubjectType, Int64s],
) -> tuple[Caveat, ...]:
    """Return what to mind of a rule's criteria, also of those it reads through other rules and scores.

    `converted` has each subject's conversion for both kinds of subject.
    """
    read = list(_attributes(definitions, rule))
    undated = _undated(store) if read else {}
    found = [_today(one, undated) for one in read]
    found += [_named(one.of, one.form.name, one.form.condition, outcome) for one in read]
    found += [_coincides(store, definitions, one, outcome, converted[one.subject]) for one in read]
    found += [_event(name, form, outcome) for name, form in _counts(definitions, rule)]
    told: dict[tuple[str, str], Caveat] = {}
    for caveat in found:
        if caveat is not None:
            told.setdefault((caveat.code, caveat.of), caveat)
    return tuple(sorted(told.values(), key=lambda c: (c.code, c.of)))


def forms_read(definitions: model.Definitions, rule: model.Rule) -> Iterator[tuple[str, model.SubjectType, model.Form]]:
    """Yield every form that a rule reads: its own criteria, its scores' lines, and the same of rules it refers to."""
    scores = {score.name: score for score in definitions.scores}
    for name in sorted(rules_read_by(definitions, [rule.name]), key=lambda other: (other != rule.name, other)):
        other = definitions.rule(name)
        place = "" if name == rule.name else f"{name}."
        for criterion in other.criteria:
            yield f"{place}{criterion.name}", other.subject, criterion.form
            if isinstance(criterion.form, model.ScoreIs):
                for line in scores[criterion.form.score].points:
                    yield f"{criterion.form.score}.{line.name}", other.subject, line.form


def _attributes(definitions: model.Definitions, rule: model.Rule) -> Iterator[_Read]:
    for name, subject, form in forms_read(definitions, rule):
        if isinstance(form, model.Attribute):
            yield _Read(name, "account" if form.of_account else subject, form)


def _counts(
    definitions: model.Definitions, rule: model.Rule
) -> Iterator[tuple[str, model.Count | model.Sum | model.Sequence]]:
    for name, _, form in forms_read(definitions, rule):
        if isinstance(form, model.Count | model.Sum | model.Sequence):
            yield name, form


def _undated(store: Store) -> dict[tuple[str, str], tuple[int, int]]:
    """Return by subject type and attribute how many subjects have an undated value, and how many have any."""
    rows = store.rows(
        'SELECT subject_type, name, count(DISTINCT subject) FILTER ("at" IS NULL AND value IS NOT NULL), '
        "count(DISTINCT subject) FROM prepared.attributes GROUP BY subject_type, name"
    )
    return {(kind, name): (undated, known) for kind, name, undated, known in rows}


def _today(one: _Read, undated: Mapping[tuple[str, str], tuple[int, int]]) -> Caveat | None:
    number, known = undated.get((one.subject, one.form.name), (0, 0))
    if not number:
        return None
    seldom = ", which seldom changes" if one.form.name in _BUILT_IN else ""
    of = f"{known:,} {_SUBJECTS[one.subject]}"
    many = f"all {of}" if number == known else f"{number:,} of {of}"
    text = f"{one.form.name} has no date for {many}: what it is today was used for the past{seldom}."
    return Caveat(code="undated", of=one.of, text=text)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _named(of: str, name: str, condition: model.Condition, outcome: str) -> Caveat | None:
    wanted = _plain(outcome)
    asked = [_plain(value) for value in condition.values if isinstance(value, str)]
    if wanted and (f" {wanted} " in f" {_plain(name)} " or wanted in asked):
        text = f"{name} names the outcome '{outcome}' itself: it is known only once there is nothing left to foresee."
        return Caveat(code="leak", of=of, text=text)
    return None


def _event(of: str, form: model.Count | model.Sum | model.Sequence, outcome: str) -> Caveat | None:
    events: Sequence[str] = form.steps if isinstance(form, model.Sequence) else form.events
    if _plain(outcome) in [_plain(event) for event in events]:
        return Caveat(code="leak", of=of, text=f"it counts the event '{outcome}', which is the outcome itself.")
    return None


def _coincides(
    store: Store, definitions: model.Definitions, one: _Read, outcome: str, converted_at: Int64s
) -> Caveat | None:
    """Return a caveat where the attribute comes to meet its condition when the outcome happens."""
    rows = store.table(
        f'SELECT subject, coalesce("at", {BEGINNING}) AS "at", value FROM prepared.attributes '
        'WHERE subject_type = ? AND name = ? ORDER BY subject, "at" NULLS FIRST',
        [one.subject, one.form.name],
    )
    if not rows.num_rows:
        return None
    texts = rows["value"].combine_chunks().dictionary_encode()
    met = [values.meets(one.form.condition, text, definitions.lists) for text in [*texts.dictionary.to_pylist(), None]]
    places = texts.indices.fill_null(len(met) - 1).to_numpy(zero_copy_only=False)
    meets = np.array(met)[places]
    subject, at = rows["subject"].to_numpy(), rows["at"].to_numpy()
    fresh = np.concatenate([[True], subject[1:] != subject[:-1]])
    begins = meets & (fresh | ~np.concatenate([[False], meets[:-1]])) & (at > BEGINNING)
    return coincidence(one.form.name, at[begins], converted_at[subject[begins]], of=one.of, outcome=outcome)


def coincidence(name: str, moments: Int64s, outcomes: Int64s, *, of: str, outcome: str) -> Caveat | None:
    """Return a caveat where something begins within a day of the outcome in half of all cases (shapes: cases)."""
    near = int(np.count_nonzero(np.abs(moments - np.minimum(outcomes, 2**62)) <= _NEAR))
    if near < _FEWEST or 2 * near < len(moments):
        return None
    text = (
        f"{name} comes to be what is asked for within a day of '{outcome}' in {near:,} of {len(moments):,} "
        "cases: it follows from the outcome and does not foresee it."
    )
    return Caveat(code="leak", of=of, text=text)


def of_entries(at_once: int, later: int, *, outcome: str) -> Caveat | None:
    """Return a caveat where of those who convert at or after qualifying half, and five at least, do so just then."""
    if at_once < _FEWEST or at_once < later:
        return None
    text = (
        f"{at_once:,} convert at the very instant at which they qualify and are left out; {later:,} do so later. What "
        f"the rule reads comes together with '{outcome}' and does not foresee it."
    )
    return Caveat(code="leak", of="", text=text)


def of_outcomes(last: int | None, *, outcome: str, number: int, first: int, as_of: int) -> Caveat | None:
    """Return a caveat where outcomes seem to end before `as_of`: who would have converted since looks as if not.

    They seem to where so long a silence, at the rate there was from the first to the last of `number` outcomes, would
    come about less than once in a thousand times.
    """
    if last is None or number < 2 or last <= first:
        return None
    silence, pace = as_of - last, (number - 1) / (last - first)
    if silence * pace < np.log(1000):
        return None
    text = (
        f"the last '{outcome}' is {silence // values.DAY:,} days before {values.format_instant(as_of)[:10]}. If the "
        "file ends there, ask as of that day: else leads since then look as if they had not converted."
    )
    return Caveat(code="late_outcomes", of="", text=text)
