"""In which order rules are decided, and of whom.

A rule is decided of its subjects; a person rule that an account rule reads is decided of each pair (person in
account). Rules of one kind of subject that need nothing from others share a sweep: a stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from assay.core.definitions import model
from assay.core.errors import InternalError

Kind = Literal["person", "pair", "account"]
Node = tuple[Kind, str]

_KINDS: tuple[Kind, ...] = ("person", "pair", "account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One sweep: these rules of these subjects; a rule stands after those of the same stage that it reads."""

    kind: Kind
    rules: tuple[model.Rule, ...]


def forms_read(definitions: model.Definitions, forms: Iterable[model.Form]) -> Iterator[model.Form]:
    """Yield these forms and those of the scores they read, in turn."""
    for form in forms:
        yield form
        if isinstance(form, model.ScoreIs):
            yield from forms_read(definitions, (line.form for line in definitions.score(form.score).points))


def members_of(groups: Iterable[model.Group]) -> Iterator[str]:
    """Yield the names of the criteria in these groups and the groups inside them."""
    for group in groups:
        for member in group.members:
            if isinstance(member, str):
                yield member
            else:
                yield from members_of([member])


def criteria_decided(rule: model.Rule) -> tuple[model.Criterion, ...]:
    """Return the criteria that stand in `qualify` or `stay_qualified`, in the order of the rule."""
    named = {*members_of(rule.qualify), *members_of(rule.stay_qualified)}
    return tuple(c for c in rule.criteria if c.name in named)


def nodes_read(definitions: model.Definitions, kind: Kind, forms: Iterable[model.Form]) -> set[Node]:
    """Return what must be decided before (or together with) something that reads these forms of a kind of subject."""
    found: set[Node] = set()
    for form in forms_read(definitions, forms):
        if isinstance(form, model.Qualified):
            if definitions.rule(form.rule).subject == "account":
                found.add(("account", form.rule))
            else:
                found.add(("pair" if kind == "account" else kind, form.rule))
        elif isinstance(form, model.PeopleQualified):
            found.add(("pair", form.rule))
    return found


def plan_stages(definitions: model.Definitions, names: Iterable[str], scores: Iterable[str] = ()) -> tuple[Stage, ...]:
    """Return the stages that decide the named rules and all that they and the named scores read, upstream first."""
    waiting: dict[Node, set[Node]] = {}
    found: list[Node] = [(definitions.rule(name).subject, name) for name in names]
    for score in scores:
        of = definitions.score(score)
        found.extend(nodes_read(definitions, of.subject, (line.form for line in of.points)))
    while found:
        node = found.pop()
        if node not in waiting:
            kind, name = node
            waiting[node] = nodes_read(definitions, kind, (c.form for c in criteria_decided(definitions.rule(name))))
            found.extend(waiting[node])
    stages = []
    done: set[Node] = set()
    while waiting:
        before = len(waiting)
        for kind in _KINDS:
            ready = _takeable(waiting, done, kind)
            if ready:
                stages.append(Stage(kind=kind, rules=tuple(definitions.rule(name) for _, name in ready)))
                done.update(ready)
                for node in ready:
                    del waiting[node]
        if len(waiting) == before:
            raise InternalError(f"rules refer to each other in a cycle: {sorted(name for _, name in waiting)}")
    return tuple(stages)


def _takeable(waiting: dict[Node, set[Node]], done: set[Node], kind: Kind) -> list[Node]:
    """Return the nodes of a kind that can be decided now, each after those of the same kind that it reads."""
    ready: list[Node] = []
    candidates = sorted(node for node in waiting if node[0] == kind)
    grew = True
    while grew:
        grew = False
        for node in candidates:
            if node not in ready and waiting[node] <= done | set(ready):
                ready.append(node)
                grew = True
    return ready
