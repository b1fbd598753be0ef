"""A rule in words: what it asks for, as sentences in the groups in which they must be met together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.definitions.model import Corroboration, Definitions, Group, PartnerInsight, PartnerSays, Rule
from assay.core.engine.words import needed
from assay.core.sentences import plain, sentence
from assay.core.values import format_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A criterion as a sentence, or several under a heading; `rule` is one that the sentence is about."""

    words: str
    rule: str = ""
    members: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule as a page tells it."""

    rule: Rule
    name: str
    qualify: tuple[Wanted, ...]
    stay: tuple[Wanted, ...]
    handoff: str


def told(rule: Rule, name: str, definitions: Definitions) -> Told:
    """Return a rule in words; `name` is that of its page."""
    known = {one.name for one in definitions.rules}
    return Told(
        rule=rule,
        name=name,
        qualify=_groups(rule, rule.qualify, known),
        stay=_groups(rule, rule.stay_qualified, known),
        handoff=_handoff(rule),
    )


_HEADS = {"all_of": "all of", "any_of": "any of", "none_of": "none of"}


def _groups(rule: Rule, groups: Sequence[Group], known: set[str]) -> tuple[Wanted, ...]:
    return tuple(_group(rule, group, known) for group in groups)


def _group(rule: Rule, group: Group, known: set[str]) -> Wanted:
    head = _HEADS.get(group.kind, f"at least {group.at_least} of")
    members = tuple(
        _criterion(rule, one, known) if isinstance(one, str) else _group(rule, one, known) for one in group.members
    )
    return Wanted(words=head, members=members)


def _criterion(rule: Rule, name: str, known: set[str]) -> Wanted:
    criterion = rule.criterion(name)
    about = getattr(criterion.form, "rule", "")
    wanted = needed(criterion.form)
    if wanted.endswith(" 1") and isinstance(criterion.form, PartnerSays | PartnerInsight | Corroboration):
        words = wanted.removesuffix("1") + sentence(criterion, "1")
    else:
        words = sentence(criterion, wanted)
    words = words.replace(" 1 times", " once").replace(" 2 times", " twice")
    return Wanted(words=words[:1].upper() + words[1:], rule=about if about in known else "")


def _handoff(rule: Rule) -> str:
    if rule.handoff is None:
        return "to nobody in particular"
    words = f"to {plain(rule.handoff.to)}"
    if rule.handoff.respond_within is not None:
        words += f", to be answered within {format_duration(rule.handoff.respond_within)}"
    if rule.handoff.not_again_for is not None:
        words += f", not again for {format_duration(rule.handoff.not_again_for)}"
    return words
