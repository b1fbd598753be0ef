"""How the table of uploads came to be.

Takes: a database of an earlier version.
Gives: the table of this one.
Never: is edited once it was released.
"""
