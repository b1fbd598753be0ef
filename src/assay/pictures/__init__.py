"""Charts as SVG text, for reports and pages alike.

Takes: Arrow tables (spells, leads, evidence, conversion curves) and an `as_of`; rates and places with their intervals.
Gives: SVG text that stands alone, scales with its column, and follows a page's light or dark colours (`style()`).
Never: reads the network, a clock or a font file; runs SQL; decides anything.
"""

from assay.pictures.cohorts import cohorts
from assay.pictures.conversion import conversion_over_time
from assay.pictures.entries import entries_and_exits, entries_and_exits_by_week
from assay.pictures.evidence import EVIDENCE, evidence
from assay.pictures.lanes import Lane, lanes
from assay.pictures.palette import style
from assay.pictures.places import Ranked, places
from assay.pictures.qualified import qualified_over_time
from assay.pictures.rates import Rate, rates_side_by_side
from assay.pictures.stages import leads_by_stage
from assay.pictures.steps import stages_reached
from assay.pictures.thresholds import Point, thresholds

__all__ = [
    "EVIDENCE",
    "Lane",
    "Point",
    "Ranked",
    "Rate",
    "cohorts",
    "conversion_over_time",
    "entries_and_exits",
    "entries_and_exits_by_week",
    "evidence",
    "lanes",
    "leads_by_stage",
    "places",
    "qualified_over_time",
    "rates_side_by_side",
    "stages_reached",
    "style",
    "thresholds",
]
