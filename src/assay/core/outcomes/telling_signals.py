"""What precedes an outcome, in the words that a person reads: the same on the screen and in the report."""

from __future__ import annotations

from assay.core.outcomes.signals import ENOUGH, Signal, Signals
from assay.core.outcomes.telling import between, counted, percent, span_of, times
from assay.core.values import format_duration, format_instant

NOTE = (
    "Found on what was known by then, confirmed on what came later; the numbers are of the later part alone. Convert: "
    "of those of whom it held at one of the instants looked at, counted from each such instant. Others: of the same "
    "instants, known for about as long, and who did about as much of anything lately. Intervals are of 95 %. A signal "
    "foretells and need not cause: judge a rule made of it by assay backtest, on leads that come later."
)


def question(found: Signals) -> str:
    """Return what was asked: "What precedes 'won' by up to 90 days, of people"."""
    who = "people" if found.subject == "person" else "accounts"
    if found.question.among:
        who += f" who meet {found.question.among} just then"
    return f"What precedes '{found.question.outcome}' by up to {format_duration(found.question.within)}, of {who}"


def period(found: Signals) -> str:
    """Return the period, until when it is known, and where it was parted."""
    return span_of(found.question)


def summary(found: Signals) -> tuple[str, ...]:
    """Return how much was tried and what came of it, in sentences."""
    split = format_instant(found.split)[:10]
    early, late = found.conversions
    independent = "" if found.subject == "account" else " (people of one account count once)"
    if not found.enough:
        return (
            f"There is too little to look at: {early:,} converted up to {split} and {late:,} from then on{independent}"
            f"; at least {ENOUGH} are needed of each.",
        )
    lines = [
        f"{found.tried:,} criteria of {found.families:,} kinds were tried on {early:,} conversions up to {split}, and "
        f"what stood out there on the {late:,} from then on{independent}."
    ]
    if not found.signals:
        what = "None of them" if found.tried else "Nothing was met often enough to be tried, so nothing"
        lines.append(f"{what} precedes '{found.question.outcome}' by more than chance would have it.")
        lines.append("That does not say that nothing does: weak signals need more conversions to be seen.")
    return tuple(lines)


def signal(one: Signal, subject: str) -> tuple[str, ...]:
    """Return what there is to say of one signal, in sentences."""
    rate = "They convert" if one.rate is None else f"{between(one.rate)} convert,"
    beside = "" if one.beside is None else f", of whom {percent(one.beside)} do"
    return (
        f"{rate} {times(one.later.lift)} as others{beside}.",
        f"It held of {counted(subject, one.later.people)}, of whom {one.later.conversions:,} converted in time. "
        f"Before: {times(one.earlier.lift)}.",
        *_beyond(one),
        *(caveat.text[:1].upper() + caveat.text[1:] for caveat in one.caveats),
    )


def _beyond(one: Signal) -> tuple[str, ...]:
    if one.beyond is None or one.beyond == one.later:
        return ()
    if one.adds:
        return (f"Among those alike in the signals above: {times(one.beyond.lift)}.",)
    return ("It says nothing that the signals above do not say.",)


def left_out(found: Signals) -> tuple[str, ...]:
    """Return what was left out, refused or not confirmed, in sentences."""
    lines = []
    if found.unconfirmed:
        names = ", ".join(one.name for one in found.unconfirmed)
        lines.append(f"Stood out in the earlier part and not in the later one, so taken for chance: {names}.")
    lines += [f"Refused: {one.name}: {why.text}" for one, why in found.refused]
    if found.read:
        lines.append(f"Left out, since rules read it already: {', '.join(found.read)}.")
    return tuple(lines)
