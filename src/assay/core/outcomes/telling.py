"""Estimates, times and answers in the words that a person reads: the same on the screen and in the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.core.outcomes.backtest import Backtest, Question
from assay.core.outcomes.comparison import Comparison, Part
from assay.core.outcomes.estimates import Estimate
from assay.core.values import DAY, HOUR, MINUTE, format_duration, format_instant


def percent(value: float) -> str:
    """Return a share as people write it: "23 %", "4.6 %", "0.3 %"."""
    number = 100 * value
    return f"{number:.0f} %" if number >= 9.95 or number == 0 else f"{number:.1f} %"


def between(estimate: Estimate | None) -> str:
    """Return a share with its interval: "23 % (20–26 %)"; a dash where there is none."""
    if estimate is None:
        return "–"
    return f"{percent(estimate.value)} ({bounds(estimate)})"


def bounds(estimate: Estimate) -> str:
    """Return the interval of a share: "20–26 %"."""
    return f"{percent(estimate.low).removesuffix(' %')}–{percent(estimate.high)}"


def times(estimate: Estimate | None) -> str:
    """Return a ratio with its interval: "8.0 times as often (5.7–11)"; a dash where there is none."""
    if estimate is None:
        return "–"
    return f"{_number(estimate.value)} times as often ({_number(estimate.low)}–{_number(estimate.high)})"


def points(estimate: Estimate | None) -> str:
    """Return a difference of shares in percentage points: "+3.1 points (-0.4 to +6.6)"."""
    if estimate is None:
        return "–"
    return f"{100 * estimate.value:+.1f} points ({100 * estimate.low:+.1f} to {100 * estimate.high:+.1f})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def length(us: int | None) -> str:
    """Return a length of time, in the unit that fits: "23 days", "5 hours"; a dash where there is none."""
    if us is None:
        return "–"
    if us == 0:
        return "at once"
    for unit, name in ((DAY, "day"), (HOUR, "hour")):
        if us >= 2 * unit:
            return f"{round(us / unit):,} {name}s"
    return f"{round(us / MINUTE):,} minutes"


def question(found: Backtest) -> str:
    """Return what was asked: "'won' within 90 days of qualifying"."""
    return f"'{found.question.outcome}' within {format_duration(found.question.within)} of qualifying"


def period(found: Backtest) -> str:
    """Return the period and until when it is known: "from 2025-06-01 to 2025-12-31, as known on 2026-02-28"."""
    return span_of(found.question)


def span_of(question: Question) -> str:
    """Return the period of a question, and until when it is known."""
    asked = question.period
    start = f"from {format_instant(asked.start)[:10]} " if asked.start else ""
    end = f"to {format_instant(asked.end)[:10]} " if asked.end <= asked.as_of else ""
    return f"{start}{end}".strip().removesuffix(",") + (", " if start or end else "") + known_on(question)


def known(found: Backtest) -> str:
    """Return as of when outcomes are known."""
    return known_on(found.question)


def known_on(question: Question) -> str:
    """Return as of when the outcomes of a question are known."""
    return f"as known on {format_instant(question.period.as_of)[:10]}"


def reach(found: Backtest) -> str:
    """Return whose outcomes count, in words."""
    if found.rule.subject == "account":
        return "An outcome that names the account counts, or one of its people alone."
    if found.question.reach == "person":
        return "Only outcomes that name the person count."
    return "An outcome of the account that a person belongs to at that instant counts as the person's."


def everybody_else(found: Backtest) -> str:
    """Return what "everybody else" means, in words."""
    who = "people" if found.rule.subject == "person" else "accounts"
    among = f", and met {found.question.among} just then" if found.question.among else ""
    return (
        f"Everybody else: the {who} known at the instant at which a lead qualified that had neither converted nor ever "
        f"qualified by then{among}, followed from that instant on."
    )


def beside(asked: Question) -> str:
    """Return whom leads are held beside: "everybody else", or those of them who met a criterion just then."""
    return f"everybody else who met {asked.among}" if asked.among else "everybody else"


def ratio(estimate: Estimate | None) -> str:
    """Return a ratio alone: "2.6"; a dash where there is none."""
    return "–" if estimate is None else f"{estimate.value:.1f}"


def sentences(found: Backtest) -> tuple[str, ...]:
    """Return the answer in sentences, the most important first."""
    lines = [_rate(found)]
    if found.others is not None and found.entered:
        lift = "" if found.lift is None else f". Leads converted {times(found.lift)}"
        lines.append(f"Of {beside(found.question)} at the same instants {between(found.others.rate)} did{lift}.")
    if found.half_time is not None:
        lines.append(f"Half of those who convert so soon have done so after {length(found.half_time)}.")
    lines.append(_reached(found))
    return tuple(lines)


def who(found: Backtest, number: int) -> str:
    """Return so many people or accounts, in words."""
    return counted(found.rule.subject, number)


def counted(subject: str, number: int) -> str:
    """Return so many people or accounts, in words."""
    if subject == "person":
        return f"{number:,} {'person' if number == 1 else 'people'}"
    return f"{number:,} account{'s' * (number != 1)}"


def _rate(found: Backtest) -> str:
    more = " more" if found.entered else ""
    before = f" ({found.converted_before:,}{more} had converted by then)" if found.converted_before else ""
    if not found.entered:
        return f"Nobody qualified in this period{before}."
    entered = who(found, found.entered)
    if found.rate is None:
        return f"{entered} qualified{before}, none of them so long ago that the rate could be told."
    young = found.entered - found.followed
    naive = "" if found.naive is None or not young else percent(found.naive.value)
    plain = f" A plain count, which takes the {young:,} youngest for lost, would say {naive}." if naive else ""
    return f"Of {entered} that qualified{before} {between(found.rate)} converted.{plain}"


def _reached(found: Backtest) -> str:
    of = found.reached
    if not of.conversions:
        return "There was no conversion in the period."
    many = f"{of.conversions:,} conversion{'s' * (of.conversions != 1)}"
    if not of.preceded or of.lead_times is None:
        return f"Of {many} in the period it came before none."
    early, middle, late = of.lead_times
    return (
        f"Of {many} in the period it came before {of.preceded:,}, {between(of.share)}: in the median by "
        f"{length(middle)}, in half of the cases by {span(early, late)}."
    )


def span(low: int, high: int) -> str:
    """Return two lengths of time as one range: "77 to 108 days", or as one where they read the same."""
    one, other = length(low), length(high)
    if one == other:
        return one
    if one.rpartition(" ")[2] == other.rpartition(" ")[2]:
        one = one.rpartition(" ")[0]
    return f"{one} to {other}"


def alone(among: str) -> str:
    """Return who counts in a funnel that is narrowed to those who meet a criterion."""
    return f"Only those who met {among} as they got to a stage count there."


def listed(rows: Sequence[dict[str, Any]]) -> str:
    """Return leads by designation in words, most first: "PQL 274, CSQL 89"."""
    most_first = sorted(rows, key=lambda row: (-row["leads"], row["stage"]))
    return ", ".join(f"{row['stage']} {row['leads']:,}" for row in most_first)


def changes(found: Comparison) -> tuple[str, ...]:
    """Return what the draft changed, and whom it holds of now, in sentences."""
    old, new, both = found.holds_now
    version = found.published.rule.version
    if not found.changed:
        return (f"The draft means the same as version {version}.",)
    lines = [f"Changed since version {version}: {', '.join(found.changed)}."]
    lines.append(
        f"It holds of {who(found.draft, new)} now, version {version} of {old:,}: {new - both:,} would come in, "
        f"{old - both:,} would fall out."
    )
    return tuple(lines)


def parts(found: Comparison) -> tuple[tuple[str, Part], ...]:
    """Return the three groups of subjects by name; those that are empty are left out."""
    named = (
        ("found by both", found.both),
        ("by the draft alone", found.only_draft),
        ("by the published alone", found.only_published),
    )
    return tuple((name, part) for name, part in named if part.entered)


def comparison(found: Comparison) -> tuple[str, ...]:
    """Return how the draft compares with the published rule, in sentences."""
    lines = []
    if found.difference is not None:
        lines.append(f"Conversion of those whom the draft finds: {_moved(found.difference)}.")
    if found.reach_difference is not None:
        lines.append(f"Share of all conversions that it is ahead of: {_moved(found.reach_difference)}.")
    if found.earlier is not None and abs(found.earlier) >= HOUR:
        word = "earlier" if found.earlier > 0 else "later"
        lines.append(f"Those whom both find the draft finds {length(abs(found.earlier))} {word} in the median.")
    return tuple(lines)


def _moved(estimate: Estimate) -> str:
    if estimate.low == estimate.high == 0.0:
        return "no difference"
    chance = "; that may be chance" if estimate.holds(0.0) else ""
    return f"{points(estimate)}{chance}"
