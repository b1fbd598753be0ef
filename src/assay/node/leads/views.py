"""The inbox, the page of a lead, and what is done on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads import actions, beside, doing, known, panels, queries, showing, telling_why
from assay.node.leads.merging import final
from assay.node.leads.models import Lead, Letter, SavedView
from assay.node.leads.reasons import LossReason, RecycleReason, RejectReason
from assay.node.leads.states import MOVES, Move, State

_SEARCHED: Final = "leads_searched"
_MOST_AT_ONCE: Final = 200


@needs(Permission.SEE_LEADS)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Show the leads that there are to work."""
    user, now = _user(request), timezone.now()
    searched = str(request.session.get(_SEARCHED, "")) if "found" in request.GET else ""
    asked = queries.filters(user, request.GET.dict(), searched)
    page = queries.inbox(user, asked, now)
    shown = {
        "page": page,
        "asked": asked,
        "tabs": [(tab, name, asked.address(tab=tab)) for tab, name in queries.TABS.items()],
        "counts": queries.counts(user, now),
        "orders": queries.ORDERS,
        "knowns": known.KNOWN,
        "choices": queries.choices(),
        "takers": queries.takers(),
        "saved": queries.saved_views(user),
        "rejects": RejectReason.choices,
        "states": State.choices,
        "known": known.known_by_partners(page.leads),
        "is_known_choosable": known.any_known_by_partners(),
        "here": request.get_full_path(),
        "kept": [(name, getattr(asked, name)) for name in queries.KEPT],
        "before": asked.address(page=asked.page - 1),
        "next": asked.address(page=asked.page + 1),
        "may_work": may(user.role, Permission.WORK_LEADS),
        "may_assign": may(user.role, Permission.ASSIGN_LEADS),
    }
    return render(request, "leads/inbox.html", shown)


@needs(Permission.SEE_LEADS)
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Look for names; what is looked for stays out of the address."""
    request.session[_SEARCHED] = request.POST.get("words", "").strip()[:100]
    return redirect(f"{reverse('leads')}?tab=all" + ("&found=1" if request.session[_SEARCHED] else ""))


@needs(Permission.SEE_LEADS)
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the inbox under a name, or forget them."""
    user, back = _user(request), _back(request)
    if forget := request.POST.get("forget", ""):
        SavedView.objects.filter(user=user, pk=int(forget) if forget.isdecimal() else 0).delete()
        messages.success(request, "The view is forgotten.")
        return redirect(back)
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        messages.error(request, "A view needs a name.")
        return redirect(back)
    wanted = queries.filters(user, request.POST.dict()).address()
    SavedView.objects.update_or_create(user=user, name=name, defaults={"filters": wanted[:500]})
    messages.success(request, f"The view “{name}” is kept above the list.")
    return redirect(reverse("leads") + wanted)


@needs(Permission.WORK_LEADS)
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to the leads that are ticked, or to the one whose button was pressed."""
    verb, _, one = request.POST.get("do", "").partition(":")
    ticked = [one] if one else request.POST.getlist("lead")
    leads = [int(pk) for pk in ticked[:_MOST_AT_ONCE] if pk.isdecimal()]
    if not leads:
        messages.error(request, "No lead is ticked.")
        return redirect(_back(request))
    try:
        do = doing.bulk(verb, request.POST, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
        return redirect(_back(request))
    done, refused = actions.each(_user(request), leads, do)
    if done:
        messages.success(request, f"{done} lead{'s' * (done != 1)} {doing.DONE[verb]}.")
    for why in dict.fromkeys(refused):
        times = refused.count(why)
        messages.error(request, f"{why}{f' ({times} leads)' if times > 1 else ''}")
    return redirect(_back(request))


@needs(Permission.SEE_LEADS)
@require_safe
def lead(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Show one lead: why, what is missing, what happened, and what can be done."""
    found = _known(lead_id)
    if found.merged_into is not None:
        return redirect("lead", final(found).pk)
    return _lead_page(request, found)


@needs(Permission.WORK_LEADS)
@require_POST
def do(request: HttpRequest, lead_id: int, verb: str) -> HttpResponse:
    """Do one thing to a lead."""
    found = _known(lead_id)
    try:
        said = doing.one(_user(request), found.pk, verb, request.POST, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
        return _lead_page(request, _known(lead_id), typed=request.POST, status=422)
    messages.success(request, said)
    return redirect("lead", lead_id)


@needs(Permission.WORK_LEADS)
@require_POST
def finish_task(request: HttpRequest, task_id: int) -> HttpResponse:
    """Tick a task off."""
    try:
        task = actions.finish_task(_user(request), task_id, timezone.now())
    except ShownError as error:
        raise Http404 from error
    messages.success(request, "Done.")
    return redirect("lead", task.lead_id)


def _lead_page(
    request: HttpRequest, found: Lead, *, typed: Mapping[str, object] | None = None, status: int = 200
) -> HttpResponse:
    user = _user(request)
    said = showing.story(request, found.subject_type, found.subject_id, reverse("lead", args=[found.pk]))
    story = said.story
    told = telling_why.whys(story, found.rule) if story else []
    legal = MOVES[State(found.state)]
    evidence = {letter: [e for e in found.evidence.all() if e.letter == letter] for letter in Letter}
    shown = {
        "lead": found,
        "said": said,
        "steps": [(name, getattr(found, reached)) for reached, name in queries.STEPS],
        "why": next((one for one in told if one.rule == found.rule), None),
        "also": [one for one in told if one.rule != found.rule and one.is_met],
        "near": [one for one in told if one.rule != found.rule and not one.is_met][:8],
        "scores": telling_why.scores(story) if story else [],
        "doings": story.events[:15] if story else (),
        "contact": telling_why.contact(story) if story else None,
        "lacking": telling_why.list_of(letter.label.lower() for letter, known in evidence.items() if not known),
        "letters": [(letter, evidence[letter]) for letter in Letter],
        "is_ready": all(evidence.values()),
        "others": queries.others_of(found),
        "beside": beside.shown(request, known.account_of(found), found.pk),
        "can": {move.name.lower(): move in legal for move in Move},
        "rejects": RejectReason.choices,
        "recycles": RecycleReason.choices,
        "losses": LossReason.choices,
        "takers": queries.takers(),
        "typed": typed or {},
        "panels": panels.of_lead(request, found),
        "may_work": may(user.role, Permission.WORK_LEADS),
        "may_answer": actions.may_answer(user, found),
        "may_assign": may(user.role, Permission.ASSIGN_LEADS),
    }
    return render(request, "leads/lead.html", shown, status=status)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _known(lead_id: int) -> Lead:
    found = queries.lead(lead_id)
    if found is None:
        raise Http404
    return found


def _back(request: HttpRequest) -> str:
    """Return the address that the form stood on, if it is one of ours."""
    back = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return back if own else reverse("leads")
