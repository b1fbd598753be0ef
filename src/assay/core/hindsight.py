"""Questions about what became of leads: the flow of a run, and then outcomes instead of leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa

from assay.core import engine, identity, sources
from assay.core.definitions import model
from assay.core.errors import BadRequest
from assay.core.io.store import Store
from assay.core.outcomes import backtest, conversions, entries
from assay.core.outcomes.backtest import Backtest, Question
from assay.core.outcomes.conversions import Reach
from assay.core.pipeline import DECIDED, event_names
from assay.core.references import rules_read_by
from assay.core.values import format_instant

Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: an outcome, how soon (microseconds) and of which period [start, end); None: all that is known."""

    outcome: str
    within: int
    start: int | None = None
    end: int | None = None
    reach: Reach = "account"


@contextmanager
def prepared(
    definitions: model.Definitions, data: Path | Mapping[str, Any], *, progress: Progress | None = None
) -> Iterator[Store]:
    """Give a store with the prepared tables of some data; it is gone afterwards."""
    with Store() as store:
        sources.read(store, definitions, data, progress=progress)
        identity.resolve(store, definitions, progress=progress)
        yield store


def look_back(
    store: Store,
    definitions: model.Definitions,
    rules: Sequence[str],
    asked: Asked,
    *,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> tuple[Backtest, ...]:
    """Return a backtest a rule, in the order asked; without names, of all live and shadow rules."""
    wanted = rules_named(definitions, rules)
    question = question_of(store, asked, as_of=as_of)
    spells = decided(store, definitions, [rule.name for rule in wanted], question.period.as_of, progress)
    if progress is not None:
        progress("Looking at what became of them")
    those = {kind: backtest.converting(store, kind, question) for kind in {rule.subject for rule in wanted}}
    return tuple(
        replace(
            backtest.judge(rule, entries.of_rule(spells, rule.name), those[rule.subject], question),
            caveats=backtest.caveats_of(store, definitions, rule, question),
        )
        for rule in wanted
    )


def names_of_cases(store: Store, found: Sequence[Backtest]) -> dict[str, str]:
    """Return the event's name of each cause that opened a case to read."""
    return event_names(store, [cause for one in found for cause in one.false_positives["opened_by"].to_pylist()])


def decided(
    store: Store, definitions: model.Definitions, rules: Sequence[str], as_of: int, progress: Progress | None = None
) -> pa.Table:
    """Return the spells of these rules, and of those that they read (tables.SPELLS): one sweep for all of them."""
    read = rules_read_by(definitions, rules)
    those = replace(definitions, rules=tuple(rule for rule in definitions.rules if rule.name in read))
    return engine.sweep(store, those, as_of=as_of, progress=progress)


def rules_named(definitions: model.Definitions, names: Sequence[str]) -> tuple[model.Rule, ...]:
    """Return the rules of these names, whatever their status; all that are decided where none is named."""
    known = {rule.name: rule for rule in definitions.rules}
    for name in names:
        if name not in known:
            near = get_close_matches(name, list(known), n=1)
            mend = f"Did you mean '{near[0]}'?" if near else "Name a rule of the definitions folder."
            raise BadRequest("No rule has this name", where="RULE", value=name, mend=mend)
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    found = tuple(rule for rule in definitions.rules if rule.status in DECIDED)
    if not found:
        raise BadRequest(
            "No rule is live or shadow", where=definitions.folder, mend="Name the rule to look at, whatever its status."
        )
    return found


def question_of(store: Store, asked: Asked, *, as_of: int | None) -> Question:
    """Return what is asked with its period and outcome looked up; BadRequest where that is empty or unknown."""
    latest = engine.latest_instant(store) if as_of is None else as_of
    if latest is None:
        raise BadRequest(
            "The data holds no event, so there is no latest instant",
            where="--as-of",
            mend="Name an instant, such as --as-of 2026-03-10T09:00:00Z.",
        )
    conversions.check_name(store, asked.outcome, as_of=latest)
    start = 0 if asked.start is None else asked.start
    end = latest + 1 if asked.end is None else asked.end
    if end <= start:
        raise BadRequest(
            "The period is empty: it ends where it begins, or before",
            where="--to",
            value=format_instant(end),
            mend=f"Name an instant after {format_instant(start)}; the end itself is not part of the period.",
        )
    if start > latest:
        raise BadRequest(
            f"The period begins after {format_instant(latest)}, the last that is known",
            where="--from",
            value=format_instant(start),
            mend="Name an earlier instant.",
        )
    period = entries.Period(start=start, end=end, as_of=latest)
    return Question(outcome=asked.outcome, within=asked.within, period=period, reach=asked.reach)
