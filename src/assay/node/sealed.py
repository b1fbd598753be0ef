"""Secrets that the database keeps: sealed under the node's secret key, which the database does not know."""

from __future__ import annotations

import secrets
from functools import lru_cache

from django.conf import settings

from assay.partners.resting import Locker


def seal(place: str, text: str) -> bytes:
    """Return a text sealed for a place, such as "webhook 7": elsewhere it does not open."""
    return _locker(settings.SECRET_KEY).seal(place.encode(), text.encode())


def opened(place: str, sealed: bytes | memoryview) -> str:
    """Return a text; raise BadRequest where it was sealed for another place, or under another secret key."""
    return _locker(settings.SECRET_KEY).open(place.encode(), bytes(sealed)).decode()


@lru_cache(maxsize=2)
def _locker(key: str) -> Locker:
    return Locker(key.encode(), secrets.token_bytes)
