"""Introductions: asked, answered and talked about by both owners, from whichever side's node."""

from __future__ import annotations

import pytest
from tests.node.partnering.knowing import DAY, NOW, overlap, partner

from assay.core.errors import BadRequest
from assay.node.access.actions import NotAllowed
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.leads.models import AccountOwner
from assay.node.partnering import insights, introductions, post
from assay.node.partnering.models import Incoming, Insight, Introduction, Outgoing, Overlap, Partnership, Word
from assay.node.telling.models import Endpoint, Message

pytestmark = pytest.mark.django_db
PUBLIC, WORD = "ab" * 16, "cd" * 16


class Side:
    """Two sides in one database: what one says is heard as the other would hear it."""

    def __init__(self):
        self.ours, self.theirs = partner("verdantine"), partner("acme-seen-by-verdantine")
        mine = overlap(self.ours, "a1")
        overlap(self.theirs, "their-a1", handle=mine.their_handle, their_handle=mine.handle)

    def carry(self, to: Partnership, out: Partnership, *, times=1):
        """Hand on what waits, and let the other side take it in."""
        said = []
        post.hand_on(out, lambda *words: said.append(words), NOW)
        for kind, public_id, body in said * times:
            # both sides are in one database here, where a public id stands once
            mirrored = public_id[::-1]
            told = {**body, **({"introduction": body["introduction"][::-1]} if "introduction" in body else {})}
            assert post.receive(to, kind, mirrored, told, NOW), kind
        return said


@pytest.fixture
def sides(db):
    return Side()


def test_an_introduction_is_asked_answered_talked_about_and_made(sides, user_of):
    rep, other = user_of(Role.REP, "rita"), user_of(Role.REP, "otto")
    mine = introductions.ask(rep, sides.ours.overlaps.get().pk, "Who decides there?", NOW)
    sides.carry(sides.theirs, sides.ours)
    theirs = Introduction.objects.get(by_us=False)
    assert (theirs.account_id, theirs.wanted, theirs.theirs) == ("their-a1", "Who decides there?", "rita")
    assert theirs.public_id == mine.public_id[::-1]
    introductions.bring(other, theirs.pk, "accepted", NOW)
    introductions.write(other, theirs.pk, "I know the head of data.", NOW)
    sides.carry(sides.ours, sides.theirs)
    mine.refresh_from_db()
    assert (mine.state, mine.theirs) == ("accepted", "otto")
    assert [(word.text, word.name) for word in mine.words.all()] == [("I know the head of data.", "otto")]
    introductions.bring(rep, mine.pk, "made", NOW)
    sides.carry(sides.theirs, sides.ours)
    theirs.refresh_from_db()
    assert theirs.state == "made"
    assert AuditRow.objects.filter(subject="introduction", subject_id=str(mine.pk)).count() == 2


def test_what_is_said_twice_is_heard_once(sides, user_of):
    mine = introductions.ask(user_of(Role.REP), sides.ours.overlaps.get().pk, "Please", NOW)
    introductions.write(user_of(Role.REP), mine.pk, "Any news?", NOW)
    sides.carry(sides.theirs, sides.ours, times=3)
    assert Introduction.objects.filter(by_us=False).count() == 1
    assert Word.objects.filter(by_us=False).count() == 1
    assert sides.carry(sides.theirs, sides.ours) == [], "what was handed on is not handed on again"


def test_crossing_answers_end_in_one_state_on_both_sides(sides, user_of):
    rep = user_of(Role.REP)
    mine = introductions.ask(rep, sides.ours.overlaps.get().pk, "Please", NOW)
    sides.carry(sides.theirs, sides.ours)
    theirs = Introduction.objects.get(by_us=False)
    introductions.bring(rep, mine.pk, "closed", NOW)
    introductions.bring(rep, theirs.pk, "accepted", NOW)
    sides.carry(sides.theirs, sides.ours)
    sides.carry(sides.ours, sides.theirs)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("closed", "closed")


def test_who_owns_the_account_is_told_by_mail_and_endpoints_that_want_to_hear(sides, user_of):
    rep = user_of(Role.REP)
    AccountOwner.objects.create(account_id="a1", user=rep)
    Endpoint.objects.create(
        name="crm", kind="standard", url="https://crm.example", secret="whsec_", events="partner", made_at=NOW
    )
    Endpoint.objects.create(
        name="chat", kind="slack", url="https://chat.example", secret="whsec_", events="lead", made_at=NOW
    )
    body = {"ours": "f" * 32, "yours": sides.ours.overlaps.get().handle, "wanted": "Help", "name": "Olga"}
    assert post.receive(sides.ours, "introduction", PUBLIC, body, NOW)
    one = Introduction.objects.get()
    assert one.ours == rep
    mail, hook = Message.objects.get(user=rep), Message.objects.get(endpoint__isnull=False)
    assert mail.content["line"] == "Verdantine asks for an introduction"
    assert mail.content["path"] == f"/partners/introductions/{one.pk}/"
    assert (hook.event, hook.endpoint.name, hook.content["account_id"]) == ("partner.introduction_asked", "crm", "a1")


def test_where_nobody_owns_the_account_partner_managers_are_told(sides, user_of):
    manager = user_of(Role.PARTNER_MANAGER)
    body = {"ours": "f" * 32, "yours": sides.ours.overlaps.get().handle, "wanted": "Help", "name": ""}
    post.receive(sides.ours, "introduction", PUBLIC, body, NOW)
    assert Message.objects.get().user == manager


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("introduction", {"yours": "0" * 32, "wanted": "x", "name": "y"}),
        ("introduction", {"yours": "no handle", "wanted": "x"}),
        ("introduction", {"yours": 7}),
        ("introduction", {}),
        ("introduction-state", {"state": "accepted"}),
        ("word", {"introduction": PUBLIC, "text": "hello"}),
        ("word", {"introduction": None, "text": ["hello"]}),
        ("gossip", {"text": "hello"}),
    ],
)
def test_what_makes_no_sense_changes_nothing(kind, body, sides):
    assert not post.receive(sides.ours, kind, WORD, body, NOW)
    assert not post.receive(sides.ours, kind, "short", body, NOW)
    assert not Introduction.objects.exists()
    assert not Word.objects.exists()


def test_a_partner_cannot_touch_what_is_another_partners(sides, user_of):
    mine = introductions.ask(user_of(Role.REP), sides.ours.overlaps.get().pk, "Please", NOW)
    assert not post.receive(sides.theirs, "introduction-state", mine.public_id, {"state": "accepted"}, NOW)
    assert not post.receive(sides.theirs, "word", WORD, {"introduction": mine.public_id, "text": "x"}, NOW)
    mine.refresh_from_db()
    assert mine.state == "asked"


def test_only_whom_it_is_asked_of_accepts(sides, user_of):
    rep = user_of(Role.REP)
    mine = introductions.ask(rep, sides.ours.overlaps.get().pk, "Please", NOW)
    with pytest.raises(BadRequest):
        introductions.bring(rep, mine.pk, "accepted", NOW)
    with pytest.raises(BadRequest, match="under way"):
        introductions.ask(rep, sides.ours.overlaps.get().pk, "Again", NOW)
    with pytest.raises(NotAllowed):
        introductions.ask(user_of(Role.ADMIN), sides.ours.overlaps.get().pk, "Please", NOW)
    assert Outgoing.objects.count() == 1


def test_nobody_is_asked_about_what_is_only_a_question(sides, user_of):
    one = overlap(sides.ours, "a2", ruling=Overlap.Ruling.ASK)
    with pytest.raises(BadRequest, match="not shared"):
        introductions.ask(user_of(Role.REP), one.pk, "Please", NOW)


def test_an_introduction_is_worked_on_its_page(sides, client_of):
    client, one = client_of(Role.REP), sides.ours.overlaps.get()
    answer = client.post(f"/partners/overlaps/{one.pk}/ask/", {"wanted": "Who decides?"}, follow=True)
    assert "Verdantine is asked" in answer.content.decode()
    made = Introduction.objects.get()
    client.post(f"/partners/introductions/{made.pk}/do/", {"do": "write", "text": "Hello <there>"})
    page = client.get(f"/partners/introductions/{made.pk}/").content.decode()
    assert "Hello &lt;there&gt;" in page
    client.post(f"/partners/introductions/{made.pk}/do/", {"do": "closed"})
    made.refresh_from_db()
    assert made.state == "closed"
    answer = client.post(f"/partners/introductions/{made.pk}/do/", {"do": "write", "text": "More"}, follow=True)
    assert "It is closed" in answer.content.decode()
    assert "we ask Verdantine" in client.get("/partners/introductions/").content.decode()
    assert client.get("/partners/introductions/999/").status_code == 404


def test_what_comes_before_we_know_of_the_account_waits_until_we_do(sides):
    handle = "12" * 16
    asked = {"ours": "f" * 32, "yours": handle, "wanted": "Help", "name": "Olga"}
    seen = {"yours": handle, "letter": "need", "value": "dashboards"}
    for _ in range(2):
        post.receive(sides.ours, "introduction", PUBLIC, asked, NOW)
        post.receive(sides.ours, "word", WORD, {"introduction": PUBLIC, "text": "It is urgent"}, NOW)
        post.receive(sides.ours, "insight", "ef" * 16, seen, NOW)
    assert Incoming.objects.count() == 3
    assert not Introduction.objects.exists()
    overlap(sides.ours, "a5", handle=handle)
    post.hand_on(sides.ours, lambda *_: None, NOW)
    assert not Incoming.objects.exists()
    assert Introduction.objects.get().words.get().text == "It is urgent"
    assert Insight.objects.get().value == "dashboards"


def test_what_never_makes_sense_is_forgotten_after_a_month_and_never_too_much(sides, monkeypatch):
    monkeypatch.setattr(post, "_MOST_WAITING", 2)
    for n in range(5):
        seen = {"yours": "12" * 16, "letter": "need", "value": "yes"}
        post.receive(sides.ours, "insight", f"{n:032x}", seen, NOW)
    assert Incoming.objects.count() == 2
    post.take_again(sides.ours, NOW + 31 * DAY)
    assert not Incoming.objects.exists()


def test_an_insight_goes_from_one_node_to_the_other_and_is_taken_back(sides, user_of, client_of):
    one = sides.ours.overlaps.get()
    manager = user_of(Role.PARTNER_MANAGER)
    client = client_of(Role.PARTNER_MANAGER)
    client.post(f"/partners/overlaps/{one.pk}/attest/", {"letter": "budget", "value": "yes"})
    sides.carry(sides.theirs, sides.ours)
    heard = Insight.objects.get()
    assert (heard.account_id, heard.letter, heard.value) == ("their-a1", "budget", "yes")
    insights.attest(manager, one.pk, "budget", "no", NOW)
    sides.carry(sides.theirs, sides.ours)
    assert Insight.objects.first().value == "no"
    with pytest.raises(BadRequest):
        insights.attest(manager, one.pk, "shoe size", "yes", NOW)
    with pytest.raises(NotAllowed):
        insights.attest(user_of(Role.REP), one.pk, "need", "yes", NOW)
