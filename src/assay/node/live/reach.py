"""How far something new reaches: what rules about people read of accounts, and rules about accounts of people."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core import pipeline
from assay.core.definitions import model
from assay.core.engine.stages import forms_read


def accounts_reach_people(definitions: model.Definitions) -> bool:
    """Return whether a rule about people reads something that their account decides."""
    decided = pipeline.to_decide(definitions)
    return any(_reads_account(definitions, form) for form in _forms_of_people(decided))


def scores_rest_on_accounts(definitions: model.Definitions) -> bool:
    """Return whether a score that ranks people reads something that their account decides."""
    decided = pipeline.to_decide(definitions)
    ranks = {rule.rank_by for rule in decided.rules if rule.subject == "person" and rule.rank_by is not None}
    forms = (line.form for name in sorted(ranks) for line in definitions.score(name).points)
    return any(_reads_account(definitions, form) for form in forms_read(definitions, forms))


def _forms_of_people(definitions: model.Definitions) -> Iterator[model.Form]:
    for rule in definitions.rules:
        if rule.subject == "person":
            yield from forms_read(definitions, (criterion.form for criterion in rule.criteria))


def _reads_account(definitions: model.Definitions, form: model.Form) -> bool:
    if isinstance(form, model.Attribute):
        return form.of_account
    if isinstance(form, model.Qualified):
        return definitions.rule(form.rule).subject == "account"
    if isinstance(form, model.Count):
        return form.distinct == "account"
    return isinstance(form, model.PartnerSays | model.PartnerInsight | model.Corroboration)


def names_read_at_accounts(definitions: model.Definitions) -> frozenset[str] | None:
    """Return the names of all events that rules about accounts read, as calls give them; None where they may read any.

    Rules that look at people one by one read when somebody was active, by any event.
    """
    decided = pipeline.to_decide(definitions)
    waiting = [rule for rule in decided.rules if rule.subject == "account"]
    asked: set[str] = set()
    names: set[str] = set()
    while waiting:
        rule = waiting.pop()
        asked.add(rule.name)
        ranked = [line.form for line in definitions.score(rule.rank_by).points] if rule.rank_by else []
        for form in forms_read(definitions, [*(criterion.form for criterion in rule.criteria), *ranked]):
            read = _names_read(definitions, form)
            if read is None:
                return None
            names |= read
            if isinstance(form, model.Qualified) and form.rule not in asked:
                waiting.append(definitions.rule(form.rule))
    events = [part for part in definitions.sources if isinstance(part, model.EventsSource)]
    return frozenset({*names, *(raw for part in events for raw, name in part.rename if name in names)})


def _names_read(definitions: model.Definitions, form: model.Form) -> frozenset[str] | None:
    if isinstance(form, model.PeopleQualified):
        return None
    if isinstance(form, model.Qualified):
        return frozenset() if definitions.rule(form.rule).subject == "account" else None
    if isinstance(form, model.Sequence):
        names = form.steps
    elif isinstance(form, model.Count | model.Sum):
        if not form.events:
            return None
        names = form.events
    else:
        return frozenset()
    since = form.window.since
    return frozenset(names if since is None else (*names, since))
