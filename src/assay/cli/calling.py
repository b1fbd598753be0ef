"""How a command reaches an escrow: over TLS, or on this machine; never where an answer would send it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from assay.core.errors import BadRequest

if TYPE_CHECKING:
    from assay.partners.asking import Send

_TIMEOUT: Final = 60


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_told: Any, **_named: Any) -> None:
        """Follow nothing."""
        return


def escrow_at(address: str) -> Send:
    """Return what sends requests to an escrow; raise BadRequest for an address that may not be reached."""
    from assay.partners.asking import demand_private

    demand_private(address)
    opener = urllib.request.build_opener(_NoRedirect)

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(address.rstrip("/") + path, data=body, headers=dict(headers), method=method)
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return int(refusal.code), refusal.read()
        except (OSError, ValueError):
            raise BadRequest(
                "The escrow cannot be reached",
                where=address,
                mend="Run the command again later: it goes on where it stopped.",
            ) from None

    return send
