"""Partners: what each may learn about us, what each lets us know, and what both sides do with it.

Takes: accounts as the lake knows them, what people decide, what `assay.partners` says that a partner or an escrow said.
Gives: the memory of the protocol, pages for partner managers, rows for the lake in which rules read what partners know.
Never: discloses without a grant that holds and a row in the ledger, or takes silence for "no overlap".
"""
