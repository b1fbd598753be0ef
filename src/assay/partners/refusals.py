"""What an escrow says no to, in the words of whoever has to mend it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from assay.core.errors import ShownError
from assay.core.values import DAY, HOUR, MINUTE, SECOND, format_duration
from assay.partners.tokens import SLOTS

_RAISED: Final = (
    "Your partner raises it on its page about you, under 'Limits against probing'; without a node, with {option} of "
    "assay share."
)


class Refused(ShownError):
    """What an escrow said no to; `code` is stable."""

    def __init__(self, code: str, what: str, mend: str) -> None:
        self.code = code
        super().__init__(what, where="escrow", mend=mend)


def refused(answer: bytes, *, public: bytes, now: int) -> Refused:
    """Return what an answer says no to; `public` is the own key, `now` the own clock in microseconds."""
    try:
        told: dict[str, Any] = json.loads(answer)
        code, what, mend = str(told["code"]), str(told["what"]), str(told["mend"])
        if code == "clock":
            return _clock(int(told["at"]), now)
        if code in {"growth", "oversize"}:
            return _limit(code, int(told["limit"]) // SLOTS)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return Refused("unreadable", "What answers there is not an escrow", "Look at the address.")
    if code == "not_a_member":
        key = public.hex()
        return Refused(code, what, f"Send the operator these 64 digits, which are your key and no secret: {key}")
    if code == "other_partner":
        return Refused(
            code,
            "This invitation was taken by another key",
            "If that was you, with a folder that is lost: ask your partner to end it and to invite you anew. If it was "
            "not, tell your partner at once.",
        )
    return Refused(code, what, mend)


def _clock(theirs: int, now: int) -> Refused:
    said = datetime.fromtimestamp(theirs // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    apart = abs(theirs - now)
    unit = next((one for one in (DAY, HOUR, MINUTE) if apart >= one), SECOND)
    lasting = format_duration(round(apart / unit) * unit)
    return Refused(
        "clock",
        f"This machine's clock is {lasting} {'behind' if now < theirs else 'ahead of'} the escrow's",
        f"Set this machine's clock: the escrow's says {said}.",
    )


def _limit(code: str, companies: int) -> Refused:
    if code == "growth":
        return Refused(
            code,
            "The list grows faster than your partner allows",
            f"{companies:,} new companies a week are allowed; more are let in next week. "
            + _RAISED.format(option="--a-week"),
        )
    return Refused(
        code,
        "The list is longer than agreed",
        f"{companies:,} companies are allowed. " + _RAISED.format(option="--longest"),
    )
