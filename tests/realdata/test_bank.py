"""A bank rings its customers up about a deposit, from May 2008 to November 2010: who takes it?

UCI's Bank Marketing (Moro, Laureano and Cortez 2011) has a row a customer: the last call of the campaign, the result of
an earlier campaign and how many days before the call that one ended. The rows are in order of time, so the year goes up
where the month goes back. Calls begin at noon; who takes the deposit does so as the call ends. All were customers from
before the first call: the file does not say since when. Plain Python counts the same from the same file.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from assay.core import definitions, hindsight
from assay.core.values import DAY, format_instant, parse_instant
from tests.realdata import shared

FILE = shared("bank-full") / "bank-full.csv.gz"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
KNOWN, AS_OF = datetime(2008, 5, 1, tzinfo=UTC), parse_instant("2010-11-18T12:00:00Z")
ATTRIBUTES = ("age", "job", "marital", "education", "default", "balance", "housing", "loan", "duration")

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FILE.is_file(), reason=f"the bank's calls are not here: {FILE} is absent"),
]


@dataclass(frozen=True)
class Call:
    """One row of the file."""

    customer: str
    at: datetime
    row: dict[str, str]

    @property
    def day(self):
        return self.at.date()

    @property
    def took_it(self):
        return self.row["y"] == "yes"

    @property
    def ended_at(self):
        return self.at + timedelta(seconds=int(self.row["duration"]))

    @property
    def before(self):
        """When the earlier campaign ended for this customer; None where there was none."""
        return None if self.row["pdays"] == "-1" else self.at - timedelta(days=int(self.row["pdays"]))

    @property
    def took_an_offer_before(self):
        return self.row["poutcome"] == "success"


@pytest.fixture(scope="module")
def calls():
    found, year, month = [], 2008, 5
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter=";")):
            now = MONTHS.index(row["month"]) + 1
            year, month = year + (now < month), now
            found.append(Call(str(number), datetime(year, month, int(row["day"]), 12, tzinfo=UTC), row))
    return found


@pytest.fixture(scope="module")
def checked():
    return definitions.load(Path(__file__).parent / "bank/definitions")


@pytest.fixture(scope="module")
def store(calls, checked):
    held = [(call.customer, KNOWN, "account_held", None, None) for call in calls]
    rang = [(call.customer, call.at, "called", None, call.row["contact"]) for call in calls]
    ended = [(c.customer, c.before, "campaign_ended", c.row["poutcome"], None) for c in calls if c.before]
    events = [(str(number), *event) for number, event in enumerate([*held, *rang, *ended])]
    taken = [(call.customer, call.ended_at, "subscribed") for call in calls if call.took_it]
    people = [(call.customer, *(call.row[name] for name in ATTRIBUTES)) for call in calls]
    talks = [(call.customer, call.row["duration"], call.ended_at) for call in calls]
    data = {
        "customers": table(("customer", *ATTRIBUTES), people),
        "switchboard": table(("customer", "seconds", "ended_at"), talks),
        "calls": table(("id", "customer", "at", "event", "result", "contact"), events),
        "deposits": table(("customer", "at", "outcome"), taken),
    }
    with hindsight.prepared(checked, data) as store:
        yield store


def table(names, rows):
    """Return rows as a table: instants under names that end in "at", text under all others."""
    instants = pa.timestamp("us", tz="UTC")
    kinds = [instants if name.endswith("at") else pa.string() for name in names]
    columns = zip(zip(*rows, strict=True), kinds, strict=True)
    return pa.table(dict(zip(names, (pa.array(column, kind) for column, kind in columns), strict=True)))


@pytest.fixture(scope="module")
def looked(store, checked):
    """Answer a backtest of one rule, of the day of the call."""

    def look(rule, among=""):
        asked = hindsight.Asked(outcome="subscribed", within=DAY, among=among)
        return hindsight.look_back(store, checked, [rule], asked, as_of=AS_OF)[0]

    return look


def beside(calls, which):
    """Return the share that takes the deposit of the others called on the same days, a day as heavy as `which`."""
    own, rest, took = Counter(), Counter(), Counter()
    for call in calls:
        (own if which(call) else rest)[call.day] += 1
        took[call.day] += call.took_it and not which(call)
    days = [day for day in own if rest[day]]
    return sum(own[day] * took[day] / rest[day] for day in days) / sum(own[day] for day in days)


# --- the time line ---------------------------------------------------------------------------------------------------


def test_the_years_are_right_since_days_go_forward_and_the_bank_hardly_works_on_weekends(calls):
    days = [call.at for call in calls]
    assert days == sorted(days)
    assert (len(calls), sum(day.weekday() > 4 for day in days)) == (45_211, 50)


def test_the_years_are_right_since_no_earlier_campaign_ended_before_the_first_call(calls):
    assert min(call.before for call in calls if call.before) == calls[0].at


# --- backtest --------------------------------------------------------------------------------------------------------


def test_of_all_calls_those_convert_that_plain_python_counts(looked, calls):
    found = looked("called")
    took = sum(call.took_it for call in calls)
    assert (found.entered, found.followed, found.converted) == (len(calls), len(calls), took)
    assert found.rate.value == pytest.approx(took / len(calls))
    assert found.caveats == ()


def test_who_took_an_earlier_offer_takes_this_one_in_two_cases_of_three(looked, calls):
    theirs = [call.took_it for call in calls if call.took_an_offer_before]
    found = looked("called_after_success")
    assert (found.entered, found.converted) == (len(theirs), sum(theirs)) == (1_511, 978)
    assert found.rate.low > 0.6


def test_beside_those_called_on_the_same_days_that_is_not_seven_times_but_twice_as_often(looked, calls):
    """The bank called such customers late, when it called few and chose them well; everybody then took the deposit."""
    rest = [call.took_it for call in calls if not call.took_an_offer_before]
    same_days = beside(calls, lambda call: call.took_an_offer_before)
    found = looked("called_after_success", among="called_today")
    assert found.rate.value / (sum(rest) / len(rest)) > 6.5
    assert found.others.rate.value == pytest.approx(same_days)
    assert found.lift.value == pytest.approx(found.rate.value / same_days)
    assert 1.6 < found.lift.low < found.lift.high < 1.9


def test_the_length_of_a_call_has_no_date_and_the_answer_says_so(looked, calls):
    long = [call.took_it for call in calls if int(call.row["duration"]) >= 600]
    found = looked("long_call", among="called_today")
    assert (found.entered, found.converted) == (len(long), sum(long))
    assert found.lift.value > 5
    assert [(caveat.code, caveat.of) for caveat in found.caveats] == [("undated", "talks_long")]


def test_the_length_of_a_call_with_its_date_foresees_nothing_and_the_answer_says_so(looked, calls):
    long = [call.took_it for call in calls if int(call.row["duration"]) >= 600]
    found = looked("long_call_dated")
    assert (found.converted_before, found.converted) == (sum(long), 0)
    assert found.rate.value == 0
    assert [(caveat.code, caveat.of) for caveat in found.caveats] == [("leak", "")]
    assert f"{sum(long):,} convert at the very instant" in found.caveats[0].text


# --- funnel ----------------------------------------------------------------------------------------------------------


def test_each_month_of_the_funnel_is_what_plain_python_counts(store, checked, calls):
    called, took = Counter(), Counter()
    for call in calls:
        called[f"{call.at:%Y-%m}"] += 1
        took[f"{call.at:%Y-%m}"] += call.took_it
    path = ("MQL", "PQL", "subscribed")
    found = hindsight.flow(store, checked, within=DAY, path=path, as_of=AS_OF)
    whole = {(step.start, step.end): (step.whole.entered, step.whole.passed) for step in found.steps}
    assert whole == {
        ("MQL", "PQL"): (45_211, 1_511),
        ("PQL", "subscribed"): (1_511, 978),
        ("MQL", "subscribed"): (45_211, 5_289),
    }
    months = found.steps[-1].parts["month"]
    assert {name: (one.entered, one.passed) for name, one in months.items()} == {
        m: (called[m], took[m]) for m in called
    }
    assert months["2008-05"].rate.high < 0.05
    assert months["2010-09"].rate.low > 0.4


# --- signals ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proposed(store, checked):
    asked = hindsight.Asked(outcome="subscribed", within=30 * DAY)
    return hindsight.precursors(store, checked, "person", asked, also_read=True, as_of=AS_OF)


def test_what_is_proposed_has_no_date_and_each_proposal_says_so(proposed):
    names = [one.candidate.name for one in proposed.signals]
    assert names[:2] == ["housing_is_no", "loan_is_no"]
    assert "duration_at_least_320" in names
    assert {caveat.code for one in proposed.signals for caveat in one.caveats} == {"undated"}
    assert all(one.caveats for one in proposed.signals)


def test_the_length_of_the_call_with_its_date_is_never_proposed(proposed):
    assert not [one for one in proposed.signals if one.candidate.family == "talked_seconds"]


def test_a_signal_stands_before_those_who_have_not_taken_the_deposit_yet(proposed, calls):
    without = [call for call in calls if call.row["housing"] == "no"]
    split = datetime.fromisoformat(format_instant(proposed.split))
    left, a_landmark_later = (
        len(without) - sum(call.took_it and call.at < at for call in without)
        for at in (split, split + timedelta(days=20))
    )
    assert a_landmark_later <= proposed.signals[0].later.people <= left


def test_the_strongest_signal_tells_whom_the_bank_called_and_hardly_who_takes_the_deposit(proposed, calls):
    """Of those called on the same days, customers without a housing loan take it 1.1 times as often, and not 4.8."""
    split = datetime.fromisoformat(format_instant(proposed.split))
    later = [call for call in calls if call.at >= split]
    without = [call.took_it for call in later if call.row["housing"] == "no"]
    same_days = beside(later, lambda call: call.row["housing"] == "no")
    assert proposed.signals[0].later.lift.low > 4
    assert sum(without) / len(without) / same_days < 1.15
