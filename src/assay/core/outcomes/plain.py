"""Answers as plain values, for JSON: instants as ISO text, lengths of time in days, rates with their intervals."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from assay.core.outcomes.backtest import Backtest, Question
from assay.core.outcomes.comparison import Comparison, Part
from assay.core.outcomes.estimates import Estimate
from assay.core.outcomes.funnel import Funnel, Passage, Step
from assay.core.outcomes.signals import Signal, Signals
from assay.core.values import DAY, format_instant, text_of


def estimate(found: Estimate | None) -> dict[str, float] | None:
    """Return an estimate as value, low and high."""
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}


def days(us: int | None) -> float | None:
    """Return microseconds in days."""
    return None if us is None else round(us / DAY, 6)


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return a table's rows; instants as ISO text."""
    return [
        {key: text_of(value) if hasattr(value, "isoformat") else value for key, value in row.items()}
        for row in table.to_pylist()
    ]


def question(asked: Question) -> dict[str, Any]:
    """Return what was asked."""
    return {
        "outcome": asked.outcome,
        "within_days": days(asked.within),
        "from": format_instant(asked.period.start) if asked.period.start else None,
        "to": format_instant(min(asked.period.end, asked.period.as_of)),
        "as_of": format_instant(asked.period.as_of),
        "reach": asked.reach,
        "among": asked.among or None,
    }


def backtest(found: Backtest) -> dict[str, Any]:
    """Return a backtest."""
    others, reached = found.others, found.reached
    return {
        "rule": found.rule.name,
        "version": found.rule.version,
        "fingerprint": found.rule.fingerprint,
        "stage": found.rule.stage,
        "subject": found.rule.subject,
        **question(found.question),
        "entered": found.entered,
        "converted_before": found.converted_before,
        "followed_throughout": found.followed,
        "converted_within": found.converted,
        "rate": estimate(found.rate),
        "naive_rate": estimate(found.naive),
        "others": None if others is None else {"rate": estimate(others.rate), "for_each_lead": others.number},
        "lift": estimate(found.lift),
        "half_time_days": days(found.half_time),
        "conversions": reached.conversions,
        "preceded": reached.preceded,
        "preceded_in_time": reached.in_time,
        "share_preceded": estimate(reached.share),
        "share_preceded_in_time": estimate(reached.share_in_time),
        "lead_time_days": None if reached.lead_times is None else [days(time) for time in reached.lead_times],
        "curve": [
            {"after_days": days(row["after"]), **{key: row[key] for key in ("share", "low", "high", "at_risk")}}
            for row in found.curve.to_pylist()
        ],
        "others_curve": []
        if others is None
        else [{"after_days": days(at), "share": share} for at, share in zip(others.after, others.share, strict=True)],
        "weekly": rows(found.weekly),
        "false_positives": rows(found.false_positives),
        "missed": rows(found.missed),
        "caveats": [{"code": c.code, "of": c.of, "text": c.text} for c in found.caveats],
    }


def signals(found: Signals) -> dict[str, Any]:
    """Return what precedes an outcome."""
    return {
        "subject": found.subject,
        **question(found.question),
        "split": format_instant(found.split),
        "conversions": {"earlier": found.conversions[0], "later": found.conversions[1]},
        "tried": found.tried,
        "families": found.families,
        "read_by_rules": list(found.read),
        "signals": [_signal(one) for one in found.signals],
        "unconfirmed": [one.text.strip() for one in found.unconfirmed],
        "refused": [{"criterion": one.text.strip(), "why": why.text} for one, why in found.refused],
    }


def _signal(one: Signal) -> dict[str, Any]:
    return {
        "name": one.candidate.name,
        "criterion": one.candidate.text,
        "family": one.candidate.family,
        "people": one.later.people,
        "conversions": one.later.conversions,
        "rate": estimate(one.rate),
        "others_rate": one.beside,
        "lift": estimate(one.later.lift),
        "chance": one.later.chance,
        "adds": one.adds,
        "beyond_lift": None if one.beyond is None else estimate(one.beyond.lift),
        "earlier": {
            "people": one.earlier.people,
            "conversions": one.earlier.conversions,
            "lift": estimate(one.earlier.lift),
            "chance": one.earlier.chance,
        },
        "caveats": [{"code": c.code, "of": c.of, "text": c.text} for c in one.caveats],
    }


def comparison(found: Comparison) -> dict[str, Any]:
    """Return the comparison of a draft with what was published."""
    old, new, both = found.holds_now
    return {
        "changed": list(found.changed),
        "caveats": [{"code": c.code, "of": c.of, "text": c.text} for c in found.caveats],
        "published": backtest(found.published),
        "draft": backtest(found.draft),
        "both": _part(found.both),
        "only_draft": _part(found.only_draft),
        "only_published": _part(found.only_published),
        "draft_earlier_days": days(found.earlier),
        "holds_now": {"published": old, "draft": new, "both": both},
        "joining": list(found.joining),
        "leaving": list(found.leaving),
        "difference": estimate(found.difference),
        "reach_difference": estimate(found.reach_difference),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "entered": part.entered,
        "followed_throughout": part.followed,
        "rate": estimate(part.rate),
        "cases": list(part.cases),
    }


def funnel(found: Funnel) -> dict[str, Any]:
    """Return a funnel."""
    return {
        "as_of": format_instant(found.period.as_of),
        "from": format_instant(found.period.start) if found.period.start else None,
        "to": format_instant(min(found.period.end, found.period.as_of)),
        "within_days": days(found.within),
        "among": found.among or None,
        "stages": [{"stage": stage, "reached": number} for stage, number in found.stages],
        "steps": [_step(step) for step in found.steps],
        "designated": rows(found.designated),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "from_stage": step.start,
        "to_stage": step.end,
        **_passage(step.whole),
        "passed_before": step.before,
        "by": {name: {value: _passage(p) for value, p in parts.items()} for name, parts in step.parts.items()},
        "cohorts": [{"month": c.month, "set_out": c.entered, "shares": list(c.shares)} for c in step.cohorts],
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "set_out": passage.entered,
        "followed_throughout": passage.followed,
        "passed_within": passage.passed,
        "rate": estimate(passage.rate),
        "half_time_days": days(passage.half_time),
    }
