"""Backtests as one page: each rule's answer in words, its curve, its weeks, and cases to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from assay import pictures
from assay.core.outcomes import telling
from assay.core.outcomes.backtest import Backtest
from assay.core.sentences import cause, plain
from assay.report.page import Headline
from assay.report.paper import drawn, page


def render_backtests(found: Sequence[Backtest], names: Mapping[str, str]) -> str:
    """Return the report of backtests that were asked the same question; `names` has event names by cause."""
    return page(
        "backtest.html",
        title="What became of them",
        subtitle=f"{telling.question(found[0])}, {telling.period(found[0])}",
        several=drawn(_side_by_side(found)) if len(found) > 1 else "",
        backtests=[_shown(one, names) for one in found],
    )


def _side_by_side(found: Sequence[Backtest]) -> Callable[[int], str]:
    rates = [
        pictures.Rate(
            name=plain(one.rule.name),
            value=one.rate.value,
            low=one.rate.low,
            high=one.rate.high,
            beside=one.others.rate.value if one.others else None,
        )
        for one in found
        if one.rate is not None
    ]
    return lambda width: pictures.rates_side_by_side(rates, width=width)


def _shown(found: Backtest, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "found": found,
        "rate": telling.between(found.rate),
        "others": telling.between(None if found.others is None else found.others.rate),
        "headlines": _headlines(found),
        "sentences": telling.sentences(found),
        "everybody_else": telling.everybody_else(found),
        "reach": telling.reach(found),
        "curve": curve(found),
        "weekly": drawn(lambda width: pictures.entries_and_exits_by_week(found.weekly, width=width)),
        "false_positives": [
            {**row, "opened_by": cause(row["opened_by"], names)} for row in found.false_positives.to_pylist()
        ],
        "missed": found.missed.to_pylist(),
    }


def curve(found: Backtest) -> Markup:
    """Return the conversion curve of a backtest beside everybody else's, at both widths."""
    others = () if found.others is None else tuple(zip(found.others.after, found.others.share, strict=True))
    return drawn(lambda width: pictures.conversion_over_time(found.curve, others=others, width=width))


def _headlines(found: Backtest) -> list[Headline]:
    shown = [Headline(number=f"{found.entered:,}", words="qualified, each for the first time")]
    if found.rate is not None:
        words = f"converted within {telling.length(found.question.within)} ({telling.bounds(found.rate)})"
        shown.append(Headline(number=telling.percent(found.rate.value), words=words))
    if found.others is not None:
        number = telling.percent(found.others.rate.value)
        shown.append(Headline(number=number, words="of everybody else at the same instants"))
    of = found.reached
    if of.share is not None:
        words = f"of {of.conversions:,} conversions came after a spell"
        shown.append(Headline(number=telling.percent(of.share.value), words=words))
    return shown
