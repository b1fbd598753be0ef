"""What is told of one subject is what the core tells of it from all rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.node.live import world

from assay.core import engine, pipeline
from assay.core.io.store import Store
from assay.node.live import kept
from assay.node.live.deciding import deciding, prepare
from assay.node.live.index import Index
from assay.node.live.stories import describe
from assay.node.live.stories import tell as tell_many
from assay.node.live.turning import take_in

HISTORY = [
    {"source": "users", "kind": "identify", "hour": 0, "user_id": "ann", "anonymous_id": "x",
     "body": {"plan": "paid", "email": "ann@one.example"}},
    {"source": "firms", "kind": "group", "hour": 1, "group_id": "f1",
     "body": {"website": "one.example", "tier": "gold"}},
    *({"source": "product", "kind": "track", "event": "built", "hour": h, "anonymous_id": "x", "id": f"b{h}"}
      for h in (2, 3, 4)),
    {"source": "product", "kind": "track", "event": "opened", "hour": 5, "user_id": "bob", "group_id": "f1", "id": "o"},
    {"source": "product", "kind": "track", "event": "opened", "hour": 5, "user_id": "zoe", "group_id": "f2", "id": "z"},
]  # fmt: skip
AS_OF = int((world.START.timestamp() + 6 * 3600) * 1_000_000)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return world.definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def index(checked):
    with Index(":memory:") as made:
        take_in(made, checked, [world.rows(HISTORY)])
        yield made


def tell(index, checked, kind, one, as_of):
    return tell_many(index, checked, [(kind, one)], as_of).get((kind, one))


@pytest.mark.parametrize("subject", ["person:ann", "person:bob", "account:f1"])
def test_the_verdicts_of_a_story_are_those_over_all_rows(checked, index, subject):
    kind, _, one = subject.partition(":")
    story = tell(index, checked, kind, one, AS_OF)
    with Store(on_disk=False) as store:
        own = prepare(store, checked, world.rows(HISTORY))
        asked = [rule.name for rule in own.rules if rule.subject == kind]
        assert story.verdicts == pipeline.answer(store, own, subject, asked, as_of=AS_OF)
        spells = engine.sweep(store, own, as_of=AS_OF).to_pylist()
    assert {(s.rule, s.opened_by) for s in story.spells} == {
        (s["rule"], s["opened_by"]) for s in spells if (s["subject_type"], s["subject_id"]) == (kind, one)
    }


def test_a_former_id_tells_the_story_of_who_it_is_now(checked, index):
    assert tell(index, checked, "person", "x", AS_OF) == tell(index, checked, "person", "ann", AS_OF)


def test_stories_told_together_are_those_told_apart(checked, index):
    subjects = [("person", "ann"), ("person", "bob"), ("person", "nobody"), ("account", "f1"), ("account", "f2")]
    together = tell_many(index, checked, subjects, AS_OF)
    for one in subjects:
        apart = tell(index, checked, *one, AS_OF)
        assert together.get(one) == (apart and replace(apart, definitions=together[one].definitions))


@pytest.mark.parametrize("subject", [("person", "ann"), ("person", "zoe"), ("account", "f1")])
def test_a_story_that_is_kept_is_read_back_as_it_was_told(checked, index, subject):
    story = tell(index, checked, *subject, AS_OF)
    assert kept.unpacked(kept.packed(story), story.definitions) == story


def test_nobody_knows_a_story_of_nobody(checked, index):
    assert tell(index, checked, "person", "nobody", AS_OF) is None


def test_the_people_of_an_account_come_with_what_holds_of_them(checked, index):
    people = tell(index, checked, "account", "f1", AS_OF).people
    assert [one.person_id for one in people] == ["ann", "bob"]
    assert "busy" in people[0].rules


def test_a_lead_arises_with_its_account_its_facts_and_its_reasons(checked, index):
    asked = [("person", "ann", "busy"), ("account", "f1", "team")]
    around = index.around(index.touched(100), accounts_reach_people=True)
    with deciding(checked, around, as_of=AS_OF) as (_, known):
        about = describe(known, asked, AS_OF)
    ann = about[asked[0]]
    assert (ann.account_id, ann.account_name, ann.attributes) == (
        "f1",
        "one.example",
        {"domain": "one.example", "tier": "gold"},
    )
    assert ann.summary == "built 3 times in the last 3 days"
    assert about[asked[1]].name == "one.example"


def test_a_story_tells_the_last_e_mail_of_each_person_under_the_id_they_have_now(checked):
    told = [
        {"source": "users", "kind": "identify", "hour": 0, "user_id": "ann", "body": {"email": "old@one.example"}},
        {"source": "users", "kind": "identify", "hour": 1, "user_id": "ann", "anonymous_id": "x",
         "body": {"email": "ann@one.example", "plan": "paid"}},
        {"source": "users", "kind": "identify", "hour": 2, "user_id": "ann", "body": {"plan": "free"}},
        {"source": "users", "kind": "identify", "hour": 2, "user_id": "bob", "body": {"email": "bob@one.example"}},
    ]  # fmt: skip
    with Index(":memory:") as made:
        take_in(made, checked, [world.rows(told)])
        ann = tell(made, checked, "person", "x", AS_OF)
        firm = tell(made, checked, "account", "one.example", AS_OF)
    assert ann.emails["ann"] == "ann@one.example"
    assert ann.facts == {"email_domain": "one.example", "plan": "free"}
    assert ann.account_facts == {"domain": "one.example"}
    assert firm.emails == {"ann": "ann@one.example", "bob": "bob@one.example"}
    assert firm.facts == {"domain": "one.example"}


def test_deciding_keeps_no_e_mail_unless_it_is_asked_to(checked, index):
    around = index.around(index.touched(100), accounts_reach_people=True)
    with deciding(checked, around, as_of=AS_OF) as (_, known):
        kept = known.store.rows("SELECT table_name FROM information_schema.columns WHERE column_name = 'email'")
    assert kept == []
