"""What one run gives: spells, leads, rejects and counts, and the store they came from."""

from __future__ import annotations

import html
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

from assay.core.definitions.model import Definitions
from assay.core.io.store import Store
from assay.core.values import format_instant

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many subjects a rule holds of now, how often it was entered and left so far, and its leads."""

    rule: str
    holds: int
    entered: int
    left: int
    leads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a run as of one instant (UTC microseconds).

    spells   tables.SPELLS        rejects  tables.REJECTS
    leads    tables.LEADS         counts   tables.COUNTS, with a row for each source that has events after `as_of`

    `as_of_given` is False where `as_of` is the latest event's instant. `sizes` counts events (up to `as_of`), people,
    accounts. The store stays open, for explanations; close it, or use the result as a context manager.
    """

    definitions: Definitions
    as_of: int
    as_of_given: bool
    spells: pa.Table
    leads: pa.Table
    rejects: pa.Table
    counts: pa.Table
    sizes: dict[str, int]
    by_rule: tuple[RuleCount, ...]
    store: Store

    def close(self) -> None:
        """Close the store; the tables stay."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        sizes = f"{self.leads.num_rows} leads, {self.spells.num_rows} spells"
        return f"<Result as of {format_instant(self.as_of)}: {sizes}>"

    def _repr_html_(self) -> str:
        """Return the first leads as an HTML table, for notebooks."""
        columns = ["rank", "subject_type", "subject_id", "name", "stage", "rule", "since", "reasons"]
        head = "".join(f"<th>{column.replace('_', ' ')}</th>" for column in columns)
        rows = [
            "".join(f"<td>{html.escape(_cell(row[column]))}</td>" for column in columns)
            for row in self.leads.select(columns).slice(0, _SHOWN).to_pylist()
        ]
        more = self.leads.num_rows - len(rows)
        return (
            f"<p><b>{self.leads.num_rows:,} leads</b> as of {format_instant(self.as_of)}, "
            f"{self.spells.num_rows:,} spells, {self.rejects.num_rows:,} rejected rows</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
            + (f"<p>… and {more:,} more in <code>.leads</code></p>" if more > 0 else "")
        )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
