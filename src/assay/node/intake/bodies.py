"""The bytes of a request and who sends them; nothing is unpacked beyond what a request may hold."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, Final

from assay.node.intake import limits, refusals

_GZIP: Final = 16 + zlib.MAX_WBITS

#: A request as WSGI gives it: nothing is made of it that need not be.
Request = Mapping[str, Any]


def read(request: Request) -> bytes:
    """Return the body of a request, unpacked; Refusal where it is too large, broken, or not text."""
    packed = _bytes(request)
    encoding = request.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        body = unpacked(packed)
    elif encoding in {"", "identity"}:
        body = packed
    else:
        raise refusals.Refusal(415, "bad_encoding", "Content-Encoding: only gzip is understood.")
    try:
        body.decode()  # what is kept must be readable; JSON is checked without looking into every text
    except UnicodeDecodeError:
        raise refusals.bad("bad_json", "This is not JSON: it is not UTF-8.") from None
    return body


def unpacked(packed: bytes) -> bytes:
    """Return what gzip packed; Refusal where that is more than any request may hold, or it is no gzip."""
    whole = b""
    try:
        while packed:
            one = zlib.decompressobj(_GZIP)
            whole += one.decompress(packed, limits.MOST + 1 - len(whole))
            if len(whole) > limits.MOST:
                raise _too_large()
            if not one.eof:
                raise refusals.bad("bad_gzip", "The gzip ends before it should.")
            packed = one.unused_data.lstrip(b"\0")
    except zlib.error:
        raise refusals.bad("bad_gzip", "This is not gzip.") from None
    return whole


def _bytes(request: Request) -> bytes:
    told = request.get("CONTENT_LENGTH", "")
    length = int(told) if told.isdecimal() else 0
    if length > limits.MOST:
        raise _too_large()
    # A request that comes in chunks says no length.
    is_chunked = request.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked"
    try:
        body: bytes = request["wsgi.input"].read(limits.MOST + 1 if is_chunked else length)
    except OSError:
        raise refusals.bad("bad_request", "The request ended before it should.") from None
    if len(body) > limits.MOST:
        raise _too_large()
    return body


def _too_large() -> refusals.Refusal:
    return refusals.too_large(f"The request is larger than {limits.MOST} bytes.")


def bearer(request: Request) -> str | None:
    """Return the write key of the Authorization header: the user of Basic, whose password is empty, or a Bearer."""
    scheme, _, told = request.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return told.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(told.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[0] or None
