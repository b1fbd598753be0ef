"""Criteria: one sentence each, whose first key is its form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from assay.core.definitions import complaints as codes
from assay.core.definitions.conditions import (
    CONDITIONS,
    THRESHOLDS,
    WINDOW,
    default_threshold,
    has_threshold,
    read_condition,
    read_threshold,
    read_where,
    read_window,
)
from assay.core.definitions.model import (
    Attribute,
    Corroboration,
    Count,
    Criterion,
    Form,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    Qualified,
    ScoreIs,
    Sequence,
    Sum,
    Threshold,
)
from assay.core.definitions.reader import Reader
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode
from assay.core.errors import Place, did_you_mean

SAYS: Final = ("customer", "open_opportunity", "prospect", "former_customer", "own")
LETTERS: Final = ("need", "budget", "authority", "timing", "use_case")
BUCKETS: Final = ("day", "week", "person", "account")

#: How a form is used: as a criterion, as a score's `once` line (the same), or as an `each` line, without a threshold.
Use = Literal["criterion", "each"]

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormKind:
    """A form: the keys it may have beside its own, and how it is read."""

    keys: tuple[str, ...]
    read: Callable[[Reader, MappingNode, Node, Use], Form | None]


def form_of(reader: Reader, node: MappingNode, what: str, *, first_key: bool) -> str | None:
    """Return the form of a sentence: its first key, or (in a line of a score) the first key that is a form."""
    keys = node.keys()
    if not keys:
        reader.complain(codes.UNKNOWN_FORM, node.place, f"{what} says nothing.", mend=f"Begin it with {_forms()}.")
        return None
    forms = [key for key in keys if key in FORMS]
    if (keys[0] if first_key else next(iter(forms), None)) in FORMS:
        return keys[0] if first_key else forms[0]
    if forms:
        reader.complain(
            codes.UNKNOWN_FORM, node.entries[0][0], f"{what} must begin with its form.", mend=f"Put '{forms[0]}' first."
        )
        return None
    candidates = [key for key, _ in node.entries if first_key or key.text not in LINE_KEYS]
    culprit = candidates[0] if candidates else node.entries[0][0]
    reader.complain(
        codes.UNKNOWN_FORM,
        culprit,
        f"{what} begins with no form that there is: '{culprit.text}'.",
        mend=did_you_mean(culprit.text, FORMS, f"Begin it with {_forms()}."),
    )
    return None


def _forms() -> str:
    return ", ".join(f"'{form}'" for form in FORMS)


def read_criterion(reader: Reader, key: ScalarNode, value: Node) -> Criterion | None:
    """Return one named criterion; None where it is wrong."""
    name = reader.name(key, "a criterion's name")
    node = reader.mapping(value, f"criterion '{key.text}'")
    if node is None:
        return None
    form = form_of(reader, node, f"Criterion '{key.text}'", first_key=True)
    if form is None:
        return None
    read = read_form(reader, node, form, use="criterion")
    return None if read is None or name is None else Criterion(name=name, form=read, place=key.place)


def read_form(
    reader: Reader, node: MappingNode, form: str, *, use: Use, more_keys: tuple[str, ...] = ()
) -> Form | None:
    """Return the form that `node` writes; None, with complaints, where it is wrong."""
    kind = FORMS[form]
    before = len(reader.complaints)
    reader.keys(node, (form, *kind.keys, *more_keys), f"a '{form}'")
    operand = node.get(form)
    assert operand is not None
    found = kind.read(reader, node, operand, use)
    return found if len(reader.complaints) == before else None


def _counted(reader: Reader, node: MappingNode, what: str, use: Use, *, default: bool = False) -> Threshold | None:
    """Return the threshold on a number of things; complain where a criterion has none."""
    if use == "each":
        for key, _ in node.entries:
            if key.text in THRESHOLDS:
                reader.complain(
                    codes.POINTS,
                    key,
                    "A line with 'each' counts everything and has no threshold.",
                    mend=f"Remove '{key.text}', or give 'once' in place of 'each'.",
                )
        return None
    if has_threshold(node):
        return read_threshold(reader, node, what, measure="count")
    if default:
        return default_threshold()
    if not reader.lacks(node, *THRESHOLDS):
        return None
    reader.complain(
        codes.MISSING_KEY, node.place, f"{what} has no threshold.", mend="Add 'at_least: 1'.", value="at_least"
    )
    return None


def _events(reader: Reader, operand: Node, what: str, *, any_allowed: bool) -> tuple[str, ...] | None:
    """Return the event names of `operand`, one or a list; () for any."""
    if isinstance(operand, ScalarNode):
        text = reader.text(operand, what)
        if text is None:
            return None
        if any_allowed and text == "any":
            return ()
        reader.refer("event", text, operand.place)
        return (text,)
    named = reader.texts(operand, what)
    for name, place in named or ():
        reader.refer("event", name, place)
    return tuple(name for name, _ in named) if named else None


def _read_count(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    events = _events(reader, operand, "'count'", any_allowed=True)
    distinct_node = node.get("distinct")
    distinct = reader.text(distinct_node, "'distinct'")
    is_property = distinct is not None and distinct not in BUCKETS
    if is_property and distinct is not None and distinct_node is not None:
        reader.refer("property", distinct, distinct_node.place, events=events or ())
    where = read_where(reader, node.get("where"), events or ())
    threshold = _counted(reader, node, "The count", use)
    return Count(
        events=events or (),
        where=where,
        distinct=distinct,
        distinct_is_property=is_property,
        threshold=threshold,
        window=read_window(reader, node),
    )


def _read_sum(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    name = reader.text(operand, "'sum'")
    of = node.get("of")
    if of is None and not reader.lacks(node, "of"):
        return None
    if of is None:
        reader.complain(
            codes.MISSING_KEY, node.place, "A sum says of which events.", mend="Add 'of: invoice_paid'.", value="of"
        )
        return None
    events = _events(reader, of, "'of'", any_allowed=False)
    if name is not None and events:
        reader.refer("property", name, operand.place, events=events)
    where = read_where(reader, node.get("where"), events or ())
    window = read_window(reader, node)
    if not has_threshold(node) and not reader.lacks(node, *THRESHOLDS):
        return None
    if not has_threshold(node):
        reader.complain(
            codes.MISSING_KEY, node.place, "The sum has no threshold.", mend="Add 'at_least: 1000'.", value="at_least"
        )
        return None
    threshold = read_threshold(reader, node, "The sum", measure="amount")
    if name is None or not events or threshold is None:
        return None
    return Sum(property=name, events=events, where=where, threshold=threshold, window=window)


def _read_sequence(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    members = reader.items(operand, "'sequence'")
    steps: list[str] = []
    for member in members or ():
        text = reader.text(member, "a step of 'sequence'")
        if text is not None:
            reader.refer("event", text, member.place)
            steps.append(text)
    return Sequence(steps=tuple(steps), window=read_window(reader, node))


def _read_attribute(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    text = reader.text(operand, "'attribute'")
    condition = read_condition(reader, node, f"The attribute '{text}'" if text else "The attribute")
    if text is None or condition is None:
        return None
    of_account = text.startswith("account.")
    name = text.removeprefix("account.")
    if of_account and reader.subject == "account":
        reader.complain(
            codes.WRONG_SUBJECT,
            operand,
            "A definition about accounts reads their attributes without 'account.'.",
            mend=f"Write '{name}'.",
        )
        return None
    reader.refer("attribute", name, operand.place, of_account=of_account)
    return Attribute(name=name, condition=condition, of_account=of_account)


def _read_qualified(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    rule = reader.name(operand, "'qualified'")
    if rule is None:
        return None
    reader.refer("rule", rule, operand.place)
    return Qualified(rule=rule)


def _read_people_qualified(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    rule = reader.name(operand, "'people_qualified'")
    if reader.subject == "person":
        reader.complain(
            codes.WRONG_SUBJECT,
            operand,
            "'people_qualified' asks about an account's people.",
            mend="Use it in a definition with 'subject: account'; here write 'qualified'.",
        )
        return None
    if rule is not None:
        reader.refer("people_rule", rule, operand.place)
    share = _share(reader, node.get("share_at_least"))
    people = reader.whole(node.get("people_at_least"), "'people_at_least'", least=1)
    if reader.lacks(node, "share_at_least", "people_at_least"):
        reader.complain(
            codes.MISSING_KEY,
            node.place,
            "'people_qualified' says neither which share nor how many people.",
            mend="Add 'share_at_least: 50%' or 'people_at_least: 3'.",
            value="share_at_least",
        )
    active = reader.duration(node.get("of_people_active_within"), "'of_people_active_within'")
    return None if rule is None else PeopleQualified(rule=rule, share=share, people=people, active_within=active)


def _share(reader: Reader, node: Node | None) -> Fraction | None:
    text = reader.text(node, "'share_at_least'")
    if text is None or node is None:
        return None
    found = _PERCENT.fullmatch(text)
    share = Fraction(found[1]) / 100 if found else None
    if share is not None and 0 < share <= 1:
        return share
    value = node.value if isinstance(node, ScalarNode) else None
    mend = "Write a percentage such as '50%'."
    if isinstance(value, Decimal) and 0 < value <= 100:
        mend = f"Write '{(value * 100 if value <= 1 else value).normalize():f}%'."
    reader.complain(codes.BAD_SHARE, node, "'share_at_least' must be a percentage above 0 and up to 100.", mend=mend)
    return None


def _read_score(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    score = reader.name(operand, "'score'")
    if not has_threshold(node) and not reader.lacks(node, *THRESHOLDS):
        return None
    if not has_threshold(node):
        reader.complain(
            codes.MISSING_KEY, node.place, "The score has no threshold.", mend="Add 'at_least: 60'.", value="at_least"
        )
        return None
    threshold = read_threshold(reader, node, "The score", measure="amount")
    if score is None or threshold is None:
        return None
    reader.refer("score", score, operand.place)
    return ScoreIs(score=score, threshold=threshold)


def _read_partner_says(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    says = reader.word(operand, SAYS, "'partner_says'")
    confidence_node = node.get("confidence_at_least")
    confidence = reader.number(confidence_node, "'confidence_at_least'")
    if confidence is not None and confidence_node is not None and not 0 <= confidence <= 1:
        reader.complain(codes.BAD_NUMBER, confidence_node, "A confidence lies between 0 and 1.", mend="Write 0.9, say.")
    fresh = reader.duration(node.get("fresh_within"), "'fresh_within'")
    threshold = _counted(reader, node, "The number of partners", use, default=True)
    return PartnerSays(says=says, fresh_within=fresh, confidence=confidence, threshold=threshold) if says else None


def _read_partner_insight(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    letter = reader.word(operand, LETTERS, "'partner_insight'")
    fresh = reader.duration(node.get("fresh_within"), "'fresh_within'")
    threshold = _counted(reader, node, "The number of partners", use, default=True)
    return PartnerInsight(letter=letter, fresh_within=fresh, threshold=threshold) if letter else None


def _read_partners(reader: Reader, node: MappingNode, operand: Node, use: Use) -> Form | None:
    mapping = reader.mapping(operand, "'partners'")
    threshold = None
    if mapping is not None:
        reader.keys(mapping, THRESHOLDS, "'partners'")
        threshold = _counted(reader, mapping, "The number of partners", use)
    named = node.get("each_meets_any_of")
    if reader.lacks(node, "each_meets_any_of"):
        reader.complain(
            codes.MISSING_KEY,
            node.place,
            "'partners' does not say what each of them meets.",
            mend="Add 'each_meets_any_of: […]', naming partner criteria of the same rule.",
            value="each_meets_any_of",
        )
    members = reader.texts(named, "'each_meets_any_of'")
    independent = reader.boolean(node.get("independent"), "'independent'")
    if threshold is None or members is None:
        return None
    return Corroboration(threshold=threshold, any_of=tuple(name for name, _ in members), independent=bool(independent))


def each_meets(node: Node) -> tuple[tuple[str, Place], ...]:
    """Return the criteria that a `partners` sentence names, with their places, without complaining."""
    named = node.get("each_meets_any_of") if isinstance(node, MappingNode) and node.get("partners") else None
    return Reader().texts(named, "'each_meets_any_of'") or ()


LINE_KEYS: Final = ("dimension", "each", "once", "up_to", "fades")

FORMS: Final[dict[str, FormKind]] = {
    "count": FormKind(keys=("where", "distinct", *THRESHOLDS, *WINDOW), read=_read_count),
    "sum": FormKind(keys=("of", "where", *THRESHOLDS, *WINDOW), read=_read_sum),
    "sequence": FormKind(keys=WINDOW, read=_read_sequence),
    "attribute": FormKind(keys=(*CONDITIONS, *THRESHOLDS), read=_read_attribute),
    "qualified": FormKind(keys=(), read=_read_qualified),
    "people_qualified": FormKind(
        keys=("share_at_least", "people_at_least", "of_people_active_within"), read=_read_people_qualified
    ),
    "score": FormKind(keys=THRESHOLDS, read=_read_score),
    "partner_says": FormKind(keys=("fresh_within", "confidence_at_least", *THRESHOLDS), read=_read_partner_says),
    "partner_insight": FormKind(keys=("fresh_within", *THRESHOLDS), read=_read_partner_insight),
    "partners": FormKind(keys=("each_meets_any_of", "independent"), read=_read_partners),
}
