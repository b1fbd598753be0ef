"""The tracking API among the pages: a node's requests take the quick way past them, see `door`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from assay.node.access.admission import anybody
from assay.node.intake.answers import Taker


def view(take: Taker) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that answers as `take` does."""

    @anybody("clients send with a write key")
    @csrf_exempt
    def answered(request: HttpRequest) -> HttpResponse:
        answer = take(request.META)
        return HttpResponse(answer.body, status=int(answer.status.split()[0]), headers=dict(answer.headers))

    return answered
