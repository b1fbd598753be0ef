"""Answers about the past as a notebook shows them: the same words and pictures as in the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from assay.core import hindsight
from assay.core.outcomes import (
    comparison,
    funnel,
    plain,
    plain_lookalikes,
    signals,
    telling,
    telling_lookalikes,
    telling_signals,
)
from assay.core.outcomes.backtest import Backtest
from assay.core.outcomes.lookalikes import Answer


class _Shown:
    """An answer that a notebook shows as the body of its report."""

    def _page(self) -> str:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        page = self._page()
        style = page[page.index("<style>") : page.index("</style>") + len("</style>")]
        return style + page[page.index("<main>") : page.index("</main>") + len("</main>")]

    def to_html(self) -> str:
        """Return the whole report as HTML text."""
        return self._page()


class Backtests(_Shown):
    """Backtests of one or several rules; iterate or index them."""

    def __init__(self, found: Sequence[Backtest], names: Mapping[str, str]) -> None:
        self.found, self._names = tuple(found), names

    def __iter__(self) -> Iterator[Backtest]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, at: int) -> Backtest:
        return self.found[at]

    def __repr__(self) -> str:
        return "\n".join(f"{one.rule.name}: {' '.join(telling.sentences(one))}" for one in self.found)

    def to_table(self) -> pa.Table:
        """Return a row a rule: rates with their bounds, lift, reach."""
        return pa.Table.from_pylist([_flat(plain.backtest(one)) for one in self.found])

    def _page(self) -> str:
        from assay.report.backtest import render_backtests

        return render_backtests(self.found, self._names)


class Thresholds(_Shown):
    """One number of a rule varied."""

    def __init__(self, found: hindsight.Thresholds) -> None:
        self.found = found

    def __repr__(self) -> str:
        lines = [f"{self.found.rule.name}, {self.found.setting}"]
        for variant, one in self.found.points:
            rate, ahead = telling.between(one.rate), telling.between(one.reached.share)
            lines.append(f"  {variant.value}: {one.entered:,} qualify, {rate} convert, ahead of {ahead}")
        return "\n".join(lines)

    def to_table(self) -> pa.Table:
        """Return a row a value, with what `Backtests.to_table` has."""
        points = [({"value": v.value, "is_current": v.is_current}, plain.backtest(b)) for v, b in self.found.points]
        return pa.Table.from_pylist([{**head, **_flat(row)} for head, row in points])

    def _page(self) -> str:
        from assay.report.thresholds import render_thresholds

        return render_thresholds(self.found)


class Comparison(_Shown):
    """The draft of a rule beside what was published."""

    def __init__(self, found: comparison.Comparison) -> None:
        self.found = found

    def __repr__(self) -> str:
        return "\n".join([*telling.changes(self.found), *telling.comparison(self.found)])

    def _page(self) -> str:
        from assay.report.comparison import render_comparison

        return render_comparison(self.found)


class Funnel(_Shown):
    """Leads from stage to stage."""

    def __init__(self, found: funnel.Funnel) -> None:
        self.found = found

    def __repr__(self) -> str:
        return "\n".join(f"{s.start} → {s.end}: {telling.between(s.whole.rate)}" for s in self.found.steps)

    def to_table(self) -> pa.Table:
        """Return a row a step and value of a dimension; the whole step stands under the dimension "all"."""
        rows = []
        for step in plain.funnel(self.found)["steps"]:
            ends = {"from_stage": step["from_stage"], "to_stage": step["to_stage"]}
            whole = {key: step[key] for key in ("set_out", "followed_throughout", "passed_within", "rate")}
            whole["half_time_days"] = step["half_time_days"]
            rows.append({**ends, "by": "all", "value": "", **_flat(whole)})
            for by, parts in step["by"].items():
                rows += [{**ends, "by": by, "value": value, **_flat(p)} for value, p in parts.items()]
        return pa.Table.from_pylist(rows)

    def _page(self) -> str:
        from assay.report.funnel import render_funnel

        return render_funnel(self.found)


class Signals(_Shown):
    """What precedes an outcome."""

    def __init__(self, found: signals.Signals) -> None:
        self.found = found

    def __repr__(self) -> str:
        lines = list(telling_signals.summary(self.found))
        for one in self.found.signals:
            lines += [
                one.candidate.text,
                *(f"      {line}" for line in telling_signals.signal(one, self.found.subject)),
            ]
        return "\n".join(lines)

    def to_table(self) -> pa.Table:
        """Return a row a signal, strongest first: criterion, rate and lift with their bounds, people, conversions."""
        return pa.Table.from_pylist([_flat(row) for row in plain.signals(self.found)["signals"]])

    def _page(self) -> str:
        from assay.report.signals import render_signals

        return render_signals(self.found)


class Lookalikes(_Shown):
    """Those most like a few named subjects."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.found = answer.lookalikes

    def __repr__(self) -> str:
        lines = list(telling_lookalikes.summary(self.found))
        for number, one in enumerate(self.found.found, 1):
            why = "; ".join(telling_lookalikes.reasons(one, self.found, most=telling_lookalikes.FEW))
            lines.append(f"{number}. {self.answer.ids[one.subject]} ({telling.percent(one.in_top)}): {why}")
        return "\n".join(lines)

    def to_table(self) -> pa.Table:
        """Return a row a subject, the most like first: points, how often in the top, its places, and the reasons."""
        told = plain_lookalikes.lookalikes(self.answer)["lookalikes"]
        rows = [{**row, "because": "; ".join(row["because"])} for row in told]
        return pa.Table.from_pylist(rows, schema=_LOOKALIKES)

    def traits(self) -> pa.Table:
        """Return a row a trait, what weighs most first: the criterion, its points, and who meets it."""
        return pa.Table.from_pylist(plain_lookalikes.lookalikes(self.answer)["traits"])

    def _page(self) -> str:
        from assay.report.lookalikes import render_lookalikes

        return render_lookalikes(self.answer)


_LOOKALIKES: Final = pa.schema(
    [
        ("place", pa.int64()),
        ("id", pa.string()),
        ("called", pa.string()),
        ("points", pa.float64()),
        ("in_top", pa.float64()),
        ("place_low", pa.int64()),
        ("place_high", pa.int64()),
        ("because", pa.string()),
    ]
)

_ESTIMATES: Final = ("rate", "naive_rate", "lift", "beyond_lift", "share_preceded", "share_preceded_in_time")


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the single values of an answer; estimates become three columns."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == "others":
            flat |= _estimate("others_rate", value and value["rate"])
        elif key in _ESTIMATES:
            flat |= _estimate(key, value)
        elif not isinstance(value, list | dict):
            flat[key] = value
    return flat


def _estimate(name: str, found: Mapping[str, float] | None) -> dict[str, float | None]:
    bounds = {"": "value", "_low": "low", "_high": "high"}
    return {f"{name}{end}": None if found is None else found[key] for end, key in bounds.items()}
