"""Which rules a rule reads, also through scores and people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assay.core.definitions import model


def rules_read_by(definitions: model.Definitions, names: Iterable[str]) -> frozenset[str]:
    """Return the rules named and every rule that they read, directly or through others and scores."""
    rules = {rule.name: rule for rule in definitions.rules}
    scores = {score.name: score for score in definitions.scores}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in rules:
            continue
        wanted.add(name)
        waiting.extend(_read(rules[name], scores))
    return frozenset(wanted)


def _read(rule: model.Rule, scores: dict[str, model.Score]) -> Iterator[str]:
    forms = [criterion.form for criterion in rule.criteria]
    seen: set[str] = set()
    while forms:
        form = forms.pop()
        if isinstance(form, model.Qualified | model.PeopleQualified):
            yield form.rule
        if isinstance(form, model.ScoreIs) and form.score in scores and form.score not in seen:
            seen.add(form.score)
            forms.extend(line.form for line in scores[form.score].points)
