"""The secrets of write keys, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """Return a write key that nobody can guess."""
    return secrets.token_urlsafe(24)


def digest(secret: str) -> bytes:
    """Return what is kept of a write key. It is long and random, so that one quick hash keeps it."""
    return hashlib.sha256(secret.encode()).digest()
