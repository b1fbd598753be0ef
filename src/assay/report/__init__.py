"""The report: one HTML page that needs nothing else.

Takes: a `Result` whose store is still open; backtests, comparisons and funnels (`report.backtest` and beside it).
Gives: HTML text with its style and pictures inside; readable on a phone, in print, in light and in dark.
Never: asks anything of the network, runs a script, or lets a name from the data become markup.
"""

from assay.report.page import render

__all__ = ["render"]
