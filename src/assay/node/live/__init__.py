"""Who qualifies now: the core's own decision of just the subjects that something new touched.

Takes: rows of the lake, live definitions, the clock's time as an argument.
Gives: stored spells, changes of who qualifies, what is told of one subject.
Never: decides anything by itself, or adds to what it decided before: it decides anew and compares.
"""
