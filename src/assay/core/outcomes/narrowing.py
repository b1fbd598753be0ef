"""Those alone who meet one criterion just then: whom leads are held beside, and who sets out on a funnel.

The criterion becomes a rule of its own, so that the sweep that decides the leads decides it, at the same instants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from assay.core.definitions import model
from assay.core.errors import BadRequest, did_you_mean
from assay.core.io.store import Store
from assay.core.outcomes import entries, subjects
from assay.core.outcomes.arrays import Bools, Int64s
from assay.core.outcomes.landmarks import Group
from assay.core.outcomes.subjects import STAYS

#: Who of those that arrived somewhere met a criterion then: directly, through their account, or through its people.
_MET: Final = 'JOIN meeting m ON m.subject = {subject} AND m.since <= a."at" AND a."at" < m."until"'
_STAYING: Final = 'JOIN stays s ON s.{own} = a.subject AND s.since <= a."at" AND a."at" < s.until '


def alone(rule: model.Rule, criterion: str) -> model.Rule:
    """Return a rule that holds exactly while one criterion of another is met; BadRequest where it has none such."""
    known = [one.name for one in rule.criteria]
    if criterion not in known:
        mend = did_you_mean(criterion, known, f"It has: {', '.join(known)}.")
        raise BadRequest(f"The rule {rule.name} has no such criterion", where="--among", value=criterion, mend=mend)
    met = (model.Group(kind="all_of", members=(criterion,)),)
    # '@' stands in no name of the definitions.
    return replace(rule, name=f"{rule.name}@among", qualify=met, stay_qualified=())


def of_some(rules: Sequence[model.Rule], criterion: str) -> model.Rule:
    """Return the same of several rules; "RULE.CRITERION" says which, where a name alone means different things.

    BadRequest where none has such a criterion, or where it is not plain which is meant.
    """
    known = {f"{rule.name}.{one.name}": (rule, one) for rule in rules for one in rule.criteria}
    if criterion in known:
        rule, one = known[criterion]
        return alone(rule, one.name)
    named = {full: (rule, one) for full, (rule, one) in known.items() if one.name == criterion}
    if not named:
        names = [*dict.fromkeys(one.name for _, one in known.values()), *known]
        mend = did_you_mean(criterion, names, "Name a criterion, or RULE.CRITERION.")
        raise BadRequest("No rule that counts here has such a criterion", where="--among", value=criterion, mend=mend)
    if len({_meaning(rule, one) for rule, one in named.values()}) > 1:
        raise BadRequest(
            "Several rules have a criterion of this name, and not all mean the same",
            where="--among",
            value=criterion,
            mend=f"Write one of {', '.join(named)}.",
        )
    return alone(next(iter(named.values()))[0], criterion)


def _meaning(rule: model.Rule, one: model.Criterion) -> tuple[str, str, model.Form]:
    """Return what tells criteria apart: a corroboration reads others of its own rule."""
    return rule.subject, rule.name if isinstance(one.form, model.Corroboration) else "", one.form


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """When subjects of one kind meet a criterion."""

    kind: model.SubjectType
    group: Group


def meeting(store: Store, rule: model.Rule, spells: pa.Table) -> Meeting:
    """Return when a rule that `alone` made holds of whom, given spells (tables.SPELLS)."""
    ids = subjects.ids(store, rule.subject)
    return Meeting(kind=rule.subject, group=entries.group(entries.of_rule(spells, rule.name), ids))


def stretches(store: Store, of: Meeting, kind: model.SubjectType, *, as_of: int) -> Group:
    """Return when subjects of a kind meet a criterion, as `met` has it; stretches of a subject may overlap."""
    group = of.group
    if kind == of.kind:
        return group
    met = pa.table({"subject": group.subject, "since": group.since, "until": group.until})
    store.register("meeting", met)
    found = store.arrays(
        f"WITH stays AS ({STAYS}) SELECT s.{kind} AS subject, greatest(s.since, m.since) AS since, "
        f'least(s.until, m."until") AS "until" FROM stays s JOIN meeting m ON m.subject = s.{of.kind} '
        f'WHERE s.{kind} >= 0 AND greatest(s.since, m.since) < least(s.until, m."until") ORDER BY ALL',
        [as_of],
    )
    return Group(subject=found["subject"].astype(np.int64), since=found["since"], until=found["until"])


def met(store: Store, of: Meeting, kind: model.SubjectType, subject: Int64s, at: Int64s, *, as_of: int) -> Bools:
    """Return which subjects of a kind met it at their instants (parallel arrays).

    Of a criterion about accounts a person's account counts, of one about people one of the account's people then.
    """
    group = of.group
    arrived = pa.table({"place": np.arange(len(at)), "subject": subject, "at": at})
    stretches = pa.table({"subject": group.subject, "since": group.since, "until": group.until})
    store.register("arriving", arrived)
    store.register("meeting", stretches)
    through = "" if kind == of.kind else _STAYING.format(own=kind)
    join = through + _MET.format(subject="a.subject" if kind == of.kind else f"s.{of.kind}")
    found = store.arrays(f"WITH stays AS ({STAYS}) SELECT DISTINCT a.place FROM arriving a {join}", [as_of])
    which = np.zeros(len(at), np.bool_)
    which[found["place"]] = True
    return which
