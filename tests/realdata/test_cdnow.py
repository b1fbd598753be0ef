"""Does an early pattern tell who buys later? CDNOW: the purchases of 23,570 people who first bought in early 1997.

Patterns are looked for up to the end of June 1997; "returned" is a first purchase from 1997-10-01 on, "spent_100" the
purchase with which somebody has spent 100 dollars from then on. Plain Python counts the same from the same file.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from assay.core import definitions, hindsight
from assay.core.values import DAY, parse_instant
from tests.realdata import shared

HERE = Path(__file__).parent
NAME = "CDNOW_master.txt"
_SHARED = shared("cdnow") / NAME
_PACKAGE = find_spec("lifetimes")
FILE = Path(_PACKAGE.origin).parent / "datasets" / NAME if _PACKAGE and _PACKAGE.origin else _SHARED
AS_OF, LATER = parse_instant("1998-06-30"), datetime(1997, 10, 1, tzinfo=UTC)
YEAR = 365
ASKED = {"within": YEAR * DAY, "start": parse_instant("1997-01-01"), "end": parse_instant("1997-06-30")}
RULES = ("large_basket", "second_purchase", "third_purchase")

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FILE.is_file(), reason=f"CDNOW is not here: {FILE} and the package lifetimes are absent"),
]


@pytest.fixture(scope="module")
def purchases():
    """Customer, instant and dollars of every purchase, in the order of the file."""
    rows = [line.split() for line in FILE.read_text().splitlines()[1:]]
    return [(row[0], datetime.strptime(row[1], "%Y%m%d").replace(tzinfo=UTC), row[3]) for row in rows if len(row) == 4]


@pytest.fixture(scope="module")
def later(purchases):
    """When each customer returned, and when it had spent 100 dollars, from October on."""
    spent, found = defaultdict(float), {"returned": {}, "spent_100": {}}
    for customer, at, dollars in sorted(purchases, key=lambda row: row[1]):
        if at >= LATER:
            spent[customer] += float(dollars)
            found["returned"].setdefault(customer, at)
            if spent[customer] >= 100:
                found["spent_100"].setdefault(customer, at)
    return found


@pytest.fixture(scope="module")
def whole():
    return definitions.load(HERE / "cdnow/definitions")


@pytest.fixture(scope="module")
def store(whole, purchases, later):
    instants = pa.timestamp("us", tz="UTC")
    shop = {
        "id": [str(i) for i in range(len(purchases))],
        "at": pa.array([at for _, at, _ in purchases], instants),
        "customer": [customer for customer, _, _ in purchases],
        "dollars": [dollars for _, _, dollars in purchases],
    }
    told = [(customer, at, outcome) for outcome, by in later.items() for customer, at in by.items()]
    outcomes = {
        "customer": [row[0] for row in told],
        "at": pa.array([row[1] for row in told], instants),
        "outcome": [row[2] for row in told],
    }
    with hindsight.prepared(whole, {"shop": pa.table(shop), "later": pa.table(outcomes)}) as store:
        yield store


@pytest.fixture(scope="module")
def found(store, whole, later):
    """Backtests by outcome and rule."""
    return {
        (outcome, one.rule.name): one
        for outcome in later
        for one in hindsight.look_back(store, whole, RULES, hindsight.Asked(outcome=outcome, **ASKED), as_of=AS_OF)
    }


def bought_twice(purchases, days=30):
    """Return by customer when it first had a second purchase within so many days, before the end of June 1997."""
    by_customer = defaultdict(list)
    for customer, at, _ in purchases:
        by_customer[customer].append(at)
    found = {}
    for customer, bought in by_customer.items():
        bought.sort()
        met = [b for a, b in pairwise(bought) if b - a < timedelta(days=days)]
        if met and met[0] < datetime(1997, 6, 30, tzinfo=UTC):
            found[customer] = met[0]
    return found


def test_everybody_was_followed_for_a_year_so_the_rate_is_what_plain_python_counts(found, purchases, later):
    twice, one = bought_twice(purchases), found["returned", "second_purchase"]
    year = timedelta(days=YEAR)
    came = sum(later["returned"].get(c, at + 2 * year) - at <= year for c, at in twice.items())
    assert (one.entered, one.followed, one.converted) == (len(twice), len(twice), came)
    assert one.rate.value == pytest.approx(came / len(twice))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("outcome", ["returned", "spent_100"])
def test_each_early_pattern_tells_who_buys_later_far_beyond_chance(rule, outcome, found):
    assert found[outcome, rule].lift.low > 1.5


def test_the_rarer_the_pattern_the_more_it_tells(found):
    two, three = (found["returned", rule] for rule in ("second_purchase", "third_purchase"))
    assert two.entered > 2 * three.entered
    assert three.rate.low > two.rate.high


def test_a_second_purchase_within_90_days_tells_nearly_as_much_as_within_7_of_thrice_as_many(store, whole, purchases):
    tried = hindsight.Tried(rule="second_purchase", criterion="pattern.within", values="7 days, 30 days, 90 days")
    points = hindsight.vary(store, whole, tried, hindsight.Asked(outcome="returned", **ASKED), as_of=AS_OF).points
    assert [one.entered for _, one in points] == [len(bought_twice(purchases, days)) for days in (7, 30, 90)]
    week, _, quarter = (one for _, one in points)
    assert quarter.entered > 3 * week.entered
    assert 0 < week.rate.value - quarter.rate.value < 0.03
    assert 2 < week.lift.low < week.lift.value < quarter.lift.value < 2.3
