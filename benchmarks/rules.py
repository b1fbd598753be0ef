"""Rules for the generated events: a fixed mix of forms, thresholds such that about 5 % of subjects enter each.

Of three criteria a rule, 15 % count distinct values, 10 % are sequences, 10 % sums, 5 % thresholds on fading scores,
the rest counts, some of them filtered. A fifth of the rules are about accounts; some of these (2 of 20, 4 of 200) ask
how many of the account's people hold a person rule. Every criterion is drawn anew, so hardly two rules share one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np

from assay.core.definitions.model import (
    AccountsSource,
    Condition,
    Count,
    Criterion,
    DatedColumn,
    Definitions,
    EventsSource,
    Fade,
    Form,
    Group,
    PeopleQualified,
    PeopleSource,
    PointsLine,
    Qualified,
    Rule,
    Score,
    ScoreIs,
    Sequence,
    SubjectType,
    Sum,
    Threshold,
    Window,
)
from assay.core.errors import Place
from benchmarks import calibrate
from benchmarks.generate import DAY, EVENT_NAMES, FEATURES, WITH_AMOUNT, WITH_FEATURE, WITH_PROJECT

PLACE: Final = Place(file="benchmarks/rules.py", line=1, column=1)
AIM: Final = 0.05
_NEAR: Final = (0.035, 0.07)
_TRIES: Final = 60
_SHARES: Final = (("distinct", 0.15), ("sequence", 0.10), ("sum", 0.10), ("score", 0.05))
_LOGIC: Final = ("all", "all", "all_any", "two_of_three", "all_none")

#: What the raw files are.
SOURCES: Final = (
    EventsSource(
        source="product",
        file="events.parquet",
        id="id",
        at="created_at",
        event_column="event",
        person="user_id",
        account="company",
        place=PLACE,
        properties=(("amount", "amount"), ("feature", "feature"), ("project", "project")),
    ),
    PeopleSource(
        source="users",
        file="users.parquet",
        id="user_id",
        place=PLACE,
        account=DatedColumn(column="company", at="joined_at"),
    ),
    AccountsSource(source="companies", file="companies.parquet", id="company_id", domain="website", place=PLACE),
)

Drawn = Count | Sum | Sequence | Score


@dataclass(frozen=True, slots=True)
class _Draft:
    """A rule before its thresholds: what each criterion counts, and what it saw in the sample."""

    forms: tuple[Drawn, ...]
    seen: tuple[calibrate.Numbers, ...]
    highest: tuple[calibrate.Numbers, ...]
    logic: str


def make(rules: int) -> Definitions:
    """Return definitions of so many rules; the same number gives the same rules."""
    rng = np.random.default_rng([rules, 5])
    persons, accounts = calibrate.samples()
    kinds = _kinds(rng, rules)
    of_people = 2 if rules < 100 else 4
    person_rules = rules - rules // 5
    made: list[Rule] = []
    scores: list[Score] = []
    holding: list[calibrate.Flags] = []
    for i in range(rules):
        subject: SubjectType = "person" if i < person_rules else "account"
        sample = persons if subject == "person" else accounts
        wanted = [next(kinds) for _ in range(3)]
        if subject == "account" and i >= rules - of_people:
            source = made[i - (rules - of_people)]
            pair = calibrate.people_holding(persons, accounts, holding[i - (rules - of_people)])
            made.append(_about_people(rng, i, source, sample, pair))
            continue
        rule, own_scores, holds = _tuned(rng, i, subject, wanted, sample)
        made.append(rule)
        scores.extend(own_scores)
        if len(holding) < of_people:
            holding.append(holds)
    made = [replace(rule, fingerprint=f"{i:016x}") for i, rule in enumerate(made)]
    return Definitions(
        folder="benchmarks",
        rules=tuple(made),
        scores=tuple(scores),
        sources=SOURCES,
        event_names=frozenset(EVENT_NAMES),
    )


def _kinds(rng: np.random.Generator, rules: int) -> Iterator[str]:
    """Yield the kind of each criterion: the shares hold over all of them; accounts take no scores."""
    total = 3 * rules
    kinds: list[str] = []
    for kind, share in _SHARES:
        kinds += [kind] * int(np.ceil(total * share))
    kinds += ["count"] * (total - len(kinds))
    shuffled = [kinds[i] for i in rng.permutation(total)]
    edge = 3 * (rules - rules // 5)  # what stands after it goes to accounts, the last ones to people_qualified
    spare = [i for i in range(edge) if shuffled[i] == "count"]
    for i in range(edge, total):
        if shuffled[i] != "count" and (shuffled[i] == "score" or i >= total - 12):
            j = spare.pop()
            shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
    return iter(shuffled)


def _names(rng: np.random.Generator, among: tuple[str, ...], count: int) -> tuple[str, ...]:
    return tuple(sorted(str(name) for name in rng.choice(np.array(among), size=min(count, len(among)), replace=False)))


def _draw(rng: np.random.Generator, kind: str, subject: SubjectType, name: str) -> Drawn:
    """Return a criterion of a kind, without its threshold."""
    window = Window(within=int(rng.integers(3, 61)) * DAY)
    nothing = Threshold()
    if kind == "sequence":
        steps = rng.choice(np.array(EVENT_NAMES[:24]), size=int(rng.integers(2, 4)), replace=False)
        return Sequence(steps=tuple(str(step) for step in steps), window=window)
    if kind == "sum":
        return Sum(
            property="amount",
            events=_names(rng, WITH_AMOUNT, int(rng.integers(1, 4))),
            threshold=nothing,
            window=window,
        )
    if kind == "score":
        return _score(rng, name)
    if kind == "distinct":
        distinct = str(rng.choice(["day", "day", "project", "feature", "week" if subject == "person" else "person"]))
        among = {"project": WITH_PROJECT, "feature": WITH_FEATURE}.get(distinct, EVENT_NAMES[:20])
        return Count(
            events=_names(rng, among, int(rng.integers(1, 5))),
            distinct=distinct,
            distinct_is_property=distinct in ("project", "feature"),
            window=window,
        )
    if rng.random() < 0.08:
        feature = Condition(kind="is", values=(f"feature_{int(rng.integers(0, FEATURES // 6)):02d}",))
        return Count(events=_names(rng, WITH_FEATURE[:3], 2), where=(("feature", feature),), window=window)
    return Count(events=_names(rng, EVENT_NAMES, int(rng.integers(1, 4))), window=window)


def _score(rng: np.random.Generator, name: str) -> Score:
    """Return a score of two lines, one fading by halves, one in a straight line."""
    lines = tuple(
        PointsLine(
            name=f"line_{i}",
            dimension="product" if i == 0 else "marketing",
            form=Count(events=_names(rng, EVENT_NAMES[:16], 3)),
            each=Decimal(int(rng.integers(2, 9))),
            up_to=Decimal(int(rng.integers(40, 81))),
            place=PLACE,
            fades=Fade(kind="half_life" if i == 0 else "linear", duration=int(rng.integers(5, 31)) * DAY),
        )
        for i in range(2)
    )
    return Score(
        name=name,
        version=1,
        subject="person",
        dimensions=("product", "marketing"),
        points=lines,
        caps=(("product", Decimal(70)),),
        place=PLACE,
        fingerprint=name,
    )


def _holds(draft: _Draft, thresholds: tuple[float, ...]) -> calibrate.Flags:
    met = [seen >= threshold for seen, threshold in zip(draft.seen, thresholds, strict=True)]
    if draft.logic == "all":
        return np.asarray(met[0] & met[1] & met[2])
    if draft.logic == "all_any":
        return np.asarray(met[0] & (met[1] | met[2]))
    if draft.logic == "two_of_three":
        return np.asarray((met[0] & met[1]) | (met[0] & met[2]) | (met[1] & met[2]))
    return np.asarray(met[0] & met[1] & ~met[2])


def _thresholds(draft: _Draft, quantile: float) -> tuple[float, ...]:
    """Return a threshold a criterion at a quantile of subjects; what excludes lies high."""
    found = []
    for i, (form, highest) in enumerate(zip(draft.forms, draft.highest, strict=True)):
        value = float(np.quantile(highest, 0.99 if draft.logic == "all_none" and i == 2 else quantile))
        if isinstance(form, Sequence):
            found.append(1.0)
        elif isinstance(form, Score):
            found.append(max(1.5, np.floor(value) + 0.5))  # a half is never hit exactly by caps and whole points
        else:
            found.append(max(1.0, np.floor(value)))
    return tuple(found)


def _tuned(
    rng: np.random.Generator, i: int, subject: SubjectType, kinds: list[str], sample: calibrate.Sample
) -> tuple[Rule, list[Score], calibrate.Flags]:
    """Return a rule that about 5 % of the sample's subjects enter, its scores, and where it holds."""
    best: tuple[float, _Draft, tuple[float, ...]] | None = None
    for _ in range(_TRIES):
        forms = tuple(_draw(rng, kind, subject, f"score_{i}_{k}") for k, kind in enumerate(kinds))
        seen = tuple(calibrate.seen(sample, form) for form in forms)
        draft = _Draft(forms, seen, tuple(sample.highest(s) for s in seen), str(rng.choice(_LOGIC)))
        for quantile in (0.4, 0.5, 0.6, 0.7, 0.76, 0.8, 0.84, 0.87, 0.9, 0.92, 0.94, 0.96):
            thresholds = _thresholds(draft, quantile)
            share = sample.share(_holds(draft, thresholds))
            if best is None or abs(share - AIM) < abs(best[0] - AIM):
                best = (share, draft, thresholds)
        assert best is not None
        if _NEAR[0] <= best[0] <= _NEAR[1]:
            break
    assert best is not None
    _, draft, thresholds = best
    criteria = tuple(
        Criterion(name=f"c{k}", form=_with_threshold(form, threshold), place=PLACE)
        for k, (form, threshold) in enumerate(zip(draft.forms, thresholds, strict=True))
    )
    own_scores = [form for form in draft.forms if isinstance(form, Score)]
    return _rule(i, subject, criteria, draft.logic), own_scores, _holds(draft, thresholds)


def at_least(number: float) -> Threshold:
    """Return the threshold `at_least: number`."""
    low = Decimal(int(number)) if number == int(number) else Decimal(str(float(number)))
    return Threshold(low=low, text=f"at least {low}")


def _with_threshold(form: Drawn, threshold: float) -> Form:
    if isinstance(form, Sequence):
        return form
    if isinstance(form, Score):
        return ScoreIs(score=form.name, threshold=at_least(threshold))
    return replace(form, threshold=at_least(threshold))


def _rule(i: int, subject: SubjectType, criteria: tuple[Criterion, ...], logic: str) -> Rule:
    names = tuple(criterion.name for criterion in criteria)
    groups = {
        "all": (Group(kind="all_of", members=names),),
        "all_any": (Group(kind="all_of", members=names[:1]), Group(kind="any_of", members=names[1:])),
        "two_of_three": (Group(kind="at_least", members=names, at_least=2),),
        "all_none": (Group(kind="all_of", members=names[:2]), Group(kind="none_of", members=names[2:])),
    }
    return Rule(
        name=f"rule_{i:03d}",
        version=1,
        status="live",
        stage="PQL" if subject == "person" else "PQA",
        motion="trial_to_paid",
        subject=subject,
        criteria=criteria,
        qualify=groups[logic],
        place=PLACE,
    )


def _about_people(
    rng: np.random.Generator,
    i: int,
    source: Rule,
    sample: calibrate.Sample,
    pair: tuple[calibrate.Numbers, calibrate.Numbers],
) -> Rule:
    """Return an account rule: enough people hold `source`, enough days of use, enough events."""
    window = Window(within=30 * DAY)
    days = Count(events=_names(rng, EVENT_NAMES[:12], 3), distinct="day", window=window)
    used = Count(events=(), window=Window(within=int(rng.integers(7, 31)) * DAY))
    holding, everybody = pair
    people = PeopleQualified(
        rule=source.name,
        share=Fraction(1, 20) if i % 2 else None,
        people=1,
        active_within=30 * DAY if i % 2 == 0 else None,
    )
    enough = holding >= np.maximum(1.0, everybody / 20 if people.share else 1.0)
    draft = _Draft((days, used), (calibrate.seen(sample, days), calibrate.seen(sample, used)), (), "all")
    highest = [sample.highest(seen) for seen in draft.seen]
    found: list[tuple[float, float, float]] = []
    for quantile in np.linspace(0.05, 0.95, 46):
        low, high = (max(1.0, float(np.floor(np.quantile(values, quantile)))) for values in highest)
        share = sample.share(enough & (draft.seen[0] >= low) & (draft.seen[1] >= high))
        found.append((abs(share - AIM), low, high))
    _, low, high = min(found)
    forms: tuple[Form, ...] = (people, _with_threshold(days, low), _with_threshold(used, high))
    criteria = tuple(Criterion(name=f"c{k}", form=form, place=PLACE) for k, form in enumerate(forms))
    return _rule(i, "account", criteria, "all")


def mix(definitions: Definitions) -> dict[str, int]:
    """Return how many criteria there are of each form, in all and different ones."""
    forms = [criterion.form for rule in definitions.rules for criterion in rule.criteria]
    counted = Counter(
        "distinct" if isinstance(form, Count) and form.distinct else type(form).__name__.lower()
        for form in forms
        if not isinstance(form, Qualified)
    )
    return {"criteria": len(forms), "different": len(set(forms)), **dict(sorted(counted.items()))}
