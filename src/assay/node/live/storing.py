"""Stored spells beside decided ones: only differences are written, and told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import pyarrow.compute as pc
from django.db import connection, transaction

from assay.core.definitions.model import SubjectType
from assay.core.values import instant as instant
from assay.node.live.changes import Change, What
from assay.node.live.deciding import Decision

#: What a stored spell says: column and type, as Postgres names them, in the order of a decision's table with `node`.
COLUMNS: Final[Mapping[str, str]] = {
    **{"rule": "text", "version": "int", "fingerprint": "text", "subject_type": "text", "subject_id": "text"},
    **{
        "node": "bigint",
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "opened_by": "text",
        "closed_by": "text",
    },
}
#: Those that a spell which still holds lacks.
OPTIONAL: Final = ("ends_at", "closed_by")
NAMED: Final = ", ".join(COLUMNS)

_Row = tuple[Any, ...]
_Key = tuple[str, str, str]  # rule, subject_type, subject_id


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    since: datetime
    until: datetime | None
    opened_by: str
    node: int


def store_decision(decision: Decision) -> list[Change]:
    """Bring what is stored of the decided subjects in line with a decision; return what changed as of its instant.

    Everything that changed is written in one transaction, or in the one that runs already.
    """
    now = instant(decision.as_of)
    nodes = sorted(decision.nodes)
    decided = decided_rows(decision)
    with transaction.atomic():
        stored = stored_rows(nodes)
        kept = {row: key for key, row in stored.items()}
        _delete([key for key, row in stored.items() if row not in decided])
        _insert([row for row in decided if row not in kept])
        changes = [*_merges(decision, now), *_tell(nodes, decided, now)]
        _wake(decision, nodes)
    return changes


def decided_rows(decision: Decision) -> dict[_Row, None]:
    """Return decided spells as stored ones are written, in order."""
    nodes: Mapping[str, Mapping[str, int]] = {"person": decision.people, "account": decision.accounts}
    table = decision.spells
    found = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    names = table.column_names
    kind, one = names.index("subject_type"), names.index("subject_id")
    return {(*row[:5], nodes[row[kind]][row[one]], *row[5:]): None for row in found}


def stored_rows(nodes: Sequence[int]) -> dict[int, _Row]:
    """Return the stored spells of these nodes, by id."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {NAMED} FROM live_spell WHERE node = ANY(%s)", [list(nodes)])
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _delete(ids: Sequence[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM live_spell WHERE id = ANY(%s)", [list(ids)])


def _insert(rows: Sequence[_Row]) -> None:
    if rows:
        with connection.cursor() as cursor, cursor.copy(f"COPY live_spell ({NAMED}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _merges(decision: Decision, now: datetime) -> list[Change]:
    """Return a change for each former id that something was told of."""
    if not decision.merged:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT subject_id FROM live_holding WHERE subject_type = 'person' AND subject_id = ANY(%s)",
            [list(decision.merged)],
        )
        told = sorted(one for (one,) in cursor.fetchall())
    return [
        Change(what="merged", subject_type="person", subject_id=one, at=now, into=decision.merged[one]) for one in told
    ]


def _tell(nodes: Sequence[int], decided: Iterable[_Row], now: datetime) -> list[Change]:
    """Bring `Holding` in line with the spells that hold now; return entries and exits."""
    held: dict[_Key, _Held] = {}
    ended: dict[_Key, tuple[datetime, str]] = {}
    for rule, version, _, kind, one, node, starts_at, ends_at, opened_by, closed_by in decided:
        if starts_at <= now and (ends_at is None or ends_at > now):
            held[rule, kind, one] = _Held(version, starts_at, ends_at, opened_by, node)
        elif ends_at is not None and ends_at <= now:
            ended[rule, kind, one] = max(ended.get((rule, kind, one), (ends_at, closed_by)), (ends_at, closed_by))
    before = _holdings(nodes)
    changes = [
        Change(**_subject(key), what="enter", at=one.since, rule=key[0], version=one.version, cause=one.opened_by)
        for key, one in held.items()
        if key not in before
    ]
    for key, (_, version, _, _) in before.items():
        if key not in held:
            at, cause = ended.get(key, (now, ""))
            changes.append(Change(**_subject(key), what="exit", at=at, rule=key[0], version=version, cause=cause))
    _write_holdings(before, held)
    return changes


def _subject(key: _Key) -> dict[str, Any]:
    return {"subject_type": cast(SubjectType, key[1]), "subject_id": key[2]}


def _holdings(nodes: Sequence[int]) -> dict[_Key, tuple[int, int, datetime, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, rule, subject_type, subject_id, version, since, until FROM live_holding WHERE node = ANY(%s)",
            [list(nodes)],
        )
        return {(row[1], row[2], row[3]): (row[0], row[4], row[5], row[6]) for row in cursor.fetchall()}


def _write_holdings(
    before: Mapping[_Key, tuple[int, int, datetime, datetime | None]], held: Mapping[_Key, _Held]
) -> None:
    gone = [
        row_id
        for key, (row_id, *facts) in before.items()
        if key not in held or facts != [held[key].version, held[key].since, held[key].until]
    ]
    fresh = [
        (*key, one.node, one.version, one.since, one.until)
        for key, one in held.items()
        if key not in before or list(before[key][1:]) != [one.version, one.since, one.until]
    ]
    with connection.cursor() as cursor:
        if gone:
            cursor.execute("DELETE FROM live_holding WHERE id = ANY(%s)", [gone])
        if fresh:
            columns = "rule, subject_type, subject_id, node, version, since, until"
            with cursor.copy(f"COPY live_holding ({columns}) FROM STDIN") as copy:
                for row in fresh:
                    copy.write_row(row)


def _wake(decision: Decision, nodes: Sequence[int]) -> None:
    """Note when to look again at each decided subject: exits tell themselves; entries and later rows do not."""
    timers = decision.timers.filter(pc.equal(decision.timers["change"], "enter"))
    by_kind = {"person": decision.people, "account": decision.accounts}
    found: dict[int, datetime] = {}
    for kind, one, at in zip(*(timers[c].to_pylist() for c in ("subject_type", "subject_id", "at")), strict=True):
        node = by_kind[kind][one]
        found[node] = min(found.get(node, at), at)
    for node, at in zip(*(decision.later[column].to_pylist() for column in ("node", "at")), strict=True):
        if node in decision.nodes:
            found[node] = min(found.get(node, at), at)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM live_wake WHERE node = ANY(%s)", [list(nodes)])
        if found:
            with cursor.copy("COPY live_wake (node, at) FROM STDIN") as copy:
                for row in found.items():
                    copy.write_row(row)


def changes_of(what: What, rows: Iterable[_Row]) -> list[Change]:
    """Return changes from (rule, subject_type, subject_id, version, at, cause), in the order in which they came."""
    return [
        Change(**_subject((rule, kind, one)), what=what, at=at, rule=rule, version=version, cause=cause)
        for rule, kind, one, version, at, cause in sorted(rows, key=lambda row: (row[4], row[:3]))
    ]


def tell_expired(now: datetime, *, most: int = 5000) -> list[Change]:
    """Return exits that time alone brought, and note them; spells say so already, so nothing is decided anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM live_holding WHERE id IN (SELECT id FROM live_holding WHERE until <= %s ORDER BY until "
            "LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING rule, subject_type, subject_id, version, until, node",
            [now, most],
        )
        gone = cursor.fetchall()
        changes = []
        for rule, kind, one, version, until, node in sorted(gone, key=lambda row: (row[4], row[:3])):
            cursor.execute(
                "SELECT closed_by FROM live_spell WHERE node = %s AND rule = %s AND ends_at = %s", [node, rule, until]
            )
            found = cursor.fetchone()
            cause = (found[0] if found else None) or ""
            subject = _subject((rule, kind, one))
            changes.append(Change(**subject, what="exit", at=until, rule=rule, version=version, cause=cause))
        return changes


def due(now: datetime, *, most: int = 5000) -> list[int]:
    """Return the nodes that are to be looked at again by now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT node FROM live_wake WHERE at <= %s ORDER BY at LIMIT %s", [now, most])
        return [node for (node,) in cursor.fetchall()]
