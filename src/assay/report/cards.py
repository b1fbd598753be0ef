"""The first leads, each with its reasons in words and its evidence on a time line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from assay import pictures
from assay.core import pipeline, sentences
from assay.core.definitions.model import Qualified, Rule
from assay.core.engine.results import Finding, Verdict
from assay.core.result import Result

Draw = Callable[[int], str]

NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that is met, in words; the note says what was needed and until when it lasts."""

    words: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A lead as the report shows it; `lead` is a row of `tables.LEADS`."""

    lead: dict[str, Any]
    title: str
    subtitle: str
    story: str
    reasons: tuple[Reason, ...]
    picture: Markup | None


def cards(result: Result, *, top: int, drawn: Callable[[Draw], Markup]) -> list[Card]:
    """Return a card for each of the first `top` leads, best first; `drawn` gives a picture at the page's widths."""
    leads = result.leads.slice(0, top).to_pylist()
    names = pipeline.event_names(result.store, [lead["opened_by"] for lead in leads])
    return [_card(result, lead, names, drawn) for lead in leads]


def _card(result: Result, lead: dict[str, Any], names: Mapping[str, str], drawn: Callable[[Draw], Markup]) -> Card:
    rule = result.definitions.rule(lead["rule"])
    subject = f"{lead['subject_type']}:{lead['subject_id']}"
    verdict = pipeline.answer(result.store, result.definitions, subject, (rule.name,), as_of=result.as_of)[0]
    title, subtitle = _names(lead)
    return Card(
        lead=lead,
        title=title,
        subtitle=subtitle,
        story=_story(lead, verdict, names),
        reasons=_reasons(rule, verdict),
        picture=_picture(rule, verdict, title, drawn),
    )


def _names(lead: dict[str, Any]) -> tuple[str, str]:
    """Return the lead's headline and the line under it."""
    account, name = lead["account_id"], lead["name"]
    if lead["subject_type"] == "account":
        return (name, f"account {lead['subject_id']}") if name else (lead["subject_id"], "account")
    where = f"{name} ({account})" if name and name != account else name or account
    return lead["subject_id"], f"person at {where}" if where else "person"


def _story(lead: dict[str, Any], verdict: Verdict, names: Mapping[str, str]) -> str:
    """Return how the lead came about and how long it lasts, as what follows the rule's name."""
    opened = sentences.cause(verdict.opened_by, names, brief=True)
    parts = [f"{_since(verdict)}{f', by {opened}' if opened else ''}; {_lasts(verdict)}."]
    if lead["lean"] and "," in lead["lean"]:
        parts.append(f"Leans to {lead['lean'].replace(' %', NO_BREAK + '%')}.")
    if partners := lead["independent_partners"]:
        one = partners == 1
        parts.append(f"{partners} independent partner{'s' * (not one)} know{'s' * one} the account.")
    if lead["other_rules"]:
        parts.append(f"Also {sentences.plain(lead['other_rules']).replace(';', ',')}.")
    return " ".join(parts)


def _since(verdict: Verdict) -> str:
    if verdict.since is None or verdict.since <= 0:
        return "from the start"
    return f"for {sentences.roughly(verdict.as_of - verdict.since)}"


def _lasts(verdict: Verdict) -> str:
    if verdict.until is None:
        return "stays until something happens"
    return f"cools off in {sentences.roughly(verdict.until - verdict.as_of)} if nothing happens"


def _reasons(rule: Rule, verdict: Verdict) -> tuple[Reason, ...]:
    told = sentences.telling({c.name: c for c in rule.criteria}, verdict.findings)
    return tuple(Reason(words=words, note=_note(rule, finding)) for words, finding in told.items())


def _note(rule: Rule, finding: Finding) -> str:
    # Of another rule "yes" is needed, which tells nobody anything.
    is_rule = isinstance(rule.criterion(finding.criterion).form, Qualified)
    needed = "" if is_rule else f"needs {finding.needed}"
    lasts = "" if finding.lapses_at is None else f"until {sentences.short_day(finding.lapses_at)}"
    return ", ".join(part for part in (needed, lasts) if part)


def _picture(rule: Rule, verdict: Verdict, title: str, drawn: Callable[[Draw], Markup]) -> Markup | None:
    told = sentences.telling({c.name: c for c in rule.criteria}, verdict.findings)
    rows = [(sentences.plain(finding.criterion), event.at) for finding in told.values() for event in finding.events]
    if not rows:
        return None
    instants = pa.array([at for _, at in rows], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    events = pa.table([pa.array([words for words, _ in rows], pa.string()), instants], schema=pictures.EVIDENCE)

    def draw(width: int) -> str:
        return pictures.evidence(
            events, as_of=verdict.as_of, since=verdict.since, until=verdict.until, subject=title, width=min(width, 860)
        )

    return drawn(draw)
