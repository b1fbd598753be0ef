"""Numbers without accounts, as a node hears and shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.node.partnering.knowing import DAY, NOW, offered, partner, population

from assay.escrow import wire
from assay.node.access.permissions import Role
from assay.node.leads.models import KnownByPartners
from assay.node.partnering import grants, knowledge, mapping, populations, ranking
from assay.node.partnering.hearing import Hearing
from assay.node.partnering.models import Disclosed, LakeFact, Level, Overlap, Standing, TheirPopulation, Told
from assay.partners import dealing
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


def _hear(who, *more):
    numbers = [("ours", "many", 40), ("more", "many", 1030), ("ours", "few", None), ("ours", "which", 50), *more]
    Hearing(who, NOW).counted([Counted(ours=ours, theirs=theirs, about=about) for ours, theirs, about in numbers])


def test_what_was_not_counted_is_not_told_to_be_few(who):
    _hear(who)
    shared = dict(TheirPopulation.objects.values_list("slug", "shared"))
    assert shared == {"many": 1070, "few": 0, "late": None, "which": None}


def test_pages_tell_about_how_many_few_and_not_counted_yet_apart(who, client_of):
    _hear(who)
    client = client_of(Role.PARTNER_MANAGER)
    page = client.get("/partners/verdantine/").content.decode()
    assert [text in page for text in ("about 1,070", "few or none", "not counted yet")] == [True] * 3
    page = client.get("/partners/verdantine/map/").content.decode()
    assert [text in page for text in ("about 1,070", "few or none", "not told yet")] == [True] * 3


def _cells(who) -> dict[tuple[str, str], str]:
    found = mapping.matrix(who)
    return {(line.slug, cell.column.slug): cell.about for line in found.lines for cell in line.cells}


def test_the_map_tells_about_how_many_or_few_in_each_cell(who, client_of):
    for slug in ("ours", "more", "hidden"):
        population(slug, "a1")
    _hear(who)
    cells = _cells(who)
    assert (cells["ours", "many"], cells["more", "many"], cells["ours", "few"]) == ("about 40", "about 1,030", "few")
    assert (cells["hidden", "many"], cells["more", "few"], cells["ours", "late"]) == ("", "", "")
    page = client_of(Role.REP).get("/partners/verdantine/map/").content.decode()
    assert [page.count(text) for text in ("<strong>about 40<", "<strong>about 1,030<", "<strong>few<")] == [1] * 3
    assert ">not counted<" in page, "nothing of one population is let known, so that it is not counted"
    assert "only in all" not in page


def test_few_and_few_are_never_told_to_be_none(who):
    _hear(who, ("more", "few", None))
    assert _cells(who)["", "few"] == "few in each of your 2"
    _hear(who, ("more", "few", None), ("third", "many", None))
    assert _cells(who)["", "many"] == "about 1,070, and few in 1 more"


def test_a_number_is_no_fact_of_any_account(who, client_of):
    population("ours", "a1")
    _hear(who)
    for table in (Told, Overlap, LakeFact, KnownByPartners):
        assert not table.objects.exists(), table
    assert ranking.points(["a1"], NOW) == {}
    assert not knowledge.knowledge("a1", NOW)
    page = client_of(Role.REP).get("/partners/verdantine/map/").content.decode()
    assert "theirs=many" not in page, "a number leads to no list"
    assert mapping.rows(who, ours="ours", theirs="many") == []


def test_what_is_counted_over_an_escrow_names_no_account_to_either_side(
    manager, colleague, paired, birch, rounds, operator
):
    # Dice that throw no noise: two accounts are few then, as they nearly always are.
    operator.app._peppers = replace(operator.app._peppers, dice=lambda count: bytes([wire.COUNT_STAY[0]]) * count)
    ours = populations.make(manager, name="Customers", says="customer", how="list", lines="a1\na2\n")
    grants.agree(colleague, grants.ask(manager, paired, ours, level="counts").pk)
    birch.grant(level=dealing.Level.COUNTS)
    rounds()
    assert TheirPopulation.objects.get(slug="customers").counted == {"customers": None}
    for table in (Told, Overlap, LakeFact, Disclosed):
        assert not table.objects.exists(), table
    assert birch.shared == {}


def test_what_a_partner_lets_us_know_until_a_day_stands_on_the_map_until_then(who):
    TheirPopulation.objects.filter(slug="many").update(until=NOW + DAY)
    TheirPopulation.objects.filter(slug="few").update(until=NOW - DAY)
    assert {column.slug for column in mapping.matrix(who).columns} >= {"many", "late", "which"}
    assert "few" not in {column.slug for column in mapping.matrix(who).columns}
