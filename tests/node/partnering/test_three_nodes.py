"""Two nodes and an escrow, for real: paired on their pages, matched over HTTP, killed and away in turn.

What one grants the other learns, once; nothing is lost, and the operator's files hold none of it. One story, told by
its steps, as each needs the one before.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from tests.node.partnering import world
from tests.node.partnering.three import House, Operator, Patient, eventually

pytestmark = pytest.mark.crash
TEXT = "criteria:\n  pays: {attribute: plan, is: team}\nqualify:\n  all_of: [pays]\n"
BIRCH = {
    "b1": {"name": "Initech Limited", "website": "www.initech.com", "country": "GB", "city": "Leeds", "plan": "team"},
    "b2": {"name": "Globex", "website": "globex.com", "country": "US", "city": "Austin", "plan": "team"},
    "b3": {"name": "Birch Secret Customer", "website": "only-birch.com", "country": "FR", "plan": "team"},
}
#: Companies that both get to know of while somebody is being killed.
LATER = {
    f"{n}": {"name": f"Umbrella{word} Holdings", "website": f"umbrella-{word}.com", "country": "US", "plan": "team"}
    for n, word in enumerate(("alpha", "bravo", "carbon", "delta", "echo"))
}


@pytest.fixture(scope="module")
def folder():
    """A folder that Postgres may enter."""
    made = Path(tempfile.mkdtemp(prefix="assay-three-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def three(folder):
    """An escrow, Acme and Birch."""
    operator = Operator(folder / "escrow")
    houses = []
    try:
        operator.start()
        for name in ("acme", "birch"):
            houses.append(House(name, Patient(folder / name)))
            houses[-1].found(folder)
        yield operator, *houses
    finally:
        for house in houses:
            house.node.stop()
        operator.stop()


def invitation_on(page):
    return re.search(r'<textarea id="invitation"[^>]*>([^<]+)</textarea>', page)[1]


def digits_on(page):
    found = re.search(r"(\d{5} ){11}\d{5}", page)
    return found and found[0]


def names_learnt(house):
    """Return the names that a house was told, and how often each."""
    rows = house.rows("SELECT fields->>'name', count(*) FROM partnering_told WHERE until IS NULL GROUP BY 1")
    return dict(rows)


def test_two_nodes_pair_match_and_tell_whoever_is_killed_or_away(three):
    operator, acme, birch = three
    acme.tell(world.ACCOUNTS)
    birch.tell(BIRCH)
    pair(operator, acme, birch)
    grant(acme, "birch", ["name", "plan"])
    grant(birch, "acme", ["name"])

    eventually(lambda: names_learnt(birch) == {"Initech Ltd": 1, "Globex Corp": 1})
    eventually(lambda: names_learnt(acme) == {"Initech Limited": 1, "Globex": 1})

    told = {"Initech Ltd": 1, "Globex Corp": 1}
    learnt = {"Initech Limited": 1, "Globex": 1}

    def both_know(of):
        told[of["name"]] = learnt[of["name"]] = 1
        eventually(lambda: names_learnt(birch) == told)
        eventually(lambda: names_learnt(acme) == learnt)

    def both_get(number):
        acme.tell({f"a1{number}": LATER[number]})
        birch.tell({f"b1{number}": LATER[number]})
        return LATER[number]

    new = both_get("0")
    operator.kill()
    eventually(lambda: "does not answer" in acme.page("/partners/birch/"))
    operator.start()
    both_know(new)

    new = both_get("1")
    acme.kill_partners()
    birch.kill_partners()
    both_know(new)

    new = both_get("2")
    acme.kill()
    acme.start()
    both_know(new)

    birch.kill()
    acme.tell({"a13": LATER["3"]})
    birch.start()
    birch.tell({"b13": LATER["3"]})
    both_know(LATER["3"])

    nothing_told_twice(acme, 6)
    nothing_told_twice(birch, 6)
    assert acme.rows("SELECT count(*) FROM partnering_overlap WHERE ruling = 'match' AND until IS NULL") == [(6,)]
    page = acme.page("/partners/birch/learns/")
    assert "Umbrellaalpha Holdings" in page
    assert "receipted" in page
    the_operator_knows_nothing(operator, acme, birch)

    acme.tell({"a1": {"plan": "trial"}})
    told.pop("Initech Ltd")
    eventually(lambda: names_learnt(birch) == told)
    birch.do("/partners/acme/do/", do="end", sure="on")
    eventually(lambda: "over" in acme.page("/partners/birch/"))
    eventually(lambda: names_learnt(birch) == names_learnt(acme) == {})


def pair(operator, acme, birch):
    """Pair on the pages, as two partner managers would."""
    for house in (acme, birch):
        house.do("/partners/company/", do="name", name=house.name.title())
        asked = {"how": "text", "name": "Customers", "says": "customer", "text": TEXT}
        assert "Customers" in house.do("/partners/populations/new/", **asked)
    asked = {"name": "Birch", "escrow": operator.address, "runs_it": "nobody", "sureness": "usual"}
    page = acme.do("/partners/invite/", **asked, relation="same entity", success="Ten introductions")
    shown = birch.do("/partners/accept/", text=invitation_on(page), do="look")
    assert "Ten introductions" in shown
    birch.do("/partners/accept/", text=invitation_on(page), do="accept", name="Acme")
    ours = eventually(lambda: digits_on(acme.page("/partners/birch/")))
    theirs = eventually(lambda: digits_on(birch.page("/partners/acme/")))
    assert ours == theirs
    eventually(lambda: "Compare the digits" in birch.page("/partners/acme/"))
    birch.do("/partners/acme/do/", do="compared")
    acme.do("/partners/birch/do/", do="compared")
    for house, slug in ((acme, "birch"), (birch, "acme")):
        eventually(lambda house=house, slug=slug: "Exchange now" in house.page(f"/partners/{slug}/"))


def grant(house, slug, fields):
    """Let a partner learn: asked for by one, agreed to by another."""
    asked = {"population": "customers", "level": "overlaps", "let_out": fields}
    page = house.do(f"/partners/{slug}/grants/", **asked)
    assert "second person" in page
    number = re.search(r"/partners/grants/(\d+)/", page)[1]
    assert "holds from now on" in house.do(f"/partners/grants/{number}/", who="bob", do="agree")


def nothing_told_twice(house, accounts):
    told = house.rows("SELECT account_id, count(*), count(DISTINCT entry) FROM partnering_disclosed GROUP BY 1")
    assert sorted((count, entries) for _, count, entries in told) == [(1, 1)] * accounts
    eventually(lambda: house.rows("SELECT count(*) FROM partnering_disclosed WHERE receipted_at IS NULL") == [(0,)])
    entries = [one for (one,) in house.rows("SELECT entry FROM partnering_disclosed ORDER BY entry")]
    assert entries == list(range(1, accounts + 1))


def the_operator_knows_nothing(operator, *houses):
    """Look for every value, and its unkeyed hashes, in every file of the escrow and in all logs of the nodes."""
    values = {
        text
        for of in (world.ACCOUNTS, BIRCH, LATER)
        for traits in of.values()
        for name, text in traits.items()
        if name in {"name", "website"}
    }
    secrets = {text.encode() for text in values} | {text.lower().encode() for text in values}
    for text in values:
        secrets |= {hashlib.new(name, text.lower().encode()).digest() for name in ("md5", "sha1", "sha256", "blake2b")}
    ways = {way for one in secrets for way in (one, one.hex().encode(), base64.b64encode(one).rstrip(b"="))}
    files = [path for path in operator.folder.rglob("*") if path.is_file()]
    logs = [house.node.folder / "serve.log" for house in houses]
    assert {"escrow.sqlite", "log"} <= {path.name for path in files}
    held = {path: path.read_bytes() for path in (*files, *logs)}
    assert [(path.name, way) for path, text in held.items() for way in ways if way in text] == []
