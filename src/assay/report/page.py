"""Puts the page together: headline numbers, pictures, rules, the first leads, what was rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay import pictures
from assay.core.result import Result
from assay.pictures import calendar
from assay.report.cards import cards
from assay.report.paper import drawn, page

#: Kinds of reject beyond this number are summed up.
_MOST_KINDS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A number and what it counts."""

    number: str
    words: str


def render(result: Result, *, top: int = 12) -> str:
    """Return the report of a run as HTML text, with the evidence of the first `top` leads."""
    return page(
        "report.html",
        as_of=result.as_of,
        as_of_given=result.as_of_given,
        headlines=_headlines(result),
        qualified=drawn(_qualified(result)),
        stages=drawn(_stages(result)),
        entries=drawn(_entries(result)),
        unit=_unit(result).name,
        rules=_rules(result),
        cards=cards(result, top=top, drawn=drawn),
        total=result.leads.num_rows,
        sizes=result.sizes,
        rejects=_rejects(result),
        reject_count=result.rejects.num_rows,
        counts=[row for row in result.counts.to_pylist() if row["rows"] and row["what"] not in {"rows", "rejects"}],
    )


def _qualified(result: Result) -> Callable[[int], str]:
    return lambda width: pictures.qualified_over_time(result.spells, as_of=result.as_of, width=width)


def _stages(result: Result) -> Callable[[int], str]:
    return lambda width: pictures.leads_by_stage(result.leads, width=min(width, 560))


def _entries(result: Result) -> Callable[[int], str]:
    return lambda width: pictures.entries_and_exits(result.spells, as_of=result.as_of, width=width)


def _unit(result: Result) -> calendar.Unit:
    return calendar.unit_of(result.spells, as_of=result.as_of)


def _headlines(result: Result) -> list[Headline]:
    leads = result.leads
    people = int(pc.sum(pc.cast(pc.equal(leads["subject_type"], "person"), pa.int64())).as_py() or 0)
    unit = calendar.recently(result.spells, as_of=result.as_of)
    last, coming = (f"in the last {unit.name}", f"in the next {unit.name}")
    since, until = calendar.instants(leads["since"]), calendar.instants(leads["until"])
    new = int(np.count_nonzero(since > result.as_of - unit.length))
    lapsing = int(np.count_nonzero(until <= result.as_of + unit.length))
    accounts = leads.num_rows - people
    return [
        Headline(number=f"{people:,}", words="person to talk to" if people == 1 else "people to talk to"),
        Headline(number=f"{accounts:,}", words="account to work" if accounts == 1 else "accounts to work"),
        Headline(number=f"{new:,}", words=f"new {last}"),
        Headline(number=f"{lapsing:,}", words=f"cooling off {coming} if nothing happens"),
    ]


def _rules(result: Result) -> list[dict[str, Any]]:
    rules = {rule.name: rule for rule in result.definitions.rules}
    return [
        {"rule": rules[c.rule], "holds": c.holds, "entered": c.entered, "left": c.left, "leads": c.leads}
        for c in sorted(result.by_rule, key=lambda c: (-c.holds, c.rule))
    ]


def _rejects(result: Result) -> list[dict[str, Any]]:
    """Return rejects by source, column and reason, most first; values stay in rejects.csv."""
    kinds = result.rejects.group_by(["source", "column", "reason"])
    grouped = kinds.aggregate([([], "count_all")])
    order = grouped.sort_by([("count_all", "descending"), ("source", "ascending"), ("reason", "ascending")])
    return [dict(row) for row in order.slice(0, _MOST_KINDS).to_pylist()]
