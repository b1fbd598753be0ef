"""Numbers without accounts, as a node hears and shows them."""

from __future__ import annotations

import pytest
from tests.node.partnering.knowing import NOW, offered, partner

from assay.node.access.permissions import Role
from assay.node.partnering.hearing import Hearing
from assay.node.partnering.models import Level, Standing, TheirPopulation
from assay.partners.dealing import Counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def who():
    """A partner that lets us know how many of three populations we share, and which of a fourth."""
    found = partner("verdantine")
    Standing.objects.create(partnership=found)
    for slug in ("many", "few", "late"):
        offered(found, "prospect", slug, level=Level.COUNTS)
    offered(found, "customer", "which")
    return found


def _hear(who):
    numbers = [("ours", "many", 40), ("more", "many", 30), ("ours", "few", None), ("ours", "which", 50)]
    Hearing(who, NOW).counted([Counted(ours=ours, theirs=theirs, about=about) for ours, theirs, about in numbers])


def test_what_was_not_counted_is_not_told_to_be_few(who):
    _hear(who)
    shared = dict(TheirPopulation.objects.values_list("slug", "shared"))
    assert shared == {"many": 70, "few": 0, "late": None, "which": None}


def test_pages_tell_about_how_many_few_and_not_counted_yet_apart(who, client_of):
    _hear(who)
    client = client_of(Role.PARTNER_MANAGER)
    page = client.get("/partners/verdantine/").content.decode()
    assert [text in page for text in ("about 70", "few or none", "not counted yet")] == [True] * 3
    page = client.get("/partners/verdantine/map/").content.decode()
    assert [text in page for text in ("about 70", "few or none", "not told yet")] == [True] * 3
