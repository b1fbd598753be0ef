"""Answers of looks back as plain values, which the database keeps and pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from assay import pictures
from assay.core.definitions.model import Rule
from assay.core.io.store import Store
from assay.core.outcomes import entries, telling
from assay.core.outcomes.arrays import instants
from assay.core.outcomes.backtest import Backtest
from assay.core.sentences import cause
from assay.core.values import DAY, format_instant
from assay.report.backtest import curve
from assay.report.paper import drawn

#: So many names are shown of those who enter and of those who leave.
_NAMES: Final = 200
_LATELY: Final = 30


def sides(
    store: Store, spells: pa.Table, old: Rule | None, new: Rule, changed: Sequence[str], *, as_of: int
) -> dict[str, Any]:
    """Return whom a rule holds of as it is live and as it would be: counts, and names of those who enter and leave."""
    before = None if old is None else entries.of_rule(spells, old.name)
    after = entries.of_rule(spells, new.name)
    was, becomes = (set() if before is None else _held(before, as_of)), _held(after, as_of)
    joining, leaving = sorted(becomes - was), sorted(was - becomes)
    named = _names(store, new.subject, [*joining[:_NAMES], *leaving[:_NAMES]])
    return {
        "as_of": format_instant(as_of),
        "subject": new.subject,
        "changed": list(changed),
        "old_version": None if old is None else old.version,
        "new_version": new.version,
        "was": len(was),
        "becomes": len(becomes),
        "stays": len(was & becomes),
        "joining": len(joining),
        "leaving": len(leaving),
        "who_joins": [[one, named.get(one, "")] for one in joining[:_NAMES]],
        "who_leaves": [[one, named.get(one, "")] for one in leaving[:_NAMES]],
        "lately": _LATELY,
        "entered_before": 0 if before is None else _entered(before, as_of),
        "entered_after": _entered(after, as_of),
    }


def backtests(found: Sequence[Backtest], names: Mapping[str, str]) -> dict[str, Any]:
    """Return backtests as a page shows them, the new version's first; `names` has event names by cause."""
    return {
        "question": telling.question(found[0]),
        "period": telling.period(found[0]),
        "backtests": [_backtest(one, names) for one in found],
    }


def _backtest(found: Backtest, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": found.rule.version,
        "entered": found.entered,
        "rate": telling.between(found.rate),
        "others": telling.between(None if found.others is None else found.others.rate),
        "lift": telling.ratio(found.lift),
        "sentences": list(telling.sentences(found)),
        "beside": f"{telling.everybody_else(found)} {telling.reach(found)}",
        "curve": str(curve(found)),
        "weekly": str(drawn(lambda width: pictures.entries_and_exits_by_week(found.weekly, width=width))),
        "unconverted": [
            [row["subject_id"], f"{row['since']:%Y-%m-%d}", cause(row["opened_by"], names)]
            for row in found.false_positives.to_pylist()
        ],
        "missed": [[row["subject_id"], f"{row['converted_at']:%Y-%m-%d}"] for row in found.missed.to_pylist()],
        "caveats": [[one.of, one.text] for one in found.caveats],
    }


def _held(spells: pa.Table, as_of: int) -> set[str]:
    starts, ends = instants(spells["starts_at"]), instants(spells["ends_at"])
    return set(spells.filter(pa.array((starts <= as_of) & (ends > as_of)))["subject_id"].to_pylist())


def _entered(spells: pa.Table, as_of: int) -> int:
    starts = instants(spells["starts_at"])
    return int(np.count_nonzero((starts > as_of - _LATELY * DAY) & (starts <= as_of)))


def _names(store: Store, subject: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the name of each account, or of each person's account where that is known."""
    store.register("looked_at", pa.table({"id": pa.array(ids, pa.string())}))
    if subject == "account":
        sql = "SELECT a.id, coalesce(a.name, a.domain, '') FROM looked_at l JOIN prepared.accounts a USING (id)"
    else:
        sql = (
            "SELECT p.id, arg_max(coalesce(a.name, a.domain, a.id), coalesce(m.at, -1)) FROM looked_at l "
            "JOIN prepared.people p USING (id) JOIN prepared.memberships m USING (person) "
            "JOIN prepared.accounts a ON a.account = m.account GROUP BY p.id"
        )
    return dict(store.rows(sql))
