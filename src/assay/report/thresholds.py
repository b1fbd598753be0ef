"""A rule with other numbers, as one page."""

from __future__ import annotations

from markupsafe import Markup

from assay import pictures
from assay.core.hindsight import Thresholds
from assay.core.outcomes import telling
from assay.core.outcomes.estimates import Estimate
from assay.core.sentences import plain
from assay.report.paper import drawn, page


def render_thresholds(found: Thresholds) -> str:
    """Return the report of one number varied, as HTML text."""
    first = found.points[0][1]
    return page(
        "thresholds.html",
        caveats=first.caveats,
        title=f"{plain(found.rule.name)}: {plain(found.setting.criterion)}, {plain(found.setting.key)}",
        subtitle=f"{telling.question(first)}, {telling.period(first)}",
        key=plain(found.setting.key),
        picture=picture(found),
        rows=[
            {
                "value": variant.value,
                "is_current": variant.is_current,
                "found": one,
                "rate": telling.between(one.rate),
                "lift": telling.times(one.lift),
                "ahead": telling.between(one.reached.share),
            }
            for variant, one in found.points
        ],
        everybody_else=telling.everybody_else(first),
    )


def picture(found: Thresholds) -> Markup:
    """Return what each value would do, at both widths."""
    points = [
        pictures.Point(
            value=variant.value,
            is_current=variant.is_current,
            converts=_triple(one.rate),
            ahead_of=_triple(one.reached.share),
            entered=one.entered,
        )
        for variant, one in found.points
    ]
    name = f"{plain(found.setting.criterion)}, {plain(found.setting.key)}"
    return drawn(lambda width: pictures.thresholds(points, name=name, width=min(width, 760)))


def _triple(estimate: Estimate | None) -> tuple[float, float, float] | None:
    return None if estimate is None else (estimate.value, estimate.low, estimate.high)
