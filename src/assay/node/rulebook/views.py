"""Pages of rules: the list, a rule, and publishing."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.rulebook import candidates, publishing, queries, rehearsals
from assay.node.rulebook.candidates import Candidate
from assay.node.rulebook.models import RuleVersion, Status
from assay.node.rulebook.texts import is_path, read


@needs(Permission.SEE_RULES)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show every rule: what it is for, how far it has come, of how many it holds."""
    shown = {
        "rows": queries.rules(),
        "shared": queries.shared(),
        "editions": queries.editions(most=8),
        "is_alone": settings.ASSAY.allows_self_approval,
        **_may(request),
    }
    return render(request, "rulebook/rules.html", shown)


@needs(Permission.SEE_RULES)
@require_safe
def rule(request: HttpRequest, rule: str) -> HttpResponse:
    """Show one rule in words, with its versions and what is being written of it."""
    page = queries.page(rule)
    if page is None:
        raise Http404
    rehearsal = rehearsals.of(rule) if page.drafts else None
    if rehearsal and rehearsal.done_at and any(draft.changed_at > rehearsal.done_at for draft in page.drafts):
        rehearsal = None  # what stood in the way then may be mended by now
    candidate = None
    same_meaning = False
    if page.drafts and _may(request)["may_edit"]:
        candidate = _tried(lambda: candidates.of_draft(rule, run_examples=False))
        if page.live is not None and candidate is not None and not candidate.complaints:
            new = read(candidate.texts).rule(rule)
            same_meaning = (new.version, new.fingerprint) == (page.live.version, page.live.fingerprint)
    shown = {
        "page": page,
        "told": page.told,
        "editions": queries.editions(rule),
        "candidate": candidate,
        "same_meaning": same_meaning,
        "change": candidates.written([draft.path for draft in page.drafts]) if same_meaning else None,
        "rehearsal": rehearsal,
        "is_rehearsed": rehearsal is not None and rehearsal.done_at is None,
        "paths": [draft.path for draft in page.drafts],
        **_may(request),
    }
    return render(request, "rulebook/rule.html", shown)


@needs(Permission.PUBLISH_RULES)
@require_POST
def shadow(request: HttpRequest, rule: str) -> HttpResponse:
    """Have a draft decided in shadow once its examples were tried."""

    def change() -> object:
        found = candidates.of_draft(rule, run_examples=False)
        _demand_seen(request, found)
        return rehearsals.ask(_user(request), rule, found)

    _done(request, change, "")
    return redirect("rule", rule)


@needs(Permission.SEE_RULES)
@require_safe
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show one version in words, and what it takes to let it go live."""
    found = (
        RuleVersion.objects.filter(pk=version_id)
        .select_related("author", "asked_by", "approved_by", "retired_by")
        .first()
    )
    if found is None:
        raise Http404
    going, why = None, ""
    if found.status == Status.SHADOW:
        try:
            going = candidates.going_live(found)
        except BadRequest as error:
            why = error.text()
    own = {who for one in (going.versions if going else [found]) for who in (one.author_id, one.asked_by_id)}
    user = _user(request)
    shown = {
        "version": found,
        "told": queries.told_version(found),
        "going": going,
        "why": why,
        "live": RuleVersion.objects.filter(rule=found.rule, status=Status.LIVE).first(),
        "different": queries.differences_from_live(found) if found.status == Status.SHADOW else [],
        "together": [one for one in going.versions if one.pk != found.pk] if going else [],
        "is_own": user.pk in own,
        "may_approve_own": publishing.may_approve_own(user),
        **_may(request),
    }
    return render(request, "rulebook/version.html", shown)


@needs(Permission.PUBLISH_RULES)
@require_POST
def step(request: HttpRequest, version_id: int) -> HttpResponse:
    """Ask for a version to go live, approve it, turn it down, or retire it."""
    found = RuleVersion.objects.filter(pk=version_id).first()
    if found is None:
        raise Http404
    user, chosen = _user(request), request.POST.get("do", "")

    def approve() -> object:
        going = candidates.going_live(found)
        _demand_seen(request, going)
        return publishing.approve(user, going)

    def retire() -> object:
        after = candidates.without(found)
        _demand_edition(request)
        return publishing.retire(user, version_id, after)

    steps: dict[str, tuple[Callable[[], object], str]] = {
        "ask": (lambda: publishing.ask(user, version_id), "Asked. Somebody else must approve it before it goes live."),
        "turn_down": (lambda: publishing.turn_down(user, version_id), f"{found} stays in shadow."),
        "approve": (approve, f"{found} is live."),
        "retire": (retire, f"{found} is retired and decides nothing any more."),
    }
    if chosen not in steps:
        messages.error(request, "Say what to do.")
        return redirect("rule_version", version_id)
    is_done = _done(request, *steps[chosen])
    return redirect("rule", found.rule) if is_done and chosen != "ask" else redirect("rule_version", version_id)


@needs(Permission.EDIT_RULES)
@require_POST
def amend(request: HttpRequest, path: str) -> HttpResponse:
    """Ask for a change that alters no rule's meaning to be taken into use, or take it."""
    if not is_path(path):
        raise Http404
    user = _user(request)
    paths = [path, *request.POST.getlist("also")]

    def ask() -> object:
        change = candidates.amendment(paths)
        _demand_seen(request, change)
        if change.complaints:
            raise BadDefinitions(change.complaints)
        return publishing.ask_amendment(user, paths)

    def take() -> object:
        change = candidates.amendment(paths)
        _demand_seen(request, change)
        return publishing.amend(user, change)

    if request.POST.get("do") == "take":
        is_done = _done(request, take, "It is in use from now on.")
        return redirect("rules") if is_done else redirect("rule_file", path)
    _done(request, ask, "Asked. Somebody else must take it into use.")
    return redirect("rule_file", path)


def _done(request: HttpRequest, change: Callable[[], object], words: str) -> bool:
    """Do something and say so; or say why it could not be done."""
    try:
        change()
    except BadDefinitions as error:
        for one in error.complaints[:5]:
            messages.error(request, str(one))
        return False
    except BadRequest as error:
        messages.error(request, error.text())
        return False
    if words:
        messages.success(request, words)
    return True


def _tried(find: Callable[[], Candidate]) -> Candidate | None:
    try:
        return find()
    except BadRequest:
        return None


def _demand_seen(request: HttpRequest, candidate: Candidate) -> None:
    """Raise BadRequest where something else would take effect than what the page showed."""
    _demand_edition(request)
    if request.POST.get("seen") != candidate.seen:
        raise BadRequest(
            "What you saw was changed meanwhile", mend="Look at it again, and do it then if it still fits."
        )


def _demand_edition(request: HttpRequest) -> None:
    """Raise BadRequest where the page was made before somebody else published something."""
    if request.POST.get("edition") != str(candidates.latest().number):
        last = queries.editions(most=1)
        who = last[0].approved_by or last[0].made_by if last else None
        raise BadRequest(
            f"Something else was published meanwhile{f' by {who}' if who else ''}"
            + (f": {last[0].about}" if last and last[0].about else ""),
            mend="Look at what changed, and do it again if it still fits.",
        )


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _may(request: HttpRequest) -> dict[str, object]:
    role = _user(request).role
    return {
        "may_edit": may(role, Permission.EDIT_RULES),
        "may_publish": may(role, Permission.PUBLISH_RULES),
        "edition": candidates.latest().number,
    }
