"""What a dishonest escrow or an old memory cannot bring about."""

from __future__ import annotations

import re

import pytest

from assay.escrow import wire
from assay.partners.canonical import KINDS
from assay.partners.dealing import State
from tests.partners.dealing.companies import Company, account, pair, rounds

SURE = [KINDS.index(kind) for kind in ("domain", "name", "domain_country", "domain_first", "name_country")]


def _lying(company, lies):
    """Let a company be told more pairs than there are: (its record, the other company, its record)."""
    told_lies = []

    def wrap(send):
        def sending(method, path, headers, body):
            status, told = send(method, path, headers, body)
            if status == 200 and re.search(r"/sweep/\d+/0$", path):
                cursor, pairs = wire.parted(told)
                for ours, other, theirs in lies:
                    mine, their = (c.deal._memory.handle(record) for c, record in ((company, ours), (other, theirs)))
                    told_lies.append(ours)
                    pairs += b"".join(mine + their + bytes([kind, 0]) for kind in SURE)
                told = wire.joined([cursor, pairs])
            return status, told

        return sending

    company.wrap_send = wrap
    return told_lies


@pytest.mark.attack
def test_a_match_that_both_were_told_and_that_is_none_is_proved_by_nobody(acme, birch, leak):
    _lying(acme, [("a3", birch, "b3")])
    _lying(birch, [("b3", acme, "a3")])
    pair(acme, birch)
    acme.grant(fields=("owner",))
    birch.grant(fields=("owner",))
    rounds(acme, birch)
    learnt = len({"b3"} & {record for record, _ in birch.known})
    leak("a match that the operator forges, told to both sides", f"{learnt} of 1 told, and a person is told of it")
    assert {record for record, _ in birch.known} == {"b1", "b2"}
    assert {record for record, _ in acme.known} == {"a1", "a2"}
    assert all("could not prove 1" in company.log.told("trouble")[-1] for company in (acme, birch))


def test_a_match_that_one_side_alone_was_told_is_none(acme, birch):
    lies = _lying(acme, [("a3", birch, "b3")])
    pair(acme, birch)
    acme.grant()
    birch.grant()
    rounds(acme, birch)
    assert lies
    assert acme.deal.shared() == birch.deal.shared() == 2
    assert acme.log.told("trouble") == birch.log.told("trouble") == []


def test_kinds_that_one_side_alone_was_told_do_not_count(acme, birch):
    acme.accounts["a9"], birch.accounts["b9"] = account("Zebra Holdings"), account("Zebra Holdings Inc.")
    lies = _lying(acme, [("a9", birch, "b9")])
    pair(acme, birch)
    rounds(acme, birch)
    assert lies
    assert acme.deal.shared() == birch.deal.shared() == 2
    assert len(acme.log.told("question")) == len(birch.log.told("question")) == 1


@pytest.mark.attack
@pytest.mark.parametrize("way", ["dropped", "repeated", "reordered", "changed"])
def test_messages_that_are_tampered_with_are_not_taken_and_a_person_is_told(acme, birch, way, leak):
    pair(acme, birch)
    rounds(acme, birch)
    heard = {"n": 0}

    def wrap(send):
        def sending(method, path, headers, body):
            status, told = send(method, path, headers, body)
            if status == 200 and method == "GET" and "/messages/" in path:
                messages = wire.parted(told)
                if len(messages) > 1 and not heard["n"]:
                    heard["n"] += 1
                    first, second, *rest = messages
                    other = first[:-1] + bytes([first[-1] ^ 1])
                    messages = {
                        "dropped": [second, *rest],
                        "repeated": [first, first, second, *rest],
                        "reordered": [second, first, *rest],
                        "changed": [other, second, *rest],
                    }[way]
                told = wire.joined(messages)
            return status, told

        return sending

    birch.wrap_send = wrap
    for number in range(3):
        acme.deal.say("word", str(number), {})
    acme.step()
    birch.step()
    assert "it was changed, or one is missing" in birch.log.told("trouble")[-1]
    taken = len(birch.log.told("said"))
    leak(f"messages {way} by the operator", f"{taken} of 3 taken before they come right, and a person is told")
    assert taken <= 1
    rounds(acme, birch)
    assert [told[1] for told in birch.log.told("said")] == ["0", "1", "2"]
    assert birch.log.told("trouble")[-1] == ""


def test_an_old_memory_that_is_brought_back_is_noticed(acme, birch):
    pair(acme, birch)
    rounds(acme, birch)
    acme.rows.close()
    old = {path: path.read_bytes() for path in acme.folder.glob("acme.partner*")}
    acme.open()
    acme.deal.say("word", "1", {})
    rounds(acme, birch)
    acme.rows.close()
    for path in acme.folder.glob("acme.partner*"):
        path.unlink()
    for path, data in old.items():
        path.write_bytes(data)
    acme.open()
    acme.step()
    assert "later messages from here than this memory knows of" in acme.log.told("trouble")[-1]


def test_a_chain_that_lost_an_entry_is_noticed_when_heads_are_compared(acme, birch):
    pair(acme, birch)
    acme.grant()
    rounds(acme, birch)
    acme.deal._memory.set_json("about", b"head ours", [1, acme.deal._memory.json("about", b"head ours")[1]])
    acme.clock.now += 86_400_000_000
    acme.step()
    birch.step()
    assert "ledgers are not the same" in birch.log.told("trouble")[-1]


@pytest.mark.attack
def test_one_list_has_other_handles_in_each_partnership(acme, birch, tmp_path, house, leak):
    cedar, other = Company("cedar", tmp_path, house), Company("acme again", tmp_path, house)
    other.identity, other.accounts, cedar.accounts = acme.identity, acme.accounts, birch.accounts
    other.count = acme.count
    pair(acme, birch)
    pair(other, cedar)
    rounds(acme, birch)
    rounds(other, cedar)
    handles = [{key for key, _ in company.rows.scan("known")} for company in (acme, other)]
    assert len(handles[0]) == len(handles[1]) == 3
    leak("one list in two partnerships, by its handles", f"{len(handles[0] & handles[1])} are the same")
    assert not handles[0] & handles[1]
    tokens = house.rows("SELECT place, count(*) FROM tokens GROUP BY place")
    assert max(lists for _, lists in tokens) == 2
    for company in (cedar, other):
        company.rows.close()


def test_a_senseless_message_of_the_partner_is_passed_over_and_told(acme, birch):
    pair(acme, birch)
    rounds(acme, birch)
    for kind in ("facts", "nonsense", "heads", "seen", "proof", "challenge", "grant"):
        _say_raw(acme, kind, b"{}x")
    acme.deal.say("word", "1", {"text": "still here"})
    rounds(acme, birch)
    assert "cannot be read" in birch.log.told("trouble")[0]
    assert birch.log.told("said") == [("word", "1", {"text": "still here"})]
    assert birch.deal.state is State.LIVE


def _say_raw(company, kind, payload):
    from assay.partners.dealing import keys, session

    memory = company.deal._memory
    epochs = keys.held(memory, company.identity, company.deal._setting)
    with memory.together():
        session.queue(memory, epochs[-1], company.us, (kind, payload, session.NOBODY))


def test_a_challenge_about_records_that_the_escrow_named_to_nobody_is_not_answered(acme, birch):
    """A partner that guesses handles learns nothing of them: what cannot be proved looks the same as what is not."""
    pair(acme, birch)
    rounds(acme, birch)
    handle = birch.deal._memory.handle("b3")
    kinds = sum(1 << kind for kind in SURE).to_bytes(2, "big")
    _say_raw(acme, "challenge", bytes(16) + bytes(16) + handle + kinds + bytes(16) + bytes(16) + kinds)
    seen = []
    from assay.partners.dealing import telling

    acme.deal.step(acme.mine, acme.log)
    inner, telling.hear_proof = telling.hear_proof, lambda session, payload: seen.append(payload)
    try:
        rounds(acme, birch)
    finally:
        telling.hear_proof = inner
    (payload,) = seen
    assert payload[16:] == handle + bytes(16) + b"\0" + bytes(16) + bytes(16) + b"\0"
