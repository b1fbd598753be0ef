"""Hypothesis strategies for small worlds and for definitions that ask about them.

Instants lie on a coarse grid and windows are multiples of its step, so that ties and window edges are common.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from assay.core.definitions.model import (
    Attribute,
    Condition,
    Corroboration,
    Count,
    Criterion,
    Definitions,
    Fade,
    Form,
    Group,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
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
from tests.model.worlds import ATTRIBUTES, EVENTS, LETTERS, SAYS, STEP

PLACE = Place(file="rules.yml", line=1, column=1)
LISTS = {"good": ("seats", "trial", Decimal(10), True)}

names = st.sampled_from(EVENTS)
lengths = st.sampled_from([STEP, 2 * STEP, 3 * STEP, 7 * STEP, 14 * STEP])
windows = st.builds(Window, within=st.none() | lengths, since=st.none() | st.none() | names)


def threshold(low: Decimal | None, high: Decimal | None, low_open: bool = False, high_open: bool = False) -> Threshold:
    """Return a threshold."""
    return Threshold(low=low, high=high, low_open=low_open, high_open=high_open, text="as drawn")


small_numbers = st.sampled_from([Decimal(n) for n in ("1", "1", "2", "2", "3", "0", "1.5")])
THRESHOLD_KINDS = ("at_least", "at_least", "at_least", "at_most", "above", "below", "between", "exactly")


@st.composite
def thresholds(draw: st.DrawFn, numbers: st.SearchStrategy[Decimal] | None = None) -> Threshold:
    """Return one of the six kinds of threshold."""
    value = draw(small_numbers if numbers is None else numbers)
    kind = draw(st.sampled_from(THRESHOLD_KINDS))
    if kind == "at_least":
        return threshold(value, None)
    if kind == "at_most":
        return threshold(None, value)
    if kind == "above":
        return threshold(value, None, low_open=True)
    if kind == "below":
        return threshold(None, value, high_open=True)
    return threshold(value, value + draw(st.sampled_from([1, 2])) if kind == "between" else value)


operands = st.sampled_from(["seats", "trial", "seats", "trial", "Seats", True, False, Decimal(10), Decimal("7.5")])
conditions = st.one_of(
    st.builds(lambda v: Condition(kind="is", values=(v,)), operands),
    st.builds(lambda v: Condition(kind="is_not", values=(v,)), operands),
    st.builds(lambda v: Condition(kind="one_of", values=tuple(v)), st.lists(operands, min_size=1, max_size=3)),
    st.just(Condition(kind="in_list", list_name="good")),
    st.just(Condition(kind="in_list", list_name="good")),
    st.builds(lambda v: Condition(kind="exists", values=(v,)), st.booleans()),
    st.builds(
        lambda t: Condition(kind="range", threshold=t),
        thresholds(st.sampled_from([Decimal(10), Decimal("7.5"), Decimal(3)])),
    ),
)
filters = st.tuples(st.sampled_from(["limit", "amount"]), conditions)
wheres = st.lists(filters, max_size=2, unique_by=lambda w: w[0]).map(tuple)
some_events = st.lists(names, max_size=2, unique=True).map(tuple)


@st.composite
def counts(draw: st.DrawFn, *, filtered: bool = False, distinct: bool = False, each: bool = False) -> Count:
    """Return a count."""
    told_apart = draw(st.sampled_from(["day", "week", "person", "account", "limit", "amount"])) if distinct else None
    return Count(
        events=draw(some_events),
        where=draw(wheres) if filtered else (),
        distinct=told_apart,
        distinct_is_property=told_apart in ("limit", "amount"),
        threshold=None if each else draw(thresholds()),
        window=draw(windows),
    )


sums = st.builds(
    Sum,
    property=st.just("amount"),
    events=st.lists(names, min_size=1, max_size=2, unique=True).map(tuple),
    where=st.just(()) | wheres,
    threshold=thresholds(st.sampled_from([Decimal(0), Decimal(10), Decimal("12.5"), Decimal("0.000001")])),
    window=windows,
)
sequences = st.builds(Sequence, steps=st.lists(names, min_size=1, max_size=4).map(tuple), window=windows)
attribute_names = st.sampled_from(ATTRIBUTES)
attributes = st.builds(Attribute, name=attribute_names, condition=conditions)
account_attributes = st.builds(Attribute, name=attribute_names, condition=conditions, of_account=st.just(True))
freshness = st.none() | lengths


def partner_says(thresholds: st.SearchStrategy[Threshold | None]) -> st.SearchStrategy[PartnerSays]:
    """Return partner_says criteria."""
    return st.builds(
        PartnerSays,
        says=st.sampled_from(SAYS),
        fresh_within=freshness,
        confidence=st.sampled_from([None, None, Decimal("0.7")]),
        threshold=thresholds,
    )


def partner_insights(thresholds: st.SearchStrategy[Threshold | None]) -> st.SearchStrategy[PartnerInsight]:
    """Return partner_insight criteria."""
    return st.builds(PartnerInsight, letter=st.sampled_from(LETTERS), fresh_within=freshness, threshold=thresholds)


one_partner = st.just(threshold(Decimal(1), None))
people_qualified = st.builds(
    lambda rule, needed, active: PeopleQualified(rule=rule, share=needed[0], people=needed[1], active_within=active),
    st.just("?"),
    st.sampled_from([(Fraction(1, 2), None), (Fraction(1, 3), 1), (None, 1), (None, 2), (Fraction(1), 2)]),
    freshness,
)

#: Forms that need nothing but the world, by name.
PLAIN: dict[str, Callable[[], st.SearchStrategy[Form]]] = {
    "count": counts,
    "filtered": lambda: counts(filtered=True),
    "distinct": lambda: counts(distinct=True),
    "sum": lambda: sums,
    "sequence": lambda: sequences,
    "attribute": lambda: attributes,
    "account_attribute": lambda: account_attributes,
    "partner_says": lambda: partner_says(thresholds()),
    "partner_insight": lambda: partner_insights(thresholds()),
}


@st.composite
def groups(draw: st.DrawFn, given: list[str]) -> tuple[Group, ...]:
    """Return groups, ANDed, that use some of the criteria."""
    kind = st.sampled_from(["all_of", "all_of", "any_of", "none_of", "at_least"])
    kinds = draw(st.lists(kind, min_size=1, max_size=2, unique=True))
    return tuple(draw(_group(kind, given, nested=True)) for kind in kinds)


@st.composite
def _group(draw: st.DrawFn, kind: str, given: list[str], *, nested: bool) -> Group:
    members: list[str | Group] = list(draw(st.lists(st.sampled_from(given), min_size=1, max_size=3, unique=True)))
    if nested and len(given) > 1 and draw(st.booleans()):
        inner = draw(st.sampled_from(["any_of", "all_of", "at_least"]))
        members.append(draw(_group(inner, given, nested=False)))
    at_least = draw(st.integers(1, len(members))) if kind == "at_least" else 0
    return Group(kind=kind, members=tuple(members), at_least=at_least)  # type: ignore[arg-type]


@st.composite
def rules(draw: st.DrawFn, name: str, subject: SubjectType, forms: st.SearchStrategy[Form], most: int = 3) -> Rule:
    """Return a rule over criteria of these forms."""
    drawn = draw(st.lists(forms, min_size=1, max_size=most))
    return rule_over(draw, name, subject, drawn)


def rule_over(draw: st.DrawFn, name: str, subject: SubjectType, drawn: list[Form]) -> Rule:
    """Return a rule over these forms, with groups as drawn."""
    criteria = tuple(Criterion(name=f"{form_word(form)}{i}", form=form, place=PLACE) for i, form in enumerate(drawn))
    given = [c.name for c in criteria]
    return Rule(
        name=name,
        version=1,
        status="live",
        stage="PQL",
        motion="new_business",
        subject=subject,
        criteria=criteria,
        qualify=draw(groups(given)),
        stay_qualified=draw(st.just(()) | groups(given)),
        place=PLACE,
        fingerprint="f",
    )


def form_word(form: Form) -> str:
    """Return a word for criteria of that form."""
    return type(form).__name__.lower()


@st.composite
def corroborations(draw: st.DrawFn, name: str, subject: SubjectType, siblings_used: bool = True) -> Rule:
    """Return a rule with a corroboration of two criteria, which the rule's own groups use or not."""
    needed = one_partner | thresholds()
    each = [draw(partner_says(needed)), draw(partner_says(needed) | partner_insights(needed))]
    words = [f"{form_word(form)}{i}" for i, form in enumerate(each)]
    form = Corroboration(threshold=draw(thresholds()), any_of=tuple(words), independent=draw(st.booleans()))
    criteria = tuple(
        Criterion(name=n, form=f, place=PLACE) for n, f in [*zip(words, each, strict=True), ("corroboration", form)]
    )
    given = ["corroboration", *(words if siblings_used else [])]
    return Rule(
        name=name,
        version=1,
        status="live",
        stage="EQL",
        motion="new_business",
        subject=subject,
        criteria=criteria,
        qualify=draw(groups(given)),
        stay_qualified=draw(st.just(()) | groups(given)),
        place=PLACE,
        fingerprint="f",
    )


fades = st.builds(Fade, kind=st.sampled_from(["linear", "half_life"]), duration=st.sampled_from([2 * STEP, 7 * STEP]))


@st.composite
def lines(draw: st.DrawFn, name: str, subject: SubjectType, fading: bool, rules_before: tuple[Rule, ...]) -> PointsLine:
    """Return a line of a score."""
    kind = draw(st.sampled_from(["count", "count", "distinct", "partner", "once", "once", "negative", "qualified"]))
    dimension = draw(st.sampled_from(["product", "fit"]))
    fade = draw(st.none() | fades) if fading else None
    up_to = draw(st.sampled_from([None, Decimal(7), Decimal("12.5")]))
    once: Decimal | None = None
    each: Decimal | None = draw(st.sampled_from([Decimal(5), Decimal("2.5"), Decimal(10)]))
    form: Form
    if kind == "count":
        form = draw(counts(filtered=True, each=True))
    elif kind == "distinct":
        form = draw(counts(distinct=True, each=True))
    elif kind == "partner":
        form = draw(partner_says(st.none()) | partner_insights(st.none()))
    elif kind == "negative":
        form, each, fade = draw(counts(each=True)), Decimal(-3), None
        up_to = draw(st.sampled_from([None, Decimal(-4)]))
    elif kind == "qualified" and rules_before:
        form = draw(references(draw(st.sampled_from(rules_before)), subject))
        each, once, fade, up_to = None, Decimal(6), None, None
    else:
        plain = draw(st.sampled_from(["count", "distinct", "sum", "sequence", "attribute", "partner_says"]))
        form, once = draw(PLAIN[plain]()), draw(st.sampled_from([Decimal(5), Decimal(-4), Decimal(10)]))
        each, fade, up_to = None, None, None
    return PointsLine(
        name=name, dimension=dimension, form=form, each=each, once=once, up_to=up_to, fades=fade, place=PLACE
    )


@st.composite
def score_of(
    draw: st.DrawFn, name: str, subject: SubjectType, fading: bool, rules_before: tuple[Rule, ...] = ()
) -> Score:
    """Return a score of one to three lines."""
    number = draw(st.integers(1, 3))
    points = tuple(draw(lines(f"line{i}", subject, fading, rules_before)) for i in range(number))
    cap = draw(st.sampled_from([None, Decimal(8), Decimal("12.5")]))
    return Score(
        name=name,
        version=1,
        subject=subject,
        dimensions=("product", "fit"),
        points=points,
        caps=() if cap is None else (("product", cap),),
        place=PLACE,
        fingerprint="f",
    )


score_numbers = st.sampled_from([Decimal(n) for n in ("0", "2.5", "4", "5", "8", "11")])


def score_criteria(score: str) -> st.SearchStrategy[Form]:
    """Return thresholds on a score."""
    return st.builds(ScoreIs, score=st.just(score), threshold=thresholds(score_numbers))


def references(rule: Rule, subject: SubjectType) -> st.SearchStrategy[Form]:
    """Return the ways in which a rule of a subject can refer to another rule."""
    plain: st.SearchStrategy[Form] = st.just(Qualified(rule=rule.name))
    if subject == "account" and rule.subject == "person":
        return plain | people_qualified.map(
            lambda form: PeopleQualified(
                rule=rule.name, share=form.share, people=form.people, active_within=form.active_within
            )
        )
    return plain


subjects: st.SearchStrategy[SubjectType] = st.sampled_from(["person", "account"])


@st.composite
def of_form(draw: st.DrawFn, form: str) -> Definitions:
    """Return definitions of one rule, or of two where the form refers to another rule or to a score."""
    subject = "person" if form == "account_attribute" else draw(subjects)
    if form in PLAIN:
        return assemble((draw(rules("r", subject, PLAIN[form]())),))
    if form in ("score", "fading_score"):
        score = draw(score_of("s", subject, form == "fading_score"))
        return assemble((draw(rules("r", subject, score_criteria("s"), most=2)),), (score,))
    if form == "corroboration":
        return assemble((draw(corroborations("r", subject, draw(st.booleans()))),))
    upstream_subject, subject = REFERENCES[form]
    upstream = draw(rules("q", upstream_subject, basic(upstream_subject), most=2))
    forms = references(upstream, subject) | references(upstream, subject) | basic(subject)
    return assemble((upstream, draw(rules("r", subject, forms, most=2))))


#: Who refers to whom: (subject of the rule referred to, subject of the rule that refers).
REFERENCES: dict[str, tuple[SubjectType, SubjectType]] = {
    "person_reads_person": ("person", "person"),
    "person_reads_account": ("account", "person"),
    "account_reads_person": ("person", "account"),
    "account_reads_account": ("account", "account"),
}
FORMS = (*PLAIN, "corroboration", "score", "fading_score", *REFERENCES)


def basic(subject: SubjectType) -> st.SearchStrategy[Form]:
    """Return forms of a few different kinds."""
    plain: list[st.SearchStrategy[Form]] = [counts(), counts(), attributes, partner_says(thresholds())]
    return st.one_of(plain + ([account_attributes] if subject == "person" else []))


@st.composite
def any_definitions(draw: st.DrawFn, *, fading: bool = False) -> Definitions:
    """Return two to six rules and up to two scores, each free to refer to those before it."""
    made: list[Rule] = []
    scores: list[Score] = []
    for i in range(draw(st.integers(2, 6))):
        subject = draw(subjects)
        if len(scores) < 2 and draw(st.integers(0, 3)) == 0:
            scores.append(draw(score_of(f"s{len(scores)}", subject, fading, tuple(made))))
        if draw(st.integers(0, 5)) == 0:
            made.append(draw(corroborations(f"r{i}", subject)))
            continue
        choices = [strategy() for name, strategy in PLAIN.items() if subject == "person" or name != "account_attribute"]
        choices += [references(rule, subject) for rule in made] * 2
        choices += [score_criteria(s.name) for s in scores if s.subject == subject] * 3
        made.append(draw(rules(f"r{i}", subject, st.one_of(choices))))
    return assemble(tuple(made), tuple(scores))


def assemble(rules: tuple[Rule, ...], scores: tuple[Score, ...] = ()) -> Definitions:
    """Return definitions of these rules and scores."""
    return Definitions(folder="definitions", rules=rules, scores=scores, lists=LISTS, event_names=frozenset(EVENTS))
