"""Operations that read: leads, accounts, spells, what holds of a user, rules."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import Header, Path, Query, Router, Status

from assay.node.api import feed, queries, shapes
from assay.node.api.entry import bearing
from assay.node.api.problems import Problem
from assay.node.api.scopes import Scope
from assay.node.leads.states import State
from assay.node.rulebook import current
from assay.node.telling.plays import plays_for

router = Router()
_KEEP_FOR: Final = 30
#: A product asks whenever somebody opens it.
_PRODUCTS: Final = 10

Limit = Annotated[int, Query(ge=1, le=500)]


@router.get(
    "/leads",
    **bearing(Scope.LEADS_READ),
    response={200: shapes.Leads, **shapes.refusals(409)},
    summary="Leads that changed since a bookmark",
)
def leads(
    request: HttpRequest,
    bookmark: Annotated[str | None, Query(pattern="^[A-Za-z0-9_-]{1,100}$")] = None,
    limit: Limit = 100,
    state: Annotated[list[State], Query(max_length=len(State))] = [],  # noqa: B006  # read only
    motion: Annotated[shapes.Id | None, Query()] = None,
) -> shapes.Leads:
    """All leads first, page by page; with the bookmark of the last page then only those that changed since.

    Each page has a bookmark. It stays good for ever: across restarts, restores and upgrades. A lead that changed twice
    comes once, as it is now; its history has each step. Where only some states or a motion are asked for, `gone` names
    leads that are no longer among them. A bookmark belongs to the question that it was given for.
    """
    states = sorted(set(state))
    try:
        changed = feed.changed_since(
            bookmark,
            lambda ids: queries.leads(ids, states, motion),
            question=feed.question([*states, "", motion]),
            most=limit,
        )
    except feed.UnknownBookmark:
        raise Problem(
            409,
            "unknown_bookmark",
            "This bookmark was not given here, or to another question.",
            "Send it with the same states and motion as before, or begin again without one.",
        ) from None
    return shapes.Leads(leads=changed.leads, gone=changed.gone, bookmark=changed.bookmark, has_more=changed.has_more)


@router.get(
    "/leads/{lead_id}",
    **bearing(Scope.LEADS_READ),
    response={200: shapes.WholeLead, **shapes.refusals(404)},
    summary="One lead with its evidence",
)
def lead(request: HttpRequest, lead_id: Annotated[shapes.Number, Path()]) -> shapes.WholeLead:
    """The lead as it stands, the spells behind it, every step of its history, what is known by letter, notes."""
    found = queries.whole_lead(lead_id)
    if found is None:
        raise Http404
    return found


@router.get(
    "/accounts",
    **bearing(Scope.LEADS_READ),
    response={200: shapes.Accounts, **shapes.refusals()},
    summary="Accounts that have leads",
)
def accounts(
    request: HttpRequest, after: Annotated[shapes.Id | None, Query()] = None, limit: Limit = 100
) -> shapes.Accounts:
    """Accounts by id, with how many leads they have and which rules hold of the account itself."""
    found = queries.accounts(after or "", limit + 1)
    return shapes.Accounts(accounts=found[:limit], next=found[limit - 1].id if len(found) > limit else None)


@router.post(
    "/spells",
    **bearing(Scope.SPELLS_READ),
    response={200: shapes.Spells, **shapes.refusals(400)},
    summary="When rules held of a person or an account",
)
def spells(request: HttpRequest, subject: shapes.AskedSubject) -> shapes.Spells:
    """Every spell of a subject, oldest first; nothing is changed. The id stands in the body, never in the address."""
    return shapes.Spells(spells=queries.spells(subject.type, subject.id))


@router.get(
    "/plays",
    **bearing(Scope.PLAYS_READ, times=_PRODUCTS),
    response={200: shapes.Plays, 304: None, **shapes.refusals()},
    summary="What holds of one user of your product",
)
def plays(
    request: HttpRequest,
    response: HttpResponse,
    user: Annotated[str, Header(alias="Assay-User", min_length=1, max_length=600, pattern="^[!-~]+$")],
    known: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Any:
    """The live rules that hold of a user now, so that a product can say something fitting.

    The id goes into the header Assay-User, percent-encoded UTF-8: addresses are written into logs, histories and
    referrers, and a body cannot be asked for with GET, which is what may be cached. Who is not known, or asked to be
    left alone, has none. Who sends the ETag of an earlier answer as If-None-Match gets 304 while that still holds.
    """
    held = [shapes.Play.from_orm(one) for one in plays_for(unquote(user, errors="replace").replace("\0", ""))]
    told = shapes.Plays(plays=held, keep_for=_KEEP_FOR)
    response.headers["Cache-Control"] = f"private, max-age={_KEEP_FOR}"
    response.headers["Vary"] = "Assay-User, Authorization"
    etag = response.headers["ETag"] = f'"{hashlib.sha256(told.model_dump_json().encode()).hexdigest()[:32]}"'
    is_known = any(one == "*" or one.removeprefix("W/") == etag for one in parse_etags(known or ""))
    return Status(304, None) if is_known else told


@router.get(
    "/rules",
    **bearing(Scope.RULES_READ),
    response={200: shapes.Rules, **shapes.refusals()},
    summary="The rules that are decided",
)
def rules(request: HttpRequest) -> shapes.Rules:
    """Live rules and those in shadow, with their versions, and the edition that they stand in."""
    edition, definitions = current.edition_and_definitions()
    shown = [
        shapes.Rule(
            name=rule.name,
            version=rule.version,
            stage=rule.stage,
            motion=rule.motion,
            subject=rule.subject,
            status=rule.status,
            purpose=rule.purpose,
            fingerprint=rule.fingerprint,
        )
        for rule in definitions.rules
        if rule.status in {"live", "shadow"}
    ]
    return shapes.Rules(edition=edition, rules=shown)
