"""Examples beside a rule: cases that it must decide as stated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import Example, ExampleEvent, Scalar
from assay.core.definitions.reader import Reader
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from assay.core.errors import Place, did_you_mean

KEYS: Final = ("examples_for", "as_of", "cases")
CASE_KEYS: Final = ("like", "as_of", "attributes", "events", "people", "partner_facts", "insights", "expect")
EXPECT_KEYS: Final = ("qualified", "because", "missing", "excluded_by")
EVENT_KEYS: Final = ("event", "at", "person", "account")
PEOPLE_KEYS: Final = ("id", "email", "account", "at", "same_as")
FACT_KEYS: Final = ("account", "partner", "says", "from", "until", "confirmed_at", "origin", "parent", "confidence")
INSIGHT_KEYS: Final = ("account", "partner", "letter", "value", "at")

Row = dict[str, Scalar]


@dataclass(slots=True, kw_only=True)
class CaseDraft:
    """A case as it stands in the file; None means "as the case that it is like", or nothing."""

    name: str
    place: Place
    like: str | None = None
    like_place: Place | None = None
    as_of: int | None = None
    attributes: dict[str, Scalar | None] = field(default_factory=dict)
    events: dict[str, tuple[ExampleEvent, ...]] = field(default_factory=dict)
    people: tuple[Row, ...] | None = None
    partner_facts: tuple[Row, ...] | None = None
    insights: tuple[Row, ...] | None = None
    qualified: bool | None = None
    reasons: dict[str, tuple[tuple[str, Place], ...]] = field(default_factory=dict)
    sound: bool = True


@dataclass(slots=True, kw_only=True)
class ExamplesDraft:
    """The examples of one file."""

    rule: str
    place: Place
    cases: tuple[CaseDraft, ...] = ()
    examples: tuple[Example, ...] = ()


def read_examples(reader: Reader, node: MappingNode) -> ExamplesDraft | None:
    """Return the cases of one file; None where not even the rule is named."""
    rule_node = node.get("examples_for")
    rule = reader.name(rule_node, "'examples_for'")
    reader.holder, reader.subject = ("example", rule or ""), ""
    reader.keys(node, KEYS, "a file of examples", required=("examples_for", "cases"))
    as_of = reader.instant(node.get("as_of"), "'as_of'")
    mapping = reader.mapping(node.get("cases"), "'cases'")
    if mapping is not None and not mapping.entries:
        reader.complain(codes.WRONG_SHAPE, mapping.place, "'cases' is empty.", mend="Add a case.", value="")
    cases = [_case(reader, key, value) for key, value in (mapping.entries if mapping else ())]
    found = tuple(case for case in cases if case is not None)
    names = {key.text for key, _ in mapping.entries} if mapping else set()
    if rule is None or rule_node is None:
        return None
    _check_likes(reader, found, names)
    examples = tuple(
        e
        for e in (_resolve(reader, case, found, rule=rule, as_of=as_of, document=node) for case in found)
        if e is not None
    )
    return ExamplesDraft(rule=rule, place=rule_node.place, cases=found, examples=examples)


def _case(reader: Reader, key: ScalarNode, value: Node) -> CaseDraft | None:
    before = len(reader.complaints)
    name = reader.name(key, "a case's name")
    node = reader.mapping(value, f"case '{key.text}'")
    if node is None or name is None:
        return None
    reader.keys(node, CASE_KEYS, "a case", required=("expect",))
    like = node.get("like")
    case = CaseDraft(
        name=name,
        place=key.place,
        like=reader.text(like, "'like'"),
        like_place=like.place if like else None,
        as_of=reader.instant(node.get("as_of"), "'as_of'"),
    )
    case.attributes = _attributes(reader, node.get("attributes"))
    case.events = _events(reader, node.get("events"))
    case.people = _rows(reader, node.get("people"), "people", PEOPLE_KEYS, required=("id",), more="attribute")
    case.partner_facts = _rows(
        reader, node.get("partner_facts"), "partner_facts", FACT_KEYS, required=("partner", "says")
    )
    case.insights = _rows(reader, node.get("insights"), "insights", INSIGHT_KEYS, required=("partner", "letter", "at"))
    _expect(reader, node.get("expect"), case)
    case.sound = len(reader.complaints) == before
    return case


def _attributes(reader: Reader, node: Node | None) -> dict[str, Scalar | None]:
    mapping = reader.mapping(node, "'attributes'")
    found: dict[str, Scalar | None] = {}
    for key, value in mapping.entries if mapping else ():
        reader.refer(
            "attribute", key.text.removeprefix("account."), key.place, of_account=key.text.startswith("account.")
        )
        if isinstance(value, ScalarNode) and value.value is None:
            found[key.text] = None  # absent, also where the case that this one is like has it
        else:
            found[key.text] = reader.scalar(value, f"'{key.text}'")
    return found


def _events(reader: Reader, node: Node | None) -> dict[str, tuple[ExampleEvent, ...]]:
    if node is None:
        return {}
    found: dict[str, tuple[ExampleEvent, ...]] = {}
    if isinstance(node, SequenceNode):
        for item in node.items:
            event = _event(reader, item)
            if event is not None:
                found[event.event] = (*found.get(event.event, ()), event)
        return found
    mapping = reader.mapping(node, "'events'")
    for key, value in mapping.entries if mapping else ():
        reader.refer("event", key.text, key.place)
        instants = value.items if isinstance(value, SequenceNode) else (value,)
        read = [reader.instant(item, f"an instant of '{key.text}'") for item in instants]
        found[key.text] = tuple(ExampleEvent(event=key.text, at=at) for at in read if at is not None)
    return found


def _event(reader: Reader, item: Node) -> ExampleEvent | None:
    node = reader.mapping(item, "an event")
    if node is None:
        return None
    complete = reader.keys(node, node.keys(), "an event", required=("event", "at"))
    event_node = node.get("event")
    event = reader.text(event_node, "'event'")
    at = reader.instant(node.get("at"), "'at'")
    if event is not None and event_node is not None:
        reader.refer("event", event, event_node.place)
    properties: list[tuple[str, Scalar]] = []
    for key, value in node.entries:
        if key.text not in EVENT_KEYS and not (isinstance(value, ScalarNode) and value.value is None):
            reader.refer("property", key.text, key.place, events=(event,) if event else ())
            found = reader.scalar(value, f"'{key.text}'")
            if found is not None:
                properties.append((key.text, found))
    if not complete or event is None or at is None:
        return None
    return ExampleEvent(
        event=event,
        at=at,
        person=reader.text(node.get("person"), "'person'"),
        account=reader.text(node.get("account"), "'account'"),
        properties=tuple(properties),
    )


_INSTANTS: Final = ("at", "from", "until", "confirmed_at")


def _rows(
    reader: Reader, node: Node | None, what: str, known: tuple[str, ...], *, required: tuple[str, ...], more: str = ""
) -> tuple[Row, ...] | None:
    if node is None:
        return None
    rows: list[Row] = []
    for item in reader.items(node, f"'{what}'", least=0) or ():
        mapping = reader.mapping(item, f"a row of '{what}'")
        if mapping is None:
            continue
        reader.keys(mapping, mapping.keys() if more else known, f"a row of '{what}'", required=required)
        row: Row = {}
        for key, value in mapping.entries:
            if more and key.text not in known:
                reader.refer("attribute", key.text, key.place)
            if isinstance(value, ScalarNode) and value.value is None:
                continue
            if key.text in known and key.text in _INSTANTS:
                reader.instant(value, f"'{key.text}'")
            found = reader.text(value, f"'{key.text}'") if key.text in known else reader.scalar(value, f"'{key.text}'")
            if found is not None:
                row[key.text] = found
        rows.append(row)
    return tuple(rows)


def _expect(reader: Reader, node: Node | None, case: CaseDraft) -> None:
    mapping = reader.mapping(node, "'expect'")
    if mapping is None:
        return
    reader.keys(mapping, EXPECT_KEYS, "'expect'", required=("qualified",))
    case.qualified = reader.boolean(mapping.get("qualified"), "'qualified'")
    for key in EXPECT_KEYS[1:]:
        given = mapping.get(key)
        if given is None:
            continue
        if isinstance(given, SequenceNode) and not given.items:
            case.reasons[key] = ()
            continue
        case.reasons[key] = reader.texts(given, f"'{key}'") or ()
        if key != "because" and case.qualified is True and case.reasons[key]:
            reader.complain(
                codes.CONTRADICTION,
                given.place,
                f"A subject that qualifies has nothing under '{key}'.",
                mend=f"Remove '{key}', or expect 'qualified: false'.",
                value=key,
            )


def _check_likes(reader: Reader, cases: tuple[CaseDraft, ...], names: set[str]) -> None:
    by_name = {case.name: case for case in cases}
    told: set[str] = set()
    for case in cases:
        if case.like is not None and case.like not in names and case.like_place is not None:
            case.sound = False
            reader.complain(
                codes.UNKNOWN_CASE,
                case.like_place,
                f"There is no case '{case.like}' in this file.",
                mend=did_you_mean(case.like, names - {case.name}),
                value=case.like,
            )
        path = [case.name]
        while (like := by_name[path[-1]].like) in by_name and like not in path:
            path.append(like or "")
        if like in path and like is not None:
            circle = path[path.index(like) :]
            for name in circle:
                by_name[name].sound = False
            if not told & set(circle) and by_name[circle[0]].like_place is not None:
                told |= set(circle)
                reader.complain(
                    codes.CASE_CYCLE,
                    by_name[circle[0]].like_place or case.place,
                    "Cases are like each other in a circle: " + " → ".join([*circle, circle[0]]) + ".",
                    mend="Write one of them out.",
                    value=like,
                )


def _resolve(
    reader: Reader,
    case: CaseDraft,
    cases: tuple[CaseDraft, ...],
    *,
    rule: str,
    as_of: int | None,
    document: MappingNode,
) -> Example | None:
    by_name = {other.name: other for other in cases}
    chain = [case]
    while chain[0].like is not None:
        like = by_name.get(chain[0].like)
        if like is None or not like.sound or not chain[0].sound:
            return None
        chain.insert(0, like)
    attributes: dict[str, Scalar | None] = {}
    events: dict[str, tuple[ExampleEvent, ...]] = {}
    for link in chain:
        attributes |= link.attributes
        events |= link.events
    instants = [link.as_of for link in chain if link.as_of is not None]
    when = instants[-1] if instants else as_of
    if when is None:
        if document.get("as_of") is None:
            reader.complain(
                codes.MISSING_KEY,
                case.place,
                f"Case '{case.name}' has no 'as_of'.",
                value="as_of",
                mend="Add 'as_of:' to the file or to the case.",
            )
        return None
    if not case.sound or case.qualified is None:
        return None
    rows = {
        key: next((getattr(link, key) for link in reversed(chain) if getattr(link, key) is not None), ())
        for key in ("people", "partner_facts", "insights")
    }
    reasons = {
        key: tuple(name for name, _ in case.reasons[key]) if key in case.reasons else None for key in EXPECT_KEYS[1:]
    }
    return Example(
        name=case.name,
        rule=rule,
        as_of=when,
        attributes={key: value for key, value in attributes.items() if value is not None},
        events=tuple(sorted((e for group in events.values() for e in group), key=lambda e: e.at)),
        people=rows["people"],
        partner_facts=rows["partner_facts"],
        insights=rows["insights"],
        qualified=case.qualified,
        because=reasons["because"],
        missing=reasons["missing"],
        excluded_by=reasons["excluded_by"],
        place=case.place,
    )
