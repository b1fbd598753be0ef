"""A funnel as one page: stages, steps, where leads came from, cohorts, leads by designation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from assay import pictures
from assay.core.outcomes import funnel, telling
from assay.core.values import format_duration, format_instant
from assay.report.paper import drawn, page


def render_funnel(found: funnel.Funnel) -> str:
    """Return the report of a funnel as HTML text."""
    return page(
        "funnel.html",
        title="From stage to stage",
        subtitle=f"Within {format_duration(found.within)}, as known on {format_instant(found.period.as_of)[:10]}",
        alone=telling.alone(found.among) if found.among else "",
        stages=drawn(lambda width: pictures.stages_reached(found.stages, width=min(width, 640))),
        steps=[{"step": step, **_passage(step.whole)} for step in found.steps],
        details=[_detail(step, found.within) for step in found.steps],
        designated=_designated(found),
    )


def cohort_picture(step: funnel.Step, within: int) -> Markup:
    """Return the cohorts of a step, at both widths."""
    columns = [telling.length(within * k // funnel.COHORT_POINTS) for k in range(1, funnel.COHORT_POINTS + 1)]
    rows = [(cohort.month, cohort.entered, cohort.shares) for cohort in step.cohorts]
    return drawn(lambda width: pictures.cohorts(rows, columns=columns, width=min(width, 760)))


def _passage(passage: funnel.Passage) -> dict[str, Any]:
    return {
        "entered": passage.entered,
        "rate": telling.between(passage.rate),
        "half": telling.length(passage.half_time),
    }


def _detail(step: funnel.Step, within: int) -> dict[str, Any]:
    return {
        "step": step,
        "cohorts": cohort_picture(step, within),
        # The months stand in the picture; a dimension with one value tells nothing.
        "parts": {name: _rows(parts) for name, parts in step.parts.items() if name != "month" and len(parts) > 1},
    }


def _rows(parts: Mapping[str, funnel.Passage]) -> list[dict[str, Any]]:
    return [{"name": name, **_passage(passage)} for name, passage in parts.items()]


def _designated(found: funnel.Funnel) -> dict[str, Any]:
    """Return leads by designation as a table: a row an instant, a column a stage."""
    rows = found.designated.to_pylist()
    stages = sorted({row["stage"] for row in rows})
    counts = {(row["as_of"], row["stage"]): row["leads"] for row in rows}
    instants = sorted({row["as_of"] for row in rows}, reverse=True)
    return {
        "stages": stages,
        "rows": [
            {"day": f"{at:%Y-%m-%d}", "leads": [counts.get((at, stage), 0) for stage in stages]} for at in instants
        ],
    }
