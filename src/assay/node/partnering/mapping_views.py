"""Pages of one partner's account map: the matrix, the overlaps of a cell, questions, plays."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import answering, comparing, facts, insights, lens, mapping, reaching
from assay.node.partnering.accounts import attribute_names
from assay.node.partnering.models import Level, Partnership, Population, TheirPopulation

_PAGE: Final = 50


@needs(Permission.SEE_PARTNERS)
@require_safe
def account_map(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how our populations meet a partner's."""
    partnership = known(slug)
    found = mapping.matrix(partnership)
    by_lens, compared = lens.lens(), comparing.of(partnership)
    shown = {
        "partnership": partnership,
        "partner": partnership.partner,
        "map": found,
        # Not "0 shared" before both lists were laid beside each other.
        "is_compared": bool(found.shared) or compared.is_done,
        "compared": compared,
        "called": lens.called(found.revenue),
        "lens": by_lens,
        "attributes": attribute_names(),
        "levels": Level,
        "lacking": facts.lacking(),
        "has_populations": Population.objects.exists(),
        "may_manage": may(_user(request).role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/map.html", shown)


@needs(Permission.SEE_PARTNERS)
@require_safe
def overlaps(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the accounts of a cell, and the questions that wait for us."""
    partnership, asked = known(slug), _asked(request)
    found = mapping.rows(partnership, **asked)
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    user, by_lens = _user(request), lens.lens()
    narrowed = {name: value for name, value in asked.items() if value and (name, value) != ("order", "worth")}
    shown = {
        "partnership": partnership,
        "partner": partnership.partner,
        "page": page,
        "asked": asked,
        "questions": mapping.asked(partnership) if page.number == 1 else [],
        "compared": comparing.of(partnership),
        "questions_count": mapping.questions(partnership).count(),
        "ours": Population.objects.filter(is_of_people=False),
        "theirs": TheirPopulation.objects.filter(
            mapping.still_offered(), partnership=partnership, level=Level.OVERLAPS
        ).order_by("name"),
        "play": mapping.play_of(partnership, asked["ours"], asked["theirs"]),
        "orders": mapping.ORDERS,
        "called": lens.called(by_lens.revenue),
        "address": f"?{urlencode(narrowed)}",
        "query": urlencode(narrowed),
        "here": request.get_full_path(),
        "may_ask": may(user.role, Permission.WORK_LEADS) and partnership.state == Partnership.State.LIVE,
        "is_unread": bool(reaching.unread([partnership.partner_id])),
        "may_manage": may(user.role, Permission.MANAGE_PARTNERS),
    }
    return render(request, "partnering/overlaps.html", shown)


@needs(Permission.SEE_PARTNERS)
@require_safe
def overlaps_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out the accounts of a cell as a file for a spreadsheet."""
    partnership = known(slug)
    made = mapping.file_of(mapping.rows(partnership, **_asked(request)), lens.lens().revenue)
    named = {"Content-Disposition": f'attachment; filename="overlaps-{partnership.partner.slug}.csv"'}
    return HttpResponse(made, content_type="text/csv; charset=utf-8", headers=named)


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def answer(request: HttpRequest, overlap_id: int) -> HttpResponse:
    """Say whether two records are one company."""
    said = request.POST.get("is_same", "")
    if said not in {"yes", "no"}:
        messages.error(request, "Say yes or no.")
        return redirect(back(request))
    try:
        one = answering.company(_user(request), overlap_id, said == "yes")
    except ShownError as error:
        messages.error(request, error.text())
    else:
        name = one.partnership.partner.name
        messages.success(
            request, f"Said. It is shared once {name} says yes, too." if one.our_answer else "Said. It is not shared."
        )
    return redirect(back(request))


@needs(Permission.LET_PARTNERS_LEARN)
@require_POST
def attest(request: HttpRequest, overlap_id: int) -> HttpResponse:
    """Tell a partner what we know of an account that both share."""
    try:
        letter, value = request.POST.get("letter", ""), request.POST.get("value", "")
        made = insights.attest(_user(request), overlap_id, letter, value, timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, f"Told. {reaching.where(made.partnership.partner)}")
    return redirect(back(request))


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def play(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the play of one cell; it is the same with every partner."""
    partnership = known(slug)
    typed = {name: request.POST.get(name, "") for name in ("population", "says", "text")}
    try:
        mapping.write_play(_user(request), typed["population"], typed["says"], typed["text"], timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, "The play is written, for this cell of every partner's map.")
    return redirect("partner-map", partnership.partner.slug)


@needs(Permission.MANAGE_PARTNERS)
@require_POST
def choose_lens(request: HttpRequest) -> HttpResponse:
    """Choose which attributes are revenue and segment."""
    try:
        lens.change(_user(request), request.POST.get("revenue", ""), request.POST.get("segment", ""), timezone.now())
    except ShownError as error:
        messages.error(request, error.text())
    else:
        messages.success(request, "Chosen.")
    return redirect(back(request))


def known(slug: str) -> Partnership:
    """Return the partnership with a partner that is not over; 404 where there is none."""
    found = Partnership.objects.select_related("partner").filter(partner__slug=slug)
    one = found.exclude(state=Partnership.State.REVOKED).first()
    if one is None:
        raise Http404
    return one


def back(request: HttpRequest) -> str:
    """Return the address that the form stood on, if it is one of ours."""
    to = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/")
    return to if own else reverse("ecosystem")


def _asked(request: HttpRequest) -> dict[str, Any]:
    order = request.GET.get("order", "worth")
    return {
        "ours": request.GET.get("ours", "")[:60],
        "theirs": request.GET.get("theirs", "")[:60],
        "order": order if order in mapping.ORDERS else "worth",
    }


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
