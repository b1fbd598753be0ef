"""Why a request is not accepted: what the client hears, and whether it should try again."""

from __future__ import annotations

from assay.core.errors import AssayError


class Refusal(AssayError):
    """An answer other than success; `code` is stable, `message` names no value of the call.

    4xx but 429: the client must not send the same again. 429 and 503 come with the seconds after which it should.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        super().__init__(message)


def bad(code: str, message: str) -> Refusal:
    """Return the refusal of a request that never will be accepted."""
    return Refusal(400, code, message)


def too_large(message: str) -> Refusal:
    """Return the refusal of a request that is larger than its client family may send."""
    return Refusal(413, "too_large", message)


def too_many(message: str, seconds: int) -> Refusal:
    """Return the refusal of a request that comes too soon."""
    return Refusal(429, "too_many", message, retry_after=seconds)


def unavailable(seconds: int = 5) -> Refusal:
    """Return the refusal while the database cannot take anything in."""
    return Refusal(
        503, "unavailable", "The server cannot keep anything just now; send it again later.", retry_after=seconds
    )
