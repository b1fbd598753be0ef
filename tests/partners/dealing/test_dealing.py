"""Two companies deal over an escrow: from the invitation to what each learns, and back."""

from __future__ import annotations

import shutil

import pytest

from assay.core.errors import BadRequest
from assay.escrow import mailbox
from assay.partners.dealing import Agreed, Deal, Invitation, Let, Level, State, Verdict, accept, invite
from assay.partners.dealing.contract import RELEASE
from tests.escrow.parties import ADDRESS
from tests.partners.dealing.companies import Company, account, pair, rounds


@pytest.fixture
def live(acme, birch):
    """Both paired, Acme grants its customers with their owners, everything told."""
    pair(acme, birch)
    acme.grant(fields=("owner",))
    rounds(acme, birch)
    return acme, birch


def test_both_sides_find_what_they_share_and_learn_what_was_granted(live):
    acme, birch = live
    assert set(acme.shared) == {"a1", "a2"}
    assert set(birch.shared) == {"b1", "b2"}
    assert birch.known == {("b1", "customers"): {"owner": "Ann of a1"}, ("b2", "customers"): {"owner": "Ann of a2"}}
    assert acme.known == {}
    assert acme.log.told("receipted")[-1] == 2
    assert acme.deal.shared() == birch.deal.shared() == 2
    assert acme.log.told("compared")[-1] == birch.log.told("compared")[-1] == (3, 3, 2)
    assert acme.log.told("trouble") == birch.log.told("trouble") == []


def test_nothing_is_uploaded_before_both_have_confirmed(acme, birch, house):
    invitation = invite(acme.keep, acme.us, ADDRESS, Agreed())
    accept(birch.keep, birch.us, invitation)
    for company in (acme, birch, acme, birch):
        company.step()
    acme.deal.confirm()
    for company in (acme, birch, acme, birch):
        company.step()
    assert (acme.deal.state, birch.deal.state) == (State.CONFIRMED, State.COMPARING)
    assert house.rows("SELECT count(*) FROM tokens") == [(0,)]
    assert house.rows("SELECT count(*) FROM messages") == [(0,)]
    birch.deal.confirm()
    rounds(birch, acme)
    assert (acme.deal.state, birch.deal.state) == (State.LIVE, State.LIVE)


def test_digits_differ_where_somebody_else_took_the_invitation(acme, birch, tmp_path, house):
    mallory = Company("mallory", tmp_path, house)
    invitation = invite(acme.keep, acme.us, ADDRESS, Agreed())
    accept(mallory.keep, mallory.us, invitation)
    accept(birch.keep, birch.us, invitation)
    mallory.step()
    acme.step()
    with pytest.raises(Exception, match="taken by another key"):
        birch.step()
    mallory.step()
    assert acme.deal.digits() == mallory.deal.digits()
    with pytest.raises(BadRequest, match="not greeted"):
        birch.deal.digits()
    mallory.rows.close()


@pytest.mark.parametrize(
    "text", ["", "hello", "assay-invitation-1.", "assay-invitation-1.AAAA", "assay-invitation-1.é"]
)
def test_what_is_no_invitation_is_refused_in_words(text):
    with pytest.raises(BadRequest, match="invitation"):
        Invitation.of_text(text)


def test_an_invitation_that_was_cut_or_changed_is_not_whole(acme):
    text = invite(acme.keep, acme.us, ADDRESS, Agreed(success="three deals", review_on="2027-06-30")).text()
    assert Invitation.of_text(f"{text[:40]}\n  {text[40:]}").agreed.success == "three deals"
    for wrong in (text[:-3], text[:60] + ("A" if text[60] != "A" else "B") + text[61:]):
        with pytest.raises(BadRequest, match="not whole"):
            Invitation.of_text(wrong)


def test_ones_own_invitation_is_not_accepted(acme, birch):
    invitation = invite(acme.keep, acme.us, ADDRESS, Agreed())
    with pytest.raises(BadRequest, match="your own"):
        accept(birch.keep, acme.us, invitation)


def test_a_new_account_is_compared_at_the_next_step(live):
    acme, birch = live
    birch.grant()
    acme.accounts["a4"] = account("Birch Secret", "only-birch.com", "FR", "Lyon")
    acme.touched = frozenset({"a4"})
    rounds(acme, birch)
    assert ("a4", "customers") in acme.known
    assert set(acme.shared) == {"a1", "a2", "a4"}
    assert acme.deal.shared() == birch.deal.shared() == 3


def test_only_what_changed_is_uploaded(live, house):
    acme, birch = live
    before = house.rows("SELECT max(number) FROM records")
    rounds(acme, birch)
    assert house.rows("SELECT max(number) FROM records") == before
    acme.accounts["a3"] = account("Something else", "else.com", "DE", "Bonn")
    rounds(acme, birch)
    assert house.rows("SELECT max(number) FROM records") == [(before[0][0] + 1,)]


def test_a_grant_that_is_taken_back_is_withdrawn_at_the_partner(live):
    acme, birch = live
    acme.grant_nothing()
    rounds(acme, birch)
    assert birch.known == {}
    assert birch.log.told("offered")[-1][0] == []
    assert set(acme.shared) == {"a1", "a2"}
    assert len(acme.log.told("taken_back")) == 2


def test_a_grant_that_expires_is_withdrawn(acme, birch):
    pair(acme, birch)
    acme.grant(until=acme.clock.now + 1_000)
    rounds(acme, birch)
    assert len(birch.known) == 2
    acme.clock.now += 1_000
    rounds(acme, birch)
    assert birch.known == {}


def test_not_shared_is_told_apart_from_no_overlap(acme, birch):
    pair(acme, birch)
    acme.accounts = {"a3": acme.accounts["a3"]}
    acme.grant()
    rounds(acme, birch)
    assert [told[0] for told in birch.log.told("offered")[-1][0]] == ["customers"]
    assert birch.known == {}
    assert acme.log.told("offered")[-1][0] == []


def test_a_granted_field_that_changes_is_told_anew_and_nothing_else_is(live):
    acme, birch = live
    acme.values["a1"]["owner"] = "Eve"
    rounds(acme, birch)
    assert birch.known["b1", "customers"] == {"owner": "Eve"}
    assert [told[0] for told in acme.log.told("disclosed")] in (["a1", "a2", "a1"], ["a2", "a1", "a1"])


def test_fields_that_are_not_granted_are_in_no_message(live):
    _, birch = live
    assert "never" not in repr(birch.log.all())


def test_a_changed_account_that_still_matches_stays_shared_all_the_time(live):
    acme, birch = live
    acme.accounts["a1"] = account("Initech Ltd", "initech.com", "GB", "")
    rounds(acme, birch)
    birch.accounts["b1"] = account("Initech", "initech.com", "GB", "")
    rounds(acme, birch)
    assert acme.log.told("gone") == birch.log.told("gone") == []
    assert birch.log.told("withdrawn") == []
    assert acme.deal.shared() == birch.deal.shared() == 2


def test_an_account_that_changes_into_another_is_shared_no_more(live):
    acme, birch = live
    acme.accounts["a1"] = account("Something else", "else.com", "DE", "Bonn")
    rounds(acme, birch)
    assert set(acme.shared) == {"a2"}
    assert set(birch.shared) == {"b2"}
    assert set(birch.known) == {("b2", "customers")}


def test_an_account_that_left_is_shared_no_more_and_may_come_back(live):
    acme, birch = live
    kept = acme.accounts.pop("a1")
    rounds(acme, birch)
    assert (set(acme.shared), set(birch.shared), set(birch.known)) == ({"a2"}, {"b2"}, {("b2", "customers")})
    acme.accounts["a1"] = kept
    rounds(acme, birch)
    assert (set(acme.shared), set(birch.shared), len(birch.known)) == ({"a1", "a2"}, {"b1", "b2"}, 2)


def test_what_is_held_is_told_once_it_is_let_go(acme, birch):
    pair(acme, birch)
    acme.verdict = lambda record, population, fields: Verdict(Let.HOLD, "second person") if record == "a1" else RELEASE
    acme.grant()
    rounds(acme, birch)
    assert set(birch.known) == {("b2", "customers")}
    acme.touched = frozenset()
    acme.verdict = lambda record, population, fields: RELEASE
    rounds(acme, birch)
    assert set(birch.known) == {("b1", "customers"), ("b2", "customers")}


def test_a_grant_of_counts_tells_of_no_account(acme, birch):
    pair(acme, birch)
    acme.grant(level=Level.COUNTS)
    rounds(acme, birch)
    assert birch.known == {}
    assert acme.log.told("disclosed") == []


def test_keys_are_rotated_and_nothing_lapses_meanwhile(live, house):
    acme, birch = live
    acme.deal.rotate()
    acme.step()
    acme.accounts["a4"] = account("Birch Secret", "only-birch.com", "FR", "Lyon")
    rounds(acme, birch)
    acme.grant()
    rounds(acme, birch)
    assert {epoch for (epoch,) in house.rows("SELECT epoch FROM lists WHERE rows > 0")} == {2}
    assert acme.log.told("gone") == birch.log.told("gone") == []
    assert acme.deal.shared() == birch.deal.shared() == 3
    assert set(birch.known) == {("b1", "customers"), ("b2", "customers"), ("b3", "customers")} - {("b3", "customers")}
    acme.members["customers"].add("a4")
    rounds(acme, birch)
    assert set(birch.known) == {("b1", "customers"), ("b2", "customers"), ("b3", "customers")}
    assert len(list(acme.rows.scan("epoch"))) == len(list(birch.rows.scan("epoch"))) == 1


def test_both_may_begin_a_new_epoch_at_once(live):
    acme, birch = live
    acme.deal.rotate()
    birch.deal.rotate()
    rounds(acme, birch)
    assert acme.log.told("trouble") == birch.log.told("trouble") == []
    assert acme.deal.shared() == birch.deal.shared() == 2


def test_revoking_ends_it_on_both_sides_and_leaves_the_ledger(live, house):
    acme, birch = live
    acme.deal.revoke()
    assert birch.step() is False
    assert (acme.deal.state, birch.deal.state) == (State.REVOKED, State.REVOKED)
    assert birch.log.told("ended") == [()]
    for company in live:
        assert not list(company.rows.scan("epoch")) and not list(company.rows.scan("identity"))
        assert company.deal.ledger()
        company.deal.revoke()
        assert company.step() is False


def test_a_question_is_a_match_once_both_sides_say_yes(acme, birch):
    acme.accounts["a5"] = account("Zebra Holdings")
    birch.accounts["b5"] = account("Zebra Holdings Inc.")
    pair(acme, birch)
    acme.grant()
    rounds(acme, birch)
    ((record, ours, theirs),) = acme.log.told("question")
    ((_, their_ours, their_theirs),) = birch.log.told("question")
    assert (record, ours, theirs) == ("a5", their_theirs, their_ours)
    acme.deal.answer(ours, theirs, is_same=True)
    rounds(acme, birch)
    assert "a5" not in acme.shared
    birch.deal.answer(their_ours, their_theirs, is_same=True)
    rounds(acme, birch)
    assert "a5" in acme.shared
    assert ("b5", "customers") in birch.known
    with pytest.raises(BadRequest, match="no question"):
        acme.deal.answer(ours, theirs, is_same=False)


def test_one_no_is_enough_for_a_question(acme, birch):
    acme.accounts["a5"] = account("Zebra Holdings")
    birch.accounts["b5"] = account("Zebra Holdings Inc.")
    pair(acme, birch)
    rounds(acme, birch)
    ((_, ours, theirs),) = acme.log.told("question")
    acme.deal.answer(ours, theirs, is_same=False)
    rounds(acme, birch)
    assert [len(company.log.told("gone")) for company in (acme, birch)] == [1, 1]
    rounds(acme, birch)
    assert len(acme.log.told("question")) == 1


def test_words_of_people_come_once_and_in_order(live):
    acme, birch = live
    for number in range(3):
        acme.deal.say("word", f"{number}", {"text": f"word {number}"})
    rounds(acme, birch)
    assert birch.log.told("said") == [("word", f"{n}", {"text": f"word {n}"}) for n in range(3)]


def test_words_wait_until_the_partnership_is_live(acme, birch):
    invite(acme.keep, acme.us, ADDRESS, Agreed())
    with pytest.raises(BadRequest, match="not live"):
        acme.deal.say("word", "1", {})
    with pytest.raises(BadRequest, match="No partnership"):
        Deal(birch.keep, birch.us)


def test_either_side_may_be_offline_for_weeks(live):
    acme, birch = live
    for week in range(5):
        acme.accounts[f"w{week}"] = account(f"Week {week} Ltd", f"week{week}.com", "GB", "York")
        acme.members["customers"].add(f"w{week}")
        acme.values["a1"]["owner"] = f"Owner {week}"
        acme.clock.now += 7 * 86_400_000_000
        acme.step()
        acme.step()
    birch.accounts["b9"] = account("Week 3", "week3.com", "GB", "York")
    rounds(birch, acme)
    assert birch.known["b1", "customers"] == {"owner": "Owner 4"}
    assert ("b9", "customers") in birch.known
    assert acme.deal.shared() == birch.deal.shared() == 3


def test_a_mailbox_that_is_full_holds_nobody_up(live, monkeypatch):
    monkeypatch.setattr(mailbox, "_WAITING", 60)
    for company in live:
        for number in range(150):
            company.deal.say("word", str(number), {})
    for _ in range(10):
        for company in live:
            company.step()
    wanted = [str(number) for number in range(150)]
    assert [[told[1] for told in company.log.told("said")] for company in live] == [wanted, wanted]


def test_messages_that_the_partner_has_are_kept_no_longer(live):
    assert [len(list(company.rows.scan("out"))) <= 2 for company in live] == [True, True]


def test_no_secret_lies_open_in_the_memory(live):
    acme, _ = live
    acme.rows.close()
    data = b"".join(path.read_bytes() for path in acme.folder.glob("acme.partner*"))
    acme.open()
    secrets = [value for kind in ("identity", "epoch", "salt") for _, value in acme.keep.scan(kind)]
    assert len(secrets) >= 4
    assert not [secret for secret in secrets if secret in data]


def test_an_old_memory_that_was_brought_back_tells_nothing_however_much_it_has_to_say(live, tmp_path):
    acme, birch = live
    acme.rows.close()
    shutil.copy(tmp_path / "acme.partner", tmp_path / "backup")
    acme.open()
    acme.grant(fields=())
    rounds(acme, birch)
    assert birch.known == {("b1", "customers"): {}, ("b2", "customers"): {}}
    acme.rows.close()
    for path in tmp_path.glob("acme.partner*"):
        path.unlink()
    shutil.copy(tmp_path / "backup", tmp_path / "acme.partner")
    acme.open()
    acme.grant(fields=("owner", "plan"))
    for number in range(50):  # more than the escrow has beyond what this memory knows of
        acme.deal.say("word", f"{number:032x}", {"text": "hello"})
    heard = len(birch.log.all())
    for _ in range(3):
        acme.step()
        birch.step()
    assert "old backup was brought back" in acme.log.told("trouble")[-1]
    assert [name for name, _ in birch.log.all()[heard:] if name in {"learnt", "said", "offered", "trouble"}] == []
    assert birch.known == {("b1", "customers"): {}, ("b2", "customers"): {}}
