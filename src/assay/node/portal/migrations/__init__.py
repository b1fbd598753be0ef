"""How the tables of the portal came to be.

Takes: the database as an earlier release left it.
Gives: the tables of this release.
Never: is changed once released.
"""
