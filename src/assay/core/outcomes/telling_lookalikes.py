"""Those most like a few named subjects, in the words that a person reads: the same on the screen and in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assay.core.outcomes.likeness import POINT
from assay.core.outcomes.lookalikes import Lookalike, Lookalikes, Trait, origin
from assay.core.outcomes.telling import counted, percent
from assay.core.values import format_instant

_SETS: Final = {5: "fives", 6: "sixes", 7: "sevens", 8: "eights", 9: "nines", 10: "tens"}
#: So many reasons of a row are told on the screen.
FEW: Final = 3


def question(found: Lookalikes) -> str:
    """Return what was asked: "Accounts most like 10 named ones"."""
    who = "People" if found.subject == "person" else "Accounts"
    of = f" of {found.units} accounts" if found.units < len(found.named) else ""
    return f"{who} most like {len(found.named)} named ones{of}"


def period(found: Lookalikes) -> str:
    """Return the instant of the answer, and what was looked at."""
    without = f", without {', '.join(found.without)}" if found.without else ""
    return f"as of {format_instant(found.as_of)[:10]}{without}"


def summary(found: Lookalikes) -> tuple[str, ...]:
    """Return whether the named differ from random ones, and how that is known, in sentences."""
    apart, sets = found.separation, _sets(found)
    came = round(apart.chance * (found.sets + 1)) - 1
    as_far = f"{'none' if not came else f'{came:,}'} of {found.sets:,} random {sets} came as far"
    how = (
        f"Left out one at a time and looked for with the help of the rest, they come ahead of {percent(apart.mean)} of "
        f"{counted(found.subject, found.rest)} not named. Random {sets} come ahead of {percent(apart.usual)}, one in "
        f"twenty of them of more than {percent(apart.seldom)}; {as_far}."
    )
    tried = f"{found.tried:,} criteria of {found.families:,} events and attributes were tried."
    if not apart.holds:
        return (
            f"These {len(found.named)} do not look different from random {sets}: no proposal is worth trusting, so "
            "none is made.",
            how,
            f"{tried} More names may show more, and so may names that were chosen for one reason.",
        )
    return (f"These {len(found.named)} differ from random {sets}. {how}", tried)


def trait(one: Trait, found: Lookalikes) -> str:
    """Return what there is to say of one trait."""
    named = f"{one.named:.1f}".removesuffix(".0")
    return (
        f"{named} of {found.units} meet it, and {percent(one.rest)} of the others: {points(one.points)} points. It or "
        f"one like it counts in {percent(one.counts)} of draws."
    )


def reasons(one: Lookalike, found: Lookalikes, *, most: int | None = None) -> tuple[str, ...]:
    """Return why a subject is like the named, what weighs most first, each with its points."""
    told = [found.traits[at] for at in one.traits]
    lines = [f"{reason.candidate.name.replace('_', ' ')} {points(reason.points)}" for reason in told[:most]]
    rest = told[len(lines) :]
    return (*lines, f"{len(rest)} more {points(sum(reason.points for reason in rest))}") if rest else tuple(lines)


def points(millionths: int, *, sign: str = "+") -> str:
    """Return points as people read them: "+2.6"."""
    return f"{millionths / POINT:{sign}.1f}"


def place(one: Lookalike) -> str:
    """Return the places that a subject takes in 95 of 100 draws: "1–14"."""
    return f"{one.low:,}–{one.high:,}" if one.low < one.high else f"{one.low:,}"


def minding(found: Lookalikes, ids: Mapping[int, str]) -> tuple[str, ...]:
    """Return what to mind of the answer, in sentences."""
    lines = []
    if found.traits and not found.found:
        lines.append("Nobody who is not named has anything of it.")
    if found.equal:
        lines.append(f"{found.equal:,} more ha{'s' if found.equal == 1 else 've'} as many points as the last one.")
    if found.separation.holds:
        odd = [(at, share) for at, share in zip(found.named, found.separation.ahead, strict=True) if share < 0.5]
        if odd:
            listed = ", ".join(f"{ids[at]} ({percent(share)})" for at, share in odd)
            lines.append(
                f"Unlike the rest of the named, who would not have found them (of how many others they come ahead): "
                f"{listed}."
            )
    for one in found.traits:
        if one.tells_who_was_named:
            name = origin(one.candidate.family)
            lines.append(
                f"Nearly all named meet {one.candidate.name} and hardly anybody else. If that is how they came to be "
                f"named, it finds but more of the same: leave it out with --without {name}."
            )
    return tuple(lines)


def note(found: Lookalikes) -> str:
    """Return how to read the answer."""
    return (
        "One point doubles the odds of being one of the named; the points of a row are the sum of those of what it "
        f"meets. In the top {found.top}: how often it is there when as many are drawn again of the same names, some of "
        "them twice; it takes the places told in 95 of 100 draws. This is likeness and no forecast: how many of them "
        "would raise their hands is known from outcomes alone (assay signals, assay backtest)."
    )


def _sets(found: Lookalikes) -> str:
    return _SETS.get(len(found.named), f"sets of {len(found.named)}")
