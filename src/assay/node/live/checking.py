"""The standing self-check: a sample of subjects decided anew from the lake itself, beside what is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
from django.db import transaction

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.live.deciding import deciding
from assay.node.live.index import Index
from assay.node.live.models import SelfCheck
from assay.node.live.reach import accounts_reach_people
from assay.node.live.storing import decided_rows, instant, stored_rows

#: Subjects that one check looks at.
SAMPLE: Final = 50


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: rows in which index and lake differ, and spells in which store and replay do."""

    subjects: int
    rows: int
    spells: int

    @property
    def is_well(self) -> bool:
        """Tell whether nothing differs."""
        return not self.rows and not self.spells


def check(index: Index, definitions: model.Definitions, lake: str, *, as_of: int, seed: int) -> Checked:
    """Compare a sample, drawn by `seed`, of what is stored as of an instant with a replay from the lake, and note it.

    To be called when nothing waits to be decided. Of these subjects all rows are read, also those that a turn leaves
    out. Where rows differ, the index is emptied, and the next turn makes it anew from the lake; where spells alone do,
    their subjects are decided anew, without leaving any row out again. That it did differ stays on record.
    """
    nodes = index.sample(SAMPLE, seed)
    around = index.around(nodes, accounts_reach_people=accounts_reach_people(definitions))
    from_lake = _from_lake(lake, around.rows)
    rows = _different(from_lake, around.rows)
    lasting = replace(around, rows=from_lake)
    with deciding(definitions, lasting, as_of=as_of) as (decision, _), transaction.atomic():
        stored, decided = set(stored_rows(sorted(decision.nodes)).values()), set(decided_rows(decision))
        found = Checked(subjects=len(nodes), rows=rows, spells=len(stored ^ decided))
        SelfCheck.objects.create(
            at=instant(as_of), subjects=found.subjects, different_rows=found.rows, different_spells=found.spells
        )
    if found.rows:
        index.empty()
    elif found.spells:
        index.read_whole(around.read)
        index.touch(nodes)
    return found


def _from_lake(lake: str, rows: pa.Table) -> pa.Table:
    """Return the rows that the lake holds under the same numbers, in their order."""
    with Store(memory_limit="500MB", threads=1) as store:
        store.register("wanted", rows.select(["seq"]))
        return (
            store.table(f"SELECT l.* FROM {lake} l SEMI JOIN wanted USING (seq) ORDER BY seq")
            .select(rows.schema.names)
            .cast(rows.schema)
        )


def _different(one: pa.Table, other: pa.Table) -> int:
    if one.equals(other):
        return 0
    there = {tuple(row.values()) for row in one.to_pylist()}
    return len(there ^ {tuple(row.values()) for row in other.to_pylist()})
