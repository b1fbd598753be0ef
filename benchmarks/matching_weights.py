"""The weights of evidence, fitted on lists of known truth: maximum likelihood of a log-linear model of the findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from assay.core.io.store import Store
from assay.partners.canonical import keys_of
from assay.partners.evidence import DEFAULT_TERMS, WEIGHTS
from assay.partners.matching import Candidates, candidates, decide, fields_of, join
from assay.partners.tokens import Tokeniser

if TYPE_CHECKING:
    from benchmarks.matching import Lists


def _counts(lists: Lists) -> Counter[tuple[tuple[str, ...], bool]]:
    """Return how often each set of findings is seen, among true pairs and others."""
    made = []
    for seed, records in enumerate((lists.ours, lists.theirs)):
        keys = [keys_of(record) for record in records.values()]
        made.append(Tokeniser(bytes(32)).tokenise(keys, seed=bytes([seed]) * 32))
    ours, theirs = made
    with Store(threads=1) as store:
        found: Candidates = candidates(store, join(store, ours.upload, theirs.upload), ours, fields_of(theirs))
    decisions = decide(found, DEFAULT_TERMS)
    name = dict(zip(ours.handles.to_pylist(), lists.ours, strict=True))
    other = dict(zip(theirs.handles.to_pylist(), lists.theirs, strict=True))
    seen: Counter[tuple[tuple[str, ...], bool]] = Counter()
    for row, pair in enumerate(zip(found.ours.to_pylist(), found.theirs.to_pylist(), strict=True)):
        findings = tuple(reason.finding for reason in decisions.reasons(row).reasons)
        seen[findings, (name[pair[0]], other[pair[1]]) in lists.truth] += 1
    return seen


def fit(seen: Counter[tuple[tuple[str, ...], bool]], ridge: float = 1.0) -> dict[str, float]:
    """Return the bits of each finding."""
    names = sorted({finding for findings, _ in seen for finding in findings})
    column = {name: index for index, name in enumerate(names)}
    design = np.zeros((len(seen), len(names)))
    is_true, weight = np.zeros(len(seen)), np.zeros(len(seen))
    for row, ((findings, truth), count) in enumerate(seen.items()):
        design[row, [column[finding] for finding in findings]] = 1
        is_true[row], weight[row] = truth, count

    def loss(bits: np.ndarray) -> tuple[float, np.ndarray]:
        odds = design @ bits
        wrong = weight * (1 / (1 + np.exp(-odds)) - is_true)
        value = weight @ (np.logaddexp(0, odds) - is_true * odds) + ridge / 2 * bits @ bits
        return float(value), design.T @ wrong + ridge * bits

    bits = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x / np.log(2)
    return dict(zip(names, bits.tolist(), strict=True))


def show(all_lists: list[Lists]) -> None:
    """Print fitted weights beside those that are shipped."""
    seen = sum((_counts(lists) for lists in all_lists), Counter())
    for finding, bits in fit(seen).items():
        print(f"{bits:7.2f}  shipped {WEIGHTS[finding]:6.1f}  {finding}")
