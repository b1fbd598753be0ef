"""Every claim about speed, runnable: `python -m benchmarks`.

Takes: nothing; the events are generated, always the same ones.
Gives: a table of seconds and ratios of one run on one machine, beside what was aimed at.
Never: tests anything by the clock, or reports a ratio of figures from different runs.
"""
