"""Pages of grants: the defaults for all partners, those of one partner, and what waits for a second person."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import fields as known_fields
from assay.node.partnering import grants, reviewing
from assay.node.partnering.forms import GrantForm
from assay.node.partnering.models import Grant, Level, Partnership, Population, Preset


@needs(Permission.LET_PARTNERS_LEARN)
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest) -> HttpResponse:
    """Show and change what all partners may learn where nothing is said of one alone; and presets of fields."""
    if request.method == "POST" and request.POST.get("do") in {"preset", "drop"}:
        _presets(request)
        return redirect("partner-defaults")
    return _page(request, None)


@needs(Permission.LET_PARTNERS_LEARN)
@require_http_methods(["GET", "HEAD", "POST"])
def of_partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change what one partner may learn."""
    found = Partnership.objects.filter(partner__slug=slug).exclude(state=Partnership.State.REVOKED)
    partnership = found.select_related("partner", "standing").first()
    if partnership is None:
        raise Http404
    return _page(request, partnership)


@needs(Permission.LET_PARTNERS_LEARN)
@require_POST
def answer(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Agree to a grant that somebody asked for, or turn it down."""
    grant = Grant.objects.filter(pk=grant_id).select_related("partnership__partner").first()
    if grant is None:
        raise Http404
    try:
        if request.POST.get("do") == "agree":
            grants.agree(_user(request), grant_id)
            messages.success(request, "It holds from now on.")
        else:
            grants.turn_down(_user(request), grant_id)
            messages.success(request, "It is turned down; what held before goes on.")
    except ShownError as error:
        messages.error(request, error.text())
    return _back(grant.partnership)


def _page(request: HttpRequest, partnership: Partnership | None) -> HttpResponse:
    populations = list(Population.objects.all())
    held = grants.effective(partnership, populations)
    typed: GrantForm | None = None
    slug = request.POST.get("population", "")
    status = 200
    if request.method == "POST":
        population = next((one for one in populations if one.slug == slug), None)
        if population is None:
            messages.error(request, "There is no such population.")
            return _back(partnership)
        if request.POST.get("do") == "default" and partnership is not None:
            return _follow(request, partnership, population)
        typed = _form(population, held.get(population.pk), request.POST)
        if typed.is_valid() and _ask(request, partnership, population, typed):
            return _back(partnership)
        status = 422
    waiting = [one for one in grants.waiting() if one.partnership_id == (partnership.pk if partnership else None)]
    rows = []
    for one in populations:
        grant = held.get(one.pk)
        form = typed if typed is not None and one.slug == slug else _form(one, grant)
        rows.append((one, grant, form, form is typed))
    shown = {
        "partnership": partnership,
        "rows": rows,
        "waiting": waiting,
        "due": [] if partnership else reviewing.due(None, timezone.now().date()),
        "looked": [] if partnership else reviewing.looked(None),
        "may_let": True,
        "presets": Preset.objects.all(),
        "fields": known_fields.choices(),
        "may_alone": grants.may_agree_alone(_user(request)),
    }
    return render(request, "partnering/grants.html", shown, status=status)


def _form(population: Population, grant: Grant | None, typed: Any = None) -> GrantForm:
    presets = {str(one.pk): one.name for one in Preset.objects.all()}
    initial = {
        "level": grant.level if grant else Level.HIDDEN,
        "let_out": grant.fields if grant else [],
        "is_held": grant.is_held if grant else False,
        "expires_on": grant.expires_on if grant else None,
        "review_on": grant.review_on if grant else None,
    }
    return GrantForm(
        typed, initial=initial, choices=known_fields.choices(), presets=presets, auto_id=f"{population.slug}-%s"
    )


def _ask(request: HttpRequest, partnership: Partnership | None, population: Population, form: GrantForm) -> bool:
    typed = form.cleaned_data
    preset = Preset.objects.filter(pk=int(typed["preset"])).first() if typed["preset"] else None
    try:
        grant = grants.ask(
            _user(request),
            partnership,
            population,
            level=typed["level"],
            fields=preset.fields if preset else typed["let_out"],
            is_held=typed["is_held"],
            expires_on=typed["expires_on"],
            review_on=typed["review_on"],
        )
    except ShownError as error:
        form.add_error(None, error.text())
        return False
    if grant.state == Grant.State.HOLDS:
        messages.success(request, f"{population.name}: it holds from now on.")
    else:
        messages.success(
            request, f"{population.name}: asked. Somebody else must agree, as a partner learns more by it."
        )
    return True


def _follow(request: HttpRequest, partnership: Partnership, population: Population) -> HttpResponse:
    try:
        grants.follow_default(_user(request), partnership, population)
        messages.success(request, f"{population.name}: what holds for all partners holds for this one.")
    except ShownError as error:
        messages.error(request, error.text())
    return _back(partnership)


def _presets(request: HttpRequest) -> None:
    try:
        if request.POST.get("do") == "preset":
            grants.keep_preset(_user(request), request.POST.get("name", ""), request.POST.getlist("fields"))
            messages.success(request, "Kept.")
        else:
            number = request.POST.get("preset", "")
            grants.drop_preset(_user(request), int(number) if number.isdecimal() else 0)
            messages.success(request, "It is gone; grants that were made from it stay as they are.")
    except ShownError as error:
        messages.error(request, error.text())


def _back(partnership: Partnership | None) -> HttpResponse:
    if partnership is None:
        return redirect("partner-defaults")
    return redirect("partner-grants", partnership.partner.slug)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
