"""What the escrow says no to: a stable code, what is wrong, and the mend. No refusal repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Refusal(Exception):
    """A request that has no effect, and why."""

    def __init__(self, code: str, **facts: int | str) -> None:
        self.code = code
        self.status, self.what, mend = _TOLD[code]
        self.facts: Mapping[str, int | str] = MappingProxyType(facts)
        self.mend = mend.format_map(facts)
        super().__init__(f"{self.what}. {self.mend}")

    def told(self) -> dict[str, object]:
        """Return what is answered."""
        return {"code": self.code, "what": self.what, "mend": self.mend, **self.facts}


#: Code: status of HTTP, what is wrong, the mend.
_TOLD: Final[Mapping[str, tuple[int, str, str]]] = {
    "unreadable": (400, "The request cannot be read", "Both sides should run a version that speaks {protocol}."),
    "unsigned": (401, "The signature does not fit the request", "Sign for the address {address}, with your own key."),
    "clock": (401, "The request's clock is too far off", "Set this machine's clock: the escrow's is at {at} µs."),
    "replay": (409, "The counter was used before", "Sign again with a counter above {counter}."),
    "revoked_key": (403, "This key was revoked", "Pair anew with a new identity."),
    "not_a_member": (403, "The operator has not let this key in", "Ask the operator to add it to its members."),
    "unknown": (404, "There is no such partnership of yours", "Check its id; both sides must have paired here."),
    "other_partner": (409, "The partnership is between other companies", "Pair anew with a new id."),
    "other_greeting": (409, "Another greeting stands for this epoch", "Greet for the next epoch instead."),
    "unconfirmed": (409, "Not both sides have confirmed yet", "Compare the digits with your partner, then confirm."),
    "other_confirmation": (409, "The two sides confirmed different things", "Compare the digits again: they differ."),
    "revoked": (410, "The partnership was revoked", "Pair anew to go on."),
    "canonicaliser": (
        409,
        "The list was made by another canonicaliser version",
        "Make it again with version {wanted}, or agree on new terms with your partner.",
    ),
    "malformed": (400, "The rows are malformed", "Rows are {size} bytes each, of a known kind, none twice in a part."),
    "too_large": (413, "This is more than is taken at once", "Send at most {limit} bytes in one request."),
    "oversize": (413, "The list is longer than agreed", "Keep to {limit} rows, or agree on more with your partner."),
    "week": (409, "Only this week is counted", "Make the rows for week {week}, by the escrow's clock."),
    "counted": (409, "These rows were said to be all there", "Wait for the next week; the numbers stand until then."),
    "counts_spent": (429, "The budget of counts is spent", "Counts are made in {limit} weeks of a year; wait."),
    "populations": (413, "These are more populations than are counted", "Count at most {limit} populations a side."),
    "growth": (
        429,
        "The list grows faster than your partner allows",
        "Bring at most {limit} new rows a week, or agree on more with your partner.",
    ),
    "no_pepper": (503, "The second key is missing", "Tell the operator to put it back, or pair and upload anew."),
    "failed": (500, "The escrow failed", "Try again; tell the operator if it fails again."),
    "gap": (409, "A message is missing or told differently", "Go on with number {next}."),
    "full": (429, "The mailbox is full", "Wait until your partner has fetched its messages."),
}
