"""Numbers for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

_ANSWERS: Final = Counter("assay_answers", "Requests answered.", ["method", "route", "status"])
_SECONDS: Final = Histogram(
    "assay_answer_seconds",
    "How long answers took.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer."""
    _ANSWERS.labels(method, route, str(status)).inc()
    _SECONDS.labels(route).observe(seconds)
