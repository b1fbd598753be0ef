"""How the tables of users, roles and audit came to be.

Takes: a database of an earlier version.
Gives: the tables of this one.
Never: is edited once it was released.
"""
