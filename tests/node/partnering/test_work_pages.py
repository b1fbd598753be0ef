"""Pages of what partners know: account map, overlaps, questions, leads ranked by it, the ecosystem."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.node.leads.knowing import enter
from tests.node.partnering.knowing import DAY, NOW, attests, offered, overlap, partner, population, told

from assay.node.access.actions import Machine
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.leads import arriving, beside
from assay.node.leads.models import KnownByPartners, Lead
from assay.node.leads.states import State
from assay.node.partnering import ecosystem, introductions, knowledge, lens, mapping, ranking
from assay.node.partnering.models import Account, Errand, Introduction, Level, Overlap, Play, Standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db):
    """Acme's rules in use, so that accounts have attributes, and what stands beside leads plugged in."""
    from tests.node.partnering.knowing import ACME

    from assay.node.rulebook.importing import import_folder

    import_folder(Machine("tests"), ACME / "definitions")
    beside.plug(knowledge.beside)
    yield
    beside.plug()


@pytest.fixture
def shared(acme):
    """Verdantine shares a1 to a3 with us; it lets us know customers, and of opportunities only how many."""
    who = partner("verdantine")
    for account in ("a1", "a2"):
        told(who, account)
    overlap(who, "a3")
    offered(who, "open_opportunity", level=Level.COUNTS, shared=40)
    population("targets", "a1", "a3", "a9")
    population("empty")
    for account, employees in (("a1", "120"), ("a2", "80"), ("a3", "7")):
        attributes = {"employees": employees, "industry": "retail"}
        Account.objects.create(
            account_id=account, name=f"Firm {account}", domain=f"{account}.de", attributes=attributes
        )
    return who


def test_the_map_counts_what_is_in_both_and_tells_nothing_from_none(shared):
    found = mapping.matrix(shared)
    cells = {line.slug: {cell.column.says: cell for cell in line.cells} for line in found.lines}
    assert {slug: cell["customer"].count for slug, cell in cells.items()} == {"": 2, "targets": 1, "empty": 0}
    assert cells["targets"]["customer"].worth == Decimal(120)
    assert cells[""]["open_opportunity"].count == 40
    assert cells["targets"]["open_opportunity"].count is None, "a number for all tells nothing of one cell"
    assert cells[""]["prospect"].column.level == Level.HIDDEN
    assert cells[""]["prospect"].count is None
    assert found.shared == 3


def test_the_page_says_not_shared_where_nothing_is_let_known_and_zero_where_nothing_is(shared, client_of):
    page = client_of(Role.REP).get("/partners/verdantine/map/").content.decode()
    assert "Verdantine: Prospects" in page
    assert page.count(">not shared</span>") >= 3
    assert '<span class="zero">0</span>' in page
    assert "about 40" in page
    assert "Write a play" not in page, "a rep reads plays"


def test_a_play_is_written_once_for_a_cell_and_shown_where_the_account_is_worked(shared, client_of):
    client = client_of(Role.PARTNER_MANAGER)
    typed = {"population": "targets", "says": "customer", "text": "Ask for an introduction\nat once"}
    assert client.post("/partners/verdantine/map/play/", typed).status_code == 302
    assert Play.objects.get().text == "Ask for an introduction at once"
    assert knowledge.knowledge("a1", NOW).plays == ("Ask for an introduction at once",)
    assert knowledge.knowledge("a2", NOW).plays == ()
    page = client_of(Role.REP).get("/partners/verdantine/overlaps/?ours=targets&theirs=customer").content.decode()
    assert "What to do here" in page
    assert "Ask for an introduction at once" in page, "it stands above the list of its cell"
    assert "written by Partner manager on" in page
    for other in ("", "?ours=targets", "?ours=empty&theirs=customer"):
        assert (
            "What to do here" not in client_of(Role.REP).get(f"/partners/verdantine/overlaps/{other}").content.decode()
        )
    client.post("/partners/verdantine/map/play/", {**typed, "text": " "})
    assert not Play.objects.exists()
    answer = client.post("/partners/verdantine/map/play/", {**typed, "population": "nowhere"}, follow=True)
    assert "There is no such cell" in answer.content.decode()


def test_overlaps_of_a_cell_are_listed_by_worth_and_downloaded_without_formulas(shared, client_of):
    Account.objects.filter(account_id="a1").update(name="=cmd|' /C calc'!A0")
    names = [row.name for row in mapping.rows(shared, theirs="customer")]
    assert names == ["=cmd|' /C calc'!A0", "Firm a2"]
    assert [row.overlap.account_id for row in mapping.rows(shared, ours="targets")] == ["a1", "a3"]
    client = client_of(Role.REP)
    page = client.get("/partners/verdantine/overlaps/?theirs=customer").content.decode()
    assert "domain agrees" in page
    assert "about 260 to 1" in page
    answer = client.get("/partners/verdantine/overlaps.csv?theirs=customer")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert rows[0]["name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["why_matched"] == "domain agrees (+4.4); name agrees, at one domain (+4.2)"
    assert {row["partner_says"] for row in rows} == {"Customers"}


def test_a_question_is_answered_with_one_click_and_the_partner_is_to_be_told(shared, client_of):
    Standing.objects.create(partnership=shared)
    one = overlap(shared, "a7", bits=1.5, ruling=Overlap.Ruling.ASK)
    client = client_of(Role.PARTNER_MANAGER)
    assert "the same company" in client.get("/partners/verdantine/overlaps/").content.decode()
    client.post(f"/partners/overlaps/{one.pk}/answer/", {"is_same": "yes"})
    one.refresh_from_db()
    assert one.our_answer is True
    errand = Errand.objects.get()
    assert (errand.what, errand.body["handle"], errand.body["is_same"]) == ("answer", one.handle, True)
    assert AuditRow.objects.filter(subject="overlap", subject_id=str(one.pk)).exists()
    assert mapping.asked(shared) == []
    assert client.post(f"/partners/overlaps/{one.pk}/answer/", {"is_same": "perhaps"}).status_code == 302


def test_a_lead_and_an_account_show_what_partners_know(shared, client_of):
    attests(shared, "a1", "budget")
    overlap(partner("ossuline"), "a1")
    told(shared, "a1", "prospect", fields={"tier": "gold"})
    arriving.apply([enter("xql_partner_warm", "a1", NOW)], _definitions(), NOW)
    client = client_of(Role.REP)
    page = client.get(f"/leads/{Lead.objects.get().pk}/").content.decode()
    for words in ("What partners know", "Verdantine", "gold", "1 more partner shares", "Ask for an introduction"):
        assert words in page, words
    assert "Ossuline" not in page, "it lets us know no more than that it shares the account"
    assert "What partners know" in client.get("/accounts/a1/").content.decode()


def _definitions():
    from assay.node.rulebook import current

    return current.definitions()


def test_leads_are_narrowed_and_ranked_by_what_partners_know(shared, client_of):
    told(partner("ossuline"), "a2", "open_opportunity")
    changes = [enter("xql_partner_warm", one, NOW) for one in ("a1", "a2", "a8")]
    arriving.apply(changes, _definitions(), NOW)
    ranking.refresh(NOW)
    client = client_of(Role.REVOPS)
    found = client.get("/leads/?tab=all&order=partners").context["page"].leads
    assert [lead.subject_id for lead in found] == ["a2", "a1", "a8"]
    assert [lead.subject_id for lead in client.get("/leads/?tab=all&known=2").context["page"].leads] == ["a2"]
    assert client.get("/leads/?tab=all&known=1").context["page"].count == 2
    assert "2 partners" in client.get("/leads/?tab=all").content.decode()


def test_whom_every_partner_has_is_worth_less_than_whom_a_few_have(db):
    everybody = [partner(f"p{n}") for n in range(12)]
    for who in everybody:
        told(who, "giant")
    for who in everybody[:4]:
        told(who, "rare")
    told(everybody[0], "single")
    worth = {one: points.total for one, points in ranking.points(["giant", "rare", "single"], NOW).items()}
    assert worth["giant"] < worth["single"] < worth["rare"]
    told(everybody[0], "giant", "open_opportunity")
    assert ranking.points(["giant"], NOW)["giant"].total > worth["giant"] + 15, "what is going on now counts in full"


def test_one_more_independent_word_never_makes_a_few_worth_less():
    for of in range(3, 60):
        worth = [n * ranking.rarity(n, of) for n in range(1, of + 1)]
        few = max(2, of // 4)
        assert worth[:few] == sorted(worth[:few])
        assert worth[-1] < worth[0]


def test_partners_of_one_parent_count_once_and_old_words_fade(db):
    for slug in ("verdantine", "pelworth"):
        told(partner(slug, "halden-group"), "a1", confirmed_at=NOW)
    told(partner("ossuline"), "a2", confirmed_at=NOW)
    told(partner("ossuline"), "a3", confirmed_at=NOW - ranking.HALF_LIFE)
    found = ranking.points(["a1", "a2", "a3"], NOW)
    assert found["a1"].total == found["a2"].total == 2 * found["a3"].total
    assert found["a1"].partners == 2
    assert ranking.refresh(NOW) == 3
    assert KnownByPartners.objects.get(account_id="a1").partners == 2
    assert ranking.refresh(NOW, {"a9"}) == 0
    assert KnownByPartners.objects.count() == 3


def test_the_attribute_that_is_revenue_is_guessed_until_somebody_chooses(shared, client_of):
    assert (lens.lens().revenue, lens.lens().segment) == ("employees", "industry")
    client = client_of(Role.PARTNER_MANAGER)
    client.post("/partners/ecosystem/lens/", {"revenue": "seats", "segment": "country"})
    assert (lens.lens().revenue, lens.lens().segment) == ("seats", "country")
    answer = client.post("/partners/ecosystem/lens/", {"revenue": "shoe_size"}, follow=True)
    assert "Accounts have no such attribute" in answer.content.decode()
    assert client_of(Role.REP).post("/partners/ecosystem/lens/", {}).status_code == 403


def test_the_ecosystem_tells_who_brought_what_and_how_it_ended(shared, client_of):
    from assay.node.partnering.models import LakeFact

    for account in ("a1", "a2"):
        LakeFact.objects.create(
            partner=shared.partner,
            account_id=account,
            says="customer",
            source="partner_facts",
            name="verdantine",
            since=NOW - 50 * DAY,
            confirmed_at=NOW,
        )
    changes = [enter("xql_partner_warm", one, NOW) for one in ("a1", "a2", "a3")]
    arriving.apply(changes, _definitions(), NOW)
    won = Lead.objects.get(subject_id="a1")
    Lead.objects.filter(pk=won.pk).update(state=State.WON, amount=Decimal(900), accepted_at=NOW)
    (line,) = ecosystem.partners(NOW, NOW - DAY)
    assert (line.all.xql, line.all.won, line.all.accepted, line.all.amount) == (2, 1, 1, Decimal(900))
    assert line.segments["retail"].xql == 2
    page = client_of(Role.REP).get("/partners/ecosystem/").content.decode()
    assert "2 XQL" in page
    assert "900" in page


def test_how_success_is_measured_stands_beside_what_came_of_it(shared, client_of, user_of):
    shared.terms = {"success": "Ten introductions accepted by summer"}
    shared.save()
    partner("ossuline")
    attests(shared, "a1")
    rep = user_of(Role.REP)
    for account in ("a1", "a2", "a3"):
        introductions.ask(rep, Overlap.objects.get(account_id=account).pk, "Please", NOW)
    introductions.brought_by_partner(Introduction.objects.get(account_id="a1"), "accepted", "Olga", NOW)
    made = Introduction.objects.get(account_id="a2")
    for state in ("accepted", "made", "closed"):
        introductions.brought_by_partner(made, state, "Olga", NOW)
    Introduction.objects.filter(account_id="a3").update(made_at=NOW - 400 * DAY)
    arriving.apply([enter("xql_partner_warm", "a1", NOW)], _definitions(), NOW)
    Lead.objects.update(state=State.WON, amount=Decimal(12900))
    page = client_of(Role.REP).get("/partners/ecosystem/").content.decode()
    assert "Ten introductions accepted by summer" in page
    assert "3 accounts shared; 2 introductions asked for, 2 accepted, 1 made; 0 EQL and 1 XQL, 1 won for 12,900" in page
    assert "0 accounts shared; 0 introductions asked for" in page, "each partner has its line"
    assert "3 introductions asked for" in client_of(Role.REP).get("/partners/ecosystem/?days=all").content.decode()


def test_needs_that_nobody_serves_are_listed(shared):
    for account in ("a1", "a5", "a6"):
        attests(shared, account, "use_case", "live dashboards")
    attests(shared, "a6", "use_case", "no", at=NOW)
    (one,) = ecosystem.unserved(NOW)
    assert (one.value, one.accounts, one.partners) == ("live dashboards", ("a5",), ("Verdantine",))
    arriving.apply([enter("xql_partner_warm", "a5", NOW)], _definitions(), NOW)
    assert ecosystem.unserved(NOW) == []


def test_what_went_stale_and_what_is_due_for_review_is_told(shared, client_of):
    shared.told.update(confirmed_at=NOW - 100 * DAY)
    shared.review_on = (NOW + timedelta(days=3)).date()
    shared.save()
    page = client_of(Role.PARTNER_MANAGER).get("/partners/ecosystem/").content.decode()
    assert "confirmed nothing since" in page
    assert [(one.what, one.is_late) for one in ecosystem.reviews(NOW.date())] == [("terms", False)]


def test_pages_say_what_the_definitions_lack_with_the_text_to_add(db, client_of):
    told(partner("verdantine"), "a1")
    page = client_of(Role.REVOPS).get("/partners/verdantine/map/").content.decode()
    assert "confirmed_at: confirmed_at" in page
    assert client_of(Role.REVOPS).get("/partners/nobody/map/").status_code == 404
