"""Pages on which definitions are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.core.definitions import complaints as codes
from assay.core.errors import BadRequest, Complaint
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.rulebook import candidates, drafting, trying
from assay.node.rulebook.forms import NewForm, TextForm
from assay.node.rulebook.models import Draft, Look
from assay.node.rulebook.texts import examples_path, is_path, rule_of, rule_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a text, and what is wrong in it."""

    number: int
    text: str
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A text with what the core says to it: line by line, and what is wrong in other files."""

    lines: Sequence[Line]
    here: Sequence[Complaint]
    elsewhere: Sequence[Complaint]
    changes: Sequence[str]
    edition: int = 0
    refused: str = ""

    @property
    def count(self) -> int:
        """Return how many things are wrong."""
        return len(self.here) + len(self.elsewhere)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not (self.here or self.elsewhere or self.refused)


def checked(path: str, text: str, look: Look | None = None) -> Checked:
    """Return a text with every complaint about it, about what it would change, and of its examples where tried."""
    rule = rule_of(path)
    complaints: Sequence[Complaint] = ()
    refused, edition = "", 0
    try:
        if rule is None:
            found = candidates.of_shared(path, instead=text)
        else:
            found = candidates.of_draft(rule, instead={path: text}, run_examples=False)
        # Only a text that is right by itself is tried.
        complaints = found.complaints or (trying.complaints(look) if look is not None else ())
        edition = found.edition
    except BadRequest as error:
        refused = error.text()
    here = [one for one in complaints if one.place.file == path]
    elsewhere = [one for one in complaints if one.place.file != path]
    rows = text.split("\n")
    rows = rows[:-1] if rows and not rows[-1] else rows
    by_line: dict[int, list[Complaint]] = {}
    for one in here:
        by_line.setdefault(min(one.place.line, max(len(rows), 1)), []).append(one)
    return Checked(
        lines=[
            Line(number=number, text=row, complaints=tuple(by_line.get(number, ())))
            for number, row in enumerate(rows or [""], 1)
        ],
        here=here,
        elsewhere=[one for one in elsewhere if rule is not None or one.code != codes.CHANGED],
        changes=[str(rule_of(one.place.file)) for one in elsewhere if rule is None and one.code == codes.CHANGED],
        edition=edition,
        refused=refused,
    )


@needs(Permission.EDIT_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, path: str) -> HttpResponse:
    """Show a definition file to be written, with what is wrong in its place; keep it as a draft."""
    if not is_path(path):
        raise Http404
    kept = drafting.text_of(path)
    if request.method != "POST":
        look = _look(request.GET.get("tried", ""), path)
        if look is not None:
            return _page(request, path, look.files[path], look.question["seen"], look=look)
        return _page(request, path, kept or skeleton(path), drafting.digest(kept))
    form = TextForm(request.POST)
    if not form.is_valid():
        return _page(request, path, kept, drafting.digest(kept), status=422, why="The text is too long.")
    text, seen = form.cleaned_data["text"].replace("\r\n", "\n"), form.cleaned_data["seen"]
    if request.POST.get("do") == "check":
        return _try(request, path, text, seen) or _page(request, path, text, seen)
    try:
        is_draft = drafting.save(cast(User, request.user), path, text, seen)
    except BadRequest as error:
        return _page(request, path, text, seen, status=422, why=error.text())
    messages.success(
        request, "Kept as a draft. It decides nothing yet." if is_draft else "This is what was published already."
    )
    return _try(request, path, text, drafting.digest(drafting.text_of(path))) or redirect("rule_file", path)


@needs(Permission.EDIT_RULES)
@require_POST
def check(request: HttpRequest, path: str) -> HttpResponse:
    """Show what is wrong with a text while it is being typed."""
    form = TextForm(request.POST)
    if not is_path(path) or not form.is_valid():
        raise Http404
    text = form.cleaned_data["text"].replace("\r\n", "\n")
    return render(request, "rulebook/checked.html", {"checked": checked(path, text), "path": path})


@needs(Permission.EDIT_RULES)
@require_safe
def tried(request: HttpRequest, look_id: int, path: str) -> HttpResponse:
    """Show what came of trying a text's examples, or that it is still being done."""
    look = _look(str(look_id), path)
    if look is None:
        raise Http404
    shown = {"checked": checked(path, look.files[path], look), "path": path, "look": look}
    return render(request, "rulebook/checked.html", shown)


def _look(number: str, path: str) -> Look | None:
    return trying.of(int(number), path) if number.isdecimal() and len(number) < 10 else None


def _try(request: HttpRequest, path: str, text: str, seen: str) -> HttpResponse | None:
    """Let the examples be tried of a text that is right by itself; None where there is nothing to try."""
    rule = rule_of(path)
    if rule is None or not checked(path, text).is_clean:
        return None
    look = trying.ask(cast(User, request.user), rule, path, text, seen)
    return redirect(f"{reverse('rule_file', args=[path])}?tried={look.pk}")


@needs(Permission.EDIT_RULES)
@require_POST
def drop(request: HttpRequest, path: str) -> HttpResponse:
    """Forget what is being written; of a rule, its examples as well."""
    rule = rule_of(path) if is_path(path) else None
    paths = [path] if rule is None else [rule_path(rule), examples_path(rule)]
    try:
        drafting.drop(cast(User, request.user), paths)
        messages.success(request, "The draft is gone.")
    except BadRequest as error:
        messages.error(request, error.text())
    return redirect("rules")


@needs(Permission.EDIT_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a file that there is not yet."""
    form = NewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        path = f"{form.cleaned_data['kind']}/{form.cleaned_data['name']}.yml"
        if not drafting.text_of(path):
            return redirect("rule_file", path)
        form.add_error("name", "There is one of that name already.")
    return render(request, "rulebook/new.html", {"form": form}, status=422 if form.errors else 200)


def _page(
    request: HttpRequest, path: str, text: str, seen: str, *, look: Look | None = None, status: int = 200, why: str = ""
) -> HttpResponse:
    rule = rule_of(path)
    shown = {
        "path": path,
        "rule": rule,
        "is_examples": rule is not None and path == examples_path(rule),
        "other": rule and (rule_path(rule) if path == examples_path(rule) else examples_path(rule)),
        "text": text,
        "seen": seen,
        "rows": min(max(text.count("\n") + 3, 12), 40),
        "checked": checked(path, text, look),
        "look": look,
        "draft": Draft.objects.filter(path=path).select_related("changed_by", "asked_by").first(),
        "change": candidates.written([path]) if rule is None else None,
        "why": why,
    }
    return render(request, "rulebook/edit.html", shown, status=status)


def skeleton(path: str) -> str:
    """Return a text to begin with where there is no file yet."""
    folder, _, file = path.partition("/")
    name = file.removesuffix(".yml").removesuffix(".examples")
    if file.endswith(".examples.yml"):
        return f"examples_for: {name}\nas_of: 2026-03-10\ncases:\n{_CASES}"
    return _SKELETONS[folder].replace("NAME", name)


_CASES = """\
  who_qualifies:
    events: {}
    expect: {qualified: true}
  who_does_not:
    like: who_qualifies
    events: {}
    expect: {qualified: false}
"""
_SKELETONS = {
    "qualifications": """\
qualification: NAME
version: 1
status: draft
stage: PQL
motion: trial_to_paid
subject: person
owner: revenue-operations
purpose: >-
  Whom this finds, and why now is the time to talk to them.

criteria:
  does_something: {count: any, at_least: 3, within: 14 days}

qualify:
  all_of: [does_something]

handoff: {to: account_owner, respond_within: 4 hours}
""",
    "lists": "list: NAME\npurpose: What these have in common.\nvalues:\n  - first\n",
    "scores": (
        "score: NAME\nversion: 1\nsubject: person\ndimensions: [product]\npoints:\n"
        "  active: {dimension: product, count: any, each: 1, up_to: 10}\n"
    ),
    "sources": (
        "source: NAME\nevents:\n  file: NAME.csv\n  id: id\n  at: at\n  event: {column: event}\n"
        "  person: user_id\n  account: account_id\nevent_names: [signed_up]\n"
    ),
}
