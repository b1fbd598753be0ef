"""The pure core: tables in, tables out.

Takes: raw tables or files, definitions, an `as_of`.
Gives: spells, findings, scores, leads.
Never: reads a clock, the network, the environment or dice; imports Django or anything above itself.
"""
