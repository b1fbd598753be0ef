"""Conversion with delay: known curves, known truths, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.core.outcomes import estimates, survival

DAY = 86_400_000_000
WITHIN = 90 * DAY
AS_OF = 150 * DAY
SEEDS = 200
#: Remission in weeks of 21 children on 6-MP; False: still in remission (Freireich et al. 1963, Blood 21:699).
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def limit(start, converted_at, *, within=WITHIN, as_of=AS_OF, clusters=None):
    group = survival.follow(start, converted_at, within=within, as_of=as_of)
    return survival.ProductLimit(group, np.arange(len(group)) if clusters is None else clusters)


def simulated(seed, *, number=400, share=0.3, mean_delay=30):
    """Leads that come evenly over 150 days, of whom a share converts, each after a while."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 150, number)
    delay = np.where(rng.random(number) < share, rng.exponential(mean_delay, number), np.inf)
    converted = np.where(np.isfinite(delay), (start + np.where(np.isfinite(delay), delay, 0)) * DAY, 2.0**62)
    return (start * DAY).astype(np.int64), converted.astype(np.int64)


TRUTH = 0.3 * (1 - np.exp(-90 / 30))


def test_the_curve_of_freireichs_children_is_the_printed_one():
    length, relapsed = np.array(WEEKS), np.array(RELAPSED, bool)
    group = survival.Followed(length=length, converted=relapsed, within=35, throughout=1)
    found = survival.ProductLimit(group, np.arange(21))
    assert 1 - found.shares(np.array([6, 7, 10, 13, 16, 22, 23])) == pytest.approx(
        [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4
    )
    assert np.sum(found.influences(23) ** 2) == pytest.approx(0.135**2, rel=0.1)  # Greenwood's, as printed


def test_influences_sum_to_nought_and_their_squares_to_greenwoods_variance():
    found = limit(*simulated(1, number=5000))
    moved = found.influences(WITHIN)
    lasting = stats.CensoredData.right_censored(found.group.length, ~found.group.converted)
    linear = stats.ecdf(lasting).cdf.confidence_interval(0.95, method="linear")
    share = float(found.shares(np.array([WITHIN]))[0])
    greenwood = (float(linear.high.evaluate(WITHIN)) - share) / 1.959964
    assert np.sum(moved) == pytest.approx(0, abs=1e-12)
    assert np.sqrt(np.sum(moved**2)) == pytest.approx(greenwood, rel=0.01)


def test_without_young_leads_the_rate_is_the_plain_share():
    start, converted_at = simulated(2)
    found = limit(start, converted_at, as_of=400 * DAY)
    plain = np.count_nonzero(converted_at - start <= WITHIN) / len(start)
    assert found.rate().value == pytest.approx(plain)


def test_the_plain_count_is_visibly_wrong_and_the_rate_is_not():
    naive, rates = [], []
    for seed in range(50):
        found = limit(*simulated(seed))
        naive.append(found.group.converted_within / len(found.group))
        rates.append(found.rate().value)
    assert np.mean(naive) < TRUTH - 0.04
    assert np.mean(rates) == pytest.approx(TRUTH, abs=0.01)


def test_the_interval_covers_the_truth_95_times_in_100():
    covered = sum(limit(*simulated(seed)).rate().holds(TRUTH) for seed in range(SEEDS))
    assert 0.91 * SEEDS <= covered <= 0.99 * SEEDS


def test_the_plain_counts_interval_hardly_ever_covers_the_truth():
    def plain(seed):
        group = limit(*simulated(seed)).group
        return estimates.share(group.converted_within, len(group))

    assert sum(plain(seed).holds(TRUTH) for seed in range(SEEDS)) < 0.6 * SEEDS


def households(seed, *, number=120, size=8):
    """People of accounts: whole accounts convert, or nobody of them."""
    start, converted_at = simulated(seed, number=number)
    return np.repeat(start, size), np.repeat(converted_at, size), np.repeat(np.arange(number), size)


def test_people_of_one_account_count_as_one_unit():
    together, apart = 0, 0
    for seed in range(SEEDS):
        start, converted_at, account = households(seed)
        together += limit(start, converted_at, clusters=account).rate().holds(TRUTH)
        apart += limit(start, converted_at).rate().holds(TRUTH)
    assert 0.90 * SEEDS <= together <= 0.99 * SEEDS
    assert apart < 0.7 * SEEDS


def test_nobody_followed_so_far_gives_no_rate():
    start = np.array([100, 110, 120]) * DAY
    found = limit(start, np.full(3, 2**62))
    assert found.rate() is None
    assert found.half_time() is None
    assert found.curve()["after"].to_pylist()[-1] == 50 * DAY


def test_nobody_converted_leaves_room_for_what_so_few_cannot_tell():
    found = limit(np.zeros(30, np.int64), np.full(30, 2**62))
    rate = found.rate()
    assert (rate.value, rate.low) == (0, 0)
    assert rate.high == pytest.approx(0.116, abs=0.001)  # 1 - 0.025 ** (1 / 30)


def test_everybody_converted_leaves_room_below():
    rate = limit(np.zeros(20, np.int64), np.full(20, 5 * DAY)).rate()
    assert (rate.value, rate.high) == (1, 1)
    assert rate.low == pytest.approx(0.832, abs=0.001)


def test_an_empty_group_has_no_rate_and_an_empty_curve():
    found = limit(np.empty(0, np.int64), np.empty(0, np.int64))
    assert found.rate() is None
    assert found.curve().num_rows == 0


def test_a_conversion_at_the_end_of_the_horizon_counts_and_one_after_it_does_not():
    found = limit(np.zeros(2, np.int64), np.array([WITHIN, WITHIN + 1]))
    assert found.group.converted_within == 1
    assert found.rate().value == pytest.approx(0.5)


def test_half_of_those_who_convert_have_done_so_at_the_half_time():
    start = np.zeros(100, np.int64)
    converted_at = np.array([10] * 10 + [20] * 10 + [30] * 10 + [2**30] * 70) * DAY
    assert limit(start, converted_at).half_time() == 20 * DAY
