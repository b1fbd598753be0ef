"""An obviously right evaluator: every rule decided from scratch at every instant at which anything could change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from assay.core.definitions.model import (
    Count,
    Criterion,
    Definitions,
    Form,
    Group,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    Qualified,
    Rule,
    Score,
    ScoreIs,
    Sequence,
    Sum,
)
from tests.model import causes, conditions, forms, scores
from tests.model.forms import Siblings
from tests.model.history import BIRTH, Cause, History, Interval, Subject, cause, cause_text
from tests.model.world import World

#: By then nothing of a score that halves is left.
HALVINGS = 100


class Spell(NamedTuple):
    """A maximal interval during which a rule holds of a subject; `ends_at` None: nothing known ends it."""

    rule: str
    subject_type: str
    subject_id: str
    starts_at: int
    ends_at: int | None
    opened_by: str
    closed_by: str | None


@dataclass(frozen=True)
class NaiveVerdict:
    """Whether a rule holds at an instant, which criteria are met, and why."""

    qualified: bool
    met: frozenset[str]
    because: tuple[str, ...]
    missing: tuple[str, ...]
    excluded_by: tuple[str, ...]


def naive(world: World, definitions: Definitions, as_of: int) -> list[Spell]:
    """Return the spells that start at or before `as_of`, ordered by rule, subject type, subject and start."""
    history = judge(world, definitions, as_of)
    found = [
        Spell(
            rule.name,
            rule.subject,
            subject.person or subject.account or "",
            spell.starts_at,
            spell.ends_at,
            cause_text(spell.opened_by),
            cause_text(spell.closed_by) if spell.closed_by else None,
        )
        for rule in definitions.rules
        for subject in history.subjects(rule.subject)
        for spell in history.spells(rule.name, subject)
        if spell.starts_at <= as_of
    ]
    return sorted(found, key=lambda s: s[:4])


def judge(world: World, definitions: Definitions, as_of: int) -> History:
    """Return the history whose spells are decided by this module."""
    history = History(world, definitions, as_of)
    history.decide = lambda rule, subject: decide(history, definitions.rule(rule), subject)
    return history


def naive_verdict(world: World, definitions: Definitions, rule_name: str, subject: Subject, as_of: int) -> NaiveVerdict:
    """Return the verdict on one subject as of an instant, from what was known then."""
    history = judge(world, definitions, as_of)
    rule = definitions.rule(rule_name)
    met = met_criteria(history, rule, subject, as_of)
    positive = [g for g in rule.qualify if g.kind != "none_of"]
    excluding = [name for g in rule.qualify if g.kind == "none_of" for name in _names(g) if name in met]
    because = [name for g in positive for name in _names(g) if name in met]
    missing = [name for g in positive for name in _missing(g, met)]
    qualified = history.rule_holds(rule_name, subject, as_of)
    return NaiveVerdict(qualified, met, tuple(because), tuple(missing), tuple(excluding))


def naive_score(
    world: World, definitions: Definitions, score: str, subject: Subject, as_of: int
) -> dict[tuple[str, str], Fraction]:
    """Return the points by (line, dimension) as of an instant; lines of 0 included."""
    return scores.contributions(judge(world, definitions, as_of), definitions.score(score), subject, as_of)


# --- logic --------------------------------------------------------------------------------------


def group_holds(group: Group, met: frozenset[str]) -> bool:
    """Return whether a group holds given the met criteria."""
    held = [m in met if isinstance(m, str) else group_holds(m, met) for m in group.members]
    if group.kind == "all_of":
        return all(held)
    if group.kind == "any_of":
        return any(held)
    return not any(held) if group.kind == "none_of" else sum(held) >= group.at_least


def is_in(rule: Rule, met: frozenset[str], was_in: bool) -> bool:
    """Return whether a subject is in, given whether it was in just before."""
    qualifies = all(group_holds(g, met) for g in rule.qualify)
    not_excluded = all(group_holds(g, met) for g in rule.qualify if g.kind == "none_of")
    stays = bool(rule.stay_qualified) and all(group_holds(g, met) for g in rule.stay_qualified)
    return qualifies or (was_in and stays and not_excluded)


def _names(group: Group) -> list[str]:
    """Return the criteria of a group, those of inner groups included, but not below an inner none_of."""
    return [
        name
        for m in group.members
        if isinstance(m, str) or m.kind != "none_of"
        for name in ([m] if isinstance(m, str) else _names(m))
    ]


def _missing(group: Group, met: frozenset[str]) -> list[str]:
    if group.kind == "none_of" or group_holds(group, met):
        return []
    if group.kind != "all_of":
        return [" or ".join(_names(group))]
    unmet = [[m] if isinstance(m, str) else _missing(m, met) for m in group.members if m not in met]
    return [name for names in unmet for name in names]


def met_criteria(history: History, rule: Rule, subject: Subject, x: int) -> frozenset[str]:
    """Return the names of the criteria that are met at x."""
    siblings = Siblings.of(rule.criteria)
    return frozenset(c.name for c in rule.criteria if forms.met(history, c.form, siblings, subject, x))


# --- spells -------------------------------------------------------------------------------------


def decide(history: History, rule: Rule, subject: Subject) -> list[Interval]:
    """Return when a rule holds of a subject, in the future too."""
    found: list[Interval] = []
    opened: tuple[int, Cause] | None = None
    for x in all_instants(history, rule, subject):
        met = met_criteria(history, rule, subject, x)
        now_in = is_in(rule, met, opened is not None)
        if opened is None and now_in:
            opened = (x, flipped_by(history, rule, subject, x))
        elif opened is not None and not now_in:
            found.append(Interval(opened[0], x, opened[1], flipped_by(history, rule, subject, x)))
            opened = None
    if opened is not None:
        found.append(Interval(opened[0], None, opened[1], None))
    return found


def _used(groups: Iterable[Group]) -> set[str]:
    return {n for g in groups for m in g.members for n in ([m] if isinstance(m, str) else _used([m]))}


def flipped_by(history: History, rule: Rule, subject: Subject, x: int) -> Cause:
    """Return the preferred one of the changes at x that feed a criterion whose truth flipped."""
    siblings = Siblings.of(rule.criteria)
    used = _used(rule.qualify) | _used(rule.stay_qualified)
    found: set[Cause] = set()
    at_birth = x == history.birth(subject)
    for c in rule.criteria:
        before, now = (forms.met(history, c.form, siblings, subject, at) for at in (x - 1, x))
        if c.name in used and before != now:
            expired = cause("expiry", c.name)
            fed = causes.feeding(history, c.form, siblings, subject, x, expired=expired)
            # Where nothing happened, a score has faded over its threshold.
            found |= fed or ({expired} if isinstance(c.form, ScoreIs) and not at_birth else set())
    return min(found | ({BIRTH} if at_birth else set()))


# --- instants -----------------------------------------------------------------------------------


def _reached(history: History, rule: Rule) -> tuple[list[Form], list[Score]]:
    """Return the forms of a rule and of the scores that it names, and those scores."""
    found = [c.form for c in rule.criteria]
    named = [history.definitions.score(f.score) for f in found if isinstance(f, ScoreIs)]
    return found + [line.form for score in named for line in score.points], named


def _durations(found: list[Form], named: list[Score]) -> set[int]:
    lengths: set[int | None] = {0}
    for form in found:
        if isinstance(form, Count | Sum | Sequence):
            lengths.add(form.window.within)
        elif isinstance(form, PartnerSays | PartnerInsight):
            lengths.add(form.fresh_within)
        elif isinstance(form, PeopleQualified):
            lengths.add(form.active_within)
    lengths |= {line.fades.duration for score in named for line in score.points if line.fades}
    return {length for length in lengths if length is not None}


def _happenings(history: History, subject: Subject) -> set[int]:
    """Return every instant at which a row of the world begins, is confirmed or ends."""
    world = history.world
    found: set[int | None] = {history.birth(subject)}
    found |= {e.at for e in history.events(subject)}
    found |= {m.at for m in world.memberships} | {a.at for a in world.attributes} | {i.at for i in world.insights}
    found |= {at for f in world.partner_facts for at in (f.since, f.until, f.confirmed_at)}
    return {at for at in found if at is not None}


def _upstream_ends(history: History, found: list[Form], reader: Subject) -> set[int]:
    """Return every end of every spell that a reference among the forms could read."""
    ends: set[int] = set()
    for rule in [history.definitions.rule(f.rule) for f in found if isinstance(f, Qualified | PeopleQualified)]:
        if rule.subject == "account":
            read = [s for s in history.subjects("account") if reader.account in (None, s.account)]
        elif reader.person is None:
            read = [Subject(p, reader.account) for p in history.world.people]
        else:
            read = [reader]
        for spell in [spell for subject in read for spell in history.spells(rule.name, subject)]:
            ends |= {spell.starts_at} | ({spell.ends_at} if spell.ends_at is not None else set())
    return ends


def all_instants(history: History, rule: Rule, subject: Subject) -> list[int]:
    """Return every instant from birth on at which the rule could change its mind about the subject, ascending."""
    found, named = _reached(history, rule)
    happenings = _happenings(history, subject)
    instants = {at + length for at in happenings for length in _durations(found, named)}
    instants |= _upstream_ends(history, found, subject)
    instants = {x for x in instants if x >= history.birth(subject)}
    for criterion in rule.criteria:
        if isinstance(criterion.form, ScoreIs):
            instants |= _fading_ends(history, criterion, subject, sorted(instants))
    return sorted(instants)


def _fading_ends(history: History, criterion: Criterion, subject: Subject, instants: list[int]) -> set[int]:
    """Return the first microseconds at which a score falls over an end of its threshold between other changes."""
    assert isinstance(criterion.form, ScoreIs)
    score = history.definitions.score(criterion.form.score)
    threshold = criterion.form.threshold
    longest = max((line.fades.duration for line in score.points if line.fades), default=None)
    if longest is None:
        return set()

    def low(x: int) -> bool:
        return conditions.low_holds(threshold, scores.total(history, score, subject, x))

    def high(x: int) -> bool:
        return conditions.high_holds(threshold, scores.total(history, score, subject, x))

    found: set[int] = set()
    for start, end in zip(instants, [*instants[1:], instants[-1] + HALVINGS * longest], strict=True):
        found |= _flip(low, start, end - 1) | _flip(high, start, end - 1)
    return found


def _flip(truth: Callable[[int], bool], start: int, end: int) -> set[int]:
    """Return the first instant in (start, end] at which a truth that changes at most once differs from the start."""
    first = truth(start)
    if truth(end) == first:
        return set()
    while end - start > 1:
        middle = (start + end) // 2
        start, end = (middle, end) if truth(middle) == first else (start, middle)
    return {end}
