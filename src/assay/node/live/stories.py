"""What the core says of subjects whose neighbourhood is known: for leads as they arise, and for pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from assay.core import engine, leads, sentences
from assay.core.engine.results import CountedEvent, ScoreReading
from assay.core.io.store import Store
from assay.core.pipeline import DECIDED
from assay.core.pipeline import event_names as names_of_events
from assay.core.values import micros as micros
from assay.node.live.deciding import Known, deciding, emails
from assay.node.live.index import Index
from assay.node.live.keys import node_of_subject
from assay.node.live.story import About, Colleague, Spell, Story

#: Of a story's events, so many of the latest.
_EVENTS: Final = 200

#: A subject and the rule that designates it.
Asked = tuple[str, str, str]

_ACCOUNTS: Final = """
WITH asked AS (SELECT * FROM engine.asked_subjects), homes AS (
    SELECT p.id, arg_max(m.account, coalesce(m."at", -9223372036854775807)) AS account
    FROM prepared.people p JOIN asked a ON a.kind = 'person' AND a.id = p.id
    JOIN prepared.memberships m USING (person) WHERE m."at" IS NULL OR m."at" <= $1 GROUP BY p.id
)
SELECT 'person', h.id, c.account, c.id, c.name, c.domain FROM homes h JOIN prepared.accounts c USING (account)
UNION ALL SELECT 'account', c.id, c.account, c.id, c.name, c.domain
FROM prepared.accounts c JOIN asked a ON a.kind = 'account' AND a.id = c.id
"""
_LATEST: Final = """
SELECT subject, name, arg_max(value, coalesce("at", -9223372036854775807)) FROM prepared.attributes
WHERE subject_type = '{kind}' AND subject IN (SELECT subject FROM engine.asked_dense) AND ("at" IS NULL OR "at" <= $1)
GROUP BY subject, name
"""


def describe(known: Known, asked: Sequence[Asked], as_of: int) -> dict[Asked, About]:
    """Return what a lead carries of each subject (type, id, rule) as it arises, as of an instant."""
    store, definitions = known.store, known.definitions
    asked = _present(known, asked)
    homes = _homes(known, {(kind, one) for kind, one, _ in asked}, as_of)
    facts = _attributes(known, "account", {dense for dense, *_ in homes.values()}, as_of)
    told = leads.told_reasons(store, definitions, [(rule, one) for _, one, rule in asked], as_of=as_of)
    scores = _scores(known, asked, as_of)
    found: dict[Asked, About] = {}
    for key, summary in zip(asked, told, strict=True):
        dense, account, name, domain = homes.get(key[:2], (None, "", None, None))
        reading = scores.get(key)
        found[key] = About(
            name=(name or domain or key[1]) if key[0] == "account" else key[1],
            account_id=account,
            account_name=name or domain or account,
            attributes=facts.get(dense, {}),
            summary=summary,
            score=None if reading is None else float(reading.total),
            lean="" if reading is None else sentences.lean(reading.lean),
        )
    return found


def _present(known: Known, asked: Sequence[Asked]) -> list[Asked]:
    """Return those of whom anything is known."""
    kinds, ids = ([one[i] for one in asked] for i in (0, 1))
    table = pa.table({"kind": pa.array(kinds, pa.string()), "id": pa.array(ids, pa.string())})
    known.store.save("engine", "asked_subjects", table)
    there = {
        (kind, one)
        for kind, name in (("person", "people"), ("account", "accounts"))
        for (one,) in known.store.rows(
            f"SELECT id FROM prepared.{name} WHERE id IN (SELECT id FROM engine.asked_subjects WHERE kind = ?)", [kind]
        )
    }
    return [one for one in asked if one[:2] in there]


def tell(
    index: Index, definitions: Any, subjects: Sequence[tuple[str, str]], as_of: int, *, store: Store | None = None
) -> dict[tuple[str, str], Story]:
    """Return everything that the core says of subjects (type, id) as of an instant; those unknown are left out."""
    nodes = [node_of_subject(kind, one) for kind, one in subjects]
    around = index.around(nodes, accounts_reach_people=True)
    found: dict[tuple[str, str], Story] = {}
    with deciding(definitions, around, as_of=as_of, at_hand=store, keeps_emails=True) as (decision, known):
        reached = emails(known)
        for kind, one in subjects:
            now_called = decision.merged.get(one, one) if kind == "person" else one
            if now_called in (decision.people if kind == "person" else decision.accounts):
                found[kind, one] = _story(known, decision.spells, (kind, now_called), as_of, reached)
    return found


def _story(known: Known, spells: pa.Table, subject: tuple[str, str], as_of: int, reached: Mapping[str, str]) -> Story:
    store, definitions = known.store, known.definitions
    kind, one = subject
    asked = [rule.name for rule in definitions.rules if rule.subject == kind and rule.status in DECIDED]
    verdicts = engine.explain(store, definitions, subject_type=kind, subject_id=one, as_of=as_of, rules=asked)
    mine = _spells(known, spells, subject)
    causes = [cause for spell in mine for cause in (spell.opened_by, spell.closed_by) if cause]
    scores = [score.name for score in definitions.scores if score.subject == kind]
    home = _homes(known, {subject}, as_of).get(subject, (None,))[0]
    of_accounts = _attributes(known, "account", [] if home is None else [home], as_of).get(home, {})
    readings = [engine.read_scores(store, definitions, score=s, subject_ids=[one], as_of=as_of)[one] for s in scores]
    people = _colleagues(known, spells, one, as_of) if kind == "account" else ()
    of_whom = {one, *(person.person_id for person in people)}
    return Story(
        subject_type=kind,
        subject_id=one,
        as_of=as_of,
        definitions=definitions,
        verdicts=verdicts,
        event_names=names_of_events(store, causes),
        scores=tuple(readings),
        spells=mine,
        events=_events(known, subject, as_of),
        people=people,
        emails={person: email for person, email in reached.items() if person in of_whom},
        facts=_facts_of_person(known, one, as_of) if kind == "person" else of_accounts,
        account_facts=of_accounts if kind == "person" else {},
    )


def _spells(known: Known, spells: pa.Table, subject: tuple[str, str]) -> tuple[Spell, ...]:
    stages = {rule.name: rule.stage for rule in known.definitions.rules}
    rows = zip(*(_column(spells, name) for name in spells.column_names), strict=True)
    return tuple(
        Spell(
            rule=rule,
            version=version,
            stage=stages[rule],
            starts_at=starts_at,
            ends_at=ends_at,
            opened_by=opened_by,
            closed_by=closed_by,
        )
        for rule, version, _, kind, one, starts_at, ends_at, opened_by, closed_by in rows
        if (kind, one) == subject
    )


def _column(spells: pa.Table, name: str) -> list[Any]:
    column = spells[name]
    found: list[Any] = (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
    return found


def _events(known: Known, subject: tuple[str, str], as_of: int) -> tuple[CountedEvent, ...]:
    table, key = ("people", "person") if subject[0] == "person" else ("accounts", "account")
    rows = known.store.rows(
        "SELECT s.name, e.id, n.name, e.at FROM prepared.events e "
        f"JOIN prepared.{table} t ON t.{key} = e.{key} AND t.id = ? "
        "JOIN prepared.source_names s ON s.source = e.source "
        "JOIN prepared.event_names n ON n.event = e.event WHERE e.at <= ? "
        f"ORDER BY e.at DESC, s.name, e.id LIMIT {_EVENTS}",
        [subject[1], as_of],
    )
    return tuple(CountedEvent(source=source, id=one, event=event, at=at) for source, one, event, at in rows)


def _colleagues(known: Known, spells: pa.Table, account: str, as_of: int) -> tuple[Colleague, ...]:
    """Return the people of an account: its members now, and who did something there; who qualifies comes first."""
    rows = known.store.rows(
        "WITH mine AS (SELECT account FROM prepared.accounts WHERE id = $2), homes AS ("
        'SELECT person, arg_max(account, coalesce("at", -9223372036854775807)) AS account FROM prepared.memberships '
        'WHERE "at" IS NULL OR "at" <= $1 GROUP BY person), there AS ('
        "SELECT person, max(e.at) AS seen FROM prepared.events e WHERE e.account IN (FROM mine) AND e.at <= $1 "
        "AND person >= 0 GROUP BY person) "
        "SELECT p.id, t.seen FROM prepared.people p LEFT JOIN there t USING (person) "
        "WHERE t.person IS NOT NULL OR p.person IN (SELECT person FROM homes WHERE account IN (FROM mine)) "
        "ORDER BY p.id",
        [as_of, account],
    )
    held: dict[str, list[str]] = {}
    for rule, kind, one, start, end in zip(
        *(_column(spells, name) for name in ("rule", "subject_type", "subject_id", "starts_at", "ends_at")), strict=True
    ):
        if kind == "person" and start <= as_of and (end is None or end > as_of):
            held.setdefault(one, []).append(rule)
    people = [Colleague(person_id=one, rules=tuple(held.get(one, ())), last_seen_at=seen) for one, seen in rows]
    return tuple(sorted(people, key=lambda one: (-len(one.rules), -(one.last_seen_at or 0), one.person_id)))


def _homes(known: Known, subjects: Iterable[tuple[str, str]], as_of: int) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return (dense account, id, name, domain) of each subject: its own, or the person's account now."""
    asked = sorted(subjects)
    kinds, ids = ([one[i] for one in asked] for i in (0, 1))
    table = pa.table({"kind": pa.array(kinds, pa.string()), "id": pa.array(ids, pa.string())})
    known.store.save("engine", "asked_subjects", table)
    return {(kind, one): tuple(rest) for kind, one, *rest in known.store.rows(_ACCOUNTS, [as_of])}


def _attributes(known: Known, kind: str, subjects: Iterable[int], as_of: int) -> Mapping[int | None, dict[str, str]]:
    known.store.save("engine", "asked_dense", pa.table({"subject": pa.array(sorted(subjects), pa.int32())}))
    found: dict[int | None, dict[str, str]] = {}
    for subject, name, value in known.store.rows(_LATEST.format(kind=kind), [as_of]):
        if value is not None:
            found.setdefault(subject, {})[name] = value
    return found


def _facts_of_person(known: Known, person: str, as_of: int) -> dict[str, str]:
    rows = known.store.rows("SELECT person FROM prepared.people WHERE id = ?", [person])
    return next(iter(_attributes(known, "person", [dense for (dense,) in rows], as_of).values()), {})


def _scores(known: Known, asked: Sequence[Asked], as_of: int) -> dict[Asked, ScoreReading]:
    ranked = {key: known.definitions.rule(key[2]).rank_by for key in asked}
    found: dict[Asked, ScoreReading] = {}
    for score in sorted({name for name in ranked.values() if name is not None}):
        keys = [key for key, name in ranked.items() if name == score]
        ids = sorted({one for _, one, _ in keys})
        readings = engine.read_scores(known.store, known.definitions, score=score, subject_ids=ids, as_of=as_of)
        found |= {key: readings[key[1]] for key in keys}
    return found
