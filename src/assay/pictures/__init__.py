"""Charts as SVG text, for reports and pages alike.

Takes: Arrow tables (spells, leads, evidence) and an `as_of`.
Gives: SVG text that stands alone, scales with its column, and follows a page's light or dark colours (`style()`).
Never: reads the network, a clock or a font file; runs SQL; decides anything.
"""

from assay.pictures.entries import entries_and_exits
from assay.pictures.evidence import EVIDENCE, evidence
from assay.pictures.palette import style
from assay.pictures.qualified import qualified_over_time
from assay.pictures.stages import leads_by_stage

__all__ = ["EVIDENCE", "entries_and_exits", "evidence", "leads_by_stage", "qualified_over_time", "style"]
