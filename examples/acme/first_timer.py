"""A fourth partner, Tarnwick, without a server, that does all of this for the first time: whoever looks plays it.

It has a list, an invitation, and a user of the portal on Acme's node, to which Acme handed leads. Nobody deals for it.
"""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from assay.node.access.models import User
from assay.node.leads.models import Lead
from assay.node.leads.states import OPEN
from assay.node.partnering import grants, pairing
from assay.node.partnering.models import Level, Population
from assay.node.portal import handing, opening
from assay.node.portal.handing import Shown

NAME = "Tarnwick"
USER = "tess@tarnwick.example"
LIST, INVITATION = "customers.csv", "invitation"
_SHARED, _OWN, _TWICE = 60, 60, 3
_LEADS = 3
#: Leads come once the node has decided of everybody, which takes it a while.
_PATIENCE = 120.0
_OWNERS = ("Tess Marlow", "Ivo Grant", "Mina Sato")


def write_list(files: Path, folder: Path) -> None:
    """Write what Tarnwick keeps in a spreadsheet: some companies that Acme knows, too, others, and some twice."""
    dice = random.Random(NAME)
    with (files / "accounts.csv").open(newline="", encoding="utf-8") as file:
        known = [row for row in csv.DictReader(file) if row["name"]]
    rows = [_row(f"T-{n:04}", one, dice) for n, one in enumerate(dice.sample(known, min(_SHARED, len(known))))]
    for n in range(_OWN):
        name = f"{dice.choice(('Fenwick', 'Harrow', 'Quill', 'Sable'))} {dice.choice(('Mills', 'Rail', 'Glass'))} {n}"
        site = f"{name.lower().replace(' ', '-')}-elsewhere.example"
        rows.append(_row(f"T-{1000 + n}", {"name": name, "website": site, "country": "IE"}, dice))
    rows += [{**row, "id": f"{row['id']}-old", "company": f"{row['company']} Ltd"} for row in rows[:_TWICE]]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LIST).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _row(number: str, of: Mapping[str, str], dice: random.Random) -> dict[str, str]:
    told = {"id": number, "company": of["name"], "website": of["website"], "country": of["country"]}
    return {**told, "owner": dice.choice(_OWNERS)}


def invite(folder: Path, escrow: str) -> str:
    """Invite Tarnwick to compare lists and into the portal, hand leads to it; return its user's one-time link."""
    petra, rob = (User.objects.get(email=f"{name}@acme.example") for name in ("petra", "rob"))
    now = timezone.now()
    made = pairing.invite(petra, name=NAME, escrow=escrow, success="Three introductions in a quarter.")
    (folder / INVITATION).write_text(made.standing.invitation)
    asked = grants.ask(
        petra, made, Population.objects.get(slug="paying-companies"), level=Level.OVERLAPS, fields=["name", "plan"]
    )
    if asked.state == asked.State.ASKED:
        grants.agree(rob, asked.pk)
    opening.open_portal(petra, NAME, now)
    slug = made.partner.slug
    opening.set_outcomes(petra, slug, True)
    user = opening.invite(petra, slug, USER, "Tess Marlow, Tarnwick", now)
    for lead in _leads():
        if not handing.why_not(lead):
            shown = Shown(company=lead.account_name or lead.account_id, why=lead.summary, contact=lead.name)
            handing.hand(petra, lead.pk, slug, shown, now=now, respond_by=now + timedelta(days=5))
    return opening.make_link(petra, slug, user.pk)[1]


def _leads() -> list[Lead]:
    """Return some leads of different companies, as soon as there are any."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found: dict[str, Lead] = {}
        for lead in Lead.objects.filter(state__in=sorted(OPEN)).exclude(account_id="").order_by("-score", "pk")[:200]:
            found.setdefault(lead.account_id, lead)
        if len(found) >= _LEADS:
            return list(found.values())[:_LEADS]
        time.sleep(0.5)
    return []
