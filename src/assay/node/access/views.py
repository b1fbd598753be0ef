"""The pages of users and of the audit."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.errors import BadRequest
from assay.node.access import queries, users
from assay.node.access.admission import needs
from assay.node.access.entrance import mail_link
from assay.node.access.forms import ActivityForm, AuditForm, InviteForm, RoleForm
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, Role


@needs(Permission.MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def user_list(request: HttpRequest) -> HttpResponse:
    """Show who may come in and as what, and invite people."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            invited = users.invite(_actor(request), typed["email"], typed["role"], typed["name"])
        except BadRequest as error:
            form.add_error(None, error.text())
        else:
            return _with_link(request, invited)
    table = [(permission, [role in roles for role in Role]) for permission, roles in MAY.items()]
    shown = {"users": queries.users(), "form": form, "roles": list(Role), "table": table}
    return render(request, "access/users.html", shown, status=422 if form.errors else 200)


@needs(Permission.MANAGE_USERS)
@require_safe
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show one user, and what can be done about that user."""
    return _user_page(request, _known(user_id))


@needs(Permission.MANAGE_USERS)
@require_POST
def role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a user another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _refused(request, user_id, "There is no such role.")
    try:
        changed = users.change_role(_actor(request), user_id, form.cleaned_data["role"])
    except BadRequest as error:
        return _refused(request, user_id, error.text())
    messages.success(request, f"{changed} is {changed.get_role_display()} now.")
    return redirect("user", user_id)


@needs(Permission.MANAGE_USERS)
@require_POST
def activity(request: HttpRequest, user_id: int) -> HttpResponse:
    """Keep a user out, or let one in again."""
    form = ActivityForm(request.POST)
    if not form.is_valid():
        return _refused(request, user_id, "Say whether the user may come in.")
    try:
        changed = users.change_activity(_actor(request), user_id, form.cleaned_data["is_active"])
    except BadRequest as error:
        return _refused(request, user_id, error.text())
    messages.success(request, f"{changed} {'may come in' if changed.is_active else 'is kept out'} now.")
    return redirect("user", user_id)


@needs(Permission.MANAGE_USERS)
@require_POST
def link(request: HttpRequest, user_id: int) -> HttpResponse:
    """Make a one-time link by which a user chooses a password."""
    return _with_link(request, _known(user_id))


@needs(Permission.SEE_AUDIT)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Show what was done, by whom, on what, the latest first."""
    form = AuditForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    page = queries.audit(
        before=asked.get("before"),
        subject=asked.get("subject", ""),
        subject_id=asked.get("subject_id", ""),
        actor_id=asked.get("actor"),
    )
    older = request.GET.copy()
    older["before"] = str(page.next_before)
    return render(request, "access/audit.html", {"page": page, "form": form, "older": older.urlencode()})


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def _known(user_id: int) -> User:
    found = queries.user(user_id)
    if found is None:
        raise Http404
    return found


def _refused(request: HttpRequest, user_id: int, why: str) -> HttpResponse:
    messages.error(request, why)
    return _user_page(request, _known(user_id), status=422)


def _user_page(request: HttpRequest, shown: User, *, status: int = 200, **more: object) -> HttpResponse:
    done = queries.audit(subject="user", subject_id=str(shown.pk))
    form = RoleForm(initial={"role": shown.role})
    return render(request, "access/user.html", {"shown": shown, "done": done, "form": form, **more}, status=status)


def _with_link(request: HttpRequest, invited: User) -> HttpResponse:
    """Make a link and mail it; where no mail server is set, show it this once to the one who asked."""
    try:
        made = users.make_link(_actor(request), invited.pk)
    except BadRequest as error:
        return _refused(request, invited.pk, error.text())
    if not settings.ASSAY.mail_url:
        return _user_page(request, invited, link=made)
    if not mail_link(invited, made):
        messages.error(request, "The mail server does not take the mail. Hand the link on yourself.")
        return _user_page(request, invited, link=made)
    messages.success(request, "The link is on its way by mail.")
    return redirect("user", invited.pk)
