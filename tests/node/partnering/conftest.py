"""A node of a company with accounts, and, where asked for, an escrow and a partner."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.node.partnering import world
from tests.node.partnering.knowing import ACME
from tests.node.serving.told import Clock as Told
from tests.partners.dealing.companies import account

from assay.node.access.actions import Machine
from assay.node.access.permissions import Role
from assay.node.lake import manifest
from assay.node.leads import stories
from assay.node.live import asking
from assay.node.partnering import company, pairing
from assay.node.partnering.stepping import Background
from assay.node.rulebook.importing import import_folder
from assay.node.serving.composing import compose
from assay.node.serving.living import Life
from assay.partners.dealing import accept
from assay.partners.dealing.invitation import Invitation


@pytest.fixture
def acme(db, tmp_path):
    """Definitions and accounts."""
    import_folder(Machine("a test"), world.write(tmp_path / "definitions"))
    world.tell(world.ACCOUNTS)
    from assay.node.partnering import accounts

    accounts.refresh(datetime.now(UTC))
    yield
    for path in manifest.folder().iterdir():
        path.unlink()


@pytest.fixture
def manager(acme, user_of):
    return user_of(Role.PARTNER_MANAGER)


@pytest.fixture
def colleague(acme, user_of):
    return user_of(Role.REVOPS)


@pytest.fixture
def operator(tmp_path):
    made = world.Operator(tmp_path / "escrow")
    yield made
    made.close()


@pytest.fixture
def birch(tmp_path, operator):
    made = world.Birch("birch", tmp_path, operator)
    made.accounts = {
        "b1": account("Initech Limited", "www.initech.com", "United Kingdom", "leeds"),
        "b2": account("Globex", "globex.com", "US", "Austin"),
        "b3": account("Birch's secret", "only-birch.com", "FR", "Lyon"),
    }
    made.values = {record: {"owner": f"Bob of {record}"} for record in made.accounts}
    yield made
    made.rows.close()


class Clock:
    """The real one, which can be put forward."""

    ahead = None

    def __call__(self):
        now = datetime.now(UTC)
        return now if self.ahead is None else now + self.ahead


@pytest.fixture
def background(acme):
    """The node's background, which steps whenever a test says so."""
    return Background(Clock())


@pytest.fixture
def paired(manager, background, operator, birch):
    """A live partnership of the node with birch: a function gives it once both have compared digits."""
    company.name(manager, "Acme")
    made = pairing.invite(manager, name="Birch", escrow=operator.address)
    invitation = Invitation.of_text(made.standing.invitation)
    accept(birch.keep, birch.us, invitation)
    birch.step()
    exchange(made, background)
    made.refresh_from_db()
    assert made.state == "comparing"
    birch.step()
    made.standing.refresh_from_db()
    assert made.standing.digits == birch.deal.digits()
    birch.deal.confirm()
    pairing.compared(manager, made.pk)
    for _ in range(2):
        exchange(made, background)
        birch.step()
    made.refresh_from_db()
    assert made.state == "live"
    return made


def exchange(partnership, background):
    """Let the node step with a partner now."""
    from assay.node.partnering import errands

    errands.want(partnership.pk, datetime.now(UTC))
    while background.step():
        pass


@pytest.fixture
def rounds(paired, background, birch):
    """A function that lets both sides step until nothing more is to be done."""

    def go(most=12):
        for _ in range(most):
            exchange(paired, background)
            if not birch.step():
                exchange(paired, background)
                if not birch.step():
                    paired.refresh_from_db()
                    return
        raise AssertionError("they never come to an end")

    return go


@pytest.fixture
def rules(transactional_db):
    """The example's rules, in use."""
    import_folder(Machine("tests"), ACME / "definitions")


@pytest.fixture
def empty_lake(transactional_db):
    """A lake and an index with nothing in them, also afterwards."""
    index = asking.place()
    index.unlink(missing_ok=True)
    yield
    index.unlink(missing_ok=True)
    for path in manifest.folder().iterdir():
        path.unlink()


@pytest.fixture
def live(rules, empty_lake):
    """A function that lets the node go on until nothing is left to do; `live.clock` is what it reads."""
    compose()
    clock = Told()
    living = Life(clock)

    def on():
        living._partners._not_before = 0.0
        while living.step():
            pass

    on.clock, on.life = clock, living
    yield on
    living.close()
    stories.plug()
