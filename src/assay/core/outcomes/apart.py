"""Two versions of a rule in one set of definitions, named apart, so that one sweep decides both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assay.core.definitions import model


@dataclass(frozen=True, slots=True)
class _Names:
    """What each rule, score and list of the other version is called beside the ones that there are."""

    rules: Mapping[str, str]
    scores: Mapping[str, str]
    lists: Mapping[str, str]


def beside(definitions: model.Definitions, other: model.Definitions, rule: str) -> tuple[model.Definitions, model.Rule]:
    """Return the definitions with the other version's rule added, and that rule under its new name.

    What the other version refers to comes with it, also under a name of its own, unless it means the same in both.
    """
    mark = f"@{other.rule(rule).version}"
    kept = {r.name for r in other.rules if r.name != rule and _same(definitions.rules, r)}
    names = _Names(
        rules={r.name: r.name if r.name in kept else r.name + mark for r in other.rules},
        scores={s.name: s.name if _same(definitions.scores, s) else s.name + mark for s in other.scores},
        lists={
            name: name if definitions.lists.get(name) == values else name + mark for name, values in other.lists.items()
        },
    )
    rules = [_rule(r, names) for r in other.rules if names.rules[r.name] != r.name]
    scores = [_score(s, names) for s in other.scores if names.scores[s.name] != s.name]
    lists = {names.lists[name]: values for name, values in other.lists.items()}
    both = replace(
        definitions,
        rules=(*definitions.rules, *rules),
        scores=(*definitions.scores, *scores),
        lists={**definitions.lists, **lists},
    )
    return both, both.rule(names.rules[rule])


def _same(known: tuple[model.Rule, ...] | tuple[model.Score, ...], one: model.Rule | model.Score) -> bool:
    return any(k.name == one.name and k.fingerprint == one.fingerprint for k in known)


def _rule(rule: model.Rule, names: _Names) -> model.Rule:
    criteria = tuple(replace(c, form=_form(c.form, names)) for c in rule.criteria)
    return replace(rule, name=names.rules[rule.name], criteria=criteria)


def _score(score: model.Score, names: _Names) -> model.Score:
    points = tuple(replace(line, form=_form(line.form, names)) for line in score.points)
    return replace(score, name=names.scores[score.name], points=points)


def _form(form: model.Form, names: _Names) -> model.Form:
    match form:
        case model.Count() | model.Sum():
            return replace(form, where=tuple((name, _condition(c, names)) for name, c in form.where))
        case model.Attribute():
            return replace(form, condition=_condition(form.condition, names))
        case model.Qualified() | model.PeopleQualified():
            return replace(form, rule=names.rules[form.rule])
        case model.ScoreIs():
            return replace(form, score=names.scores[form.score])
        case _:
            return form


def _condition(condition: model.Condition, names: _Names) -> model.Condition:
    return replace(condition, list_name=names.lists[condition.list_name]) if condition.list_name else condition
