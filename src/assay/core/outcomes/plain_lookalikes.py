"""Those most like a few named subjects as plain values, for JSON: points as decimals, instants as ISO text."""

from __future__ import annotations

from typing import Any

from assay.core.outcomes.likeness import POINT
from assay.core.outcomes.lookalikes import Answer
from assay.core.values import format_instant


def lookalikes(answer: Answer) -> dict[str, Any]:
    """Return who is most like the named, and how far that is to be trusted."""
    found, apart = answer.lookalikes, answer.lookalikes.separation
    return {
        "subject": found.subject,
        "as_of": format_instant(found.as_of),
        "seed": found.seed,
        "without": list(found.without),
        "named": [
            {"id": answer.ids[one], "ahead_of": share} for one, share in zip(found.named, apart.ahead, strict=True)
        ],
        "independent_names": found.units,
        "others": found.rest,
        "tried": found.tried,
        "families": found.families,
        "differ_from_random": apart.holds,
        "ahead_of": apart.mean,
        "random_ahead_of": {"middle": apart.usual, "one_in_twenty": apart.seldom, "sets": found.sets},
        "chance": apart.chance,
        "traits": [
            {
                "name": one.candidate.name,
                "criterion": one.candidate.text,
                "family": one.candidate.family,
                "points": one.points / POINT,
                "named": one.named,
                "others_share": one.rest,
                "counts_in": one.counts,
                "tells_who_was_named": one.tells_who_was_named,
            }
            for one in found.traits
        ],
        "lookalikes": [
            {
                "place": number,
                "id": answer.ids[one.subject],
                "called": answer.called.get(one.subject),
                "points": one.points / POINT,
                "in_top": one.in_top,
                "place_low": one.low,
                "place_high": one.high,
                "because": {found.traits[at].candidate.name: found.traits[at].points / POINT for at in one.traits},
            }
            for number, one in enumerate(found.found, 1)
        ],
        "top": found.top,
        "equal_to_the_last": found.equal,
    }
