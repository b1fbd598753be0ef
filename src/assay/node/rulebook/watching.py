"""Pages that look back before a rule takes effect: side by side, and the backtest."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.rulebook import looks
from assay.node.rulebook.forms import BacktestForm
from assay.node.rulebook.models import Draft, Look, RuleVersion, Status
from assay.node.rulebook.texts import examples_path, rule_path


@needs(Permission.SEE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def sides(request: HttpRequest, rule: str) -> HttpResponse:
    """Show who would enter and who would leave."""
    version = _version(request, rule)
    if request.method == "POST":
        return _asked(request, Look.Kind.SIDES, rule, version)
    look = looks.latest(Look.Kind.SIDES, rule, version.version if version else None)
    return render(request, "rulebook/sides.html", _shown(request, rule, version, look))


@needs(Permission.SEE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def backtest(request: HttpRequest, rule: str) -> HttpResponse:
    """Show what became of those whom a rule found."""
    version = _version(request, rule)
    form = BacktestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _asked(request, Look.Kind.BACKTEST, rule, version, form.cleaned_data)
    look = looks.latest(Look.Kind.BACKTEST, rule, version.version if version else None)
    if look is not None and request.method != "POST":
        form = BacktestForm(initial=look.question)
    shown = _shown(request, rule, version, look)
    found = look.answer.get("backtests", []) if look is not None else []
    # The pictures escape what they show; nothing else of an answer is marked safe.
    safe = [{**one, "curve": mark_safe(one["curve"]), "weekly": mark_safe(one["weekly"])} for one in found]
    return render(
        request, "rulebook/backtest.html", {**shown, "form": form, "found": safe}, status=422 if form.errors else 200
    )


def _version(request: HttpRequest, rule: str) -> RuleVersion | None:
    """Return the version that is asked about; None for the draft. Without either it is what is in shadow, or live."""
    named = request.POST.get("version") if request.method == "POST" else request.GET.get("version")
    versions = RuleVersion.objects.filter(rule=rule).defer("published", "files")
    is_written = Draft.objects.filter(path__in=[rule_path(rule), examples_path(rule)]).exists()
    if named == "draft" or (not named and is_written):
        if not is_written:
            raise Http404
        return None
    if named and not (named.isdecimal() and len(named) < 10):
        raise Http404
    found = (
        versions.filter(version=int(named)).first()
        if named
        else versions.filter(status__in=[Status.SHADOW, Status.LIVE]).order_by("-status").first()
    )
    if found is None:
        raise Http404
    return found


def _asked(
    request: HttpRequest, kind: str, rule: str, version: RuleVersion | None, question: dict[str, str] | None = None
) -> HttpResponse:
    try:
        looks.ask(cast(User, request.user), kind, rule, version.pk if version else None, question)
    except BadDefinitions as error:
        for one in error.complaints[:5]:
            messages.error(request, str(one))
    except BadRequest as error:
        messages.error(request, error.text())
    to = reverse("rule_sides" if kind == Look.Kind.SIDES else "rule_backtest", args=[rule])
    return redirect(f"{to}?version={version.version if version else 'draft'}")


def _shown(request: HttpRequest, rule: str, version: RuleVersion | None, look: Look | None) -> dict[str, object]:
    drafts = Draft.objects.filter(path__in=[rule_path(rule), examples_path(rule)])
    newest = max((draft.changed_at for draft in drafts), default=None) if version is None else None
    return {
        "rule": rule,
        "may_edit": may(cast(User, request.user).role, Permission.EDIT_RULES),
        "version": version,
        "which": version.version if version else "draft",
        "look": look,
        "answer": look.answer if look is not None else {},
        "is_waiting": look is not None and look.state == Look.State.WAITING,
        "is_stale": look is not None and newest is not None and look.asked_at < newest,
    }
