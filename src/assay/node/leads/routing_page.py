"""The page on who takes leads: queues, territories, absences, and who is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assay.core.errors import BadRequest, ShownError
from assay.node.access.admission import needs
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.leads import queries, taking
from assay.node.leads.forms import AbsenceForm, OwnerForm, SeatForm, SuppressionForm, TerritoryForm
from assay.node.leads.models import Absence, AccountOwner, Seat, Suppression, Territory

_SHOWN: Final = 200


@needs(Permission.SEE_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def taking_leads(request: HttpRequest) -> HttpResponse:
    """Show who takes leads, and change it."""
    user = cast(User, request.user)
    if request.method == "POST":
        try:
            _DO.get(request.POST.get("do", ""), _nothing)(user, request)
        except ShownError as error:
            messages.error(request, error.text())
            return _page(request, user, status=422)
        messages.success(request, "Kept.")
        return redirect("taking")
    return _page(request, user)


def _page(request: HttpRequest, user: User, *, status: int = 200) -> HttpResponse:
    takers = queries.takers()
    queues: dict[str, list[Seat]] = {}
    for seat in Seat.objects.select_related("user"):
        queues.setdefault(seat.queue, []).append(seat)
    shown = {
        "queues": queues,
        "territories": Territory.objects.select_related("user"),
        "owners": AccountOwner.objects.select_related("user").order_by("account_id")[:_SHOWN],
        "absences": Absence.objects.filter(ends_at__gt=timezone.now()).select_related("user", "stand_in"),
        "listed": Suppression.objects.order_by("kind", "subject_id")[:_SHOWN],
        "seat_form": SeatForm(takers),
        "territory_form": TerritoryForm(takers),
        "owner_form": OwnerForm(takers),
        "absence_form": AbsenceForm(takers, initial={"user": user.pk}),
        "list_form": SuppressionForm(),
        "may_work": may(user.role, Permission.WORK_LEADS),
        "may_assign": may(user.role, Permission.ASSIGN_LEADS),
    }
    return render(request, "leads/taking.html", shown, status=status)


def _typed(form: SeatForm | TerritoryForm | OwnerForm | AbsenceForm | SuppressionForm) -> dict[str, object]:
    if form.is_valid():
        return dict(form.cleaned_data)
    name, troubles = next(iter(form.errors.items()))
    raise BadRequest(f"{form.fields[name].label or name}: {troubles[0]}")


def _seat(user: User, request: HttpRequest) -> None:
    typed = _typed(SeatForm(queries.takers(), request.POST))
    taking.seat(user, str(typed["queue"]), cast(int, typed["user"]), cast(int, typed["capacity"]))


def _territory(user: User, request: HttpRequest) -> None:
    typed = _typed(TerritoryForm(queries.takers(), request.POST))
    taking.add_territory(
        user, str(typed["attribute"]), str(typed["values"]), cast(int, typed["user"]), str(typed["queue"])
    )


def _owner(user: User, request: HttpRequest) -> None:
    typed = _typed(OwnerForm(queries.takers(), request.POST))
    taking.set_owner(user, str(typed["account_id"]), cast(int, typed["user"]))


def _away(user: User, request: HttpRequest) -> None:
    typed = _typed(AbsenceForm(queries.takers(), request.POST))
    first, last = (
        timezone.make_aware(datetime.combine(cast(datetime, typed[name]), time())) for name in ("first", "last")
    )
    stand_in = cast(int | None, typed["stand_in"])
    taking.be_away(user, cast(int, typed["user"]), first, last + timedelta(days=1), stand_in)


def _list(user: User, request: HttpRequest) -> None:
    typed = _typed(SuppressionForm(request.POST))
    kind, subject_type, subject_id = (str(typed[name]) for name in ("kind", "subject_type", "subject_id"))
    taking.suppress(user, kind, subject_type, subject_id, motion=str(typed["motion"]), now=timezone.now())


def _remove(user: User, request: HttpRequest) -> None:
    what, _, pk = request.POST.get("what", "").partition(":")
    taking.remove(user, what, int(pk) if pk.isdigit() else 0)


def _nothing(user: User, request: HttpRequest) -> None:
    raise BadRequest("There is nothing of that name to do", mend="Use the buttons of the page.")


_DO: Final[dict[str, Callable[[User, HttpRequest], None]]] = {
    "seat": _seat,
    "territory": _territory,
    "owner": _owner,
    "away": _away,
    "list": _list,
    "remove": _remove,
}
