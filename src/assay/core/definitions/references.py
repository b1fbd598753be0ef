"""Checks across files: does everything that a definition names exist, and may it be named there?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from assay.core.definitions import complaints as codes
from assay.core.definitions.examples import SOMEBODY, subject_of
from assay.core.definitions.folder import BUILT_IN_LISTS, FolderDraft
from assay.core.definitions.model import AccountsSource, EventsSource, PeopleSource, SubjectType
from assay.core.definitions.reader import Reference
from assay.core.errors import did_you_mean

BUILT_IN_ATTRIBUTES: Final = {"person": ("email_domain",), "account": ("domain",)}

#: A rule or score, as (kind, name).
Definition = tuple[str, str]


def check_references(draft: FolderDraft) -> None:
    """Complain of every name that leads nowhere or where it may not lead."""
    offers = _Offers(draft)
    edges: dict[Definition, list[Reference]] = {}
    for reference in draft.reader.references:
        if reference.kind in ("rule", "people_rule", "score", "ranking"):
            if _check_definition(draft, reference) and reference.kind != "ranking":
                edges.setdefault(reference.holder, []).append(reference)
        elif reference.kind == "list":
            known = {*draft.lists, *BUILT_IN_LISTS}
            if reference.name not in known and "list" not in draft.unread:
                _unknown(
                    draft, codes.UNKNOWN_LIST, reference, "There is no list", known, otherwise="Add it to 'lists'."
                )
        else:
            offers.check(reference)
    _check_cycles(draft, edges)
    _check_live(draft, edges)
    _check_examples(draft)


def _unknown(
    draft: FolderDraft, code: str, reference: Reference, message: str, known: Iterable[str], *, otherwise: str
) -> None:
    draft.reader.complain(
        code,
        reference.place,
        f"{message} '{reference.name}'.",
        value=reference.name,
        mend=did_you_mean(reference.name, known, otherwise),
    )


def _target(reference: Reference) -> Definition:
    return ("rule" if reference.kind in ("rule", "people_rule") else "score", reference.name)


def _check_definition(draft: FolderDraft, reference: Reference) -> bool:
    """Complain where the rule or score named does not exist or has the wrong subject; return whether it exists."""
    kind, name = _target(reference)
    if kind == "rule":
        rule = draft.rules.get(name)
        if rule is None:
            if "qualification" not in draft.unread:
                _unknown(
                    draft,
                    codes.UNKNOWN_RULE,
                    reference,
                    "There is no rule",
                    draft.rules,
                    otherwise="Add it to 'qualifications'.",
                )
            return False
        if reference.kind == "people_rule" and rule.subject == "account":
            draft.reader.complain(
                codes.WRONG_SUBJECT,
                reference.place,
                f"'{name}' is about accounts; 'people_qualified' needs a rule about people.",
                mend="Name a rule with 'subject: person'.",
                value=name,
            )
        return True
    score = draft.scores.get(name)
    if score is None:
        if "score" not in draft.unread:
            _unknown(
                draft,
                codes.UNKNOWN_SCORE,
                reference,
                "There is no score",
                draft.scores,
                otherwise="Add it to 'scores'.",
            )
        return False
    if score.subject and reference.subject and score.subject != reference.subject:
        draft.reader.complain(
            codes.WRONG_SUBJECT,
            reference.place,
            f"'{name}' scores {_plural(score.subject)}, and this "
            f"{reference.holder[0]} is about {_plural(reference.subject)}.",
            value=name,
            mend=f"Name a score with 'subject: {reference.subject}'.",
        )
    return True


def _plural(subject: str) -> str:
    return "people" if subject == "person" else "accounts"


class _Offers:
    """What the sources offer to definitions."""

    def __init__(self, draft: FolderDraft) -> None:
        self._draft = draft
        sources = list(draft.sources.values())
        self.events = frozenset(name for s in sources for name in s.event_names)
        torn = "source" in draft.unread or any(not s.kind for s in sources)
        self._events_known = not torn and not any(s.kind == "events" and not s.event_names for s in sources)
        self._properties_known = self._events_known and not any(s.kind == "events" and not s.source for s in sources)
        self._attributes_known = not torn and not any(
            s.kind in ("people", "accounts") and not s.source for s in sources
        )
        self._properties = [
            (frozenset(s.event_names), frozenset(name for name, _ in s.source.properties))
            for s in sources
            if isinstance(s.source, EventsSource)
        ]
        self._attributes: dict[str, set[str]] = {k: set(v) for k, v in BUILT_IN_ATTRIBUTES.items()}
        for s in sources:
            if isinstance(s.source, PeopleSource):
                self._attributes["person"] |= {name for name, _ in s.source.attributes}
            elif isinstance(s.source, AccountsSource):
                self._attributes["account"] |= {name for name, _ in s.source.attributes}

    def check(self, reference: Reference) -> None:
        """Complain of an event, property or attribute that no source offers."""
        if reference.kind == "event":
            if self._events_known and reference.name not in self.events:
                _unknown(
                    self._draft,
                    codes.UNKNOWN_EVENT,
                    reference,
                    "No source has an event",
                    self.events,
                    otherwise="Add it to the 'event_names' of its source.",
                )
        elif reference.kind == "property":
            self._check_property(reference)
        else:
            self._check_attribute(reference)

    def _check_property(self, reference: Reference) -> None:
        if not self._properties_known or any(event not in self.events for event in reference.events):
            return
        known = {
            name
            for events, names in self._properties
            if not reference.events or events & set(reference.events)
            for name in names
        }
        if reference.name not in known:
            of = " or ".join(f"'{event}'" for event in reference.events[:3]) or "any event"
            self._draft.reader.complain(
                codes.UNKNOWN_PROPERTY,
                reference.place,
                f"No source offers the property '{reference.name}' of {of}.",
                mend=did_you_mean(reference.name, known, otherwise="Add it to the 'properties' of the source."),
                value=reference.name,
            )

    def _check_attribute(self, reference: Reference) -> None:
        subject = reference.subject
        if reference.holder[0] == "example":
            rule = self._draft.rules.get(reference.holder[1])
            subject = rule.subject if rule else ""
        if not self._attributes_known or not subject:
            return
        whose = "account" if reference.of_account else subject
        if reference.name in self._attributes[whose]:
            return
        mend = did_you_mean(reference.name, self._attributes[whose])
        if whose == "person" and reference.name in self._attributes["account"]:
            mend = f"Did you mean 'account.{reference.name}'?"
        owner = "an account" if whose == "account" else "a person"
        self._draft.reader.complain(
            codes.UNKNOWN_ATTRIBUTE,
            reference.place,
            f"No source offers the attribute '{reference.name}' of {owner}.",
            mend=mend or "Add it to the 'attributes' of a source.",
            value=reference.name,
        )


def _check_cycles(draft: FolderDraft, edges: dict[Definition, list[Reference]]) -> None:
    """Complain once of each circle of references, at the reference that closes it."""
    done: set[Definition] = set()
    for start in sorted(edges):
        path: list[Definition] = []
        # A walk with a stack of its own: a chain of rules may be longer than Python's.
        stack: list[tuple[Definition, int]] = [(start, 0)]
        while stack:
            node, index = stack.pop()
            if index == 0:
                if node in done:
                    continue
                path.append(node)
            out = edges.get(node, [])
            if index == len(out):
                done.add(node)
                path.pop()
                continue
            stack.append((node, index + 1))
            reference = out[index]
            target = _target(reference)
            if target in path:
                circle = [name for _, name in path[path.index(target) :]]
                draft.reader.complain(
                    codes.CYCLE,
                    reference.place,
                    "Definitions refer to each other in a circle: " + " → ".join([*circle, circle[0]]) + ".",
                    mend="Break it at one of these.",
                    value=reference.name,
                )
            elif target not in done:
                stack.append((target, 0))


def _check_live(draft: FolderDraft, edges: dict[Definition, list[Reference]]) -> None:
    ranking: dict[Definition, list[Reference]] = {}
    for reference in draft.reader.references:
        if reference.kind == "ranking" and reference.name in draft.scores:
            ranking.setdefault(reference.holder, []).append(reference)
    for name, rule in sorted(draft.rules.items()):
        if rule.status != "live":
            continue
        for reference in edges.get(("rule", name), []) + ranking.get(("rule", name), []):
            for other, through in _rules_behind(draft, edges, _target(reference)):
                status = draft.rules[other].status
                if status and status != "live":
                    way = f", through the score '{through}'" if through else ""
                    draft.reader.complain(
                        codes.NOT_LIVE,
                        reference.place,
                        f"The live rule '{name}' refers to '{other}', which is {status}{way}.",
                        mend=f"Make '{other}' live first, or set 'status: shadow' here.",
                        value=other,
                    )


def _rules_behind(
    draft: FolderDraft, edges: dict[Definition, list[Reference]], first: Definition
) -> list[tuple[str, str]]:
    """Return the rules that a reference reaches at once or through scores, with the score that it names."""
    if first[0] == "rule":
        return [(first[1], "")]
    found: list[tuple[str, str]] = []
    seen, waiting = {first}, [first]
    while waiting:
        for reference in edges.get(waiting.pop(), []):
            target = _target(reference)
            if target[0] == "rule":
                found.append((target[1], first[1]))
            elif target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


def _check_examples(draft: FolderDraft) -> None:
    ways: dict[str, set[bool]] = {}
    for examples in draft.examples:
        rule = draft.rules.get(examples.rule)
        if rule is None:
            if "qualification" not in draft.unread:
                draft.reader.complain(
                    codes.UNKNOWN_RULE,
                    examples.place,
                    f"There is no rule '{examples.rule}'.",
                    mend=did_you_mean(examples.rule, draft.rules, otherwise="Add it to 'qualifications'."),
                    value=examples.rule,
                )
            continue
        for example in examples.examples:
            if rule.subject and subject_of(example, cast(SubjectType, rule.subject)) is None:
                draft.reader.complain(
                    codes.NO_CASE_SUBJECT,
                    example.place,
                    f"It is not clear whom the case '{example.name}' is about.",
                    mend=f"Leave the {rule.subject} out of the subject's own rows, or call it '{SOMEBODY}'.",
                    value=example.name,
                )
        for case in examples.cases:
            if case.qualified is not None:
                ways.setdefault(rule.name, set()).add(case.qualified)
            for key, reasons in case.reasons.items():
                for reason, place in reasons:
                    for name in reason.split(" or "):
                        if rule.declared and name not in rule.declared:
                            draft.reader.complain(
                                codes.UNKNOWN_CRITERION,
                                place,
                                f"'{key}' names '{name}', which is no criterion of '{rule.name}'.",
                                value=name,
                                mend=did_you_mean(name, rule.declared, "Name criteria of the rule."),
                            )
    for rule in draft.rules.values():
        lacking = {True, False} - ways.get(rule.name, set())
        if rule.status == "live" and lacking and "examples" not in draft.unread:
            which = (
                "any example"
                if len(lacking) == 2
                else f"an example that is{'' if True in lacking else ' not'} qualified"
            )
            draft.reader.complain(
                codes.NO_EXAMPLES,
                rule.status_place,
                f"The live rule '{rule.name}' lacks {which}.",
                value="live",
                mend=f"Add a case each way to '{rule.name}.examples.yml', or set 'status: shadow'.",
            )
