"""How the tables of the rulebook came to be.

Takes: a database of an earlier version.
Gives: one of this version.
Never: changes what an edition held.
"""
