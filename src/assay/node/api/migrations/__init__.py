"""How the tables of tokens, places and answers came to be.

Takes: a database of an earlier version.
Gives: the tables of this one.
Never: is edited once it was released.
"""
