"""A node with a partnership is lost and brought back from a backup: nothing told twice, nothing rolled back."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tests.node.partnering import world
from tests.node.partnering.test_three_nodes import TEXT, digits_on, grant, invitation_on
from tests.node.partnering.three import House, Patient, eventually
from tests.partners.dealing.companies import account

from assay.partners.dealing import accept
from assay.partners.dealing.invitation import Invitation

pytestmark = pytest.mark.crash


@pytest.fixture
def folder():
    """A folder that Postgres may enter."""
    made = Path(tempfile.mkdtemp(prefix="assay-back-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def operator(folder):
    made = world.Operator(folder / "escrow")
    yield made
    made.close()


@pytest.fixture
def birch(folder, operator):
    """A partner without a node, which steps whenever it is asked to."""
    made = world.Birch("birch", folder, operator)
    made.accounts = {
        "b1": account("Initech", "initech.com", "GB", "leeds"),
        "b2": account("Globex", "globex.com", "US"),
    }
    yield made
    made.rows.close()


@pytest.fixture
def houses(folder):
    """A function that gives a house over a folder, which is stopped at the end."""
    made = []

    def at(name, *, is_new):
        house = House("acme", Patient(folder / name))
        made.append(house)
        house.found(folder) if is_new else house.start()
        return house

    yield at
    for house in made:
        house.node.stop()


def stepping(birch, what):
    """Wait for something while the partner steps."""

    def once():
        birch.step()
        return what()

    return eventually(once)


def paired(house, birch, operator, name):
    asked = {"name": name, "escrow": operator.address, "runs_it": "nobody", "sureness": "usual"}
    page = house.do("/partners/invite/", **asked, relation="same entity", success="")
    slug = name.lower()
    accept(birch.keep, birch.us, Invitation.of_text(invitation_on(page)))
    stepping(birch, lambda: digits_on(house.page(f"/partners/{slug}/")))
    assert birch.deal.digits() == digits_on(house.page(f"/partners/{slug}/"))
    birch.deal.confirm()
    house.do(f"/partners/{slug}/do/", do="compared")
    stepping(birch, lambda: "Exchange now" in house.page(f"/partners/{slug}/"))


def _assay(*words):
    done = subprocess.run(
        [sys.executable, "-m", "assay", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_an_older_node_that_is_brought_back_discloses_nothing_and_rolls_nothing_back(folder, houses, operator, birch):
    acme = houses("acme", is_new=True)
    acme.tell(world.ACCOUNTS)
    acme.do("/partners/company/", do="name", name="Acme")
    acme.do("/partners/populations/new/", how="text", name="Customers", says="customer", text=TEXT)
    paired(acme, birch, operator, "Birch")
    grant(acme, "birch", ["name"])
    stepping(birch, lambda: set(birch.known) == {("b1", "customers"), ("b2", "customers")})
    _assay("backup", "--data-folder", acme.node.folder, "--to", folder / "backup")
    acme.do("/partners/birch/grants/", population="customers", level="hidden")
    stepping(birch, lambda: birch.known == {})
    acme.node.stop()
    # The step that withdrew it may have said more after that: what was sent before the end is heard before the restore.
    while birch.step():
        pass
    heard = len(birch.log.all())

    _assay("restore", "--from", folder / "backup", "--data-folder", folder / "again")
    again = houses("again", is_new=False)
    assert "A backup of this node was brought back" in again.page("/partners/birch/")
    wait_for_steps(birch)
    assert birch.log.all()[heard:] == []
    again.do("/partners/birch/do/", do="go_on")
    eventually(lambda: "old backup was brought back" in again.page("/partners/birch/"))
    wait_for_steps(birch)
    assert birch.known == {}
    assert [name for name, _ in birch.log.all()[heard:] if name in {"learnt", "offered", "trouble"}] == []

    again.do("/partners/birch/do/", do="end", sure="on")
    stepping(birch, lambda: birch.log.told("ended"))
    # The escrow may tell the partner a moment before the node has noted it.
    eventually(lambda: "Nothing any more: the partnership is over" in again.page("/partners/birch/learns/"))


def wait_for_steps(birch, seconds=15):
    """Let both go on for longer than a node rests between two steps."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        birch.step()
        time.sleep(0.5)
