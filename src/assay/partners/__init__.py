"""The node's side of partnering: what two partners both know, and what each lets the other learn.

Takes: one's own records; keys that only two companies hold; what a blind escrow joined; time and dice as arguments.
Gives: canonical keys, tokens, weights of evidence, decisions with reasons; sealed messages, a ledger of disclosures.
Never: draws a random number, reads a clock, opens a connection, or lets a name or an unkeyed hash of one out.
"""

from assay.partners.canonical import VERSION, Keys, Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS, Ruling, Terms

__all__ = ["DEFAULT_TERMS", "VERSION", "Keys", "Record", "Ruling", "Terms", "keys_of"]
