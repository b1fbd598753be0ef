"""What other programs ask of the node and tell it: JSON under /api/, described by its own OpenAPI document.

Takes: requests that bear a token, which acts as one user within the scopes that it was given.
Gives: leads and what changed of them, accounts, spells, rules, what holds of a user; takes decisions on leads in.
Never: decides anything itself, heeds a cookie, or puts an id of a person into an address.
"""
