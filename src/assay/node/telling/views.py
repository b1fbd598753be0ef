"""The pages about being told: one's own wishes, and webhooks."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from assay.core.errors import ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.telling import actions
from assay.node.telling.forms import EndpointForm, WishForm
from assay.node.telling.models import Endpoint, Message, Wish


@needs(Permission.BE_TOLD)
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """Show and set when one hears of leads."""
    user = cast(User, request.user)
    wish = Wish.objects.filter(user=user).first() or Wish(user=user)
    names = ("when", "digest_at", "quiet_from", "quiet_until", "zone")
    form = WishForm(request.POST or None, initial={name: getattr(wish, name) for name in names})
    if request.method == "POST" and form.is_valid():
        actions.wish(user, **form.cleaned_data)
        messages.success(request, "Kept.")
        return redirect("wishes")
    return render(request, "telling/wishes.html", {"form": form}, status=422 if form.errors else 200)


@needs(Permission.CHANGE_DATA)
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Show which addresses are told, and add one."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            made = actions.add_endpoint(
                cast(User, request.user),
                typed["name"],
                typed["kind"],
                typed["url"],
                events=typed["events"],
                now=timezone.now(),
            )
        except ShownError as error:
            form.add_error(None, error.text())
        else:
            return _page(request, EndpointForm(), new=made)
    return _page(request, form)


@needs(Permission.CHANGE_DATA)
@require_POST
def remove(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Remove a webhook."""
    actions.remove_endpoint(cast(User, request.user), endpoint_id)
    messages.success(request, "It is told nothing any more.")
    return redirect("webhooks")


def _page(request: HttpRequest, form: EndpointForm, *, new: Endpoint | None = None) -> HttpResponse:
    waiting = Q(messages__sent_at__isnull=True, messages__given_up_at__isnull=True)
    endpoints = Endpoint.objects.annotate(
        sent=Count("messages", filter=Q(messages__sent_at__isnull=False)),
        waiting=Count("messages", filter=waiting & Q(messages__isnull=False)),
        given_up=Count("messages", filter=Q(messages__given_up_at__isnull=False)),
    )
    trouble = Message.objects.filter(endpoint__isnull=False).exclude(trouble="").order_by("-id")[:10]
    shown = {
        "endpoints": endpoints,
        "has_off": any(not one.is_active for one in endpoints),
        "form": form,
        "new": new,
        "trouble": trouble.select_related("endpoint"),
    }
    return render(request, "telling/webhooks.html", shown, status=422 if form.errors else 200)
