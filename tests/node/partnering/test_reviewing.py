"""Terms and grants are looked at again: late ones are shown, and who looked says when next."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
from tests.node.partnering.knowing import partner, population

from assay.core.errors import BadRequest
from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.partnering import reviewing
from assay.node.partnering.models import Grant, Reviewed

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()
LATE, NEXT = TODAY - timedelta(days=3), TODAY + timedelta(days=90)


def read(client, address):
    """Return a page as people read it."""
    return html.unescape(client.get(address).content.decode())


def holds(of, slug="targets"):
    """Return a grant that holds and was to be looked at."""
    return Grant.objects.create(
        partnership=of, population=population(slug), level="counts", version=1, state="holds", review_on=LATE
    )


@pytest.fixture
def verdantine(db):
    return partner("verdantine", review_on=LATE)


def test_late_reviews_stand_on_the_partners_page_until_somebody_looked(verdantine, client_of):
    grant = holds(verdantine)
    client = client_of(Role.PARTNER_MANAGER)
    page = read(client, "/partners/verdantine/")
    assert page.count(f"late, since {LATE}") == 2
    assert "What it may learn of “Targets”" in page
    assert f"{LATE}, late" in read(client, "/partners/")
    answer = client.post(f"/partners/looked/terms/{verdantine.pk}/", {"next_on": str(NEXT), "note": "Ten met. Go on."})
    assert answer.url == "/partners/verdantine/"
    client.post(f"/partners/looked/grant/{grant.pk}/", {"next_on": "", "note": ""})
    page = read(client, "/partners/verdantine/")
    assert "late, since" not in page
    assert "Ten met. Go on." in page
    assert f"next on {NEXT}" in page
    verdantine.refresh_from_db()
    grant.refresh_from_db()
    assert (verdantine.review_on, grant.review_on, grant.state) == (NEXT, None, Grant.State.HOLDS)


def test_that_somebody_looked_is_in_the_audit_without_the_note(verdantine, user_of):
    reviewing.look_at_terms(user_of(Role.PARTNER_MANAGER), verdantine.pk, NEXT, "Ann was kind")
    row = AuditRow.objects.get(action="look at a partner's terms again")
    assert (row.before, row.after["review_on"]) == ({"review_on": str(LATE)}, str(NEXT))
    assert "Ann" not in str(row.after)
    one = Reviewed.objects.get()
    assert (one.note, one.due_on, one.by) == ("Ann was kind", LATE, user_of(Role.PARTNER_MANAGER))


def test_a_day_that_is_over_and_what_is_no_day_are_refused(verdantine, user_of, client_of):
    with pytest.raises(BadRequest, match="This day is over"):
        reviewing.look_at_terms(user_of(Role.PARTNER_MANAGER), verdantine.pk, TODAY)
    client = client_of(Role.PARTNER_MANAGER)
    answer = client.post(f"/partners/looked/terms/{verdantine.pk}/", {"next_on": "soon"}, follow=True)
    assert "this is no day" in answer.content.decode()
    assert not Reviewed.objects.exists()


def test_a_grant_by_default_is_looked_at_on_the_page_of_these(client_of, db):
    grant = holds(None)
    client = client_of(Role.PARTNER_MANAGER)
    assert f"late, since {LATE}" in read(client, "/partners/grants/")
    answer = client.post(f"/partners/looked/grant/{grant.pk}/", {"next_on": str(NEXT)})
    assert answer.url == "/partners/grants/"
    assert "late, since" not in read(client, "/partners/grants/")


def test_who_may_not_let_partners_learn_sees_that_it_is_late_and_looks_at_nothing(verdantine, client_of):
    client = client_of(Role.REP)
    assert f"late, since {LATE}" in read(client, "/partners/verdantine/")
    assert "Looked at it" not in read(client, "/partners/verdantine/")
    assert client.post(f"/partners/looked/terms/{verdantine.pk}/", {}).status_code == 403
