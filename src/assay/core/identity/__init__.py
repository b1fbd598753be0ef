"""Whose everything is: people, accounts, merges, memberships; dense ids.

Takes: the schema `raw` of a store, and checked definitions.
Gives: the tables people, merged, accounts, source_names, event_names, events, memberships, attributes, partner_facts,
    insights, outcomes, rejects and counts of the schema `prepared`.
Never: decides whether anybody qualifies, or cuts anything at `as_of`.
"""

from assay.core.identity.accounts import company_domains
from assay.core.identity.domains import is_free_mail, registrable_domain
from assay.core.identity.resolving import resolve

__all__ = ["company_domains", "is_free_mail", "registrable_domain", "resolve"]
