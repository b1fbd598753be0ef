"""Pages of populations: the list, one with its accounts, making and changing one."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.partnering import accounts, criteria, people
from assay.node.partnering import populations as keeping
from assay.node.partnering.models import Grant, Member, Population, Says

_PAGE: Final = 50
_LARGEST: Final = 10 << 20


@needs(Permission.SEE_PARTNERS)
@require_safe
def populations(request: HttpRequest) -> HttpResponse:
    """Show every population: what it says, where its accounts come from, how many there are."""
    found = Population.objects.select_related("counting").annotate(
        now=Count("members", filter=Q(members__until__isnull=True))
    )
    return render(request, "partnering/populations.html", {"populations": found, **_may(request)})


@needs(Permission.SEE_PARTNERS)
@require_safe
def population(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one population: its accounts, who joined and left lately, what a list names that nobody knows."""
    found = Population.objects.select_related("counting").filter(slug=slug).first()
    if found is None:
        raise Http404
    now = Member.objects.filter(population=found, until__isnull=True).order_by("-since", "account_id")
    page = Paginator(now, _PAGE).get_page(request.GET.get("page"))
    left = list(Member.objects.filter(population=found, until__isnull=False).order_by("-until", "account_id")[:20])
    named = accounts.names_of([one.account_id for one in (*page, *left)])
    unknown = keeping.unknown(found)
    shown = {
        "population": found,
        "page": page,
        "rows": [(one, named[one.account_id], people.person_of(one.account_id) or one.account_id) for one in page],
        "is_about_people": found.rule in people.rules(),
        "left": [(one, named[one.account_id]) for one in left],
        "unknown": unknown[:200],
        "unknown_more": max(0, len(unknown) - 200),
        "listed": found.listed.count(),
        "grants": Grant.objects.filter(population=found, state=Grant.State.HOLDS).select_related(
            "partnership__partner"
        ),
        **_may(request),
    }
    return render(request, "partnering/population.html", shown)


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a population."""
    how = request.GET.get("how", request.POST.get("how", "rule"))
    how = how if how in Population.How.values else "rule"
    typed: dict[str, Any] = {
        "name": "",
        "says": Says.CUSTOMER,
        "rule": "",
        "text": criteria.BEGINNING,
        "lines": "",
        "is_of_people": False,
    }
    if request.method != "POST":
        return _form(request, typed, how=how)
    typed |= {"is_of_people": "is_of_people" in request.POST and how != Population.How.TEXT}
    try:
        typed |= _typed(request)
    except BadRequest as error:
        return _form(request, typed | _written(request), how=how, why=error.text(), status=422)
    if request.POST.get("do") == "check":
        return _form(request, typed, how=how, checked=criteria.check(typed["text"]))
    try:
        made = keeping.make(
            _user(request),
            name=typed["name"],
            says=request.POST.get("says", ""),
            how=how,
            rule=typed["rule"],
            text=typed["text"],
            lines=typed["lines"],
            is_of_people=bool(typed["is_of_people"]),
        )
    except BadDefinitions:
        return _form(request, typed, how=how, checked=criteria.check(typed["text"]), status=422)
    except BadRequest as error:
        return _form(request, typed, how=how, why=error.text(), status=422)
    messages.success(request, f"{made.name} is kept current from now on. No partner learns of it yet.")
    return redirect("population", made.slug)


@needs(Permission.MANAGE_PARTNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change which accounts a population has, or remove it."""
    found = Population.objects.filter(slug=slug).first()
    if found is None:
        raise Http404
    lines = "\n".join(found.listed.values_list("text", flat=True)) if found.how == Population.How.LIST else ""
    typed = {"name": found.name, "says": found.says, "rule": found.rule, "text": found.text, "lines": lines}
    if request.method != "POST":
        return _form(request, typed, how=found.how, population=found)
    try:
        typed |= _typed(request)
    except BadRequest as error:
        typed |= _written(request)
        return _form(request, typed, how=found.how, population=found, why=error.text(), status=422)
    checked = criteria.check(typed["text"]) if found.how == Population.How.TEXT else None
    if request.POST.get("do") == "check":
        return _form(request, typed, how=found.how, population=found, checked=checked)
    try:
        if request.POST.get("do") == "remove":
            keeping.remove(_user(request), slug)
            messages.success(request, f"{found.name} is gone.")
            return redirect("populations")
        words = {name: typed[name] for name in ("name", "rule", "text", "lines")}
        keeping.change(_user(request), slug, **words)
    except BadDefinitions:
        return _form(request, typed, how=found.how, population=found, checked=checked, status=422)
    except BadRequest as error:
        return _form(request, typed, how=found.how, population=found, why=error.text(), status=422)
    messages.success(request, "Kept, and its accounts are found anew.")
    return redirect("population", slug)


def _typed(request: HttpRequest) -> dict[str, str]:
    """Return what was typed; an uploaded file stands for the lines. BadRequest for a file that is not text whole."""
    typed = _written(request)
    file = request.FILES.get("file")
    if file is not None and file.size:
        name = (file.name or "the file")[:100]
        if file.size > _LARGEST:
            raise BadRequest(
                "This file is too large for a list",
                where=name,
                value=f"{file.size / (1 << 20):.1f} MiB",
                mend=f"Give at most {_LARGEST >> 20} MiB: its first column alone, or a source instead of a list.",
            )
        typed["lines"] = _text_of(file.read(), name)
    return typed


def _written(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST[name] for name in ("name", "says", "rule", "text", "lines") if name in request.POST}


def _text_of(told: bytes, name: str) -> str:
    """Return a file as text; BadRequest, with the line, where it is none in UTF-8."""
    mend = "Save it as CSV or text in UTF-8, in Excel: “CSV UTF-8”."
    told = told.removeprefix(BOM_UTF8)
    try:
        text = told.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"{name}, line {told.count(10, 0, error.start) + 1}"
        found = f"byte {told[error.start]:#04x}"
        raise BadRequest("This file is no text in UTF-8", where=where, value=found, mend=mend) from None
    if "\0" in text:
        raise BadRequest("This file is no text", where=name, value="a byte of 0", mend=mend)
    return text


def _form(
    request: HttpRequest,
    typed: Mapping[str, Any],
    *,
    how: str,
    population: Population | None = None,
    checked: criteria.Checked | None = None,
    why: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = {
        "typed": typed,
        "how": how,
        "hows": Population.How.choices,
        "says": Says.choices,
        "rules": [] if population is not None and population.is_of_people else keeping.rules(),
        "rules_of_people": people.rules(),
        "population": population,
        "checked": checked,
        "why": why,
    }
    return render(request, "partnering/population_form.html", shown, status=status)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _may(request: HttpRequest) -> dict[str, bool]:
    return {"may_manage": may(_user(request).role, Permission.MANAGE_PARTNERS)}
