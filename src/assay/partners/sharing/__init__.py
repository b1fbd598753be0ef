"""Sharing a list with a partner without a node: a file of companies, a folder of state, one command run now and then.

Takes: a list as CSV or Parquet, an invitation, a way to reach the escrow, a clock and dice.
Gives: what is shared and what was learnt, kept in the folder; a recovery file of the key.
Never: lets the list itself out, or a field that was not named.
"""

from assay.partners.sharing.folder import Folder, Recovery
from assay.partners.sharing.listing import Listing, read_list
from assay.partners.sharing.owner import Owner
from assay.partners.sharing.visit import Wanted, bring

__all__ = ["Folder", "Listing", "Owner", "Recovery", "Wanted", "bring", "read_list"]
