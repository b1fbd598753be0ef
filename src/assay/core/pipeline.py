"""The flow, one line a stage: read this file first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from assay.core import engine, identity, leads, sources, tables
from assay.core.definitions import model
from assay.core.engine.results import Verdict
from assay.core.errors import BadRequest, did_you_mean
from assay.core.io.spark import Spark, connect
from assay.core.io.store import Store
from assay.core.references import rules_read_by
from assay.core.result import Result, RuleCount

#: Rules of these statuses are decided; draft and retired ones only where a decided rule reads them.
DECIDED: Final = ("live", "shadow")

Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Verdicts as of one instant; `event_names` has the name of each event that opened or closed a spell, by cause."""

    as_of: int
    verdicts: tuple[Verdict, ...]
    event_names: Mapping[str, str]


def run(
    definitions: model.Definitions,
    data: Path | Mapping[str, Any] | None,
    *,
    connections: Mapping[str, Any] | None = None,
    as_of: int | None = None,
    progress: Progress | None = None,
    spark: Spark | None = None,
) -> Result:
    """Return everything that follows from the definitions and the data as of `as_of` (UTC microseconds).

    `data` is a folder, or one table-like a source (Arrow, pandas, polars); `connections` are URLs or Ibis connections
    of the warehouses that sources name. Without `as_of` it is the latest event's instant. Live and shadow rules are
    decided; draft and retired ones are not. With `spark` they are decided there.
    """
    with nullcontext() if spark is None else connect(spark) as cluster:
        store = Store()
        try:
            sources.read(store, definitions, data, connections=connections, until=as_of, progress=progress)
            identity.resolve(store, definitions, progress=progress)
            instant = _latest(store) if as_of is None else as_of
            wanted = to_decide(definitions)
            swept = engine.sweep(store, wanted, as_of=instant, progress=progress, cluster=cluster)
            spells = _decided(swept, definitions)
            if progress is not None:
                progress("Putting leads in order")
            ranked = leads.rank(store, definitions, spells, as_of=instant)
            return Result(
                definitions=definitions,
                as_of=instant,
                as_of_given=as_of is not None,
                spells=spells,
                leads=ranked,
                rejects=store.table("SELECT * FROM prepared.rejects"),
                counts=_counts(store, definitions, instant),
                sizes=_sizes(store, instant),
                by_rule=_by_rule(definitions, spells, ranked, instant),
                store=store,
            )
        except BaseException:
            store.close()
            raise


def explain(
    definitions: model.Definitions,
    data: Path | Mapping[str, Any] | None,
    *,
    connections: Mapping[str, Any] | None = None,
    subject: str,
    rule: str | None = None,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Return a verdict a rule on one subject ("person:42") as of `as_of`; without `rule`, on all decided rules."""
    asked = rules_asked(definitions, subject, rule)
    with Store() as store:
        sources.read(store, definitions, data, connections=connections, until=as_of, progress=progress)
        identity.resolve(store, definitions, progress=progress)
        instant = _latest(store) if as_of is None else as_of
        verdicts = answer(store, definitions, subject, asked, as_of=instant)
        causes = [cause for verdict in verdicts for cause in (verdict.opened_by, verdict.closed_by) if cause]
        return Explanation(as_of=instant, verdicts=verdicts, event_names=event_names(store, causes))


def answer(
    store: Store, definitions: model.Definitions, subject: str, rules: Sequence[str], *, as_of: int
) -> tuple[Verdict, ...]:
    """Return a verdict a rule from a store that is already prepared."""
    kind, subject_id = split_subject(subject)
    return engine.explain(store, definitions, subject_type=kind, subject_id=subject_id, as_of=as_of, rules=rules)


def event_names(store: Store, causes: Iterable[str]) -> dict[str, str]:
    """Return the event's name for each cause that is an event ("event:<source>:<id>") of a prepared store."""
    asked = sorted({cause for cause in causes if cause.startswith("event:")})
    store.register("asked_causes", pa.table({"cause": pa.array(asked, pa.string())}))
    return dict(
        store.rows(
            "SELECT c.cause, any_value(n.name) FROM asked_causes c "
            "JOIN prepared.source_names s ON starts_with(c.cause, 'event:' || s.name || ':') "
            "JOIN prepared.events e ON e.source = s.source AND 'event:' || s.name || ':' || e.id = c.cause "
            "JOIN prepared.event_names n USING (event) GROUP BY c.cause"
        )
    )


def split_subject(subject: str) -> tuple[model.SubjectType, str]:
    """Return "person:42" as ("person", "42"); BadRequest where it is neither a person nor an account."""
    kind, colon, subject_id = subject.partition(":")
    if kind == "person" and colon and subject_id:
        return "person", subject_id
    if kind == "account" and colon and subject_id:
        return "account", subject_id
    raise BadRequest(
        "A subject is a person or an account", where="--subject", value=subject, mend="Write person:ID or account:ID."
    )


def rules_asked(definitions: model.Definitions, subject: str, rule: str | None) -> tuple[str, ...]:
    """Return the rules to explain a subject by: the one named, whatever its status, or all that are decided."""
    kind, _ = split_subject(subject)
    if rule is None:
        return tuple(r.name for r in definitions.rules if r.subject == kind and r.status in DECIDED)
    found = next((r for r in definitions.rules if r.name == rule), None)
    if found is None:
        mend = did_you_mean(rule, [r.name for r in definitions.rules], "Name a rule of the definitions folder.")
        raise BadRequest("No rule has this name", where="--rule", value=rule, mend=mend)
    if found.subject != kind:
        raise BadRequest(
            f"This rule is about {found.subject}s, and the subject is a{'n' * (kind == 'account')} {kind}",
            where="--rule",
            value=rule,
            mend=f"Ask about a subject written {found.subject}:ID.",
        )
    return (rule,)


def to_decide(definitions: model.Definitions) -> model.Definitions:
    """Return the definitions with live and shadow rules alone, and whatever rules those read."""
    wanted = rules_read_by(definitions, [rule.name for rule in definitions.rules if rule.status in DECIDED])
    return replace(definitions, rules=tuple(rule for rule in definitions.rules if rule.name in wanted))


def _decided(spells: pa.Table, definitions: model.Definitions) -> pa.Table:
    names = pa.array([rule.name for rule in definitions.rules if rule.status in DECIDED], pa.string())
    return spells.filter(pc.is_in(spells["rule"], value_set=names))


def _latest(store: Store) -> int:
    found = engine.latest_instant(store)
    if found is None:
        raise BadRequest(
            "The data holds no event, so there is no latest instant.",
            where="--as-of",
            mend="Name an instant, such as --as-of 2026-03-10T09:00:00Z.",
        )
    return found


def _counts(store: Store, definitions: model.Definitions, as_of: int) -> pa.Table:
    """Return `prepared.counts`, and what no rule has seen: events after `as_of`, and values that are no numbers."""
    later = store.table(
        "SELECT source, what, rows FROM prepared.counts UNION ALL "
        "SELECT n.name, 'events after this instant', count(*) "
        "FROM prepared.events e JOIN prepared.source_names n USING (source) "
        "WHERE e.at > ? GROUP BY n.name ORDER BY source, what",
        [as_of],
    )
    counts = later.select(list(tables.COUNTS))
    unread = engine.unread_numbers(store, to_decide(definitions), as_of=as_of)
    rows = [{"source": of, "what": "values that are no number", "rows": number} for of, number in unread.items()]
    return pa.concat_tables([counts, pa.Table.from_pylist(rows, schema=counts.schema)])


def _sizes(store: Store, as_of: int) -> dict[str, int]:
    sql = (
        "SELECT (SELECT count(*) FROM prepared.events e WHERE e.at <= ?), (SELECT count(*) FROM prepared.people), "
        "(SELECT count(*) FROM prepared.accounts)"
    )
    events, people, accounts = store.rows(sql, [as_of])[0]
    return {"events": events, "people": people, "accounts": accounts}


def _by_rule(definitions: model.Definitions, spells: pa.Table, ranked: pa.Table, as_of: int) -> tuple[RuleCount, ...]:
    at = pa.scalar(as_of, pa.int64()).cast(tables.INSTANT)
    left = pc.fill_null(pc.less_equal(spells["ends_at"], at), False)
    flagged = pa.table({"rule": spells["rule"], "left": pc.cast(left, pa.int64())})
    grouped = flagged.group_by("rule").aggregate([("left", "count"), ("left", "sum")]).to_pylist()
    found = {row["rule"]: (row["left_count"], row["left_sum"]) for row in grouped}
    handed = {row["values"]: row["counts"] for row in pc.value_counts(ranked["rule"].combine_chunks()).to_pylist()}
    return tuple(
        RuleCount(rule=rule.name, holds=entered - gone, entered=entered, left=gone, leads=handed.get(rule.name, 0))
        for rule in definitions.rules
        if rule.status in DECIDED
        for entered, gone in [found.get(rule.name, (0, 0))]
    )
