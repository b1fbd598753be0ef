"""The API as a whole: its operations, its refusals, its document."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from assay.node.api import problems
from assay.node.api.acting import router as acting
from assay.node.api.partners import router as partners
from assay.node.api.reading import router as reading
from assay.node.api.webhooks import router as webhooks

_ABOUT = """
Every operation needs `Authorization: Bearer assay_…`, a token from the page API tokens, with the scope that the
operation names. Refusals are problem details (RFC 9457) whose `mend` says what to do. 429 and 503 come with
`Retry-After`. Whatever changes something needs an `Idempotency-Key`: sent again within a day, it gets the same answer
and nothing is done twice.
"""


class Api(NinjaAPI):
    """Tells refusals by their own media type."""

    def get_openapi_schema(self, **_words: Any) -> OpenAPISchema:
        """Return the document, in which each refusal is a problem."""
        schema = super().get_openapi_schema(path_prefix="/api/")
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, told in operation["responses"].items():
                    if int(status) >= 400:
                        told["description"] = problems.WORDS.get(int(status), "")
                        told["content"] = {problems.CONTENT_TYPE: told["content"]["application/json"]}
        return schema


api = Api(
    title="Assay", version="1", description=_ABOUT, docs_url=None, openapi_url="openapi.json", urls_namespace="api"
)
problems.handle(api)
api.add_router("/v1", reading)
api.add_router("/v1", acting)
api.add_router("/v1", webhooks)
api.add_router("/v1", partners)
