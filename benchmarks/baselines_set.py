"""All rules at one instant in one pass: the best set-based SQL found on DuckDB.

Every event is joined with the criteria that its name feeds; counts and sums, points, distinct values and steps of
sequences are each grouped once by (subject, criterion); what is met becomes bits, and a truth table tells which bits
make a rule hold.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import duckdb
import pyarrow as pa

from assay.core.definitions.model import (
    Count,
    Criterion,
    Definitions,
    Form,
    Group,
    PeopleQualified,
    Rule,
    ScoreIs,
    Sequence,
    Sum,
    Threshold,
)
from benchmarks import instant_sql
from benchmarks.baselines_duckdb import DuckDialect
from benchmarks.generate import DAY, EVENT_NAMES

_VALUES: Final = {
    "day": f"instant // {DAY}",
    "week": f"(instant // {DAY} + 3) // 7",
    "person": "person",
    "account": "account",
    "project": "project",
    "feature": "feature",
}
_KINDS: Final = tuple(_VALUES)


def _number(criterion_of: dict[tuple[str, str], int], rule: Rule, criterion: Criterion) -> int:
    return criterion_of.setdefault((rule.name, criterion.name), len(criterion_of))


def _low(threshold: Threshold | None, scale: int = 1) -> float:
    assert threshold is not None and threshold.low is not None
    return float(threshold.low * scale)


class _Feeds:
    """Rows of the tables that events are joined with."""

    def __init__(self, definitions: Definitions, as_of: int) -> None:
        self.definitions = definitions
        self.as_of = as_of
        self.additive: list[dict[str, float]] = []
        self.points: list[dict[str, float]] = []
        self.distinct: list[dict[str, float]] = []
        self.steps: list[dict[str, float]] = []

    def add(self, number: int, form: Form) -> None:
        """Take up a criterion under a number."""
        if isinstance(form, ScoreIs):
            self._add_score(number, form)
        elif isinstance(form, Sequence):
            low = instant_sql.in_window(form, self.as_of)
            self.steps += [
                {"event": EVENT_NAMES.index(name), "c": number, "low": low, "step": i, "steps": len(form.steps)}
                for i, name in enumerate(form.steps)
            ]
        elif isinstance(form, Count | Sum):
            low = instant_sql.in_window(form, self.as_of)
            where = int(str(form.where[0][1].values[0])[-2:]) if isinstance(form, Count) and form.where else -1
            scale = 1_000_000 if isinstance(form, Sum) else 1
            rows: list[dict[str, float]] = [
                {
                    "event": EVENT_NAMES.index(name),
                    "c": number,
                    "low": low,
                    "feature_is": where,
                    "needed": _low(form.threshold, scale),
                    "summed": int(isinstance(form, Sum)),
                }
                for name in form.events or EVENT_NAMES
            ]
            if isinstance(form, Count) and form.distinct:
                for row in rows:
                    row["kind"] = _KINDS.index(form.distinct)
                self.distinct += rows
            else:
                self.additive += rows

    def _add_score(self, number: int, form: ScoreIs) -> None:
        score = self.definitions.score(form.score)
        for i, line in enumerate(score.points):
            assert isinstance(line.form, Count) and line.fades and line.each and line.up_to
            linear = line.fades.kind == "linear"
            self.points += [
                {
                    "event": EVENT_NAMES.index(name),
                    "c": number,
                    "line": i,
                    "each": float(line.each),
                    "up_to": float(line.up_to),
                    "low": instant_sql.line_low(line, self.as_of),
                    "linear": int(linear),
                    "lasts": float(line.fades.duration),
                    "dimension": score.dimensions.index(line.dimension),
                    "cap": float(dict(score.caps).get(line.dimension, 10**9)),
                    "needed": _low(form.threshold),
                }
                for name in line.form.events
            ]


def _queries(subject: str, feeds: _Feeds) -> list[str]:
    """Return queries of (subject, criterion) for all that is met."""
    as_of = feeds.as_of
    joined = f"FROM events JOIN {{table}} AS f USING (event) WHERE instant <= {as_of} AND instant > f.low"
    queries = []
    if feeds.additive:
        queries.append(
            f"SELECT s, c FROM (SELECT {subject} AS s, c, f.needed AS needed, "
            "sum(CASE WHEN summed = 1 THEN amount ELSE 1 END) AS total "
            f"{joined.format(table='additive')} AND (feature_is < 0 OR feature = feature_is) "
            "GROUP BY ALL) WHERE total >= needed"
        )
    if feeds.distinct:
        value = "CASE kind " + " ".join(f"WHEN {i} THEN {_VALUES[kind]}" for i, kind in enumerate(_KINDS)) + " END"
        queries.append(
            f"SELECT s, c FROM (SELECT DISTINCT {subject} AS s, c, needed, {value} AS value "
            f"{joined.format(table='distincts')}) WHERE value >= 0 GROUP BY s, c, needed HAVING count(*) >= needed"
        )
    if feeds.points:
        weight = (
            f"CASE WHEN linear = 1 THEN 1 - ({as_of} - instant) / lasts "
            f"ELSE exp(({as_of} - instant) * -ln(2) / lasts) END"
        )
        queries.append(
            "SELECT s, c FROM (SELECT s, c, needed, least(cap, sum(p)) AS d FROM (SELECT "
            f"{subject} AS s, c, needed, line, dimension, cap, least(up_to, sum(each * {weight})) AS p "
            f"{joined.format(table='points')} GROUP BY s, c, needed, line, dimension, cap, up_to) "
            "GROUP BY s, c, needed, dimension, cap) GROUP BY s, c, needed HAVING sum(d) >= needed"
        )
    if feeds.steps:
        queries.append(
            "SELECT s, c FROM (SELECT "
            f"{subject} AS s, c, steps, min(instant) FILTER (WHERE step = 0) AS first, "
            "max(instant) FILTER (WHERE step = steps - 1) AS last, "
            "list(instant) FILTER (WHERE step = 1 AND steps = 3) AS middle "
            f"{joined.format(table='steps')} GROUP BY s, c, steps) "
            "WHERE first < last AND (steps = 2 OR len(list_filter(middle, lambda t: t > first AND t < last)) > 0)"
        )
    return queries


def _holds(groups: tuple[Group, ...], met: dict[str, bool]) -> bool:
    """Return whether the groups hold."""
    for group in groups:
        count = sum(met[member] for member in group.members if isinstance(member, str))
        needed = {"all_of": len(group.members), "any_of": 1, "none_of": 0, "at_least": group.at_least}[group.kind]
        if count < needed or (group.kind == "none_of" and count > 0):
            return False
    return True


def _register(
    con: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, float]], integers: tuple[str, ...]
) -> None:
    if rows:
        columns = {key: [row[key] for row in rows] for key in rows[0]}
        table = pa.table(
            {key: pa.array(values, pa.int64() if key in integers else pa.float64()) for key, values in columns.items()}
        )
        con.register(f"{name}_given", table)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {name}_given")


def set_based(con: duckdb.DuckDBPyConnection, definitions: Definitions, as_of: int, offset: int = 0) -> None:
    """Answer all rules at one instant in one pass for each kind of subject, into the table `answers`."""
    for subject in ("person", "account"):
        rules = [(i, rule) for i, rule in enumerate(definitions.rules) if rule.subject == subject]
        numbers: dict[tuple[str, str], int] = {}
        feeds = _Feeds(definitions, as_of)
        queries, bits, truths = [], [], []
        for i, rule in rules:
            names = [criterion.name for criterion in rule.criteria]
            for k, criterion in enumerate(rule.criteria):
                number = _number(numbers, rule, criterion)
                bits.append({"c": number, "rule": i, "bit": 1 << k})
                feeds.add(number, criterion.form)
                if isinstance(criterion.form, PeopleQualified):
                    people = instant_sql.people_qualified(DuckDialect(), criterion.form, definitions, as_of)
                    queries.append(
                        f"SELECT account AS s, {number} AS c FROM ({people}) "
                        f"WHERE {instant_sql.enough_people(criterion.form)}"
                    )
            for outcome in product((False, True), repeat=len(names)):
                if _holds(rule.qualify, dict(zip(names, outcome, strict=True))):
                    truths.append({"rule": i, "mask": sum(1 << k for k, yes in enumerate(outcome) if yes)})
        integers = (
            "event",
            "c",
            "low",
            "step",
            "steps",
            "kind",
            "line",
            "dimension",
            "feature_is",
            "summed",
            "linear",
            "rule",
            "bit",
            "mask",
        )
        given: dict[str, list[dict[str, float]]] = {
            "additive": feeds.additive,
            "points": feeds.points,
            "distincts": feeds.distinct,
            "steps": feeds.steps,
            "bits": [dict(row) for row in bits],
            "truths": [dict(row) for row in truths],
        }
        for name, rows in given.items():
            _register(con, name, rows, integers)
        met = " UNION ALL ".join(queries + _queries(subject, feeds))
        con.execute(
            f"INSERT INTO answers SELECT rule + {offset}, s FROM (SELECT rule, s, bit_or(bit) AS mask FROM ({met}) "
            "JOIN bits USING (c) GROUP BY rule, s) JOIN truths USING (rule, mask)"
        )
