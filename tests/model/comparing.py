"""How engine and model are compared, and how hard."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, settings

from assay.core.definitions.model import Definitions
from tests.model.naive import Spell

#: Instants at which a score fades over its threshold are judged within a millisecond.
TOLERANCE = 1_000

THOROUGH = os.environ.get("ASSAY_HYPOTHESIS") == "thorough"

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def examples(number: int) -> settings:
    """Return settings for so many examples, the same each time; 2000 fresh ones with ASSAY_HYPOTHESIS=thorough."""
    return settings(
        max_examples=2000 if THOROUGH else number,
        derandomize=not THOROUGH,
        deadline=None,
        print_blob=True,
        suppress_health_check=_QUIET,
        database=None,
    )


def fades(definitions: Definitions) -> bool:
    """Return whether any score line fades."""
    return any(line.fades for score in definitions.scores for line in score.points)


def _near(found: int | None, wanted: int | None, tolerance: int) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return abs(found - wanted) <= tolerance


def alike(found: Sequence[Spell], wanted: Sequence[Spell], tolerance: int) -> bool:
    """Return whether two lists hold the same spells, with instants that far apart at most."""
    return len(found) == len(wanted) and all(
        (f.rule, f.subject_type, f.subject_id, f.opened_by, f.closed_by)
        == (w.rule, w.subject_type, w.subject_id, w.opened_by, w.closed_by)
        and _near(f.starts_at, w.starts_at, tolerance)
        and _near(f.ends_at, w.ends_at, tolerance)
        for f, w in zip(found, wanted, strict=True)
    )


def assert_alike(found: Sequence[Spell], wanted: Sequence[Spell], definitions: Definitions) -> None:
    """Fail, showing both lists, unless they hold the same spells."""
    same = alike(found, wanted, TOLERANCE if fades(definitions) else 0)
    assert same or list(found) == list(wanted)
