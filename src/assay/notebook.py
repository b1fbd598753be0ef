"""Assay in a notebook: the same engine, tables in, tables out."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from assay.core import cold_start, hindsight, pipeline
from assay.core import definitions as language
from assay.core.definitions.model import Definitions, SubjectType
from assay.core.engine.results import Verdict
from assay.core.errors import BadRequest
from assay.core.io.spark import asked as spark_asked
from assay.core.outcomes import lookalikes as likeness
from assay.core.outcomes.conversions import Reach
from assay.core.outcomes.naming import Name
from assay.core.result import Result
from assay.core.sentences import day, sentence
from assay.core.values import parse_duration, parse_instant, text_of
from assay.showing import Backtests, Comparison, Funnel, Lookalikes, Signals, Thresholds


def load_definitions(folder: str | Path) -> Definitions:
    """Return a definitions folder, checked; BadDefinitions lists all complaints."""
    return language.load(Path(folder))


def run(
    definitions: Definitions,
    data: str | Path | Mapping[str, Any] | None = None,
    *,
    connections: Mapping[str, Any] | None = None,
    as_of: str | datetime | int | None = None,
    engine: Literal["here", "spark"] = "here",
    spark_master: str | None = None,
    spark_folder: str | Path | None = None,
) -> Result:
    """Return spells, leads and rejects as of an instant; without one, as of the latest event.

    `data` is a folder, or a table (Arrow, pandas, polars) for each source. `connections` says where warehouses are, by
    the name that sources give them: a URL, or what `ibis.connect` returned. `as_of` is ISO text, a datetime (UTC where
    it names no zone) or UTC microseconds. With `engine="spark"` rules are decided on the Spark at `spark_master`, or in
    the session that runs already, or on this machine's cores; rows travel through `spark_folder`, seen by all workers.
    """
    tables = Path(data) if isinstance(data, str | Path) else data
    spark = spark_asked(engine, spark_master, None if spark_folder is None else Path(spark_folder))
    return pipeline.run(definitions, tables, connections=connections, as_of=_instant(as_of), spark=spark)


def explain(result: Result, subject: str, *, rule: str | None = None) -> Explanation:
    """Return why "person:42" or "account:acme.example" qualifies or not, as of the result's instant."""
    asked = pipeline.rules_asked(result.definitions, subject, rule)
    verdicts = pipeline.answer(result.store, result.definitions, subject, asked, as_of=result.as_of)
    return Explanation(subject=subject, verdicts=verdicts, definitions=result.definitions)


def backtest(
    result: Result,
    *rules: str,
    outcome: str,
    within: str | timedelta = "90 days",
    since: str | datetime | int | None = None,
    until: str | datetime | int | None = None,
    reach: Reach = "account",
    among: str = "",
) -> Backtests:
    """Return what became of those whom rules found, as known at the result's instant; without a name, all decided.

    `outcome` is named as in the data, `within` a duration; the period is [since, until). With `reach="person"` an
    outcome of a person's account is not the person's. With `among`, a criterion of the rule, everybody else are those
    alone who meet it at the lead's instant. BadRequest says which of these has no answer.
    """
    asked = _asked(outcome, within, since, until, reach, among=among)
    found = hindsight.look_back(result.store, result.definitions, rules, asked, as_of=result.as_of)
    return Backtests(found, hindsight.names_of_cases(result.store, found))


def sweep(
    result: Result,
    rule: str,
    criterion: str,
    values: str | Iterable[object],
    *,
    outcome: str,
    within: str | timedelta = "90 days",
    since: str | datetime | int | None = None,
    until: str | datetime | int | None = None,
    reach: Reach = "account",
    among: str = "",
) -> Thresholds:
    """Return what a rule would be worth with other numbers: `criterion` is "built_something.at_least"; `values` "1..6".

    `values` may also be the numbers themselves, `range(1, 7)`. One pass decides them all. `among`: see `backtest`;
    it is met as the rule stands.
    """
    listed = values if isinstance(values, str) else ",".join(map(str, values))
    tried = hindsight.Tried(rule=rule, criterion=criterion, values=listed)
    asked = _asked(outcome, within, since, until, reach, among=among)
    return Thresholds(hindsight.vary(result.store, result.definitions, tried, asked, as_of=result.as_of))


def diff(
    definitions: Definitions,
    data: str | Path | Mapping[str, Any] | None,
    rule: str,
    *,
    outcome: str,
    within: str | timedelta = "90 days",
    version: int | None = None,
    connections: Mapping[str, Any] | None = None,
    since: str | datetime | int | None = None,
    until: str | datetime | int | None = None,
    as_of: str | datetime | int | None = None,
    reach: Reach = "account",
    among: str = "",
) -> Comparison:
    """Return how a rule differs from what was published of it, the latest version or the one named.

    It reads the data anew: the published rule may look at properties that the folder's rules no longer name. `among`:
    see `backtest`; it names a criterion of the rule as the folder has it.
    """
    both = hindsight.versions(definitions, rule, version=version)
    asked = _asked(outcome, within, since, until, reach, among=among)
    tables = Path(data) if isinstance(data, str | Path) else data
    at = _instant(as_of)
    with hindsight.prepared(both.definitions, tables, connections=connections, as_of=at) as store:
        return Comparison(hindsight.differ(store, both, asked, as_of=at))


def funnel(
    result: Result,
    *stages: str,
    within: str | timedelta = "90 days",
    since: str | datetime | int | None = None,
    until: str | datetime | int | None = None,
    among: str = "",
) -> Funnel:
    """Return how leads get from stage to stage; without stages along MQL, PQL, SAL, SQL, SQO, won.

    With `among`, a criterion or "RULE.CRITERION", those alone count at a stage who meet it as they get there.
    """
    return Funnel(
        hindsight.flow(
            result.store,
            result.definitions,
            within=_duration(within),
            path=stages,
            among=among,
            start=_instant(since, "since"),
            end=_instant(until, "until"),
            as_of=result.as_of,
        )
    )


def signals(
    result: Result,
    *,
    outcome: str,
    within: str | timedelta = "90 days",
    subject: SubjectType = "person",
    also_read: bool = False,
    since: str | datetime | int | None = None,
    until: str | datetime | int | None = None,
    reach: Reach = "account",
    among: str = "",
) -> Signals:
    """Return what precedes an outcome and is in no rule yet, as criteria to paste; `also_read`: and what rules read.

    `among`, a criterion or RULE.CRITERION, narrows it to those who meet that just then. Of event properties it tries
    those that some rule or score reads: the result's data holds no others.
    """
    asked = _asked(outcome, within, since, until, reach, among=among)
    return Signals(
        hindsight.precursors(result.store, result.definitions, subject, asked, also_read=also_read, as_of=result.as_of)
    )


def lookalikes(
    result: Result,
    names: Iterable[str],
    *,
    subject: SubjectType = "account",
    without: Iterable[str] = (),
    top: int = 20,
    seed: int = 0,
) -> Lookalikes:
    """Return who is most like some ten named accounts (by id, domain or name) or people (by id), with reasons.

    It is as of the result's instant, and needs no outcomes. `without` names events and attributes to leave aside. Of
    event properties it tries those that some rule or score reads: the result's data holds no others.
    """
    named = [Name(text=name, where="names") for name in names]
    if not named:
        raise BadRequest("Nobody is named", where="names", mend="Name about ten.")
    asked = likeness.Asked(top=top, seed=seed, without=tuple(without))
    return Lookalikes(cold_start.resemble(result.store, result.definitions, subject, named, asked, as_of=result.as_of))


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


def _asked(
    outcome: str,
    within: str | timedelta,
    since: str | datetime | int | None,
    until: str | datetime | int | None,
    reach: Reach,
    *,
    among: str = "",
) -> hindsight.Asked:
    return hindsight.Asked(
        outcome=outcome,
        within=_duration(within),
        start=_instant(since, "since"),
        end=_instant(until, "until"),
        reach=reach,
        among=among,
    )


def _duration(within: str | timedelta) -> int:
    if isinstance(within, timedelta):
        return within // timedelta(microseconds=1)
    try:
        return parse_duration(within)
    except ValueError as error:
        raise BadRequest("This is not a duration", where="within", value=within, mend=str(error)) from None


def _instant(as_of: str | datetime | int | None, where: str = "as_of") -> int | None:
    if as_of is None or isinstance(as_of, int):
        return as_of
    text = as_of if isinstance(as_of, str) else text_of(as_of)
    try:
        return parse_instant(text or "")
    except ValueError:
        raise BadRequest(
            "This is not an instant",
            where=where,
            value=str(as_of),
            mend="Write a date or a date and time, such as 2026-03-10T09:00:00Z.",
        ) from None
