"""What precedes an outcome, as one page."""

from __future__ import annotations

from markupsafe import Markup

from assay import pictures
from assay.core.outcomes import telling, telling_signals
from assay.core.outcomes.signals import Signals
from assay.core.sentences import plain
from assay.report.paper import drawn, page


def render_signals(found: Signals) -> str:
    """Return the report of what precedes an outcome, as HTML text."""
    return page(
        "signals.html",
        title=telling_signals.question(found),
        subtitle=telling_signals.period(found),
        summary=telling_signals.summary(found),
        picture=picture(found),
        rows=[
            {
                "name": plain(one.candidate.name),
                "text": one.candidate.text,
                "rate": telling.between(one.rate),
                "lift": telling.times(one.later.lift),
                "before": telling.times(one.earlier.lift),
                "people": one.later.people,
                "conversions": one.later.conversions,
                "adds": one.adds,
                "caveats": one.caveats,
            }
            for one in found.signals
        ],
        left_out=telling_signals.left_out(found),
        note=telling_signals.NOTE,
    )


def picture(found: Signals) -> Markup:
    """Return the rates of signals beside everybody else's, at both widths."""
    rates = [
        pictures.Rate(
            name=plain(one.candidate.name),
            value=one.rate.value,
            low=one.rate.low,
            high=one.rate.high,
            beside=one.beside,
        )
        for one in found.signals
        if one.rate is not None
    ]
    title = "Conversion where a signal held"
    return drawn(lambda width: pictures.rates_side_by_side(rates, title=title, width=min(width, 760)))
