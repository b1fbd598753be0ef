"""What a partner's user says in the portal decides rules live."""

from __future__ import annotations

import pytest
from tests.node.partnering.conftest import empty_lake as empty_lake
from tests.node.partnering.conftest import live as live
from tests.node.partnering.conftest import rules as rules
from tests.node.partnering.knowing import partner, told
from tests.node.partnering.test_facts import DAY, holding

from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.partnering.models import Partner
from assay.node.portal import attesting, leaving, sharing
from assay.node.portal.models import PartnerUser, Portal

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_insight_of_the_portal_makes_a_partner_qualified_lead_until_everything_of_the_partner_is_deleted(live):
    told(partner("verdantine"), "a1")
    of = Partner.objects.get(slug="verdantine")
    Portal.objects.create(partner=of, opened_at=live.clock.now)
    user = User.objects.create_user("pat@verdantine.example", None, role=Role.PARTNER)
    PartnerUser.objects.create(user=user, partner=of, invited_at=live.clock.now)
    attesting.attest(user, sharing.key_of(of, "a1"), "need", "clearly", live.clock.now)
    live()
    assert holding("xql_partner_warm") == {"a1"}
    live.clock.now += DAY
    leaving.leave_all(user, of.name, live.clock.now)
    live()
    assert holding("xql_partner_warm") == set()
