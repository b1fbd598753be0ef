"""From tokens to decisions: the join that an escrow makes, and what each of two nodes concludes from it alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from assay.core.errors import BadRequest
from assay.core.io.store import Store
from assay.partners.canonical import KINDS, VERSION
from assay.partners.evidence import (
    FREQUENCY_BOUNDS,
    MOST_SHARED,
    Agreement,
    Evidence,
    Relation,
    Ruling,
    Terms,
    judge,
    weigh,
)
from assay.partners.tokens import TokenList

Whole = npt.NDArray[np.int64]

_RULINGS: Final = tuple(Ruling)
_MATCH, _ASK, _NO = (_RULINGS.index(v) for v in (Ruling.MATCH, Ruling.ASK, Ruling.NO_MATCH))
_BUCKET: Final = " + ".join(f"(n > {bound})::TINYINT" for bound in FREQUENCY_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Pairs of records with a token in common, a row each: handles of both sides and what their tokens tell."""

    ours: pa.Array = field(repr=False)
    theirs: pa.Array = field(repr=False)
    kinds: Whole = field(repr=False)
    both: Whole = field(repr=False)
    domain_frequency: Whole = field(repr=False)
    name_frequency: Whole = field(repr=False)

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What becomes of each pair of `candidates`; `of_pair` says which of `evidence` it has."""

    candidates: Candidates
    rulings: Whole = field(repr=False)
    bits: npt.NDArray[np.float64] = field(repr=False)
    of_pair: Whole = field(repr=False)
    evidence: tuple[Evidence, ...] = field(repr=False)
    #: How many companies (or groups of them) both sides have: the same number on both.
    count: int

    def ruling(self, pair: int) -> Ruling:
        """Return what becomes of the pair in that row."""
        return _RULINGS[int(self.rulings[pair])]

    def reasons(self, pair: int) -> Evidence:
        """Return what speaks for and against the pair in that row."""
        return self.evidence[int(self.of_pair[pair])]

    def pairs(self, ruling: Ruling) -> pa.Table:
        """Return the handles of all pairs with that ruling."""
        rows = pa.array(np.flatnonzero(self.rulings == _RULINGS.index(ruling)))
        return pa.table({"ours": self.candidates.ours.take(rows), "theirs": self.candidates.theirs.take(rows)})


def join(store: Store, ours: pa.Table, theirs: pa.Table) -> pa.Table:
    """Return what two uploads have in common, as the escrow tells it, a row for each token of each pair of records.

    Columns: both handles, the token, and how common it is in the list where it is more common, as a bucket. Tokens that
    more than MOST_SHARED records of a list have are left out.
    """
    store.register("_ours", ours)
    store.register("_theirs", theirs)
    return store.table(
        f"""WITH o AS MATERIALIZED (SELECT handle, token FROM _ours SEMI JOIN _theirs USING (token)),
        t AS MATERIALIZED (SELECT handle, token FROM _theirs SEMI JOIN o USING (token)),
        counted AS (SELECT token, max(n) AS n FROM (
            SELECT token, count(*) AS n FROM o GROUP BY token UNION ALL SELECT token, count(*) FROM t GROUP BY token)
            GROUP BY token HAVING max(n) <= {MOST_SHARED})
        SELECT o.handle AS ours, t.handle AS theirs, token, ({_BUCKET})::TINYINT AS frequency
        FROM o JOIN t USING (token) JOIN counted USING (token)"""
    )


def candidates(store: Store, joined: pa.Table, own: TokenList, their_fields: pa.Table) -> Candidates:
    """Return the pairs of a join, with kinds, which only the node knows, and fields, of which the partner told.

    `their_fields` has the columns handle and has, for at least the partner's records in the join.
    """
    store.register("_joined", joined)
    store.register("_kinds", own.upload.select(["token"]).append_column("kind", pa.array(own.kinds)))
    store.register("_own", pa.table({"handle": own.handles, "has": pa.array(own.has)}))
    store.register("_their", their_fields)
    frequency = "coalesce(min(frequency) FILTER (kind = {}), 0)::BIGINT"
    found = store.table(
        f"""WITH known AS MATERIALIZED (SELECT DISTINCT token, kind FROM _kinds SEMI JOIN _joined USING (token)
            WHERE kind >= 0),
        pairs AS (SELECT ours, theirs, bit_or(1::BIGINT << kind) AS kinds,
            {frequency.format(KINDS.index("domain"))} AS domain_frequency,
            {frequency.format(KINDS.index("name"))} AS name_frequency
            FROM _joined JOIN known USING (token) GROUP BY ours, theirs)
        SELECT pairs.*, (_own.has & _their.has)::BIGINT AS both
        FROM pairs JOIN _own ON _own.handle = ours JOIN _their ON _their.handle = theirs"""
    ).combine_chunks()
    numbers = {name: found[name].to_numpy() for name in ("kinds", "both", "domain_frequency", "name_frequency")}
    handles = {name: _one_array(found[name]) for name in ("ours", "theirs")}
    return Candidates(**handles, **numbers)


def fields_of(own: TokenList) -> pa.Table:
    """Return what a partner is told beside tokens: which fields a record has. Send only of what a join named."""
    return pa.table({"handle": own.handles, "has": pa.array(own.has)})


def decide(pairs: Candidates, terms: Terms) -> Decisions:
    """Return what becomes of each pair. Both sides come to the same, whichever order rows have.

    Of one company no record matches two of the other side: the pair with more bits wins, and where two have as many,
    people are asked.
    """
    different, of_pair = patterns(pairs)
    evidence = tuple(weigh(pattern, terms.relation) for pattern in different)
    bits = np.array([one.bits for one in evidence], np.float64).round(6)
    alone = np.array([_RULINGS.index(judge(one, terms)) for one in evidence], np.int64)
    rulings = alone[of_pair] if len(pairs) else np.empty(0, np.int64)
    bits_of_pair = bits[of_pair] if len(pairs) else np.empty(0, np.float64)
    ours, theirs = _codes(pairs.ours), _codes(pairs.theirs)
    if terms.relation is Relation.ENTITY:
        rulings = _one_to_one(ours, theirs, bits_of_pair, rulings)
        count = int((rulings == _MATCH).sum())
    else:
        count = _groups(ours, theirs, rulings == _MATCH)
    return Decisions(
        candidates=pairs, rulings=rulings, bits=bits_of_pair, of_pair=of_pair, evidence=evidence, count=count
    )


def match(store: Store, own: TokenList, their_upload: pa.Table, their_fields: pa.Table, terms: Terms) -> Decisions:
    """Return the decisions about one's own list and a partner's, joined here: for tests, trials and one's own lists."""
    return decide(candidates(store, join(store, own.upload, their_upload), own, their_fields), terms)


def refuse_other_version(version: int) -> None:
    """Raise BadRequest where a partner's tokens were made by another canonicaliser."""
    if version != VERSION:
        mend = "Both sides need the same version of Assay: update the older one, and upload again."
        raise BadRequest("Tokens of another version cannot be compared", where="tokens", value=str(version), mend=mend)


def patterns(pairs: Candidates) -> tuple[list[Agreement], Whole]:
    """Return the different agreements, and which of them each pair has: some hundreds, of millions of pairs."""
    packed = pairs.kinds << 20 | pairs.both << 8 | pairs.domain_frequency << 4 | pairs.name_frequency
    different, of_pair = np.unique(packed, return_inverse=True)
    found = [
        Agreement(kinds=code >> 20, both=code >> 8 & 0xFFF, domain_frequency=code >> 4 & 0xF, name_frequency=code & 0xF)
        for code in different.tolist()
    ]
    return found, of_pair.astype(np.int64)


def _one_to_one(ours: Whole, theirs: Whole, bits: npt.NDArray[np.float64], alone: Whole) -> Whole:
    """Return rulings such that no record is in two matches: round by round the best pair of both its records wins."""
    rulings = alone.copy()
    open_rows = np.flatnonzero(alone == _MATCH)
    rulings[open_rows] = _ASK
    while len(open_rows):
        is_best = np.ones(len(open_rows), bool)
        for side in (ours[open_rows], theirs[open_rows]):
            best = np.full(int(side.max()) + 1, -np.inf)
            np.maximum.at(best, side, bits[open_rows])
            is_top = bits[open_rows] == best[side]
            is_best &= is_top & (np.bincount(side[is_top], minlength=len(best))[side] == 1)
        won = open_rows[is_best]
        if not len(won):
            break
        rulings[won] = _MATCH
        is_lost = np.isin(ours, ours[won]) | np.isin(theirs, theirs[won])
        is_lost[won] = False
        rulings[is_lost & (rulings != _MATCH)] = _NO
        open_rows = open_rows[~is_best & (rulings[open_rows] == _ASK)]
    return rulings


def _groups(ours: Whole, theirs: Whole, is_match: npt.NDArray[np.bool_]) -> int:
    """Return how many groups of records hang together by matches."""
    left, right = ours[is_match], theirs[is_match]
    if not len(left):
        return 0
    begin = int(left.max()) + 1
    size = begin + int(right.max()) + 1
    graph = coo_array((np.ones(len(left), np.int8), (left, right + begin)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    return len(np.unique(labels[left]))


def _codes(handles: pa.Array) -> Whole:
    return np.asarray(handles.dictionary_encode().indices.to_numpy(zero_copy_only=False), np.int64)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
