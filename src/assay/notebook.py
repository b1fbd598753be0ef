"""Assay in a notebook: the same engine, tables in, tables out."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assay.core import definitions as language
from assay.core import pipeline
from assay.core.definitions.model import Definitions
from assay.core.engine.results import Verdict
from assay.core.errors import BadRequest
from assay.core.result import Result
from assay.core.sentences import day, sentence
from assay.core.values import parse_instant, text_of


def load_definitions(folder: str | Path) -> Definitions:
    """Return a definitions folder, checked; BadDefinitions lists all complaints."""
    return language.load(Path(folder))


def run(
    definitions: Definitions, data: str | Path | Mapping[str, Any], *, as_of: str | datetime | int | None = None
) -> Result:
    """Return spells, leads and rejects as of an instant; without one, as of the latest event.

    `data` is a folder, or a table (Arrow, pandas, polars) for each source. `as_of` is ISO text, a datetime (UTC where
    it names no zone) or UTC microseconds.
    """
    tables = Path(data) if isinstance(data, str | Path) else data
    return pipeline.run(definitions, tables, as_of=_instant(as_of))


def explain(result: Result, subject: str, *, rule: str | None = None) -> Explanation:
    """Return why "person:42" or "account:acme.example" qualifies or not, as of the result's instant."""
    asked = pipeline.rules_asked(result.definitions, subject, rule)
    verdicts = pipeline.answer(result.store, result.definitions, subject, asked, as_of=result.as_of)
    return Explanation(subject=subject, verdicts=verdicts, definitions=result.definitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Verdicts on one subject; iterate it, index it, or let a notebook show it."""

    subject: str
    verdicts: tuple[Verdict, ...]
    definitions: Definitions

    def __iter__(self) -> Any:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def __getitem__(self, at: int) -> Verdict:
        return self.verdicts[at]

    def __repr__(self) -> str:
        return "\n".join([self.subject, *(self._line(verdict) for verdict in self.verdicts)])

    def _line(self, verdict: Verdict) -> str:
        if verdict.qualified:
            rule = self.definitions.rule(verdict.rule)
            reasons = [sentence(rule.criterion(f.criterion), f.seen) for f in verdict.findings if f.met]
            return f"  {verdict.rule}: qualified since {day(verdict.since or 0)}: {'; '.join(reasons)}"
        missing = ", ".join([*verdict.missing, *(f"excluded by {name}" for name in verdict.excluded_by)])
        return f"  {verdict.rule}: not qualified: {missing}"

    def _repr_html_(self) -> str:
        rows = []
        for verdict in self.verdicts:
            rule = self.definitions.rule(verdict.rule)
            state = "qualified" if verdict.qualified else "not qualified"
            for i, finding in enumerate(verdict.findings):
                cells = (
                    "" if i else verdict.rule,
                    "" if i else state,
                    "✓" if finding.met else "·",
                    finding.criterion,
                    sentence(rule.criterion(finding.criterion), finding.seen),
                    finding.needed,
                )
                rows.append("".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
        head = "".join(f"<th>{word}</th>" for word in ("rule", "", "", "criterion", "seen", "needed"))
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p><b>{html.escape(self.subject)}</b></p>{table}"


def _instant(as_of: str | datetime | int | None) -> int | None:
    if as_of is None or isinstance(as_of, int):
        return as_of
    text = as_of if isinstance(as_of, str) else text_of(as_of)
    try:
        return parse_instant(text or "")
    except ValueError:
        raise BadRequest(
            "This is not an instant",
            where="as_of",
            value=str(as_of),
            mend="Write a date or a date and time, such as 2026-03-10T09:00:00Z.",
        ) from None
