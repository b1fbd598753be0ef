"""How well blind matching finds the companies that two lists share, beside a plain domain join and Splink.

    python -m benchmarks.matching generated FOLDER...   lists of gen_accounts.py, made beforehand
    python -m benchmarks.matching real DATA             the folder with us-companies, hipo-universities, opensanctions
    python -m benchmarks.matching duplicates FOLDER...  both lists as one, in which the shared companies are twice
    python -m benchmarks.matching fit FOLDER...         the weights that those lists would give

All contenders see the same fields: name, website, country and city. Splink gets them as our canonicaliser leaves them.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq

from assay.core.io.store import Store
from assay.partners import duplicates
from assay.partners.canonical import Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS, Ruling, Terms
from assay.partners.matching import candidates, decide, fields_of, join
from assay.partners.tokens import Tokeniser, TokenList
from benchmarks import matching_real, matching_splink, matching_weights

Pair = tuple[str, str]


@dataclass(frozen=True)
class Lists:
    """Two lists, and the pairs that are one company with what made them hard."""

    ours: dict[str, Record]
    theirs: dict[str, Record]
    truth: dict[Pair, str]


def lists_of(folder: Path) -> Lists:
    """Return what gen_accounts.py wrote into `folder`."""
    sides = []
    for side in ("a", "b"):
        rows = pq.read_table(folder / f"{side}.parquet").to_pylist()
        sides.append({row.pop("id"): Record(**{key: value or "" for key, value in row.items()}) for row in rows})
    truth = {(row["a_id"], row["b_id"]): row["kind"] for row in pq.read_table(folder / "truth.parquet").to_pylist()}
    return Lists(*sides, truth)


def tokenised(records: dict[str, Record], seed: int) -> TokenList:
    keys = [keys_of(record) for record in records.values()]
    return Tokeniser(bytes(32)).tokenise(keys, seed=bytes([seed]) * 32)


def blind(lists: Lists, terms: Terms = DEFAULT_TERMS) -> dict[Ruling, dict[Pair, float]]:
    """Return the pairs of each ruling with their bits, and what it took."""
    begun = time.process_time()
    ours, theirs = tokenised(lists.ours, 1), tokenised(lists.theirs, 2)
    made = time.process_time()
    with Store(threads=1, memory_limit="5GB") as store:
        found = candidates(store, join(store, ours.upload, theirs.upload), ours, fields_of(theirs))
        decisions = decide(found, terms)
    done = time.process_time()
    print(f"  tokens {made - begun:.1f} s of processor for both lists, matching {done - made:.1f} s")
    name = dict(zip(ours.handles.to_pylist(), lists.ours, strict=True))
    other = dict(zip(theirs.handles.to_pylist(), lists.theirs, strict=True))
    result: dict[Ruling, dict[Pair, float]] = defaultdict(dict)
    handles = zip(found.ours.to_pylist(), found.theirs.to_pylist(), decisions.bits.tolist(), strict=True)
    for row, (left, right, bits) in enumerate(handles):
        result[decisions.ruling(row)][name[left], other[right]] = bits
    return result


def domain_join(lists: Lists) -> set[Pair]:
    """Return the pairs whose websites have the same registrable domain, as a plain join gives them."""
    index = defaultdict(list)
    for id_, record in lists.ours.items():
        for kind, value in keys_of(record).values:
            if kind == 1:
                index[value].append(id_)
    return {
        (left, id_)
        for id_, record in lists.theirs.items()
        for kind, value in keys_of(record).values
        if kind == 1
        for left in index[value]
    }


def quality(found: set[Pair], truth: dict[Pair, str]) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    true = len(found & truth.keys())
    return true / max(1, len(found)), true / len(truth), 2 * true / max(1, len(found) + len(truth))


def best(scored: dict[Pair, float], truth: dict[Pair, str]) -> tuple[float, float]:
    """Return the best F1 at any threshold, and that threshold; no resolution, for either contender."""
    at = Counter[float]()
    true = Counter[float]()
    for pair, score in scored.items():
        at[score] += 1
        true[score] += pair in truth
    found = right = 0
    results = [(0.0, 0.0)]
    for score in sorted(at, reverse=True):
        found += at[score]
        right += true[score]
        results.append((2 * right / (found + len(truth)), score))
    return max(results)


def say(name: str, found: set[Pair], truth: dict[Pair, str], more: str = "") -> None:
    precision, recall, f1 = quality(found, truth)
    print(f"  {name:34} precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}  {more}")


def generated(folder: Path, *, with_splink: bool = True) -> None:
    lists = lists_of(folder)
    truth = lists.truth
    print(f"{folder.name}: {len(lists.ours)} × {len(lists.theirs)}, {len(truth)} pairs")
    rulings = blind(lists)
    matches = set(rulings[Ruling.MATCH])
    asked = set(rulings[Ruling.ASK])
    scored = {pair: bits for one in rulings.values() for pair, bits in one.items()}
    top, at = best(scored, truth)
    rightly = len(asked & truth.keys())
    say("blind, default terms", matches, truth, f"best F1 {top:.4f} at {at:.1f} bits")
    share = (len(matches & truth.keys()) + rightly) / len(truth)
    print(f"  asked about {len(asked)} pairs, {rightly} of them rightly; with those {share:.4f} are found")
    domains = domain_join(lists)
    say("domain join", domains, truth)
    contenders = {"blind": matches, "domain join": domains}
    if with_splink:
        begun = time.process_time()
        splink = matching_splink.scores(lists.ours, lists.theirs)
        top, at = best(splink, truth)
        took = time.process_time() - begun
        contenders["Splink"] = {pair for pair, weight in splink.items() if weight >= at}
        say("Splink, at its best F1", contenders["Splink"], truth, f"at {at:.1f} bits, {took:.0f} s of processor")
        sure = matching_splink.surest(splink, set(truth))
        say("Splink, where precision is .99", sure, truth)
        contenders["Splink at .99"] = sure
    by_noise(contenders, truth)


def twice(folder: Path) -> None:
    """Print how well duplicates of one list are found: the two lists put together, beside Splink."""
    lists = lists_of(folder)
    records = {**lists.ours, **lists.theirs}
    truth = lists.truth
    print(f"{folder.name}: {len(records)} records, of which {len(truth)} pairs are one company")
    begun = time.process_time()
    tokens = tokenised(records, 1)
    with Store(threads=1, memory_limit="5GB") as store:
        groups = duplicates.groups((one.first, one.other) for one in duplicates.pairs(store, tokens))
    ids = list(records)
    found = {_pair(ids[a], ids[b]) for group in groups for a, b in combinations(group, 2)}
    say("blind tokens, with itself", found, truth, f"{time.process_time() - begun:.0f} s of processor")
    begun = time.process_time()
    scored = {_pair(*pair): bits for pair, bits in matching_splink.scores_within(records).items()}
    took = time.process_time() - begun
    _, at = best(scored, truth)
    at_best = {pair for pair, bits in scored.items() if bits >= at}
    say("Splink, at its best F1", at_best, truth, f"at {at:.1f} bits, {took:.0f} s of processor")
    say("Splink, where precision is .99", matching_splink.surest(scored, set(truth)), truth)


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one.startswith("A") else (other, one)


def by_noise(contenders: dict[str, set[Pair]], truth: dict[Pair, str]) -> None:
    """Print the recall of each contender among pairs with each kind of noise."""
    total = Counter(kind for kinds in truth.values() for kind in kinds.split("+"))
    print("  recall by noise:", ", ".join(contenders))
    for kind, count in total.most_common():
        pairs = {pair for pair, kinds in truth.items() if kind in kinds.split("+")}
        shares = "  ".join(f"{len(found & pairs) / count:.3f}" for found in contenders.values())
        print(f"    {kind:10} {count:7}  {shares}")


def main() -> None:
    verb, *paths = sys.argv[1:]
    if verb == "fit":
        matching_weights.show([lists_of(Path(path)) for path in paths])
    elif verb == "duplicates":
        for path in paths:
            twice(Path(path))
    elif verb == "real":
        matching_real.show(Path(paths[0]))
    else:
        for path in paths:
            generated(Path(path), with_splink=verb == "generated")


if __name__ == "__main__":
    main()
