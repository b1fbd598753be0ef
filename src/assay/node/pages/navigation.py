"""What the bar at the top of each page leads to: one line a page, in the order of the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from assay.node.access.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that is worth a place in the bar: the name of its address, what it is called, what it is for, for whom."""

    route: str
    name: str
    about: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as one request shows it."""

    name: str
    about: str
    address: str
    is_here: bool


ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("leads", "Leads", "Who is worth your time now, and why.", Permission.SEE_LEADS),
    Entry("deadlines", "Deadlines", "Who has to answer what by when.", Permission.SEE_LEADS),
    Entry("taking", "Routing", "Who takes which leads, who is away, who is left alone.", Permission.SEE_LEADS),
    Entry("handoffs", "Handoffs", "Which leads partners have, and what became of them.", Permission.SEE_PARTNERS),
    Entry("funnel", "Funnel", "How far leads get, and why others do not.", Permission.SEE_FUNNEL),
    Entry("partners", "Partners", "What partners and you know together, and who learns what.", Permission.SEE_PARTNERS),
    Entry("webhooks", "Webhooks", "Which other systems are told, and whether it arrived.", Permission.CHANGE_DATA),
    Entry("rules", "Rules", "What qualifies whom, in which version, and who published it.", Permission.SEE_RULES),
    Entry("data", "Data", "What arrives from where, write keys, files.", Permission.SEE_DATA),
    Entry("audit", "Audit", "What was done, by whom, on what.", Permission.SEE_AUDIT),
    Entry("users", "Users", "Who may come in, and as what.", Permission.MANAGE_USERS),
    Entry("portal-leads", "Leads", "Who was handed to you, and where each stands.", Permission.USE_PORTAL),
    Entry("portal-accounts", "Accounts", "What you know of companies that you both work with.", Permission.USE_PORTAL),
    Entry("portal-introductions", "Introductions", "Who asks whom, and what came of it.", Permission.USE_PORTAL),
)


def navigation(request: HttpRequest) -> dict[str, list[Item]]:
    """Return the items that whoever asks may see."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    shown = [(entry, reverse(entry.route)) for entry in ENTRIES if may(user.role, entry.permission)]
    return {"navigation": [Item(e.name, e.about, to, request.path.startswith(to)) for e, to in shown]}
