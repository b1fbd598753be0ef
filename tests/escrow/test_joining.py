"""Lists and their join: which records agree on what, for both sides alike, and nothing twice."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.escrow.parties import Caller, House, paired, rows, setting
from tests.partners.two_companies import Dice

from assay.escrow import lists, store


def _seen(pairs):
    return {(pair.mine.rstrip(b".").decode(), pair.theirs.rstrip(b".").decode(), pair.kinds) for pair in pairs}


def _turned(pairs):
    return {(theirs, mine, kinds) for mine, theirs, kinds in _seen(pairs)}


def test_both_sides_see_the_same_pairs_with_the_kinds_that_agree(house):
    acme, birch = paired(house)
    acme.upload([*rows("a1", "initech", "US"), *rows("a2", "hooli", "DE")])
    birch.upload([*rows("b1", "initech", "CA"), *rows("b2", "hooli", "DE"), *rows("b3", "other", "FR")])
    assert _seen(acme.pairs()) == {("a1", "b1", (0,)), ("a2", "b2", (0, 1))}
    assert _turned(birch.pairs()) == _seen(acme.pairs()) == _seen(acme.pairs(of="theirs"))


def test_one_value_under_two_kinds_does_not_agree(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    row = rows("b", "x")[0]
    birch.upload([type(row)(row.handle, 1, row.hash)])
    assert acme.pairs() == []


def test_a_record_sent_again_takes_the_place_of_the_old_one(house):
    acme, birch = paired(house)
    birch.upload(rows("b", "old"))
    acme.upload(rows("a", "old"))
    acme.upload(rows("a", "new"))
    acme.upload(rows("a", "new"))
    assert acme.pairs() == []
    assert acme.line.state(acme.setting)["lists"][-1]["rows"] == 1


def test_a_cursor_gives_only_what_was_added_since_on_either_side(house):
    acme, birch = paired(house)
    acme.upload([*rows("a1", "x"), *rows("a2", "y")])
    birch.upload(rows("b1", "x"))
    (mine, first), *_ = acme.line.pairs(acme.setting, 1, 0, of="mine")
    (theirs, _), *_ = acme.line.pairs(acme.setting, 1, 0, of="theirs")
    assert _seen(first) == {("a1", "b1", (0,))}
    birch.upload(rows("b2", "y"))
    assert acme.pairs(after=mine) == []
    assert _seen(acme.pairs(after=theirs, of="theirs")) == {("a2", "b2", (0,))}


def test_removed_records_match_no_more(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    birch.upload(rows("b", "x"))
    birch.line.remove(birch.setting, 1, [rows("b", "x")[0].handle])
    assert acme.pairs() == []


def test_a_new_lead_is_compared_with_many_partners_at_once(house):
    lines = [paired(house, setting(number)) for number in range(5)]
    for number, (_, birch) in enumerate(lines):
        birch.upload(rows(f"b{number}", "initech" if number % 2 else "other"))
    first = lines[0][0]
    new = [(acme.setting, 1, rows(f"a{number}", "initech")) for number, (acme, _) in enumerate(lines)]
    assert [len(pairs) for _, pairs in first.line.compare(new)] == [0, 1, 0, 1, 0]


def test_a_list_goes_on_after_the_escrow_was_killed(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    house.start()
    birch.upload(rows("b", "x"))
    assert _seen(acme.pairs()) == {("a", "b", (0,))}


@pytest.mark.attack
def test_one_list_looks_different_in_every_partnership(house, leak):
    """Who sees the database cannot tell that two partnerships hold the same records, even under one token key."""
    for number in (1, 2):
        paired(house, setting(number))[0].upload(rows("a", "x", "y"))
    stored = [row[0] for row in house.rows("SELECT place FROM tokens")]
    leak("one list in two partnerships, from the database", f"{len(stored) - len(set(stored))} tokens are the same")
    assert len(stored) == len(set(stored)) == 4


def test_a_new_epoch_lies_beside_the_old_one_until_it_is_dropped(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    birch.upload(rows("b", "x"))
    later = [Caller(name, house, epoch=2) for name in ("acme", "birch")]
    for one, other in (later, later[::-1]):
        one.greet(other)
    later[0].upload(rows("a", "x"), epoch=2)
    assert later[0].pairs(epoch=2) == [] and later[0].pairs(epoch=1) != []
    later[1].upload(rows("b", "x"), epoch=2)
    later[0].line.complete(acme.setting, 2)
    later[0].line.drop(acme.setting, 1)
    assert later[0].pairs(epoch=2) != [] and later[0].pairs(epoch=1) == []


def test_the_log_is_a_chain_that_only_grows(house):
    acme, birch = paired(house)
    acme.upload(rows("a", "x"))
    lines = house.rows("SELECT number, at, identity, partnership, action, amount, chain FROM log ORDER BY number")
    last = bytes(32)
    for *line, chain in lines:
        last = store.chained(last, tuple(line))
        assert chain == last
    assert [line[4] for line in lines] == ["greeting", "greeting", "confirm", "confirm", "rows"]
    for change in ("DELETE FROM log", "UPDATE log SET amount = 0"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            house.rows(change)
    told = [line["action"] for line in _log(birch)]
    assert told == [line[4] for line in lines]


def _log(caller):
    return json.loads(caller.line.ask("GET", f"/v1/partnerships/{caller.setting.partnership.hex()}/log/0"))["lines"]


records = st.lists(st.tuples(*[st.sampled_from([None, "u", "v", "w"])] * 3).filter(any), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records, records)
def test_the_join_is_what_comparing_every_pair_gives(tmp_path_factory, mine, theirs):
    acme, birch = paired(House(tmp_path_factory.mktemp("house"), Dice(1)))
    for caller, name, told in ((acme, "a", mine), (birch, "b", theirs)):
        caller.upload([row for number, values in enumerate(told) for row in rows(f"{name}{number}", *values)])
    agreeing = {
        (f"a{one}", f"b{other}"): tuple(
            k for k in range(3) if mine[one][k] is not None and mine[one][k] == theirs[other][k]
        )
        for one in range(len(mine))
        for other in range(len(theirs))
    }
    expected = {(a, b, kinds) for (a, b), kinds in agreeing.items() if kinds}
    assert _seen(acme.pairs()) == expected == _turned(birch.pairs(of="theirs"))
    assert _seen(acme.line.all_pairs(acme.setting, 1)) == expected


def test_a_sweep_cut_into_stretches_gives_every_pair_once(house, monkeypatch):
    monkeypatch.setattr(lists, "_TOKENS", 3)
    acme, birch = paired(house)
    acme.upload([row for n in range(20) for row in rows(f"a{n}", n, "the same", n % 3)])
    birch.upload([row for n in range(20) for row in rows(f"b{n}", n + 10, "the same", n % 3)])
    assert _seen(acme.line.all_pairs(acme.setting, 1)) == _seen(acme.pairs())
    assert len(acme.pairs()) == 400


def test_how_common_a_token_is_is_told_and_what_most_share_is_left_out(house):
    acme, birch = paired(house)
    acme.upload([row for n in range(70) for row in rows(f"a{n:02}", "hub", "five" if n < 5 else n)])
    birch.upload(rows("b", "hub", "five"))
    for pairs in (acme.pairs(), acme.line.all_pairs(acme.setting, 1), acme.pairs(of="theirs")):
        assert {(pair.kinds, pair.common) for pair in pairs} == {((1,), (2,))}
        assert len(pairs) == 5


def test_what_comes_while_a_sweep_goes_on_is_found_behind_the_newest(house):
    acme, birch = paired(house)
    birch.upload(rows("b", "x"))
    before = {told["of"]: told["newest"] for told in acme.line.state(acme.setting)["lists"]}
    acme.upload(rows("a", "x"))
    assert len(acme.pairs(after=before.get(acme.public.hex(), 0))) == 1
