"""Fixtures of tests of the portal: two partners with a user each, and a lead to hand over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.node.leads.knowing import NOON, acme, enter, lead_of, works_at

from assay.node.access.models import User
from assay.node.access.permissions import Role
from assay.node.leads import arriving, stories
from assay.node.leads.models import Lead
from assay.node.partnering.models import Company, Partner
from assay.node.portal import handing, opening
from assay.node.portal.models import Handoff

NOW = NOON + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _nothing_plugged_in():
    stories.plug()
    yield
    stories.plug()


@dataclass
class Side:
    """A partner with a user, as a test speaks of it."""

    partner: Partner
    user: User

    @property
    def slug(self) -> str:
        return self.partner.slug

    @property
    def client(self) -> Client:
        client = Client()
        client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client


@pytest.fixture
def manager(user_of):
    return user_of(Role.PARTNER_MANAGER)


@pytest.fixture
def vendor(db):
    """Us, as partners know us."""
    return Company.objects.create(name="Acme", seed=b"", matching={"domain": "website"}, made_at=NOON)


@pytest.fixture
def side(manager, vendor):
    """A function that returns a partner with a user: `side("Northwind")`."""

    def make(name: str) -> Side:
        slug = opening.open_portal(manager, name, NOW).partner.slug
        user = opening.invite(manager, slug, f"pat@{slug}.example", f"Pat of {name}", NOW)
        return Side(Partner.objects.get(slug=slug), user)

    return make


@pytest.fixture
def north(side):
    return side("Northwind")


@pytest.fixture
def south(side):
    return side("Southridge")


@pytest.fixture
def lead(db, user_of) -> Lead:
    """A lead of ann, of the account globex, which a rep has."""
    stories.plug(describe=works_at("globex", website="globex.example"))
    arriving.apply([enter()], acme(), NOON)
    found = lead_of("ann")
    found.summary, found.owner = "Made 5 projects within 7 days", user_of(Role.REP)
    found.save()
    return found


@pytest.fixture
def hand(manager):
    """A function that hands a lead to a partner."""

    def give(lead: Lead, side: Side, *, contact: str = "", company: str = "Globex", **more) -> Handoff:
        shown = handing.Shown(company=company, domain="globex.example", why="They built five projects", contact=contact)
        return handing.hand(manager, lead.pk, side.slug, shown, now=timezone.now(), **more)

    return give
