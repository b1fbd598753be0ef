"""Operations that change something: deciding on leads, telling of outcomes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Body, Header, Path, Router

from assay.node.api import answers, outcomes, problems, shapes
from assay.node.api.decisions import Decision, Done
from assay.node.api.entry import bearing, user_of
from assay.node.api.outcomes import Outcomes, Taken
from assay.node.api.scopes import Scope
from assay.node.leads.models import Lead

router = Router()

Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern="^[!-~]+$")]


@router.post(
    "/leads/{lead_id}/decisions",
    **bearing(Scope.LEADS_WRITE),
    response={200: Done, **shapes.refusals(400, 404, 409)},
    summary="Decide on a lead",
)
def decide(
    request: HttpRequest,
    response: HttpResponse,
    lead_id: Annotated[shapes.Number, Path()],
    key: Key,
    decision: Annotated[Decision, Body()],
) -> Any:
    """Accept, reject, recycle, note and so on, as the user of the token; the same rules hold as on pages.

    409 tells that the lead does not stand where this could be done, or is somebody else's. The answer to a key is kept
    for a day, also where it is 409. The same key with another decision is 409, too.
    """
    if not Lead.objects.filter(pk=lead_id).exists():
        raise Http404
    user = user_of(request)

    def do() -> dict[str, Any]:
        decision.act(user, lead_id, timezone.now())
        lead = Lead.objects.get(pk=lead_id)
        done = Done(id=lead.pk, state=lead.state, reason=lead.reason, owner=lead.owner_id, changed_at=lead.changed_at)
        return done.model_dump(mode="json")

    given = answers.once(user, key, f"decide {lead_id} {decision.model_dump_json()}", do)
    return told(given, response)


@router.post(
    "/outcomes",
    **bearing(Scope.OUTCOMES_WRITE),
    response={200: Taken, **shapes.refusals(400, 409)},
    summary="Tell what became of people and accounts",
)
def take_outcomes(request: HttpRequest, response: HttpResponse, key: Key, wanted: Outcomes) -> Any:
    """Take up to 1,000 outcomes in, all or none, as rows of the definition's source of outcomes.

    They are there for backtests and funnels from then on. 409 tells that no source takes them as they are.
    """
    user = user_of(request)

    def do() -> dict[str, Any]:
        return outcomes.take_in(user, wanted, timezone.now()).model_dump(mode="json")

    given = answers.once(user, key, f"outcomes {wanted.model_dump_json()}", do)
    return told(given, response)


def told(given: answers.Given, response: HttpResponse) -> Any:
    """Return an answer, saying of one that it was given before."""
    answer = response if given.status == HTTPStatus.OK else problems.answer(given.body)
    if given.is_replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return given.body if answer is response else answer
