"""From files and ten names to those most like them, on companies whose likeness is planted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.core import cold_start, hindsight
from assay.core import definitions as language
from assay.core.errors import BadRequest
from assay.core.outcomes import lookalikes
from assay.core.outcomes.candidates import with_all_properties
from assay.core.outcomes.lookalikes import Asked
from assay.core.outcomes.naming import Name
from assay.core.values import DAY, parse_instant

AS_OF = parse_instant("2025-06-01")
SOURCES = """
source: app
events: {file: events.csv, id: id, at: at, event: {column: event}, person: person, properties: [section]}
event_names: [signed_up, page_viewed, export_made, note_written]
---
source: users
people: {file: people.csv, id: person, account: account}
---
source: crm
accounts: {file: accounts.csv, id: account, domain: domain, name: name, attributes: {industry: industry}}
"""
NUMBER = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("definitions")
    (made / "sources").mkdir()
    (made / "qualifications").mkdir()
    (made / "sources/all.yml").write_text(SOURCES)
    return made


def company(seed=1):
    """Accounts of two people; the first 30 read prices twice a fortnight, and most of them are in mining."""
    rng = np.random.default_rng(seed)
    rows = [(one, int(rng.integers(40, 90)), "signed_up", "") for one in range(NUMBER)]
    for event, section, often in (("page_viewed", "blog", 4), ("export_made", "", 2), ("note_written", "", 3)):
        rows += [
            (one, int(day), event, section) for one in range(NUMBER) for day in rng.integers(0, 40, rng.poisson(often))
        ]
    rows += [(one, int(day), "page_viewed", "prices") for one in range(30) for day in rng.integers(1, 13, 2)]
    rows += [(one, 5, "page_viewed", "prices") for one in range(30, NUMBER, 16)]
    industries = ["mining" if one < 24 else ("retail", "media", "banks", "mining")[one % 4] for one in range(NUMBER)]
    at = pa.array([AS_OF - day * DAY - 1000 * row for row, (_, day, _, _) in enumerate(rows)])
    return {
        "app": pa.table(
            {
                "id": [str(row) for row in range(len(rows))],
                "at": at.cast(pa.timestamp("us", tz="UTC")),
                "event": [event for _, _, event, _ in rows],
                "person": [f"p{one}-{row % 2}" for row, (one, _, _, _) in enumerate(rows)],
                "section": [section for _, _, _, section in rows],
            }
        ),
        "users": pa.table(
            {
                "person": [f"p{one}-{which}" for one in range(NUMBER) for which in (0, 1)],
                "account": [f"a{one}" for one in range(NUMBER) for _ in (0, 1)],
            }
        ),
        "crm": pa.table(
            {
                "account": [f"a{one}" for one in range(NUMBER)],
                "domain": [f"firm{one}.example" for one in range(NUMBER)],
                "name": ["Twice Ltd" if one in {7, 8} else f"Firm {one}" for one in range(NUMBER)],
                "industry": industries,
            }
        ),
    }


@pytest.fixture(scope="module")
def store(folder):
    with hindsight.prepared(with_all_properties(language.load(folder)), company()) as made:
        yield made


@pytest.fixture(scope="module")
def ask(store, folder):
    """Ask whom accounts (or people) of these ids are like."""

    def asked(names, *, subject="account", as_of=AS_OF, **settings):
        named = [Name(text=name, where="--like") for name in names]
        return cold_start.resemble(store, language.load(folder), subject, named, Asked(**settings), as_of=as_of)

    return asked


TEN = [f"a{one}" for one in range(10)]


@pytest.fixture(scope="module")
def answer(ask):
    return ask(TEN)


def ids(answer):
    return [answer.ids[one.subject] for one in answer.lookalikes.found]


def test_those_that_were_planted_stand_first(answer):
    assert answer.lookalikes.separation.holds
    both = {f"a{one}" for one in (*range(10, 24), 27)}  # 27 reads prices and is in mining, too
    assert set(ids(answer)[: len(both)]) == both


def test_nobody_who_was_named_is_proposed(answer):
    assert not set(ids(answer)) & set(TEN)


def test_every_row_is_the_sum_of_its_reasons_and_the_rows_are_in_order(answer):
    found = answer.lookalikes
    for one in found.found:
        assert one.points == sum(found.traits[at].points for at in one.traits)
        assert 1 <= one.low <= one.high <= found.rest
        assert 0 <= one.in_top <= 1
    assert [one.points for one in found.found] == sorted((one.points for one in found.found), reverse=True)


def test_what_they_have_in_common_can_be_pasted_and_each_event_and_attribute_counts_once(answer, folder):
    traits = answer.lookalikes.traits
    assert "where: {section: prices}" in traits[0].candidate.text
    origins = [lookalikes.origin(one.candidate.family) for one in traits]
    assert len(origins) == len(set(origins))
    assert "industry" in origins
    rule = folder / "qualifications/pqa_like.yml"
    criteria = "\n".join(one.candidate.text for one in traits)
    names = ", ".join(one.candidate.name for one in traits)
    rule.write_text(
        "qualification: pqa_like\nversion: 1\nstatus: draft\nstage: PQA\nmotion: new_business\nsubject: account\n"
        f"criteria:\n{criteria}\nqualify:\n  any_of: [{names}]\n"
    )
    try:
        loaded = language.load(folder).rules[0]
    finally:
        rule.unlink()
    assert [one.form for one in loaded.criteria] == [one.candidate.form for one in traits]


def test_accounts_are_named_by_id_domain_address_or_name(ask, answer):
    assert ask(["a0", "firm1.example", "https://www.Firm2.example/prices", "firm  3", *TEN[4:]]) == answer


def test_naming_somebody_twice_counts_once(ask, answer):
    assert ask([*TEN, "firm0.example"]) == answer


def test_random_names_are_told_for_random_ones_and_nothing_is_proposed(ask):
    found = ask([f"a{one}" for one in (31, 44, 58, 73, 89, 107, 122, 140, 159, 181)]).lookalikes
    assert not found.separation.holds
    assert (found.found, found.traits) == ((), ())


def test_what_is_left_aside_is_no_reason(ask):
    found = ask(TEN, without=("page_viewed",)).lookalikes
    assert "page_viewed" not in {lookalikes.origin(one.candidate.family) for one in found.traits}


def test_another_seed_changes_the_draws_and_not_the_points(ask, answer):
    other = ask(TEN, seed=2**32 - 1)
    assert other.lookalikes.separation.ahead == answer.lookalikes.separation.ahead
    assert {one.subject: one.points for one in other.lookalikes.found[:3]}.items() <= {
        one.subject: one.points for one in answer.lookalikes.found
    }.items()
    assert ask(TEN) == answer


def test_so_many_are_proposed_as_asked_and_the_equals_of_the_last_are_counted(ask, answer):
    few = ask(TEN, top=3)
    assert ids(few) == ids(answer)[:3] or few.lookalikes.found[-1].points == answer.lookalikes.found[2].points
    last = few.lookalikes.found[-1].points
    assert few.lookalikes.equal == sum(one.points == last for one in answer.lookalikes.found[3:])


def test_nothing_that_came_after_the_instant_is_looked_at(ask, folder):
    """The answer as of an instant is that of the data cut there."""
    then = AS_OF - 10 * DAY
    data = company()
    events = data["app"]
    kept = events.filter(pa.compute.less_equal(events["at"].cast(pa.int64()), then))
    definitions = language.load(folder)
    with hindsight.prepared(with_all_properties(definitions), {**data, "app": kept}) as cut:
        named = [Name(text=name, where="--like") for name in TEN]
        as_then = cold_start.resemble(cut, definitions, "account", named, Asked(), as_of=then)
    now = ask(TEN, as_of=then)
    assert now.lookalikes.separation == as_then.lookalikes.separation
    assert ids(now) == ids(as_then)


def test_people_are_found_too_and_their_accounts_are_told(ask):
    answer = ask([f"p{one}-0" for one in range(10)], subject="person")
    assert answer.lookalikes.units == 10
    assert answer.lookalikes.separation.holds
    assert answer.called[answer.lookalikes.named[0]] == "Firm 0"


def test_colleagues_are_too_few_names_though_there_are_ten(ask):
    with pytest.raises(BadRequest, match="people of one account count once, so these 8 are 4"):
        ask([f"p{one}-{which}" for one in range(4) for which in (0, 1)], subject="person")


@pytest.mark.parametrize(
    ("names", "settings", "complaint"),
    [
        (TEN[:4], {}, "5 are needed at least"),
        ([f"a{one}" for one in range(120)], {}, "too few others"),
        ([*TEN, "a2oo"], {}, "No source knows this account"),
        ([*TEN, "firm12.exampel"], {}, "Did you mean 'firm12.example'"),
        (["a0", "nobody at all", "nor she"], {}, "knows 2 of these 3 accounts"),
        (["twice ltd", *TEN], {}, "Several accounts have this name"),
        (TEN, {"top": 0}, "nothing to propose"),
        (TEN, {"seed": -1}, "no seed"),
        (TEN, {"without": ("page_view",)}, "Did you mean 'page_viewed'"),
        (TEN, {"as_of": AS_OF - 300 * DAY}, "10 of the named accounts were not known yet"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_way_to_mend_it(ask, names, settings, complaint):
    with pytest.raises(BadRequest, match=complaint):
        ask(names, **settings)


def test_no_complaint_shows_whom_a_file_names_or_whom_the_data_knows(store, folder):
    named = [Name(text="p0-O", where="ten.txt", line=3)]
    with pytest.raises(BadRequest) as refused:
        cold_start.resemble(store, language.load(folder), "person", named, Asked(), as_of=AS_OF)
    assert "ten.txt, line 3" in str(refused.value)
    assert "p0" not in str(refused.value)
