"""The draft of a rule beside what was published, as one page."""

from __future__ import annotations

from assay import pictures
from assay.core.outcomes import telling
from assay.core.outcomes.backtest import Backtest
from assay.core.outcomes.comparison import Comparison, Part
from assay.core.sentences import plain
from assay.report.backtest import curve
from assay.report.page import Headline
from assay.report.paper import drawn, page


def render_comparison(found: Comparison) -> str:
    """Return the report of a comparison as HTML text."""
    old, new, both = found.holds_now
    version = f"published, version {found.published.rule.version}"
    wholes: tuple[tuple[str, Backtest], ...] = ((version, found.published), ("draft", found.draft))
    parts = telling.parts(found)
    told = [*((name, one.rate) for name, one in wholes), *((name, part.rate) for name, part in parts)]
    rates = [pictures.Rate(name=n, value=r.value, low=r.low, high=r.high) for n, r in told if r is not None]
    return page(
        "comparison.html",
        caveats=found.caveats,
        title=f"{plain(found.draft.rule.name)}: the draft beside version {found.published.rule.version}",
        subtitle=f"{telling.question(found.draft)}, {telling.period(found.draft)}",
        headlines=[
            Headline(number=f"{new:,}", words="would qualify now"),
            Headline(number=f"{old:,}", words="qualify as published"),
            Headline(number=f"+{new - both:,}", words="would come in"),
            Headline(number=f"−{old - both:,}", words="would fall out"),
        ],
        sentences=[*telling.changes(found), *telling.comparison(found)],
        rates=drawn(lambda width: pictures.rates_side_by_side(rates, width=min(width, 760))),
        rows=[
            *(_row(name, one, telling.times(one.lift), telling.between(one.reached.share)) for name, one in wholes),
            *(_row(name, part, "", "") for name, part in parts),
        ],
        everybody_else=telling.everybody_else(found.draft),
        groups=[
            {"name": name, "cases": part.cases}
            for name, part in (("draft", found.only_draft), ("published rule", found.only_published))
            if part.cases
        ],
        draft=curve(found.draft),
        published=curve(found.published),
    )


def _row(name: str, one: Backtest | Part, lift: str, ahead: str) -> dict[str, object]:
    return {"name": name, "entered": one.entered, "rate": telling.between(one.rate), "lift": lift, "ahead": ahead}
