"""What a partner was told beside the accounts of grants: insights, introductions, leads handed to it in the portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from assay.node.access.models import User
from assay.node.partnering import accounts
from assay.node.partnering.models import Introduction, Outgoing, Overlap, Partner, Word

_ASKED: Final = Introduction.State.ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that the partner was told: when, what it is, of which company, and what it reads of it, to the word."""

    at: datetime
    what: str
    about: str  # an account's name here, or what the partner was told that it is called; '' forgotten
    text: str
    by: str = ""  # whose name the partner reads
    waits: bool = False  # it goes with the next exchange


def beside(partner: Partner) -> list[Line]:
    """Return everything that a partner was told beside the accounts of grants, the latest first."""
    found = [*_insights(partner), *_introductions(partner), *_handed(partner)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _insights(partner: Partner) -> Iterator[Line]:
    letters = list(Outgoing.objects.filter(partnership__partner=partner, kind="insight"))
    handles = {str(one.body.get("yours", "")) for one in letters}
    pairs = Overlap.objects.filter(partnership__partner=partner, their_handle__in=handles)
    of = {(one.partnership_id, one.their_handle): one.account_id for one in pairs}
    names = accounts.names_of(sorted(set(of.values())))
    for one in letters:
        letter, value = str(one.body.get("letter", "")), str(one.body.get("value", ""))
        yield Line(
            at=one.made_at,
            what="Insight",
            about=names.get(of.get((one.partnership_id, str(one.body.get("yours", ""))), ""), ""),
            text=f"{letter.replace('_', ' ')}: {value}",
            waits=one.handed_on_at is None,
        )


def _introductions(partner: Partner) -> Iterator[Line]:
    found = list(Introduction.objects.filter(partner=partner).select_related("ours"))
    said = list(Word.objects.filter(introduction__in=found, by_us=True).select_related("by"))
    names = accounts.names_of([one.account_id for one in found])
    of = {one.pk: one for one in found}
    for one in found:
        about = names.get(one.account_id, "")
        if one.by_us:
            yield Line(at=one.made_at, what="Introduction asked for", about=about, text=one.wanted, by=_name(one.ours))
        elif one.state != _ASKED:
            yield Line(
                at=one.changed_at,
                what="Introduction answered",
                about=about,
                text=one.get_state_display(),
                by=_name(one.ours),
            )
    for word in said:
        about = names.get(of[word.introduction_id].account_id, "")
        yield Line(at=word.at, what="Written about an introduction", about=about, text=word.text, by=_name(word.by))


def _handed(partner: Partner) -> Iterator[Line]:
    """Yield leads as the portal shows them; the portal stands on this part, so its rows are reached by the partner."""
    handoffs: Any = partner.handoffs
    for one in handoffs.prefetch_related("steps__by"):
        shown = [one.domain, one.why, f"Contact: {one.seen_contact}" if one.seen_contact else ""]
        yield Line(at=one.at, what="Lead handed over", about=one.company, text="\n".join(filter(None, shown)))
        for step in one.steps.all():
            if step.by_us and step.what != "handed over":
                text = "\n".join(filter(None, [step.what, step.words]))
                yield Line(at=step.at, what="Said of that lead", about=one.company, text=text)


def _name(user: User | None) -> str:
    return "" if user is None else user.name
