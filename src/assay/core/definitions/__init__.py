"""The definition language: YAML in, checked and frozen definitions out.

Takes: a folder of sources, lists, qualifications with examples, scores and published versions.
Gives: `Definitions`, or every complaint with its code, place, value and mend; canonical text; fingerprints.
Never: reads a row of anybody's data, or lets a wrong rule through.
"""

from assay.core.definitions.formatting import format_text
from assay.core.definitions.loading import check, load
from assay.core.definitions.publishing import load_published, publish
from assay.core.definitions.schema import json_schema

__all__ = ["check", "format_text", "json_schema", "load", "load_published", "publish"]
