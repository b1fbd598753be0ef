"""What the engine answers about some subjects at one instant: verdicts, reasons, scores, timers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa

from assay.core import tables
from assay.core.definitions import model
from assay.core.engine import facts, history, spells, told, world
from assay.core.engine.arrays import Int64s
from assay.core.engine.compiled import NEVER
from assay.core.engine.readings import Reading, read, rows_of
from assay.core.engine.results import Contribution, CountedEvent, Finding, ScoreReading, Verdict
from assay.core.engine.scope import dense_ids, scope_of
from assay.core.engine.seen import SEEN
from assay.core.engine.sweep import EVERYBODY, sweep_subjects
from assay.core.engine.told import Found
from assay.core.engine.words import because, excluded, missing, needed
from assay.core.engine.world import World
from assay.core.io.store import Store

#: What the live path waits for: a rule starts or stops holding of a subject at an instant if nothing else happens.
TIMERS = pa.schema(
    [
        pa.field("rule", pa.string(), nullable=False),
        pa.field("subject_type", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("at", tables.INSTANT, nullable=False),
        pa.field("change", pa.string(), nullable=False),  # "enter" or "exit"
    ]
)


def _decide(
    store: Store,
    definitions: model.Definitions,
    names: Sequence[str],
    as_of: int,
    asked: Mapping[model.SubjectType, Sequence[int]],
) -> tuple[World, Found]:
    scope = scope_of(
        store, definitions, names, as_of=as_of, persons=asked.get("person", ()), accounts=asked.get("account", ())
    )
    here = world.load(store, definitions, as_of=as_of, names=names, scope=scope)
    return here, history.decide_all(here)


def explain(
    store: Store,
    definitions: model.Definitions,
    *,
    subject_type: str,
    subject_id: str,
    as_of: int,
    rules: Sequence[str] | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdict of each rule (of those named, else of all) about one subject at an instant.

    Rules about the other type of subject are left out. Raises `BadRequest` for a subject that no source knows.
    """
    kind: model.SubjectType = "account" if subject_type == "account" else "person"
    subject = dense_ids(store, kind, [subject_id])[subject_id]
    wanted = [r for r in definitions.rules if r.subject == kind and (rules is None or r.name in rules)]
    if not wanted:
        return ()
    here, found = _decide(store, definitions, [r.name for r in wanted], as_of, {kind: [subject]})
    readings = read(here, found, [(rule.name, subject) for rule in wanted])
    told_of = [r.events for of_rule in readings for r in of_rule]
    events = _events(store, np.concatenate([np.empty(0, np.int64), *told_of]))
    return tuple(
        _verdict(here, found, rule, (subject, subject_id), [_finding(r, here.as_of, events) for r in of_rule])
        for rule, of_rule in zip(wanted, readings, strict=True)
    )


def _verdict(here: World, found: Found, rule: model.Rule, subject: tuple[int, str], findings: list[Finding]) -> Verdict:
    held = found.held[rule.subject, rule.name].of(subject[0])
    now = np.flatnonzero((held.start <= here.as_of) & (held.end > here.as_of))
    later = np.flatnonzero(held.start > here.as_of)
    spell = spells.spells_table(here.store, here.causes, [(rule, held.take(now))]).to_pylist()
    met = {f.criterion for f in findings if f.met}
    return Verdict(
        rule=rule.name,
        version=rule.version,
        stage=rule.stage,
        subject_type=rule.subject,
        subject_id=subject[1],
        as_of=here.as_of,
        qualified=bool(len(now)),
        because=because(rule, met),
        missing=missing(rule, met),
        excluded_by=excluded(rule, met),
        findings=tuple(findings),
        since=int(held.start[now[0]]) if len(now) else None,
        until=int(held.end[now[0]]) if len(now) and held.end[now[0]] != NEVER else None,
        opened_by=spell[0]["opened_by"] if spell else None,
        closed_by=spell[0]["closed_by"] if spell else None,
        next_entry=int(held.start[later[0]]) if len(later) else None,
    )


def _finding(reading: Reading, as_of: int, events: Mapping[int, CountedEvent]) -> Finding:
    return Finding(
        criterion=reading.criterion.name,
        met=reading.met,
        seen=reading.seen,
        needed=needed(reading.criterion.form),
        events=tuple(
            sorted(
                (events[rowid] for rowid in reading.events.tolist() if rowid in events),
                key=lambda event: (event.at, event.source, event.id),
            )
        ),
        lapses_at=reading.lapses_at,
    )


def _events(store: Store, rowids: Int64s) -> dict[int, CountedEvent]:
    store.save("engine", "told", pa.table({"event": np.unique(rowids)}))
    found = store.rows(
        "SELECT e.rowid, s.name, e.id, n.name, e.at FROM prepared.events e JOIN engine.told t ON t.event = e.rowid "
        "JOIN prepared.source_names s ON s.source = e.source JOIN prepared.event_names n ON n.event = e.event"
    )
    return {row[0]: CountedEvent(source=row[1], id=row[2], event=row[3], at=row[4]) for row in found}


def reasons(
    store: Store, definitions: model.Definitions, pairs: Sequence[tuple[str, str]], *, as_of: int
) -> list[tuple[Finding, ...]]:
    """Return the findings, without events, of each (rule, subject id), in order: for many leads at once."""
    if not pairs:
        return []
    names = sorted({rule for rule, _ in pairs})
    kinds = {name: definitions.rule(name).subject for name in names}
    ids: dict[model.SubjectType, dict[str, int]] = {
        kind: dense_ids(store, kind, [one for rule, one in pairs if kinds[rule] == kind])
        for kind in sorted(set(kinds.values()))
    }
    here, found = _decide(store, definitions, names, as_of, {kind: list(some.values()) for kind, some in ids.items()})
    readings = read(here, found, [(rule, ids[kinds[rule]][one]) for rule, one in pairs])
    return [tuple(_finding(reading, as_of, {}) for reading in of_pair) for of_pair in readings]


def read_scores(
    store: Store, definitions: model.Definitions, *, score: str, subject_ids: Sequence[str], as_of: int
) -> dict[str, ScoreReading]:
    """Return a score of each of these subjects at an instant, line by line."""
    of_score = definitions.score(score)
    ids = dense_ids(store, of_score.subject, subject_ids)
    if not ids:
        return {}
    asked = {of_score.subject: list(ids.values())}
    scope = scope_of(
        store,
        definitions,
        [],
        as_of=as_of,
        scores=[score],
        persons=asked.get("person", ()),
        accounts=asked.get("account", ()),
    )
    here = world.load(store, definitions, as_of=as_of, names=[], scores=[score], scope=scope)
    found = history.decide_all(here)
    of = here.stages[-1]
    subjects = np.array(sorted(ids.values()), np.int64)
    own, born = rows_of(here, of, subjects)
    questions = np.column_stack((subjects, np.full(len(subjects), len(of.stage.rules))))
    _, _, readings, _ = sweep_subjects(
        of.plan, own, told.steps_for(here, of, found), born, (here.kinds.distinct, EVERYBODY, questions, as_of)
    )
    points = readings[:, SEEN].reshape(len(subjects), -1)
    line_of = dict(zip(subjects.tolist(), points, strict=True))
    return {one: _score_reading(of_score, one, as_of, line_of[dense]) for one, dense in ids.items()}


def _score_reading(score: model.Score, subject_id: str, as_of: int, millionths: Int64s) -> ScoreReading:
    points = [Decimal(int(m)) / 1_000_000 for m in millionths]
    lines = [
        Contribution(line=line.name, dimension=line.dimension, points=p)
        for line, p in zip(score.points, points, strict=True)
    ]
    lines += list(_caps(score, lines))
    sums = {d: sum((c.points for c in lines if c.dimension == d), Decimal(0)) for d in score.dimensions}
    positive = {d: max(Decimal(0), points) for d, points in sums.items()}
    whole = sum(positive.values(), Decimal(0))
    return ScoreReading(
        score=score.name,
        version=score.version,
        subject_id=subject_id,
        as_of=as_of,
        total=sum(sums.values(), Decimal(0)),
        contributions=tuple(lines),
        lean={d: float(points / whole) for d, points in positive.items()} if whole else None,
    )


def _caps(score: model.Score, lines: Sequence[Contribution]) -> Iterator[Contribution]:
    for dimension, cap in score.caps:
        over = sum((c.points for c in lines if c.dimension == dimension), Decimal(0)) - cap
        if over > 0:
            yield Contribution(line=f"{dimension} cap", dimension=dimension, points=-over)


def independent_partners(store: Store, account_ids: Sequence[str], as_of: int) -> dict[str, int]:
    """Return how many independent partners know something of each of these accounts at an instant."""
    ids = dense_ids(store, "account", account_ids)
    counted = facts.independent_partners(store, as_of=as_of, subjects=np.array(sorted(ids.values()), np.int32))
    return {one: counted.get(dense, 0) for one, dense in ids.items()}


def recompute(
    store: Store, definitions: model.Definitions, subjects: Sequence[tuple[str, str]], *, as_of: int
) -> tuple[pa.Table, pa.Table]:
    """Return the spells of these (subject_type, subject_id), as `sweep` gives them, and their timers (`TIMERS`).

    A timer is the next instant after `as_of` at which a rule starts or stops holding if nothing happens until then.
    """
    kinds: tuple[model.SubjectType, ...] = ("person", "account")
    ids = {kind: dense_ids(store, kind, [one for of, one in subjects if of == kind]) for kind in kinds}
    names = [rule.name for rule in definitions.rules]
    here, found = _decide(store, definitions, names, as_of, {k: list(some.values()) for k, some in ids.items()})
    mine = [(rule, found.held[rule.subject, rule.name].of(*ids[rule.subject].values())) for rule in definitions.rules]
    changes = [(rule, list(held.next_changes(as_of))) for rule, held in mine]
    timers = timers_table(changes, {kind: {dense: one for one, dense in some.items()} for kind, some in ids.items()})
    return spells.spells_table(store, here.causes, [(rule, held.until(as_of)) for rule, held in mine]), timers


def timers_table(
    changes: Sequence[tuple[model.Rule, Sequence[tuple[int, int, str]]]],
    names: Mapping[model.SubjectType, Mapping[int, str]],
) -> pa.Table:
    """Return `TIMERS` of each rule's next changes (subject, instant, change); `names` are ids by dense subject."""
    told = [
        {
            "rule": rule.name,
            "subject_type": rule.subject,
            "subject_id": names[rule.subject][subject],
            "at": pa.scalar(at, tables.INSTANT),
            "change": change,
        }
        for rule, of_rule in changes
        for subject, at, change in of_rule
    ]
    return pa.Table.from_pylist(told, schema=TIMERS)
