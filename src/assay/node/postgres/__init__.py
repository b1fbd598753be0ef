"""A Postgres of the node's own, and the roles that it is reached by.

Takes: a folder, passwords.
Gives: a server on a loopback port that dies with its parent and comes back after any crash; roles with their rights.
Never: trusts anybody without a password, listens to another machine, runs as root, or changes others' folders.
"""
