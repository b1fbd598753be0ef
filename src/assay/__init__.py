"""Assay decides which people and companies are worth a salesperson's time now, and says exactly why.

>>> import assay
>>> definitions = assay.load_definitions("definitions")
>>> result = assay.run(definitions, "data", as_of="2026-03-10")
>>> result.leads.to_pandas()
>>> assay.explain(result, "person:42")
>>> assay.backtest(result, "pql_trial", outcome="won", within="90 days")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.notebook import backtest, diff, explain, funnel, load_definitions, lookalikes, run, signals, sweep

__all__ = ["backtest", "diff", "explain", "funnel", "load_definitions", "lookalikes", "run", "signals", "sweep"]


def __getattr__(name: str) -> Any:
    # `import assay` stays instant; the engine is loaded with the first thing asked of it.
    if name not in __all__:
        raise AttributeError(f"module 'assay' has no attribute '{name}'")
    from assay import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
