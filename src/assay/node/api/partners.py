"""Operations about partners: which partnerships there are, and their ledgers as files to be verified."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import Path, Router

from assay.node.api import shapes
from assay.node.api.entry import bearing
from assay.node.api.scopes import Scope
from assay.node.partnering import ledgers

router = Router()
_FILE: Any = {
    "responses": {
        200: {
            "description": "The ledger, a line of JSON after the other",
            "content": {ledgers.MEDIA: {"schema": {"type": "string"}}},
        }
    }
}


def _bearing_file() -> dict[str, Any]:
    words = bearing(Scope.PARTNERS_READ)
    return words | {"openapi_extra": words["openapi_extra"] | _FILE}


@router.get(
    "/partnerships",
    **bearing(Scope.PARTNERS_READ),
    response={200: shapes.Partnerships, **shapes.refusals()},
    summary="Partnerships that have a ledger",
)
def partnerships(request: HttpRequest) -> shapes.Partnerships:
    """Partnerships with a ledger, the newest first, also those that are over."""
    return shapes.Partnerships(
        partnerships=[
            shapes.Partnership(
                id=one.public_id, partner=one.partner.slug, name=one.partner.name, state=one.state, since=one.made_at
            )
            for one in ledgers.having()
        ]
    )


@router.get(
    "/partnerships/{partnership_id}/ledger",
    **_bearing_file(),
    response={200: None, **shapes.refusals(404)},
    summary="The ledger of a partnership, to be verified",
)
def ledger(
    request: HttpRequest, partnership_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
) -> StreamingHttpResponse:
    """Both chains with their receipts as `assay partners verify` reads them: handles, names of fields, no value."""
    found = ledgers.of(partnership_id)
    if found is None:
        raise Http404
    return StreamingHttpResponse(ledgers.pieces(found), content_type=ledgers.MEDIA)
