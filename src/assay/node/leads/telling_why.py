"""What the core says of a lead, in the words of its page: why, what is missing, the score, the time line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.utils.safestring import SafeString, mark_safe

from assay import pictures
from assay.core import sentences
from assay.core.definitions.model import Rule
from assay.core.engine.results import Finding, ScoreReading, Verdict
from assay.node.leads.stories import Story

_WIDTHS: Final = {"wide": 720, "narrow": 330}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A criterion in words; the note says what was needed and until when it lasts."""

    words: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What one rule says of a subject."""

    rule: str
    stage: str
    is_met: bool
    story: str
    met: tuple[Reason, ...]
    missing: tuple[Reason, ...]
    excluded: tuple[Reason, ...]
    picture: SafeString = field(default_factory=SafeString)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """Points of one line of a score, and how long its bar is (0 to 100)."""

    words: str
    dimension: str
    points: str
    length: int
    is_minus: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score with its lines, most first."""

    name: str
    total: str
    lean: str
    lines: tuple[ScoreLine, ...]


def list_of(names: Iterable[str]) -> str:
    """Return names as one says them: "need, budget and timing"."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How somebody is reached, and what is known of them and of their account by now, by name."""

    email: str
    facts: tuple[tuple[str, str], ...]
    account_facts: tuple[tuple[str, str], ...]


def contact(story: Story) -> Contact | None:
    """Return how a story's subject is reached and what is known of it; None where nothing is."""
    email = story.emails.get(story.subject_id, "") if story.subject_type == "person" else ""
    of_it, of_account = (tuple(sorted(facts.items())) for facts in (story.facts, story.account_facts))
    if not (email or of_it or of_account):
        return None
    return Contact(email=email, facts=of_it, account_facts=of_account)


def whys(story: Story, first: str) -> list[Why]:
    """Return what each rule says: the one that designates first, then those that hold, then the others."""
    rules = {rule.name: rule for rule in story.definitions.rules if rule.status == "live"}
    told = [v for v in story.verdicts if v.rule in rules]
    told.sort(key=lambda v: (v.rule != first, not v.qualified, v.rule))
    return [why(story, rules[v.rule], v, is_drawn=v.rule == first) for v in told]


def why(story: Story, rule: Rule, verdict: Verdict, *, is_drawn: bool) -> Why:
    """Return what one rule says, with its evidence on a time line where asked."""
    findings = {finding.criterion: finding for finding in verdict.findings}
    barred = set(verdict.excluded_by)
    met = [f for f in verdict.findings if f.met and f.criterion not in barred]
    told = sentences.telling({c.name: c for c in rule.criteria}, met)
    return Why(
        rule=rule.name,
        stage=rule.stage,
        is_met=verdict.qualified,
        story=_story(story, verdict),
        met=tuple(Reason(words=words, note=_note(finding)) for words, finding in told.items()),
        missing=tuple(_missing(rule, findings, name) for name in verdict.missing),
        excluded=tuple(_reason(rule, findings[name]) for name in verdict.excluded_by if name in findings),
        picture=_evidence(rule, verdict, told.values()) if is_drawn else SafeString(),
    )


def scores(story: Story) -> list[Scored]:
    """Return the scores that rank this subject, with what adds up to them."""
    return [_scored(reading) for reading in story.scores]


def spells(story: Story) -> SafeString:
    """Return a picture of what held when."""
    rows: dict[str, list[tuple[int, int | None]]] = {}
    for spell in sorted(story.spells, key=lambda s: s.starts_at):
        rows.setdefault(f"{sentences.plain(spell.rule)} ({spell.stage})", []).append((spell.starts_at, spell.ends_at))
    lanes = [pictures.Lane(label=name, bars=tuple(bars)) for name, bars in rows.items()]
    if not lanes:
        return SafeString()
    counted = f"{len(story.spells)} spells of {len(rows)} rules"

    def draw(width: int) -> str:
        return pictures.lanes(lanes, as_of=story.as_of, title="What held when", description=counted, width=width)

    return _drawn(draw)


def _story(story: Story, verdict: Verdict) -> str:
    if not verdict.qualified:
        if verdict.next_entry is not None:
            return f"Will qualify in {sentences.roughly(verdict.next_entry - verdict.as_of)} if nothing happens."
        return "Does not qualify."
    opened = sentences.cause(verdict.opened_by, story.event_names, brief=True)
    since = (
        f"for {sentences.roughly(verdict.as_of - verdict.since)}" if verdict.since and verdict.since > 0 else "always"
    )
    lasts = "stays so until something happens"
    if verdict.until is not None:
        lasts = f"until {sentences.short_day(verdict.until)} UTC if nothing happens"
    return f"Has qualified {since}{f', by “{opened}”' if opened else ''}; {lasts}."


def _reason(rule: Rule, finding: Finding) -> Reason:
    return Reason(words=sentences.sentence(rule.criterion(finding.criterion), finding.seen), note=_note(finding))


def _note(finding: Finding) -> str:
    needed = "" if finding.needed in {"", "yes"} else f"needs {finding.needed}"
    lasts = f"until {sentences.short_day(finding.lapses_at)}" if finding.met and finding.lapses_at is not None else ""
    return ", ".join(part for part in (needed, lasts) if part)


def _missing(rule: Rule, findings: dict[str, Finding], names: str) -> Reason:
    """Return what lacks: one criterion, or several joined by "or" of which some would do."""
    lacking = [findings[name] for name in names.split(" or ") if name in findings]
    if not lacking:
        return Reason(words=sentences.plain(names))
    parts = [_reason(rule, finding) for finding in lacking]
    said = " or ".join(f"{part.words}{f' ({part.note})' if part.note else ''}" for part in parts)
    return parts[0] if len(parts) == 1 else Reason(words=said, note="any of these would do")


def _evidence(rule: Rule, verdict: Verdict, findings: Iterable[Finding]) -> SafeString:
    rows = [
        pictures.Lane(label=sentences.plain(finding.criterion), dots=tuple(event.at for event in finding.events))
        for finding in findings
        if finding.events
    ]
    if not rows:
        return SafeString()
    left = _left(verdict, min(dot for row in rows for dot in row.dots))
    if verdict.since is not None:
        rows.insert(0, pictures.Lane(label="qualified", bars=((verdict.since, verdict.until),)))
    counted = f"{sum(len(row.dots) for row in rows)} events that count, under {len(rows)} criteria"
    title = f"Evidence for {sentences.plain(rule.name)}"

    def draw(width: int) -> str:
        return pictures.lanes(rows, as_of=verdict.as_of, title=title, description=counted, width=width, since=left)

    return _drawn(draw)


def _left(verdict: Verdict, first: int) -> int:
    """Return where the picture begins: a spell of a year must not press the evidence of a month into a corner."""
    if verdict.since is None:
        return first
    return min(first, max(verdict.since, verdict.as_of - (verdict.as_of - first) * 3 // 2))


def _drawn(draw: Callable[[int], str]) -> SafeString:
    """Return a picture at both widths; the stylesheet shows the one that fits. Pictures escape what they show."""
    both = "".join(f'<div class="picture {name}">{draw(width)}</div>' for name, width in _WIDTHS.items())
    return mark_safe(both)


def _points(points: Decimal, sign: str = "") -> str:
    return f"{round(points, 2).normalize():{sign}f}"


def _scored(reading: ScoreReading) -> Scored:
    lines = sorted((c for c in reading.contributions if round(c.points, 2)), key=lambda c: -c.points)
    most = max((abs(c.points) for c in lines), default=1)
    return Scored(
        name=sentences.plain(reading.score),
        total=_points(reading.total),
        lean=sentences.lean(reading.lean),
        lines=tuple(
            ScoreLine(
                words=sentences.plain(c.line),
                dimension=c.dimension,
                points=_points(c.points, "+"),
                length=round(abs(c.points) / most * 100),
                is_minus=c.points < 0,
            )
            for c in lines
        ),
    )
