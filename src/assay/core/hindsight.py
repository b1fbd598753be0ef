"""Questions about what became of leads: the flow of a run, and then outcomes instead of leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from assay.core import engine, identity, sources
from assay.core.definitions import model
from assay.core.definitions.as_published import as_published, changed_parts
from assay.core.errors import BadRequest, did_you_mean
from assay.core.io.store import Store
from assay.core.outcomes import (
    apart,
    backtest,
    candidates,
    caveats,
    comparison,
    conversions,
    designation,
    entries,
    funnel,
    milestones,
    narrowing,
    signals,
    subjects,
    variants,
)
from assay.core.outcomes.backtest import Backtest, Question
from assay.core.outcomes.caveats import Caveat
from assay.core.outcomes.conversions import Reach
from assay.core.outcomes.landmarks import Group
from assay.core.pipeline import DECIDED, event_names
from assay.core.references import rules_read_by
from assay.core.values import format_instant

Progress = Callable[..., None]

#: Candidates that are decided in one sweep: more would need more memory, fewer more time.
_AT_ONCE: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: an outcome, how soon (microseconds) and of which period [start, end); None: all that is known."""

    outcome: str
    within: int
    start: int | None = None
    end: int | None = None
    reach: Reach = "account"
    among: str = ""


@contextmanager
def prepared(
    definitions: model.Definitions,
    data: Path | Mapping[str, Any] | None,
    *,
    connections: Mapping[str, Any] | None = None,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Store]:
    """Give a store with the prepared tables of some data, for questions as of an instant; it is gone afterwards."""
    with Store() as store:
        sources.read(store, definitions, data, connections=connections, until=as_of, progress=progress)
        identity.resolve(store, definitions, progress=progress)
        yield store


def look_back(
    store: Store,
    definitions: model.Definitions,
    rules: Sequence[str],
    asked: Asked,
    *,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> tuple[Backtest, ...]:
    """Return a backtest a rule, in the order asked; without names, of all live and shadow rules."""
    wanted = rules_named(definitions, rules)
    question = question_of(store, asked, as_of=as_of)
    narrow = {rule.name: narrowing.alone(rule, asked.among) for rule in wanted} if asked.among else {}
    spells = decided(store, definitions, (*wanted, *narrow.values()), question.period.as_of, progress)
    if progress is not None:
        progress("Looking at what became of them")
    those = {kind: backtest.converting(store, kind, question) for kind in {rule.subject for rule in wanted}}
    spells = entries.numbered(spells, {kind: one.ids for kind, one in those.items()})
    both = backtest.reached_by(store, question)
    found = [
        backtest.judge(
            rule,
            entries.of_rule(spells, rule.name),
            those[rule.subject],
            question,
            among=_meeting(spells, narrow.get(rule.name)),
        )
        for rule in wanted
    ]
    return tuple(_minded(one, backtest.caveats_of(store, definitions, one.rule, question, both)) for one in found)


def _minded(found: Backtest, criteria: tuple[Caveat, ...]) -> Backtest:
    """Return a backtest with what to mind of its rule's criteria, too."""
    return replace(found, caveats=(*found.caveats, *criteria))


def _meeting(spells: pa.Table, narrow: model.Rule | None) -> pa.Table | None:
    return None if narrow is None else entries.of_rule(spells, narrow.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """One number of a rule varied: a value with its backtest each, in the order asked; one may be the current value."""

    rule: model.Rule
    setting: variants.Setting
    points: tuple[tuple[variants.Variant, Backtest], ...]


def vary(
    store: Store,
    definitions: model.Definitions,
    tried: Tried,
    asked: Asked,
    *,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> Thresholds:
    """Return what a rule would be worth with other numbers; all variants are decided in one sweep.

    `asked.among` is met as the rule stands, whatever number is varied: all are held beside the same people.
    """
    rule, which, listed = tried.of(definitions)
    question = question_of(store, asked, as_of=as_of)
    made = variants.of_rule(rule, which, listed)
    narrow = narrowing.alone(rule, asked.among) if asked.among else None
    rules = [*(one.rule for one in made), *([narrow] if narrow else [])]
    spells = decided(store, definitions, rules, question.period.as_of, progress)
    those = backtest.converting(store, rule.subject, question)
    spells = entries.numbered(spells, {rule.subject: those.ids})
    among = _meeting(spells, narrow)
    minded = backtest.caveats_of(store, definitions, rule, question, backtest.reached_by(store, question))
    judged = [
        backtest.judge(one.rule, entries.of_rule(spells, one.rule.name), those, question, among=among) for one in made
    ]
    points = [(one, _minded(found, minded)) for one, found in zip(made, judged, strict=True)]
    return Thresholds(rule=rule, setting=which, points=tuple(points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Which number of which rule to vary, as written: CRITERION.KEY, and "1..6" or "1,2,5"."""

    rule: str
    criterion: str
    values: str

    def of(self, definitions: model.Definitions) -> tuple[model.Rule, variants.Setting, tuple[str, ...]]:
        """Return what that is in these definitions; BadRequest where it is nothing."""
        rule = rules_named(definitions, [self.rule])[0]
        which = variants.setting(self.criterion, rule)
        listed = variants.values(self.values, which)
        variants.of_rule(rule, which, listed)
        return rule, which, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """A rule of the folder and the same as published, in one set of definitions that decides both."""

    definitions: model.Definitions
    published: model.Rule
    draft: model.Rule
    changed: tuple[str, ...]


def versions(definitions: model.Definitions, rule: str, *, version: int | None = None) -> Versions:
    """Return the draft of a rule beside what was published of it, the latest version or the one named."""
    draft = rules_named(definitions, [rule])[0]
    before = as_published(Path(definitions.folder), rule, version)
    both, published = apart.beside(definitions, before, rule)
    return Versions(
        definitions=both, published=published, draft=draft, changed=changed_parts(before, definitions, rule)
    )


def differ(
    store: Store, both: Versions, asked: Asked, *, as_of: int | None = None, progress: Progress | None = None
) -> comparison.Comparison:
    """Return how the draft of a rule differs from what was published; one sweep decides both.

    `asked.among` is a criterion of the draft: both are held beside the same people.
    """
    question = question_of(store, asked, as_of=as_of)
    rules = (both.published, both.draft)
    narrow = narrowing.alone(both.draft, asked.among) if asked.among else None
    wanted = [*rules, *([narrow] if narrow else [])]
    spells = decided(store, both.definitions, wanted, question.period.as_of, progress)
    those = backtest.converting(store, both.draft.subject, question)
    old, new = ((rule, entries.of_rule(spells, rule.name)) for rule in rules)
    found = comparison.compare(old, new, those, question, changed=both.changed, among=_meeting(spells, narrow))
    reached = backtest.reached_by(store, question)
    told = [backtest.caveats_of(store, both.definitions, rule, question, reached) for rule in rules]
    return replace(found, published=_minded(found.published, told[0]), draft=_minded(found.draft, told[1]))


def flow(
    store: Store,
    definitions: model.Definitions,
    *,
    within: int,
    path: Sequence[str] = (),
    among: str = "",
    start: int | None = None,
    end: int | None = None,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> funnel.Funnel:
    """Return how leads get from stage to stage within so long (microseconds); without a path, along the usual one.

    With `among`, a criterion or RULE.CRITERION, those alone count at a stage who meet it as they get there.
    """
    period = period_of(store, start, end, as_of=as_of)
    rules = rules_named(definitions, [])
    narrow = narrowing.of_some(rules, among) if among else None
    spells = decided(store, definitions, [*rules, *([narrow] if narrow else [])], period.as_of, progress)
    stages = milestones.milestones(store, rules, spells, path or milestones.PATH, as_of=period.as_of, strict=bool(path))
    group = None if narrow is None else narrowing.meeting(store, narrow, spells)
    return funnel.Funnel(
        period=period,
        within=within,
        among=among,
        stages=tuple((stage.stage, len(funnel.arrivals(store, stage, period, among=group).at)) for stage in stages),
        steps=funnel.steps(store, stages, period, within=within, among=group),
        designated=designation.designated(store, rules, spells, period),
    )


def precursors(
    store: Store,
    definitions: model.Definitions,
    subject: model.SubjectType,
    asked: Asked,
    *,
    also_read: bool = False,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> signals.Signals:
    """Return what precedes an outcome that no rule reads yet, among those who meet `asked.among`; also what is read."""
    question = question_of(store, asked, as_of=as_of)
    latest = question.period.as_of
    among = _among(store, definitions, subject, asked.among, latest) if asked.among else None
    tried, read = candidates.candidates(store, definitions, subject, as_of=latest, also_read=also_read)
    both = backtest.reached_by(store, question)
    those = backtest.converting(store, subject, question)

    def warn(one: candidates.Candidate) -> tuple[Caveat, ...]:
        rule = one.rule(subject)
        alone = replace(definitions, rules=(rule,), scores=())
        return caveats.of_rule(store, alone, rule, outcome=question.outcome, converted=both)

    def decide(some: Sequence[candidates.Candidate]) -> Iterator[Group]:
        return groups(store, definitions, subject, some, as_of=latest, progress=progress)

    return signals.search(
        tried,
        decide,
        warn,
        signals.subjects_of(those),
        question,
        subject=subject,
        busy=tuple(decide(candidates.busy())),
        among=among,
        read=read,
    )


def _among(
    store: Store, definitions: model.Definitions, subject: model.SubjectType, criterion: str, as_of: int
) -> Group:
    narrow = narrowing.of_some([rule for rule in definitions.rules if rule.status != "retired"], criterion)
    meeting = narrowing.meeting(store, narrow, decided(store, definitions, [narrow], as_of))
    return narrowing.stretches(store, meeting, subject, as_of=as_of)


def groups(
    store: Store,
    definitions: model.Definitions,
    subject: model.SubjectType,
    some: Sequence[candidates.Candidate],
    *,
    as_of: int,
    progress: Progress | None,
    label: str = "Trying what could precede it",
) -> Iterator[Group]:
    """Yield when each candidate holds of whom; so many at once are decided in one sweep."""
    ids = subjects.ids(store, subject)
    for begin in range(0, len(some), _AT_ONCE):
        rules = tuple(one.rule(subject) for one in some[begin : begin + _AT_ONCE])
        spells = engine.sweep(store, replace(definitions, rules=rules, scores=()), as_of=as_of)
        spells = entries.numbered(spells, {subject: ids})
        if progress is not None:
            progress(label, begin, len(some))
        for rule in rules:
            yield entries.group(entries.of_rule(spells, rule.name), ids)


def dimension(by: str | None) -> str | None:
    """Return by what a funnel is to be parted; BadRequest where it cannot be."""
    if by is None or by in funnel.DIMENSIONS:
        return by
    mend = did_you_mean(by, funnel.DIMENSIONS, f"Name one of {', '.join(funnel.DIMENSIONS)}.")
    raise BadRequest("A funnel cannot be told by this", where="--by", value=by, mend=mend)


def names_of_cases(store: Store, found: Sequence[Backtest]) -> dict[str, str]:
    """Return the event's name of each cause that opened a case to read."""
    return event_names(store, [cause for one in found for cause in one.false_positives["opened_by"].to_pylist()])


def decided(
    store: Store,
    definitions: model.Definitions,
    rules: Sequence[model.Rule],
    as_of: int,
    progress: Progress | None = None,
) -> pa.Table:
    """Return the spells of these rules, and of those that they read (tables.SPELLS): one sweep for all of them.

    Rules that the definitions do not have, under names of their own, are decided beside them.
    """
    whole = {rule.name: rule for rule in (*definitions.rules, *rules)}
    wider = replace(definitions, rules=tuple(whole.values()))
    read = rules_read_by(wider, [rule.name for rule in rules])
    those = replace(wider, rules=tuple(rule for rule in wider.rules if rule.name in read))
    return engine.sweep(store, those, as_of=as_of, progress=progress)


def rules_named(definitions: model.Definitions, names: Sequence[str]) -> tuple[model.Rule, ...]:
    """Return the rules of these names, whatever their status; all that are decided where none is named."""
    known = {rule.name: rule for rule in definitions.rules}
    for name in names:
        if name not in known:
            mend = did_you_mean(name, known, "Name a rule of the definitions folder.")
            raise BadRequest("No rule has this name", where="RULE", value=name, mend=mend)
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    found = tuple(rule for rule in definitions.rules if rule.status in DECIDED)
    if not found:
        raise BadRequest(
            "No rule is live or shadow", where=definitions.folder, mend="Name the rule to look at, whatever its status."
        )
    return found


def question_of(store: Store, asked: Asked, *, as_of: int | None) -> Question:
    """Return what is asked with its period and outcome looked up; BadRequest where that is empty or unknown."""
    known = latest(store, as_of)
    conversions.check_name(store, asked.outcome, as_of=known)
    period = period_of(store, asked.start, asked.end, as_of=known)
    return Question(outcome=asked.outcome, within=asked.within, period=period, reach=asked.reach, among=asked.among)


def period_of(store: Store, start: int | None, end: int | None, *, as_of: int | None) -> entries.Period:
    """Return the period [start, end) as known at `as_of`, the latest event's instant if None; BadRequest if empty."""
    known = latest(store, as_of)
    begins, ends = 0 if start is None else start, known + 1 if end is None else end
    if begins > known:
        raise BadRequest(
            f"The period begins after {format_instant(known)}, the last that is known",
            where="--from",
            value=format_instant(begins),
            mend="Name an earlier instant.",
        )
    if ends <= begins:
        raise BadRequest(
            "The period is empty: it ends where it begins, or before",
            where="--to",
            value=format_instant(ends),
            mend=f"Name an instant after {format_instant(begins)}; the end itself is not part of a period.",
        )
    return entries.Period(start=begins, end=ends, as_of=known)


def latest(store: Store, as_of: int | None) -> int:
    """Return the instant asked about, the latest event's if None; BadRequest where there is none."""
    found = engine.latest_instant(store) if as_of is None else as_of
    if found is None:
        raise BadRequest(
            "The data holds no event, so there is no latest instant",
            where="--as-of",
            mend="Name an instant, such as --as-of 2026-03-10T09:00:00Z.",
        )
    return found
