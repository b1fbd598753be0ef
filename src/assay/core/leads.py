"""Who is worth somebody's time as of one instant, best first.

Takes: spells and the prepared tables.
Gives: one row a subject that qualifies (`tables.LEADS`).
Never: hands off what a shadow rule decided; draws lots between equals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from assay.core import engine, sentences, tables
from assay.core.definitions.model import Definitions, Rule
from assay.core.io.store import Store

#: The spells that hold, one row a subject: the one that opened latest designates it, then the least rule name.
_DESIGNATED: Final = """
WITH held AS (
    SELECT s.* FROM leads_spells s JOIN leads_rules r USING (rule)
    WHERE epoch_us(starts_at) <= $1 AND (ends_at IS NULL OR epoch_us(ends_at) > $1)
), ordered AS (
    SELECT *,
        row_number() OVER (PARTITION BY subject_type, subject_id ORDER BY starts_at DESC, rule) AS turn,
        list(rule) OVER (PARTITION BY subject_type, subject_id) AS rules
    FROM held
), membership AS (
    SELECT person, arg_max(account, coalesce("at", -9223372036854775807)) AS account
    FROM prepared.memberships WHERE "at" IS NULL OR "at" <= $1 GROUP BY person
), account_of AS (
    SELECT 'person' AS subject_type, p.id AS subject_id, m.account
    FROM prepared.people p JOIN membership m USING (person)
    UNION ALL
    SELECT 'account', id, account FROM prepared.accounts
)
SELECT o.subject_type, o.subject_id, a.name, a.id AS account_id, o.rule, o.version,
    array_to_string(list_sort(list_distinct(list_filter(o.rules, other -> other <> o.rule))), '; ') AS other_rules,
    o.starts_at AS since, o.ends_at AS until, o.opened_by
FROM ordered o
LEFT JOIN account_of USING (subject_type, subject_id)
LEFT JOIN prepared.accounts a USING (account)
WHERE o.turn = 1
ORDER BY o.subject_type, o.subject_id
"""


def rank(store: Store, definitions: Definitions, spells: pa.Table, *, as_of: int) -> pa.Table:
    """Return the leads as of `as_of` (UTC microseconds), in the order in which to work them (`tables.LEADS`).

    A subject stands under the live rule whose spell opened latest; equal instants go to the rule whose name comes
    first. Shadow rules never make a lead. Order: the score named by `rank_by` (best first, none last), then
    independent partners, then the newest, then the id.
    """
    rules = {rule.name: rule for rule in definitions.rules if rule.status == "live"}
    held = _designated(store, spells, list(rules), as_of)
    scores = _scores(store, definitions, held, rules, as_of=as_of)
    partners = _partners(store, held, as_of)
    pairs = list(zip(held["rule"].to_pylist(), held["subject_id"].to_pylist(), strict=True))
    stage = [rules[name] for name in held["rule"].to_pylist()]
    columns: dict[str, Any] = {
        "rank": pa.nulls(held.num_rows, pa.int32()),
        **{name: held[name] for name in held.column_names},
        "stage": [rule.stage for rule in stage],
        "motion": [rule.motion for rule in stage],
        "score": [score for score, _ in scores],
        "lean": [lean for _, lean in scores],
        "independent_partners": partners,
        "reasons": told_reasons(store, definitions, pairs, as_of=as_of),
    }
    return _ordered(columns)


def _designated(store: Store, spells: pa.Table, rules: list[str], as_of: int) -> pa.Table:
    store.register("leads_spells", spells)
    store.register("leads_rules", pa.table({"rule": pa.array(rules, pa.string())}))
    return store.table(_DESIGNATED, [as_of])


def _scores(
    store: Store, definitions: Definitions, held: pa.Table, rules: Mapping[str, Rule], *, as_of: int
) -> list[tuple[float | None, str]]:
    """Return score and lean of each row, by the `rank_by` of its rule."""
    names = [rules[rule].rank_by for rule in held["rule"].to_pylist()]
    ids = [str(one) for one in held["subject_id"].to_pylist()]
    found: dict[tuple[str, str], tuple[float | None, str]] = {}
    for score in sorted({name for name in names if name is not None}):
        asked = [one for one, name in zip(ids, names, strict=True) if name == score]
        for one, reading in engine.read_scores(store, definitions, score=score, subject_ids=asked, as_of=as_of).items():
            found[score, one] = float(reading.total), sentences.lean(reading.lean)
    return [found.get((name or "", one), (None, "")) for one, name in zip(ids, names, strict=True)]


def _partners(store: Store, held: pa.Table, as_of: int) -> list[int]:
    accounts = held["account_id"].to_pylist()
    asked = sorted({str(account) for account in accounts if account is not None})
    counted = engine.independent_partners(store, asked, as_of) if asked else {}
    return [counted.get(account, 0) for account in accounts]


def told_reasons(store: Store, definitions: Definitions, pairs: Sequence[tuple[str, str]], *, as_of: int) -> list[str]:
    """Return what is met of each (rule, subject id), as sentences joined by "; "."""
    told = engine.reasons(store, definitions, pairs, as_of=as_of) if pairs else []
    criteria = {rule.name: {c.name: c for c in rule.criteria} for rule in definitions.rules}
    said: dict[tuple[object, ...], str] = {}
    reasons = []
    for (rule, _), findings in zip(pairs, told, strict=True):
        # Most leads of a rule have been seen to do one of a few things.
        key = (rule, *((finding.criterion, finding.seen) for finding in findings if finding.met))
        if key not in said:
            said[key] = "; ".join(sentences.telling(criteria[rule], findings))
        reasons.append(said[key])
    return reasons


def _ordered(columns: Mapping[str, Any]) -> pa.Table:
    table = pa.table(
        {
            field.name: pa.array(columns[field.name], field.type)
            if isinstance(columns[field.name], list)
            else columns[field.name].cast(field.type)
            for field in tables.LEADS
        }
    )
    best_first = table.sort_by(
        [
            ("score", "descending"),
            ("independent_partners", "descending"),
            ("since", "descending"),
            ("subject_id", "ascending"),
            ("subject_type", "ascending"),
        ]
    )
    ranks = pa.array(range(1, table.num_rows + 1), pa.int32())
    return best_first.set_column(0, tables.LEADS.field("rank"), ranks).cast(tables.LEADS)
