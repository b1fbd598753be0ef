"""The pages on which a partner's users see and answer leads that were handed over. Each begins with `mine`."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assay.core.errors import BadRequest, ShownError
from assay.node.access.admission import needs
from assay.node.access.permissions import Permission
from assay.node.leads.forms import AmountForm
from assay.node.leads.models import Suppression
from assay.node.partnering.models import Partner
from assay.node.portal import answering, becoming, handing, sharing
from assay.node.portal.belonging import our_name
from assay.node.portal.frame import mine, page, user_of
from assay.node.portal.models import Handoff

_A_PAGE: Final = 50
_SAID: Final = {
    "accept": "It is yours. The contact, where there is one, stands below.",
    "decline": "Declined. Thank you for saying so.",
    "win": "Won!",
    "lose": "Noted as lost.",
    "word": "Sent.",
}


@needs(Permission.USE_PORTAL)
@require_safe
def leads(request: HttpRequest) -> HttpResponse:
    """Show the leads that were handed to the partner."""
    partner = mine(request)
    pages = Paginator(answering.handoffs_of(partner), _A_PAGE).get_page(request.GET.get("page"))
    found = list(pages.object_list)
    is_shown = becoming.is_shown(partner)
    lists = [
        ("Wait for your answer", [one for one in found if one.is_offered]),
        ("You work on", [one for one in found if one.is_accepted]),
        ("Over", [one for one in found if not one.is_open]),
    ]
    became = {one.pk: becoming.of_lead(one.lead) for one in found} if is_shown else {}
    told = [(name, [(one, became.get(one.pk, "")) for one in some]) for name, some in lists if some]
    return page(request, partner, "leads", {"lists": told, "is_shown": is_shown, "pages": pages})


@needs(Permission.USE_PORTAL)
@require_safe
def lead(request: HttpRequest, handoff_id: int) -> HttpResponse:
    """Show one lead, as it was handed over."""
    partner = mine(request)
    return _lead_page(request, partner, _handoff(partner, handoff_id))


@needs(Permission.USE_PORTAL)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_do(request: HttpRequest, handoff_id: int, verb: str) -> HttpResponse:
    """Answer or report, in one click; what ends it is asked once more."""
    partner = mine(request)
    handoff = _handoff(partner, handoff_id)
    if verb in answering.FINAL and "sure" not in request.POST:
        return _ask_once_more(request, partner, handoff, verb)
    if request.method != "POST":
        return redirect("portal-lead", handoff_id)
    words, now = request.POST.get("words", ""), timezone.now()
    try:
        if verb in answering.REPORTS or verb == "word":
            answering.report(user_of(request), handoff_id, verb, now, words=words)
            said = _SAID.get(verb, f"Noted: you {answering.REPORTS.get(verb, '')}.")
        else:
            form = AmountForm(request.POST)
            if not form.is_valid():
                messages.error(request, "The amount is no number: write it as 1200 or 1200.50, or leave it out.")
                return _sure_page(request, partner, handoff, verb, status=422)
            amount = form.cleaned_data["amount"]
            answering.answer(user_of(request), handoff_id, verb, now, words=words, amount=amount)
            said = _SAID[verb]
    except ShownError as error:
        messages.error(request, error.text())
        return _lead_page(request, partner, _handoff(partner, handoff_id), typed=words, status=422)
    messages.success(request, f"{said} {our_name()} is told.")
    return redirect("portal-lead", handoff_id)


def _ask_once_more(request: HttpRequest, partner: Partner, handoff: Handoff, verb: str) -> HttpResponse:
    try:
        answering.demand_open_for(handoff, verb)
    except BadRequest as error:
        messages.error(request, error.text())
        return _lead_page(request, partner, handoff, status=422)
    return _sure_page(request, partner, handoff, verb)


def _sure_page(
    request: HttpRequest, partner: Partner, handoff: Handoff, verb: str, *, status: int = 200
) -> HttpResponse:
    question, button = answering.FINAL.get(verb, ("", ""))
    if not question:
        raise Http404
    typed = {name: request.POST.get(name, "") for name in ("amount", "words")}
    shown = {"handoff": handoff, "verb": verb, "question": question, "button": button, "typed": typed}
    return page(request, partner, "sure", shown, status=status)


def _handoff(partner: Partner, handoff_id: int) -> Handoff:
    found = Handoff.objects.filter(partner=partner, pk=handoff_id).exclude(state=Handoff.State.CLOSED)
    first = found.select_related("lead").first()
    if first is None:
        raise Http404
    return first


def _lead_page(
    request: HttpRequest, partner: Partner, handoff: Handoff, *, typed: str = "", status: int = 200
) -> HttpResponse:
    account_id = sharing.account_of(handoff.lead)
    is_left_alone = Suppression.Kind.ASKED in handing.suppressed(handoff.lead)
    shown = {
        "handoff": handoff,
        "contact": "" if is_left_alone else handoff.seen_contact,
        "is_left_alone": is_left_alone,
        "steps": handoff.steps.select_related("by"),
        "key": sharing.key_of(partner, account_id) if account_id else "",
        "became": becoming.of_lead(handoff.lead) if becoming.is_shown(partner) else "",
        "reports": answering.REPORTS.items(),
        "typed": typed,
    }
    return page(request, partner, "lead", shown, status=status)
