"""The pages of data: how it goes, write keys, uploads."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assay.core.errors import BadRequest
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.arrivals import keys, queries, uploads
from assay.node.arrivals.forms import KeyActivityForm, KeyForm, SourcesForm, UploadForm
from assay.node.arrivals.models import Upload
from assay.node.intake.models import WriteKey

_SHOWN_REJECTS = 100


@needs(Permission.SEE_DATA)
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Show what arrives from where, and whether anything is stuck."""
    return _page(request)


@needs(Permission.CHANGE_DATA)
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """Make a write key, and show its secret this once."""
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            key, secret = keys.make(_actor(request), form.cleaned_data["name"], form.cleaned_data)
        except BadRequest as error:
            form.add_error("name", error.text())
        else:
            return _key_page(request, key, secret=secret)
    return _page(request, key_form=form, status=422)


@needs(Permission.SEE_DATA)
@require_safe
def key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Show a write key, and what can be done with it."""
    return _key_page(request, _known_key(key_id))


@needs(Permission.CHANGE_DATA)
@require_POST
def key_sources(request: HttpRequest, key_id: int) -> HttpResponse:
    """Let a key feed other sources."""
    form = SourcesForm(request.POST, initial=_fed(_known_key(key_id)))
    if not form.is_valid():
        return _key_page(request, _known_key(key_id), form=form, status=422)
    changed = keys.change_sources(_actor(request), key_id, form.cleaned_data)
    messages.success(request, "What comes from now on goes there.")
    return redirect("key", changed.pk)


@needs(Permission.CHANGE_DATA)
@require_POST
def key_rotation(request: HttpRequest, key_id: int) -> HttpResponse:
    """Give a key another secret, and show it this once."""
    rotated, secret = keys.rotate(_actor(request), _known_key(key_id).pk)
    return _key_page(request, rotated, secret=secret)


@needs(Permission.CHANGE_DATA)
@require_POST
def key_activity(request: HttpRequest, key_id: int) -> HttpResponse:
    """Retire a key, or take it back into use."""
    form = KeyActivityForm(request.POST)
    if not form.is_valid():
        return _key_page(request, _known_key(key_id), status=422)
    changed = keys.change_activity(_actor(request), _known_key(key_id).pk, form.cleaned_data["is_active"])
    messages.success(request, f"{changed} is {'in use' if changed.is_active else 'retired'} now.")
    return redirect("key", changed.pk)


@needs(Permission.CHANGE_DATA)
@require_POST
def make_upload(request: HttpRequest) -> HttpResponse:
    """Take a file."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            taken = uploads.take(_actor(request), form.cleaned_data["part"], form.cleaned_data["file"])
        except BadRequest as error:
            form.add_error("file", error.text())
        else:
            return redirect("upload", taken.pk)
    return _page(request, upload_form=form, status=422)


@needs(Permission.SEE_DATA)
@require_safe
def upload(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Show how far an upload is, and what could not be read."""
    shown = _known_upload(upload_id)
    rejected = uploads.rejects(shown, _SHOWN_REJECTS)
    rows = [] if rejected is None else rejected.to_pylist()
    return render(request, "arrivals/upload.html", {"upload": shown, "rejects": rows})


@needs(Permission.SEE_DATA)
@require_safe
def upload_rejects(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Hand out what could not be read, as a file for a spreadsheet."""
    found = uploads.rejects_file(_known_upload(upload_id))
    if found is None:
        raise Http404
    named = {"Content-Disposition": f'attachment; filename="rejects-{upload_id}.csv"'}
    return HttpResponse(found, content_type="text/csv; charset=utf-8", headers=named)


def _page(request: HttpRequest, *, status: int = 200, **forms: object) -> HttpResponse:
    shown = {
        "now": timezone.now(),
        "arrivals": queries.arrivals(),
        "sources": queries.sources(),
        "keys": queries.keys(),
        "uploads": queries.uploads(),
        "may_change": may(_actor(request).role, Permission.CHANGE_DATA),
        "key_form": KeyForm(auto_id="key_%s"),
        "upload_form": UploadForm(auto_id="upload_%s"),
        **forms,
    }
    return render(request, "arrivals/data.html", shown, status=status)


def _key_page(
    request: HttpRequest, shown: WriteKey, *, secret: str = "", form: SourcesForm | None = None, status: int = 200
) -> HttpResponse:
    more = {"form": form or SourcesForm(initial=_fed(shown)), "secret": secret}
    more["may_change"] = str(may(_actor(request).role, Permission.CHANGE_DATA) or "")
    return render(request, "arrivals/key.html", {"key": shown, **more}, status=status)


def _fed(shown: WriteKey) -> dict[str, str]:
    return {"events": shown.events_source, "people": shown.people_source, "accounts": shown.accounts_source}


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def _known_key(key_id: int) -> WriteKey:
    found = queries.key(key_id)
    if found is None:
        raise Http404
    return found


def _known_upload(upload_id: int) -> Upload:
    found = queries.upload(upload_id)
    if found is None:
        raise Http404
    return found
