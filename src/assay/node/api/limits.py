"""How often a token may ask, and how often an address may try tokens that are none.

The windows are django-ninja's. One is made for each request: its own would share one between threads. The web is one
process, so what it remembers is all there is.
"""

from __future__ import annotations

import math
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import Throttled
from ninja.throttling import SimpleRateThrottle

from assay.node.access import callers

_FAILURES: Final = "30/min"


class _Window(SimpleRateThrottle):
    def __init__(self, rate: str, key: str) -> None:
        super().__init__(rate)
        self.key_of_cache = key

    def get_cache_key(self, request: HttpRequest) -> str:
        """Return under what the window is remembered."""
        return self.key_of_cache


def count_request(request: HttpRequest, token_id: int, times: int) -> None:
    """Count a request of a token; raise Throttled where it came too soon. `times` is by how much more it may ask."""
    _count(request, f"{settings.ASSAY.api_rate * times}/min", f"api-token-{token_id}-{times}")


def count_failure(request: HttpRequest) -> None:
    """Count a try with a token that is none; raise Throttled where there were too many from one address."""
    _count(request, _FAILURES, f"api-failed-{callers.address(request)}")


def _count(request: HttpRequest, rate: str, key: str) -> None:
    window = _Window(rate, key)
    if not window.allow_request(request):
        raise Throttled(wait=math.ceil(window.wait() or 1))
