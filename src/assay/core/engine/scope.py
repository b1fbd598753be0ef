"""Which subjects a question about a few needs: they, their accounts, and those accounts' people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from assay.core.definitions import model
from assay.core.engine.stages import plan_stages
from assay.core.engine.subjects import Subjects
from assay.core.engine.world import Scope
from assay.core.errors import BadRequest
from assay.core.io.store import Store

#: Beyond so many subjects everything is read: naming them in SQL would cost more than it saves.
MANY = 20_000

_TABLES: Mapping[model.SubjectType, str] = {"person": "people", "account": "accounts"}


def dense_ids(store: Store, subject_type: model.SubjectType, ids: Iterable[str]) -> dict[str, int]:
    """Return the dense id of each subject.

    Raises `BadRequest` for an id that no source has.
    """
    asked = list(dict.fromkeys(ids))
    store.save("engine", "asked", pa.table({"id": pa.array(asked, pa.string())}))
    table = _TABLES[subject_type]
    found = dict(store.rows(f"SELECT id, {subject_type} FROM prepared.{table} JOIN engine.asked USING (id)"))
    if len(found) < len(asked):
        missing = next(one for one in asked if one not in found)
        raise BadRequest(
            f"no source knows this {subject_type}",
            value=missing,
            mend=f"Give the id as it stands in the data, for example {subject_type}:42; the ids of merged people are "
            "those of the newest.",
        )
    return found


def scope_of(
    store: Store,
    definitions: model.Definitions,
    names: Sequence[str],
    *,
    as_of: int,
    scores: Sequence[str] = (),
    persons: Iterable[int] = (),
    accounts: Iterable[int] = (),
) -> Scope:
    """Return every subject that deciding these rules and scores of these persons and accounts needs."""
    people, firms = set(persons), set(accounts)
    kinds = {stage.kind for stage in plan_stages(definitions, names, scores)}
    if len(people) + len(firms) > MANY:
        return Scope()
    if people:
        firms |= _accounts_of(store, people, as_of)
    if "pair" in kinds and firms:
        people |= _people_of(store, firms, as_of)
    if len(people) + len(firms) > MANY:
        return Scope()
    return Scope(persons=_dense(people), accounts=_dense(firms))


def _dense(subjects: set[int]) -> Subjects:
    return np.array(sorted(subjects), np.int32)


def _listed(subjects: set[int]) -> str:
    return ", ".join(map(str, sorted(subjects)))


def _accounts_of(store: Store, people: set[int], as_of: int) -> set[int]:
    return {
        row[0]
        for row in store.rows(
            "SELECT DISTINCT m.account FROM prepared.memberships m "
            f"WHERE m.account >= 0 AND (m.at IS NULL OR m.at <= ?) AND m.person IN ({_listed(people)})",
            [as_of],
        )
    }


def _people_of(store: Store, accounts: set[int], as_of: int) -> set[int]:
    listed = _listed(accounts)
    return {
        row[0]
        for row in store.rows(
            "SELECT m.person FROM prepared.memberships m WHERE (m.at IS NULL OR m.at <= ?) "
            f"AND m.account IN ({listed}) UNION SELECT e.person FROM prepared.events e "
            "WHERE e.at <= ? AND e.person >= 0 "
            f"AND e.account IN ({listed})",
            [as_of, as_of],
        )
    }
