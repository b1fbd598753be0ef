"""How two companies deal over an escrow: paired, compared, matched, proved, told, receipted, withdrawn, ended.

Takes: who we are; a memory for one partnership (`keeping.Keep`); what we bring to a step (`Mine`).
Gives: messages and tokens to an escrow, and to the owner (`Heard`) what became of them, in one transaction with them.
Never: tells twice, tells before grant and proof, or forgets what it told, wherever it is killed.
"""

from assay.partners.dealing.contract import (
    RELEASE,
    Agreed,
    Allowance,
    Counted,
    Heard,
    Let,
    Level,
    Mine,
    Offer,
    Shared,
    Told,
    Us,
    Verdict,
)
from assay.partners.dealing.deal import Deal, State, accept, invite
from assay.partners.dealing.invitation import Invitation

__all__ = [
    "RELEASE",
    "Agreed",
    "Allowance",
    "Counted",
    "Deal",
    "Heard",
    "Invitation",
    "Let",
    "Level",
    "Mine",
    "Offer",
    "Shared",
    "State",
    "Told",
    "Us",
    "Verdict",
    "accept",
    "invite",
]
