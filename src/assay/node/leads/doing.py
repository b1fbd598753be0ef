"""From a form that was sent to the action that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from assay.core.errors import BadRequest
from assay.node.access.actions import Actor
from assay.node.access.models import User
from assay.node.leads import actions
from assay.node.leads.forms import AmountForm, DayForm, at_nine

Sent = Mapping[str, str]
_IN_GROUPS: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_Do = Callable[[User, int, Sent, datetime], object]

#: What is said once it is done to several leads.
DONE: Final[Mapping[str, str]] = {"accept": "accepted", "reject": "rejected", "assign": "assigned"}


def one(user: User, lead_id: int, verb: str, sent: Sent, now: datetime) -> str:
    """Do one thing to one lead and return what to say of it; BadRequest where it cannot be done."""
    if verb not in _VERBS:
        raise BadRequest("There is nothing of that name to do with a lead", mend="Use the buttons of the page.")
    said, do = _VERBS[verb]
    do(user, lead_id, sent, now)
    return said


def bulk(verb: str, sent: Sent, now: datetime) -> Callable[[Actor, int], object]:
    """Return what to do to each of several leads; BadRequest where that is nothing that can be done to several."""
    if verb == "accept":
        return lambda actor, lead_id: actions.accept(actor, lead_id, now)
    if verb == "reject":
        reason = sent.get("reason", "")
        if not reason:
            raise BadRequest("Rejecting needs a reason", mend="Choose one beside the button.")
        return lambda actor, lead_id: actions.reject(actor, lead_id, reason, now)
    if verb == "assign":
        to = _number(sent, "to")
        return lambda actor, lead_id: actions.assign(actor, lead_id, to, now)
    raise BadRequest("That cannot be done to several leads", mend="Use the buttons of the page.")


def _day(sent: Sent) -> datetime:
    form = DayForm(sent)
    if not form.is_valid():
        raise BadRequest("A day is missing", mend="Choose one.")
    return at_nine(form.cleaned_data["day"])


def _number(sent: Sent, name: str) -> int:
    if not sent.get(name, "").isdecimal():
        raise BadRequest("Nobody is chosen", mend="Choose somebody from the list.")
    return int(sent[name])


def _win(user: User, lead_id: int, sent: Sent, now: datetime) -> object:
    amount = sent.get("amount", "").strip()
    # As the page itself writes it; 12,5 stays refused, as nobody knows whether it is 12.5 or 125.
    form = AmountForm({"amount": amount.replace(",", "") if _IN_GROUPS.fullmatch(amount) else amount})
    if not form.is_valid():
        raise BadRequest("The amount is no number", mend="Write it as 1200 or 12,000.50, or leave it out.")
    return actions.win(user, lead_id, form.cleaned_data["amount"], now)


_VERBS: Final[Mapping[str, tuple[str, _Do]]] = {
    "accept": ("It is yours now.", lambda u, i, s, n: actions.accept(u, i, n)),
    "reject": (
        "Rejected; marketing sees why.",
        lambda u, i, s, n: actions.reject(u, i, s.get("reason", ""), n, s.get("text", "")[:500]),
    ),
    "recycle": (
        "Put off; it comes back by itself.",
        lambda u, i, s, n: actions.recycle(u, i, s.get("reason", ""), _day(s), n),
    ),
    "back": ("It is back, and offered to you.", lambda u, i, s, n: actions.bring_back(u, i, n)),
    "evidence": (
        "Written down.",
        lambda u, i, s, n: actions.write_evidence(u, i, s.get("letter", ""), s.get("text", ""), n),
    ),
    "sign": ("Signed.", lambda u, i, s, n: actions.sign(u, i, s.get("side", ""), n)),
    "open": ("It is an opportunity now.", lambda u, i, s, n: actions.open_opportunity(u, i, n)),
    "win": ("Won!", _win),
    "lose": ("Lost; the reason is kept.", lambda u, i, s, n: actions.lose(u, i, s.get("reason", ""), n)),
    "assign": ("Handed over.", lambda u, i, s, n: actions.assign(u, i, _number(s, "to"), n)),
    "snooze": ("It sleeps until then.", lambda u, i, s, n: actions.snooze(u, i, _day(s), n)),
    "note": ("Noted.", lambda u, i, s, n: actions.write_note(u, i, s.get("text", ""), n)),
    "task": ("Planned.", lambda u, i, s, n: actions.plan_task(u, i, s.get("text", ""), _day(s), n)),
}
