"""Which companies two partners both know, found from keyed tokens that a blind escrow can join.

Takes: one's own records; the key that two partners share; what the escrow joined.
Gives: canonical keys, tokens, weights of evidence, decisions with their reasons, duplicates in one's own list.
Never: draws a random number, reads a clock, opens a connection, or lets a name, a domain or an unkeyed hash of one out.
"""

from assay.partners.canonical import VERSION, Keys, Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS, Ruling, Terms

__all__ = ["DEFAULT_TERMS", "VERSION", "Keys", "Record", "Ruling", "Terms", "keys_of"]
