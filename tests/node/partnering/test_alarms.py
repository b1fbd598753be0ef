"""What a partner's list may look like before what it would be told waits for somebody, and before it is not taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.node.partnering import world
from tests.partners.dealing.companies import account

from assay.node.partnering import accounts, grants, pairing, populations
from assay.node.partnering.models import Disclosed, Overlap, Standing
from assay.partners import probing

pytestmark = pytest.mark.django_db
_MANY = 60


def _name(number):
    return f"Company{number:03}", f"company{number:03}.example"


@pytest.fixture
def sixty(manager, colleague, paired):
    """Sixty of our accounts, of which the partner may learn which it has."""
    told = {}
    for number in range(_MANY):
        name, domain = _name(number)
        told[f"c{number}"] = {"name": name, "website": domain, "country": "DE", "plan": "team"}
    world.tell(told)
    accounts.refresh(datetime.now(UTC))
    made = populations.make(manager, name="Sixty", says="customer", how="list", lines="\n".join(told))
    grants.agree(colleague, grants.ask(manager, paired, made, level="overlaps", fields=["name"]).pk)
    return paired


def _lists(birch, numbers):
    birch.accounts = {f"b{number}": account(*_name(number), "DE") for number in numbers}


def test_a_first_list_that_is_mostly_ours_is_told_nothing_until_somebody_has_looked(sixty, colleague, birch, rounds):
    _lists(birch, range(_MANY))
    rounds()
    assert Overlap.objects.filter(ruling="match").count() == len(birch.shared) == _MANY  # that they match, both see
    assert birch.known == {}
    assert set(Disclosed.objects.values_list("state", "why")) == {("held", probing.RATE)}
    pairing.limit(colleague, sixty.pk, alarm_above=100)
    rounds()
    assert len(birch.known) == _MANY


def test_a_list_that_grew_more_than_agreed_is_not_taken_and_what_was_told_stays(sixty, birch, rounds):
    _lists(birch, range(30, 130))
    rounds()
    assert len(birch.known) == 30
    Standing.objects.update(before_at=datetime.now(UTC) - timedelta(days=8))
    rounds()
    # A hundred may always come in a week: these are more, and are refused as one.
    _lists(birch, range(30, 260))
    with pytest.raises(Exception, match="grows faster than your partner allows"):
        rounds()
    assert Standing.objects.get().their_records == 100
    assert len(birch.known) == 30


def test_a_list_grows_as_it_likes_in_its_first_week(sixty, birch, rounds):
    rounds()
    assert Standing.objects.get().their_records == 3
    _lists(birch, range(40, 300))
    rounds()
    standing = Standing.objects.get()
    assert (standing.their_records, standing.their_most, standing.shared_records) == (260, 260, 20)
