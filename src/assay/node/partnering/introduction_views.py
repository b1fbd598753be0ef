"""Pages of introductions: those under way, and the thread of one."""

from __future__ import annotations

from typing import Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads.queries import leads_of_account
from assay.node.partnering import introductions as doing
from assay.node.partnering import reaching
from assay.node.partnering.accounts import names_of
from assay.node.partnering.mapping_views import back
from assay.node.partnering.models import Introduction, Overlap

_PAGE: Final = 50
_State = Introduction.State
#: What a button says that brings an introduction to a state.
_BUTTONS: Final = {
    _State.ACCEPTED: "Accept",
    _State.DECLINED: "Decline",
    _State.MADE: "It is made",
    _State.CLOSED: "Close",
}


@needs(Permission.SEE_PARTNERS)
@require_safe
def introductions(request: HttpRequest) -> HttpResponse:
    """Show the introductions that were asked for: what waits for us first."""
    waits = Case(
        When(state=_State.ASKED, by_us=False, then=Value(0)),
        When(state__in=[_State.ASKED, _State.ACCEPTED], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = Introduction.objects.select_related("partner", "ours").order_by(waits, "-changed_at", "-pk")
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    named = names_of([one.account_id for one in page])
    shown = {"page": page, "rows": [(one, named[one.account_id]) for one in page]}
    return render(request, "partnering/introductions.html", shown)


@needs(Permission.SEE_PARTNERS)
@require_safe
def introduction(request: HttpRequest, introduction_id: int) -> HttpResponse:
    """Show one introduction: what is wanted, where it stands, what both owners said."""
    found = Introduction.objects.select_related("partner", "ours", "partnership").filter(pk=introduction_id).first()
    if found is None:
        raise Http404
    user = cast(User, request.user)
    can = doing.moves(found, by_us=True) if doing.may_work(user) else frozenset()
    shown = {
        "one": found,
        "name": names_of([found.account_id])[found.account_id],
        "words": found.words.select_related("by"),
        "buttons": [(state.value, text) for state, text in _BUTTONS.items() if state in can],
        "leads": leads_of_account(found.account_id)[:5],
        "may_write": doing.may_work(user) and found.state != _State.CLOSED,
        "is_ours": found.ours_id == user.pk,
        "may_work": doing.may_work(user),
        "is_unread": bool(reaching.unread([found.partner_id])),
        "sign": reaching.sign(found.partner, found.account_id),
        "may_manage": may(user.role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/introduction.html", shown)


@needs(Permission.WORK_LEADS)
@require_POST
def ask(request: HttpRequest, overlap_id: int) -> HttpResponse:
    """Ask a partner for an introduction."""
    if not Overlap.objects.filter(pk=overlap_id).exists():
        raise Http404
    try:
        made = doing.ask(_user(request), overlap_id, request.POST.get("wanted", ""), timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
        return redirect(back(request))
    messages.success(
        request, f"{made.partner} is asked. {reaching.where(made.partner)} You are told once there is an answer."
    )
    return redirect("introduction", made.pk)


@needs(Permission.WORK_LEADS)
@require_POST
def do(request: HttpRequest, introduction_id: int) -> HttpResponse:
    """Answer an introduction, write into its thread, or become its owner."""
    if not Introduction.objects.filter(pk=introduction_id).exists():
        raise Http404
    now, verb = timezone.now(), request.POST.get("do", "")
    try:
        if verb == "write":
            doing.write(_user(request), introduction_id, request.POST.get("text", ""), now)
            messages.success(request, "Written.")
        elif verb == "take":
            doing.take_over(_user(request), introduction_id, now)
            messages.success(request, "It is yours now.")
        else:
            one = doing.bring(_user(request), introduction_id, verb, now)
            messages.success(request, f"{one.get_state_display()}.")
    except ShownError as error:
        messages.error(request, error.text())
    return redirect("introduction", introduction_id)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
