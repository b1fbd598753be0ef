"""What is decided of touched subjects alone is what a replay of everything decides."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.node.live import world

from assay.core import engine, pipeline
from assay.core.io.store import Store
from assay.node.live import kept, readers
from assay.node.live.deciding import prepare
from assay.node.live.index import Index
from assay.node.live.keys import node_of
from assay.node.live.models import Holding, KeptStory, Spell, Wake
from assay.node.live.packing import packed, unpacked
from assay.node.live.reach import names_read_at_accounts
from assay.node.live.turning import settle, take_in

PEOPLE = st.sampled_from(["ann", "bob", "cy", "dee"])
FIRMS = st.sampled_from(["f1", "f2", "one.example"])
HOURS = st.integers(0, 24 * 8)


def _call(**fields):
    return st.fixed_dictionaries(fields)


EVENTS = _call(
    source=st.just("product"),
    kind=st.just("track"),
    event=st.sampled_from(["opened", "built", "built", "invited"]),
    hour=HOURS,
    user_id=st.none() | PEOPLE,
    anonymous_id=st.sampled_from(["x", "y"]),
    group_id=st.none() | FIRMS,
    body=st.sampled_from([{}, {"limit": "seats"}]),
)
IDENTIFIED = _call(
    source=st.just("users"),
    kind=st.sampled_from(["identify", "identify", "alias"]),
    hour=HOURS,
    user_id=PEOPLE,
    anonymous_id=st.none() | st.sampled_from(["x", "y", "ann"]),
    group_id=st.none() | FIRMS,
    body=st.sampled_from(
        [{}, {"plan": "trial"}, {"plan": None}, {"email": "a@one.example"}, {"company": "f1"}, {"email": "b@gmail.com"}]
    ),
)
FIRM = _call(
    source=st.just("firms"),
    kind=st.just("group"),
    hour=HOURS,
    group_id=st.sampled_from(["f1", "f2"]),
    body=st.sampled_from([{"tier": "gold"}, {"tier": "tin"}, {"website": "www.one.example"}]),
)
FACT = _call(
    source=st.just("partner_facts"),
    kind=st.just("row"),
    event=st.just("partner_facts"),
    body=st.builds(
        lambda account, since: {"account": account, "partner": "p", "says": "customer", "since": since},
        FIRMS,
        st.sampled_from(["2026-03-02", "2026-03-05"]),
    ),
)
HISTORY = st.lists(
    st.lists(st.one_of(EVENTS, EVENTS, EVENTS, IDENTIFIED, FIRM, FACT), min_size=1, max_size=6), min_size=1, max_size=5
)


@pytest.fixture(scope="module", params=[False, True], ids=["all forms", "colleagues read in part"])
def checked(tmp_path_factory, request):
    found = world.definitions(tmp_path_factory.mktemp("definitions"), is_narrow=request.param)
    assert (names_read_at_accounts(found) is None) == (not request.param)
    return found


def _numbered(history):
    """Return each batch's rows with ids, and the instant at which it is taken in: after everything in it."""
    seq, hour, batches = 1, 0, []
    for batch in history:
        told = [{**one, "id": f"m{seq + i}"} for i, one in enumerate(batch)]
        hour = max([hour + 5, *(one.get("hour", 0) for one in batch)])
        batches.append((world.rows(told, first=seq), _micros(hour)))
        seq += len(batch)
    return batches


def _micros(hour):
    return int((world.START + timedelta(hours=hour)).timestamp() * 1_000_000)


def _replayed(checked, rows, as_of):
    with Store(on_disk=False) as store:
        own = prepare(store, checked, rows)
        spells = engine.sweep(store, pipeline.to_decide(own), as_of=as_of)
    return {tuple(row.values()) for row in spells.to_pylist()}


def _stored():
    names = ("rule", "version", "fingerprint", "subject_type", "subject_id")
    return set(Spell.objects.values_list(*names, "starts_at", "ends_at", "opened_by", "closed_by"))


def _held(spells, as_of):
    now = world.START + timedelta(microseconds=as_of - _micros(0))
    return {(s[0], s[3], s[4]) for s in spells if s[5] <= now and (s[6] is None or s[6] > now)}


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY, later=st.integers(0, 100))
def test_spells_and_who_was_told_to_hold_equal_a_replay_after_every_batch(checked, history, later):
    Spell.objects.all().delete()
    Holding.objects.all().delete()
    Wake.objects.all().delete()
    told = set()

    def hear(changes):
        for one in changes:
            key = (one.rule, one.subject_type, one.subject_id)
            assert (key in told) == (one.what == "exit") or one.what == "merged"
            (told.discard if one.what == "exit" else told.add)(key) if one.what != "merged" else None

    seen = []
    with Index(":memory:") as index:
        for rows, as_of in _numbered(history):
            seen.append(rows)
            take_in(index, checked, [rows])
            settle(index, checked, as_of=as_of, takers=[hear])
            replayed = _replayed(checked, pa.concat_tables(seen), as_of)
            assert _stored() == replayed
            assert told == _held(replayed, as_of)
        as_of += later * 3_600_000_000
        settle(index, checked, as_of=as_of, takers=[hear])
        assert told == _held(_replayed(checked, pa.concat_tables(seen), as_of), as_of)


@pytest.mark.django_db
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY, first=HOURS, waits=st.lists(st.integers(1, 90), min_size=1, max_size=2))
def test_rows_dated_in_the_future_count_once_their_instant_comes(checked, history, first, waits):
    for ours in (Spell, Holding, Wake):
        ours.objects.all().delete()
    told = set()

    def hear(changes):
        for one in changes:
            if one.what != "merged":
                (told.discard if one.what == "exit" else told.add)((one.rule, one.subject_type, one.subject_id))

    rows = pa.concat_tables([rows for rows, _ in _numbered(history)])
    hour = first
    with Index(":memory:") as index:
        take_in(index, checked, [rows])
        for wait in [0, *waits]:
            hour += wait
            settle(index, checked, as_of=_micros(hour), takers=[hear])
            assert told == _held(_replayed(checked, rows, _micros(hour)), _micros(hour))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    return world.definitions(tmp_path_factory.mktemp("narrow"), is_narrow=True)


def _event(name, hour, user, firm=None, **more):
    told = {"source": "product", "kind": "track", "event": name, "hour": hour, "user_id": user, "group_id": firm}
    return {**told, **more}


def _lived(checked, *batches):
    """Take batches in, each decided of at the hour beside it; return the index and all rows."""
    index, seen, seq = Index(":memory:"), [], 1
    for told, hour in batches:
        seen.append(world.rows([{"id": f"m{seq + i}", **one} for i, one in enumerate(told)], first=seq))
        seq += len(told)
        take_in(index, checked, [seen[-1]])
        settle(index, checked, as_of=_micros(hour))
    assert _stored() == _replayed(checked, pa.concat_tables(seen), _micros(hour))
    return index, pa.concat_tables(seen)


@pytest.mark.django_db
def test_what_is_dated_in_the_future_counts_at_its_instant_though_nothing_else_comes(narrow):
    index, _ = _lived(narrow, ([_event("built", 50, "ann"), _event("built", 51, "ann")], 10))
    with index:
        for hour, is_held in ((10, False), (50, False), (51, True)):
            settle(index, narrow, as_of=_micros(hour))
            assert Holding.objects.filter(rule="busy", subject_id="ann").exists() == is_held


@pytest.mark.django_db
def test_what_touches_an_account_alone_leaves_its_peoples_spells_alone(narrow):
    gold = {"source": "firms", "kind": "group", "hour": 50, "group_id": "f1", "body": {"tier": "gold"}}
    _lived(narrow, ([_event("built", 1, "ann", "f1"), _event("built", 2, "ann", "f1")], 10), ([gold], 60))
    assert Spell.objects.filter(rule="busy", subject_id="ann").exists()


@pytest.mark.django_db
def test_of_colleagues_only_events_that_account_rules_read_are_read_and_the_first(narrow):
    of_bob = [_event(name, hour, "bob", "f1") for hour, name in enumerate(["opened", "opened", "invited", "opened"], 1)]
    index, _ = _lived(narrow, (of_bob, 10), ([_event("built", 20, "ann", "f1")], 30))
    with index:
        node = [node_of("p", "ann")]
        in_part = index.around(node, accounts_reach_people=False, of_colleagues=names_read_at_accounts(narrow))
        assert in_part.rows["id"].to_pylist() == ["m1", "m3", "m5"]  # m1 is where the account begins
        assert index.around(node, accounts_reach_people=False).rows["id"].to_pylist() == [f"m{i}" for i in range(1, 6)]
        index.forget(["bob"], narrow)
        assert index.around(node, accounts_reach_people=False).rows["id"].to_pylist() == ["m5"]


@pytest.mark.django_db
def test_an_id_told_twice_counts_once_although_the_first_is_of_an_event_that_nobody_reads(narrow):
    again = [_event("opened", 1, "bob", "f1", id="m"), _event("invited", 2, "bob", "f1", id="m")]
    more = [_event("invited", 3, "ann", "f1"), _event("invited", 4, "ann", "f1", id="bad", event=None)]
    _lived(narrow, ([_event("opened", 0, "cy", "f1"), *again], 10), (more, 30))


def test_rows_of_the_index_come_back_as_they_were():
    told = ['a "b", c', "", "line\nbreak\r\n", "é\u2028ß", None, "\\", ",", '"']
    rows = [_event(f"e{i}", i, text, text, body={"x": text}) for i, text in enumerate(told)]
    table = world.rows([{**one, "id": f"m{i}"} for i, one in enumerate(rows)])
    lines = packed(table)
    for some in (lines, [b"\n".join(lines[:3]), b"\n".join(lines[3:])]):
        assert unpacked(some, max(map(len, lines))).to_pylist() == table.drop(["received_at"]).to_pylist()


def test_what_is_asked_of_the_index_is_looked_up_and_nothing_is_scanned(narrow):
    with Index(":memory:") as index:
        take_in(index, narrow, [world.rows([_event("built", 1, "ann", "f1", id="m"), _event("built", 2, "bob", "f1")])])
        plans = []
        index._con.set_trace_callback(lambda sql: plans.append(sql) if " JOIN " in sql else None)
        index.around([node_of("p", "ann")], accounts_reach_people=True, of_colleagues={"built"})
        index._con.set_trace_callback(None)
        assert all(any(f" JOIN {table} " in sql for sql in plans) for table in ("row", "spot", "tie"))
        for sql in plans:
            steps = [step for *_, step in index._con.execute(f"EXPLAIN QUERY PLAN {sql}")]
            assert not [step for step in steps if step.startswith(("SCAN row", "SCAN spot", "SCAN tie"))]


@pytest.mark.django_db
def test_rows_are_the_same_whether_one_connection_reads_them_or_several(narrow, tmp_path, monkeypatch):
    told = [_event(name, i, f"p{i // 2 % 5}", f"f{i % 3}") for i, name in enumerate(["built", "opened"] * 300)]
    with Index(tmp_path / "index") as index:
        take_in(index, narrow, [world.rows([{**one, "id": f"m{i}"} for i, one in enumerate(told)])])
        people = [node_of("p", "p1")]
        asked = {"accounts_reach_people": False, "of_colleagues": {"built"}}
        alone = index.around(people, **asked).rows
        assert {"built", "opened"} == set(alone["event"].to_pylist())
        monkeypatch.setattr(readers, "_FEW", 1)
        assert index.around(people, **asked).rows.equals(alone)
        # Texts that are longer than SQLite allows are read row by row.
        for con in [index._readers._free.get() for _ in range(readers._ASIDE)]:
            con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
            index._readers._free.put(con)
        assert index.around(people, **asked).rows.equals(alone)


@pytest.mark.django_db
def test_an_event_that_no_rule_about_accounts_reads_leaves_its_account_undecided(narrow):
    first = [_event("opened", 1, "bob", "f1"), _event("invited", 2, "ann", "f1")]
    index, seen = _lived(narrow, (first, 10))
    with index:
        for name, spreads in (("opened", False), ("invited", True)):
            more = world.rows([_event(name, 20, "ann", "f1", id=f"m{name}")], first=50 + spreads)
            take_in(index, narrow, [more])
            assert index.touched(10) == {node_of("p", "ann"): spreads}
            alone = [] if spreads else [node_of("p", "ann")]
            around = index.around(index.touched(10), accounts_reach_people=False, alone=alone)
            assert (node_of("a", "f1") in around.accounts) == spreads
            assert (node_of("p", "bob") in around.read) == spreads
            kept.keep(1, [("account", "f1")], {}, _micros(20), world.START)
            settle(index, narrow, as_of=_micros(30))
            assert KeptStory.objects.get().changed_at is not None  # what is told of its people is no longer so
            KeptStory.objects.all().delete()
            seen = pa.concat_tables([seen, more])
            assert _stored() == _replayed(narrow, seen, _micros(30))


def test_events_that_are_renamed_are_read_at_accounts_under_the_names_that_calls_give(narrow):
    renamed = [
        replace(part, rename=(("Invited a colleague", "invited"), ("Opened", "opened")))
        if part.source == "product"
        else part
        for part in narrow.sources
    ]
    assert names_read_at_accounts(replace(narrow, sources=tuple(renamed))) == {
        "invited",
        "built",
        "Invited a colleague",
    }
