"""Splink on the same plain fields, its weights estimated on the lists themselves (EM), without labels."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

from assay.partners.canonical import Record, domain_key
from assay.partners.names import words_of
from assay.partners.places import city_key, country_code

Pair = tuple[str, str]


def _frame(records: dict[str, Record]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for id_, record in records.items():
        words = words_of(record.name)
        rows.append(
            {
                "unique_id": id_,
                "name": " ".join(words) or None,
                "first": words[0] if words else None,
                "domain": domain_key(record.website) or None,
                "country": country_code(record.country) or None,
                "city": city_key(record.city) or None,
            }
        )
    return pd.DataFrame(rows)


def scores(ours: dict[str, Record], theirs: dict[str, Record]) -> dict[Pair, float]:
    """Return the match weight, in bits, of every pair that Splink's blocking looks at."""
    return _scores([_frame(ours), _frame(theirs)], "link_only")


def scores_within(records: dict[str, Record]) -> dict[Pair, float]:
    """Return the match weight of every pair of one list that Splink's blocking looks at."""
    return _scores([_frame(records)], "dedupe_only")


def _scores(frames: list[pd.DataFrame], link_type: str) -> dict[Pair, float]:
    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type=link_type,
        probability_two_random_records_match=0.1 / max(len(frame) for frame in frames),
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.95, 0.88, 0.8]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("domain").configure(term_frequency_adjustments=True),
            cl.ExactMatch("country").configure(term_frequency_adjustments=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("domain"),
            block_on("name"),
            block_on("first", "city"),
            block_on("first", "country"),
        ],
        retain_matching_columns=False,
    )
    api = DuckDBAPI()
    linker = Linker([api.register(frame) for frame in frames], settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("domain"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    found = linker.inference.predict(threshold_match_weight=-10).as_pandas_dataframe()
    left_first = found["unique_id_l"].str.startswith("A").to_numpy()
    pairs = zip(found["unique_id_l"], found["unique_id_r"], found["match_weight"].round(2), left_first, strict=True)
    return {(a, b) if is_ours else (b, a): float(weight) for a, b, weight, is_ours in pairs}


def surest(scored: dict[Pair, float], truth: set[Pair], precision: float = 0.99) -> set[Pair]:
    """Return the most pairs, from the greatest weight down, of which that share is true."""
    ranked = sorted(scored, key=lambda pair: -scored[pair])
    right = most = 0
    for count, pair in enumerate(ranked, 1):
        right += pair in truth
        if right / count >= precision:
            most = count
    return set(ranked[:most])
