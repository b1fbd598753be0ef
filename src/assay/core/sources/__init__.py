"""Raw rows, as the definitions' sources describe them.

Takes: a data folder or tables in memory, and checked definitions.
Gives: the schema `raw` of a store: one relation `raw.good_<k>` for the k-th source part, `raw.rejects`, `raw.counts`.
Never: decides whose an event is, or drops a row without a word.
"""

from assay.core.sources.proposing import propose
from assay.core.sources.reading import read

__all__ = ["propose", "read"]
