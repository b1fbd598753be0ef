"""Whatever the rows are, people, accounts and whose an event is come out as the plain model says."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.core.definitions.model import AccountsSource, DatedColumn, PeopleSource
from assay.core.identity import events as placing
from tests.core.identity.model import AccountRow, EventRow, Model, PersonRow
from tests.core.sources.world import PLACE, Prepared, definitions, events, prepare

BASE = 1_700_000_000_000_000
INSTANTS = st.integers(0, 6).map(lambda day: BASE + day)
IDS = st.sampled_from(["a", "b", "c", "d", "e"])
ACCOUNTS = st.sampled_from(["x", "y", "10"])
DOMAINS = st.sampled_from(["x.com", "y.co.uk", "gmail.com", "own.example"])
PLANS = st.none() | st.sampled_from(["free", "pro"])
PEOPLE = st.lists(
    st.builds(
        PersonRow,
        id=IDS,
        email=st.none() | st.builds("{}@{}".format, st.just("me"), DOMAINS),
        account=st.none() | ACCOUNTS,
        joined=st.none() | INSTANTS,
        same_as=st.none() | IDS,
        plan=PLANS,
        plan_at=st.none() | INSTANTS,
    ),
    max_size=8,
)
EVENTS = st.lists(
    st.builds(
        EventRow,
        id=st.sampled_from(["1", "2", "3", "4", "5", "6"]),
        at=INSTANTS,
        person=st.none() | IDS,
        account=st.none() | ACCOUNTS,
        plan=PLANS,
    ).filter(lambda row: row.person or row.account),
    max_size=10,
)
ROWS = st.lists(st.builds(AccountRow, id=ACCOUNTS, site=st.none() | st.sampled_from(["x.com", "y.co.uk"])), max_size=4)

SOURCES = definitions(
    events(event_column=None, constant="login"),
    *(
        PeopleSource(
            source=source,
            file="",
            id="id",
            email="email",
            account=DatedColumn(column="account", at="joined"),
            same_as="same_as",
            attributes=(("plan", DatedColumn(column="plan", at="plan_at")),),
            place=PLACE,
        )
        for source in ("people2", "people1")
    ),
    AccountsSource(source="accounts", file="", id="id", domain="site", place=PLACE),
    lists={"own_domains": ("own.example",), "free_mail_domains": ("gmail.com",)},
)


def table(rows: list[Any], *columns: str) -> pa.Table:
    """Return rows as Arrow; instants are timestamps."""
    return pa.table(
        {
            column: pa.array(
                [getattr(row, column) for row in rows],
                pa.timestamp("us", tz="UTC") if column in ("at", "joined", "plan_at") else pa.string(),
            )
            for column in columns
        }
    )


def answer(first: list[PersonRow], second: list[PersonRow], done: list[EventRow], known: list[AccountRow]) -> Prepared:
    people = ("id", "email", "account", "joined", "same_as", "plan", "plan_at")
    return prepare(
        {
            "app": table(done, "id", "at", "person", "account", "plan"),
            "people1": table(first, *people),
            "people2": table(second, *people),
            "accounts": table(known, "id", "site"),
        },
        SOURCES,
    )


@settings(max_examples=40, deadline=None)
@given(PEOPLE, PEOPLE, EVENTS, ROWS)
def test_identity_equals_the_model(first, second, done, known):
    found, model = answer(first, second, done, known), Model([*first, *second], done, known)
    assert [(i, at, person, account, plan) for i, at, _, person, account, plan in found.events] == model.events
    assert {(person, at): account for person, at, account in found.memberships} == model.memberships()
    assert {row[:4]: row[4] for row in found.attributes} == model.attributes()
    assert len(found.attributes) == len(model.attributes())
    assert set(found.people) == set(model.shown.values()) | {e[2] for e in model.events if e[2]}


@settings(max_examples=25, deadline=None)
@given(EVENTS)
def test_copies_and_differing_copies_are_counted(done):
    found = answer([], [], done, [])
    copies = len(done) - len({row.id for row in done})
    assert found.counts.get(("app", "duplicates"), 0) == copies
    best = {row[0]: row for row in Model([], done, []).events}
    differing = [r for r in done if (r.id, r.at, r.person, r.account, r.plan) != best[r.id]]
    assert found.counts.get(("app", "conflicts"), 0) == len(differing)


def test_codes_of_people_accounts_and_sources_ascend_with_their_names():
    rows = [PersonRow(i, None, i.upper(), None, None, None, None) for i in ("b", "a", "10", "9")]
    found = answer(rows, [], [], [])
    assert found.people == sorted(found.people)
    assert [account for account, *_ in found.accounts] == ["10", "9", "A", "B"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, EVENTS, ROWS, st.sampled_from(["strlen", "ascii"]))
def test_ids_whose_hashes_are_equal_are_told_apart(monkeypatch, first, done, known, feeble):
    monkeypatch.setattr(placing, "_HASH", feeble)
    found, model = answer(first, [], done, known), Model(first, done, known)
    assert [(i, at, person, account, plan) for i, at, _, person, account, plan in found.events] == model.events
