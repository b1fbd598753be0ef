"""Pair a node that is being visited with Acme's three partners, and say what they may learn (see `serve.py`)."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

import partners
from assay.node.access.models import User
from assay.node.lake import manifest
from assay.node.partnering import company, errands, grants, mapping, pairing, populations
from assay.node.partnering.models import AccountsRead, Level, Partner, Partnership, Population, Says

#: Acme's own populations: what each says, and which accounts are in it.
OURS = {
    "Paying companies": (Says.CUSTOMER, "  is_in: {attribute: plan, in_list: paid_plans}\n", "all_of"),
    "Large companies": (Says.PROSPECT, "  is_in: {attribute: employees, at_least: 200}\n", "all_of"),
    "Smaller companies": (Says.PROSPECT, "  is_in: {attribute: employees, below: 200}\n", "all_of"),
}
PLAYS = {
    ("large-companies", "customer"): "Ask for an introduction to whoever signed with the partner.",
    ("large-companies", "open_opportunity"): "Sell together: agree on a first call of both within a week.",
    ("paying-companies", "open_opportunity"): "Offer the partner a reference; ask which team begins.",
}
_PATIENCE = 180.0


def pair(folder: Path, escrow: str) -> None:
    """Pair with each partner, grant, and write the plays."""
    petra, rob = (User.objects.get(email=f"{name}@acme.example") for name in ("petra", "rob"))
    _wait_for_accounts()
    company.name(petra, "Acme")
    for name, (says, criteria, group) in OURS.items():
        text = f"criteria:\n{criteria}qualify:\n  {group}: [is_in]\n"
        populations.make(petra, name=name, says=says, how=Population.How.TEXT, text=text)
    for n, theirs in enumerate(partners.opened(folder, escrow)):
        made = pairing.invite(
            petra,
            name=partners.NAMES[theirs.slug],
            parent=partners.PARENT[theirs.slug],
            escrow=escrow,
            success="Five meetings in a quarter that neither had without the other.",
            review_on=(timezone.now() + timedelta(days=20 + 60 * n)).date(),
        )
        Partner.objects.filter(pk=made.partner_id).update(manager=petra)
        theirs.accept(made.standing.invitation)
        _confirm(made, theirs, petra)
        for population in Population.objects.all():
            asked = grants.ask(petra, made, population, level=Level.OVERLAPS, fields=())
            if asked.state == asked.State.ASKED:
                grants.agree(rob, asked.pk)
        errands.want(made.pk, timezone.now())
        theirs.close()
    for (slug, kind), text in PLAYS.items():
        mapping.write_play(petra, slug, kind, text, timezone.now())


def _wait_for_accounts() -> None:
    """Wait until the node knows its accounts: a process of its own reads them from the lake."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if AccountsRead.objects.filter(seq=manifest.last_seq()).exists():
            return
        time.sleep(0.3)
    sys.exit("The node does not read its accounts.")


def _confirm(made: Partnership, theirs: partners.Company, petra: User) -> None:
    """Step until both have confirmed the digits."""
    until = time.monotonic() + _PATIENCE
    has_compared = False
    while time.monotonic() < until:
        theirs.step()
        made.refresh_from_db()
        if theirs.is_waiting and made.state == Partnership.State.COMPARING and not has_compared:
            theirs.confirm()
            pairing.compared(petra, made.pk)
            has_compared = True
        if theirs.is_live and made.state == Partnership.State.LIVE:
            return
        errands.want(made.pk, timezone.now())
        time.sleep(0.3)
    sys.exit(f"Pairing with {made.partner} did not come to an end.")
