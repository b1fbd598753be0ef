"""Wherever a step is killed, the next one goes on: nothing is lost, and nothing is told twice."""

from __future__ import annotations

import random

import pytest

from assay.partners.dealing import Agreed, Invitation, accept, at_once, exported, invite
from tests.escrow.parties import ADDRESS, House
from tests.partners.dealing.companies import Company, account
from tests.partners.two_companies import Dice


class Killed(BaseException):
    """A process that is no more."""


class Fate:
    """Decides at each write and each call whether the process dies there: before it took effect, or after."""

    def __init__(self, decide):
        self._decide, self.points = decide, 0

    def point(self):
        self.points += 1
        if self._decide(self.points):
            raise Killed


class MortalKeep:
    """A keep whose process may die at every write and after every transaction."""

    def __init__(self, inner, fate):
        self._inner, self._fate, self._depth = inner, fate, 0

    def get(self, kind, key):
        return self._inner.get(kind, key)

    def scan(self, kind, after=b""):
        return self._inner.scan(kind, after)

    def put(self, kind, key, value):
        self._fate.point()
        self._inner.put(kind, key, value)

    def drop(self, kind, key):
        self._fate.point()
        self._inner.drop(kind, key)

    def together(self):
        return _Mortal(self._inner.together(), self._fate)


class _Mortal:
    def __init__(self, inner, fate):
        self._inner, self._fate = inner, fate

    def __enter__(self):
        return self._inner.__enter__()

    def __exit__(self, *told):
        ended = self._inner.__exit__(*told)
        if told[0] is None:
            self._fate.point()
        return ended


def mortal_send(send, fate):
    def sending(method, path, headers, body):
        fate.point()
        answer = send(method, path, headers, body)
        fate.point()
        return answer

    return sending


class Mortal:
    """Runs each thing that a company does until it came to its end, however often the process dies."""

    def __init__(self, company, decide):
        self.company, self._decide, self.deaths = company, decide, 0

    def do(self, action):
        attempt = 0
        while True:
            attempt += 1
            assert attempt < 3_000
            fate = Fate(lambda point, attempt=attempt: self._decide(attempt, point))
            self.company.wrap_keep = lambda inner, fate=fate: MortalKeep(inner, fate)
            self.company.wrap_send = lambda inner, fate=fate: mortal_send(inner, fate)
            self.company.reopen()
            try:
                return action(self.company)
            except Killed:
                self.deaths += 1


def _two(folder):
    """Return an escrow and two companies that share two accounts and, perhaps, a third."""
    house = House(folder / "escrow", Dice("escrow"))
    acme, birch = (Company(name, folder, house) for name in ("acme", "birch"))
    acme.accounts = {
        "a1": account("Initech Ltd", "initech.com", "GB", "Leeds"),
        "a2": account("Globex Corp", "globex.com", "US", "Austin"),
        "a3": account("Acme's secret", "only-acme.com", "DE", "Bonn"),
        "a5": account("Zebra Holdings"),
    }
    birch.accounts = {
        "b1": account("Initech Limited", "www.initech.com", "United Kingdom", "leeds"),
        "b2": account("Globex", "globex.com", "US", "Austin"),
        "b3": account("Birch's secret", "only-birch.com", "FR", "Lyon"),
        "b5": account("Zebra Holdings Inc."),
    }
    acme.values = {record: {"owner": f"Ann of {record}"} for record in acme.accounts}
    return house, acme, birch


def _tell_story(folder, decide):
    """Pair, tell, change, take back, rotate and say a word, killed as is decided; return what came of it."""
    house, acme, birch = _two(folder)
    one, other = Mortal(acme, decide), Mortal(birch, decide)

    def rounds():
        for _ in range(14):
            worked = [mortal.do(lambda company: company.step()) for mortal in (one, other)]
            if not any(worked):
                return
        raise AssertionError("they never come to an end")

    _pair(one, other)
    acme.grant(fields=("owner",))
    birch.grant()
    rounds()
    ((_, ours, theirs),) = acme.log.told("question")
    one.do(lambda company: _once(company, "answered", lambda: company.deal.answer(ours, theirs, is_same=True)))
    other.do(lambda company: _once(company, "answered", lambda: company.deal.answer(theirs, ours, is_same=True)))
    acme.accounts["a1"] = account("Initech Ltd", "initech.com", "GB", "")
    acme.accounts["a4"] = account("Birch Secret", "only-birch.com", "FR", "Lyon")
    acme.members["customers"].add("a4")
    del acme.accounts["a2"]
    one.do(_compare_at_once)
    rounds()
    one.do(lambda company: _once(company, "rotated", company.deal.rotate))
    one.do(lambda company: _once(company, "said", lambda: company.deal.say("word", "7", {"text": "hello"})))
    rounds()
    acme.values["a4"] = {"owner": "Eve"}
    rounds()
    came = _came(acme, birch)
    for company in (acme, birch):
        company.rows.close()
    house.store.close()
    return came, one.deaths + other.deaths


def _came(acme, birch):
    """Return what both sides heard in all; both ledgers are whole, signed for, and the same on both sides."""
    came = {
        "shared": (sorted(acme.shared), sorted(birch.shared)),
        "counts": (acme.deal.shared(), birch.deal.shared()),
        "known": (acme.known, birch.known),
        "told": [_facts(company, "disclosed") for company in (acme, birch)],
        "learnt": [_facts(company, "learnt") for company in (acme, birch)],
        "gone": [
            len(company.log.told(name)) for company in (acme, birch) for name in ("gone", "taken_back", "withdrawn")
        ],
        "said": birch.log.told("said"),
        "receipted": [company.log.told("receipted")[-1] for company in (acme, birch)],
        "trouble": [company.log.told("trouble") for company in (acme, birch)],
    }
    chains = [
        chain
        for company in (acme, birch)
        for chain in exported.read(company.name, company.deal.ledger().splitlines())[0]
    ]
    assert exported.check(chains) == []
    assert [exported.unreceipted(chain) for chain in chains] == [0] * 4
    assert sorted(len(chain.entries) for chain in chains) == sorted(2 * [len(found) for found in came["told"]])
    return came


def _pair(one, other):
    made = []

    def inviting(company):
        if company.keep.get("about", b"invitation") is None:
            invite(company.keep, company.us, ADDRESS, Agreed())
        made[:] = [company.deal.invitation.text()]

    one.do(inviting)
    other.do(lambda company: accept(company.keep, company.us, Invitation.of_text(made[0])))
    for mortal in (other, one, other):
        mortal.do(lambda company: company.step())
    for mortal in (one, other):
        mortal.do(lambda company: company.deal.confirm())
    for mortal in (one, other, one):
        mortal.do(lambda company: company.step())


def _compare_at_once(company):
    """Compare what changed and what is new in one request, before the step that would."""
    return at_once.compare([(company.deal, {name: company.mine.records[name] for name in ("a1", "a4")}, company.log)])


def _once(company, name, action):
    """Do something that a person does once, in one transaction with the note that it was done."""
    with company.keep.together():
        if company.keep.get("done", name.encode()) is None:
            company.keep.put("done", name.encode(), b"")
            action()


def _facts(company, name):
    """Return what was told or learnt, each as often as it was, without the handles, which come from dice."""
    place = 3 if name == "disclosed" else 4
    return sorted((told[0], told[2], sorted(told[place].items())) for told in company.log.told(name))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    came, deaths = _tell_story(tmp_path_factory.mktemp("undisturbed"), lambda attempt, point: False)
    assert deaths == 0
    return came


def test_the_story_comes_to_what_it_should(undisturbed):
    assert undisturbed["shared"] == (["a1", "a4", "a5"], ["b1", "b3", "b5"])
    assert undisturbed["counts"] == (3, 3)
    assert undisturbed["known"][1]["b3", "customers"] == {"owner": "Eve"}
    assert undisturbed["trouble"] == [[], []]
    assert undisturbed["gone"] == [1, 1, 1, 1, 1, 1]


def test_killed_at_every_write_and_call_in_turn_it_ends_the_same(undisturbed, tmp_path):
    """The first attempt at a step dies at its first point, the second at its second, until one comes through."""
    came, deaths = _tell_story(tmp_path, lambda attempt, point: point == attempt)
    assert deaths > 300
    assert came == undisturbed


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_it_ends_the_same(undisturbed, tmp_path, seed):
    luck = random.Random(seed)
    came, deaths = _tell_story(tmp_path, lambda attempt, point: luck.random() < 0.02)
    assert deaths > 10
    assert came == undisturbed
