"""The stages of a funnel: when somebody first got to each, by a rule or by what the data says happened.

A stage such as MQL or PQL is reached when a rule of that stage begins to hold, one such as SAL, SQO or won where the
data has an outcome of that name; where both tell of a stage, either does. Names are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.core.definitions import model
from assay.core.errors import BadRequest
from assay.core.io.store import Store
from assay.core.outcomes import conversions, subjects
from assay.core.outcomes.arrays import instants

#: The way from interest to a deal, as marketing and sales agree on it; steps that nothing tells of are left out.
PATH: Final = ("MQL", "PQL", "SAL", "SQL", "SQO", "won")

#: Who got to a stage, when, and by what: `person` or `account` is -1 where it is about the other.
MARKS: Final = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("person", pa.int64(), nullable=False),
        pa.field("account", pa.int64(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("motion", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One stage and everything that tells of it (MARKS)."""

    stage: str
    marks: pa.Table


def milestones(
    store: Store, rules: Sequence[model.Rule], spells: pa.Table, path: Sequence[str], *, as_of: int, strict: bool
) -> tuple[Milestone, ...]:
    """Return the stages of a path that rules or outcomes tell of; with `strict` all must be, else BadRequest."""
    ids = {kind: subjects.ids(store, kind) for kind in sorted({rule.subject for rule in rules})}
    found = []
    for stage in path:
        marks = [_of_outcomes(store, stage, as_of)]
        of_stage = [rule for rule in rules if rule.stage.lower() == stage.lower()]
        marks += [_of_rule(rule, spells, ids[rule.subject]) for rule in of_stage]
        table = pa.concat_tables(marks)
        if table.num_rows or of_stage:
            numbered = table.set_column(0, MARKS.field("row"), pa.array(np.arange(table.num_rows)))
            found.append(Milestone(stage=stage, marks=numbered.cast(MARKS)))
        elif strict:
            raise BadRequest(
                "No live or shadow rule has this stage, and no outcome this name",
                where="--stages",
                value=stage,
                mend=_there(store, rules, as_of),
            )
    if len(found) < 2:
        raise BadRequest(
            "A funnel needs two stages at least",
            where="--stages",
            value=", ".join(one.stage for one in found) or "none",
            mend=_there(store, rules, as_of),
        )
    return tuple(found)


def _there(store: Store, rules: Sequence[model.Rule], as_of: int) -> str:
    known = conversions.names(store, as_of=as_of)
    stages = ", ".join(sorted({rule.stage for rule in rules})) or "none"
    outcomes = conversions.there_are(known) if known else "There are no outcomes."
    return f"Stages of rules: {stages}. Of outcomes: {outcomes[0].lower()}{outcomes[1:]}"


def _of_outcomes(store: Store, stage: str, as_of: int) -> pa.Table:
    """Return marks of outcomes of that name; one that names an account is the account's."""
    return store.table(
        "SELECT rowid AS row, CASE WHEN account >= 0 THEN -1 ELSE person END::BIGINT AS person, "
        "account::BIGINT AS account, \"at\", '' AS rule, '' AS version, '' AS motion, source "
        'FROM prepared.outcomes WHERE lower(outcome) = lower(?) AND "at" <= ? ORDER BY rowid',
        [stage, as_of],
    ).cast(MARKS)


def _of_rule(rule: model.Rule, spells: pa.Table, ids: pa.Array) -> pa.Table:
    mine = spells.filter(pc.equal(spells["rule"], rule.name))
    at = instants(mine["starts_at"])
    dated = at > 0
    mine, at = mine.filter(pa.array(dated)), at[dated]
    subject = subjects.numbers(mine["subject_id"], ids)
    nobody = np.full(len(at), -1)
    count = len(at)
    return pa.table(
        [
            np.arange(count),
            subject if rule.subject == "person" else nobody,
            subject if rule.subject == "account" else nobody,
            at,
            pa.repeat(rule.name, count),
            pa.repeat(f"{rule.name}, version {rule.version}", count),
            pa.repeat(rule.motion, count),
            _source(mine["opened_by"]),
        ],
        schema=MARKS,
    )


def _source(causes: pa.ChunkedArray) -> pa.Array:
    """Return the source of the event that opened each spell, else the kind of what did: attribute, fact, ..."""
    found = pc.extract_regex(causes.combine_chunks(), r"^(?P<kind>[a-z]+):?(?P<source>[^:]*)")
    kind, source = pc.struct_field(found, "kind"), pc.struct_field(found, "source")
    return pc.if_else(pc.equal(kind, "event"), source, kind)
