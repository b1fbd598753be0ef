"""Rows of the lake as they are without one person: which of them go, and what of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa

from assay.core.definitions import model
from assay.core.io.store import Store, literal
from assay.core.sources.files import kind_of
from assay.core.sources.json_files import json_path
from assay.node.lake.rows import GROUP_KIND, ROW_KIND


class Rows:
    """Rows of the lake as they are without a person, by way of a store."""

    def __init__(self, store: Store, ids: Collection[str], parts: Iterable[model.Source]) -> None:
        self.store = store
        self.ids = sorted({one.strip() for one in ids})
        store.register("erased", pa.table({"id": pa.array(self.ids, pa.string())}))
        self._theirs = _theirs(parts)

    def names(self, rows: str) -> bool:
        """Tell whether any row (what stands after FROM) is the person's, or carries an id of theirs."""
        carries = f"{_is_erased('user_id')} OR {_is_erased('anonymous_id')}"
        return bool(self.store.rows(f"SELECT 1 FROM {rows} WHERE {self._theirs} OR {carries} LIMIT 1"))

    def without(self, rows: str) -> str:
        """Return SQL for the rows without the person's, and without their ids in others'."""
        of_theirs = f"(kind = '{GROUP_KIND}' AND {_is_erased('user_id')})"
        return (
            f"SELECT * REPLACE (CASE WHEN NOT {_is_erased('user_id')} THEN user_id END AS user_id, "
            f"CASE WHEN NOT ({_is_erased('anonymous_id')} OR {of_theirs}) THEN anonymous_id END AS anonymous_id) "
            f"FROM {rows} WHERE NOT {self._theirs}"
        )


def _is_erased(text: str) -> str:
    return f"coalesce(trim({text}) IN (SELECT id FROM erased), false)"


def _theirs(parts: Iterable[model.Source]) -> str:
    """Return SQL that holds of the rows that go.

    A group call tells of the company. Any other call is that of its user; its anonymous id says whose it is where it
    names no user, or where it is an alias, by which both are one person.
    """
    user, anonymous = _is_erased("user_id"), _is_erased("anonymous_id")
    whose = _is_erased("coalesce(nullif(trim(user_id), ''), anonymous_id)")
    of_call = f"CASE kind WHEN '{GROUP_KIND}' THEN false WHEN 'alias' THEN {user} OR {anonymous} ELSE {whose} END"
    found = [of_call]
    for part in parts:
        which = f"kind = '{ROW_KIND}' AND source = {literal(part.source)} AND event = {literal(kind_of(part))}"
        found += [
            f"({which} AND {_is_erased(f'json_extract_string(body, {literal(json_path([column]))})')})"
            for column in _person_columns(part)
        ]
    return f"({' OR '.join(found)})"


def _person_columns(part: model.Source) -> Sequence[str]:
    if isinstance(part, model.PeopleSource):
        return [column for column in (part.id, part.email, part.same_as) if column is not None]
    if isinstance(part, model.OutcomesSource):
        return [part.person] if part.person is not None else []
    return []
