"""What a company asks of an escrow, each request signed; how it travels is the caller's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Final
from urllib.parse import urlsplit

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners import identities
from assay.partners.identities import Identity
from assay.partners.pairing import Greeting, Setting
from assay.partners.refusals import Refused, refused

#: Takes method, path, headers and body; gives the status and what was answered.
Send = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PAIR: Final = 2 * wire.HANDLE_BYTES + 2
_MESSAGES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two records that agree on some kinds of key, by their handles.

    `common` says of each kind how common the token is, in the list where it is more so: `wire.bucket`.
    """

    mine: bytes
    theirs: bytes
    kinds: tuple[int, ...]
    common: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One company's line to one escrow; `count` gives a number above all that it gave before, also after a kill."""

    identity: Identity
    escrow: str
    send: Send
    clock: Callable[[], int]
    count: Callable[[], int]

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return what is answered; raise Refused where the answer is no."""
        request = wire.Request(
            escrow=self.escrow, method=method, path=path, counter=self.count(), at=self.clock(), body=body
        )
        status, answer = self.send(method, path, identities.headers(self.identity, request), body)
        if status != 200:
            raise refused(answer, public=self.identity.public, now=self.clock())
        return answer

    def greet(self, greeting: Greeting, partner: bytes) -> None:
        """Leave a greeting for the partner."""
        told = {
            "partner": partner.hex(),
            "epoch": greeting.epoch,
            "canonicaliser": greeting.setting.canonicaliser,
            "greeting": greeting.packed().hex(),
        }
        self.ask("POST", f"{_path(greeting.setting)}/greetings", json.dumps(told).encode())

    def state(self, setting: Setting) -> dict[str, Any]:
        """Return what the escrow says of a partnership: greetings, confirmations, lists, mailboxes."""
        told: dict[str, Any] = json.loads(self.ask("GET", _path(setting)))
        return told

    def confirm(self, setting: Setting, confirmation: bytes) -> None:
        """Leave the signed word that two people compared the digits."""
        self.ask("POST", f"{_path(setting)}/confirmation", confirmation)

    def upload(self, setting: Setting, epoch: int, rows: Iterable[wire.Row]) -> None:
        """Send rows ordered by record, whole records at a time; a record sent again takes the old one's place."""
        part: list[wire.Row] = []
        for _, record in groupby(rows, key=lambda row: row.handle):
            of_record = list(record)
            if len(part) + len(of_record) > wire.ROWS_A_PART:
                self.ask("POST", "/v1/rows", _part(setting, epoch, part))
                part = []
            part += of_record
        if part:
            self.ask("POST", "/v1/rows", _part(setting, epoch, part))

    def compare(self, new: Sequence[tuple[Setting, int, Sequence[wire.Row]]]) -> list[tuple[int, list[Pair]]]:
        """Send a few new records of many partnerships in one request; return each partnership's pairs.

        Beside them stands the number above which these records lie in the list, and below which their former selves.
        """
        body = b"".join(_part(setting, epoch, rows) for setting, epoch, rows in new)
        answers = wire.parted(self.ask("POST", "/v1/rows/compared", body))
        return [(int.from_bytes(told[:8], "big"), _pairs(told[8:])) for told in answers]

    def complete(self, setting: Setting, epoch: int) -> None:
        """Say that the list of an epoch is all there."""
        self.ask("POST", f"{_path(setting)}/complete/{epoch}")

    def remove(self, setting: Setting, epoch: int, handles: Iterable[bytes]) -> None:
        """Take records out of the own list."""
        self.ask("DELETE", f"{_path(setting)}/rows/{epoch}", b"".join(handles))

    def drop(self, setting: Setting, epoch: int) -> None:
        """Take the own list of an epoch away, once its time is over."""
        self.ask("DELETE", f"{_path(setting)}/list/{epoch}")

    def pairs(self, setting: Setting, epoch: int, after: int, *, of: str) -> Iterator[tuple[int, list[Pair]]]:
        """Yield (cursor, pairs) for the records added to a list behind a cursor: `of` is 'mine' or 'theirs'.

        Who keeps the two cursors with what came of the pairs misses none and need not ask for any again.
        """
        noun = {"mine": "pairs", "theirs": "theirs"}[of]
        while True:
            cursor, told = wire.parted(self.ask("GET", f"{_path(setting)}/{noun}/{epoch}/{after}"))
            after = int.from_bytes(cursor, "big")
            if not after:
                return
            yield after, _pairs(told)

    def all_pairs(self, setting: Setting, epoch: int) -> list[Pair]:
        """Return the pairs of two whole lists; the fast way to begin.

        What was added to either list meanwhile may be missing: take `newest` of both from `state` before, and go on
        with `pairs` behind them.
        """
        agreements: list[bytes] = []
        at, is_done = 0, False
        while not is_done:
            cursor, told = wire.parted(self.ask("GET", f"{_path(setting)}/sweep/{epoch}/{at}"))
            agreements.append(told)
            at = int.from_bytes(cursor, "big")
            is_done = not at
        return _pairs(b"".join(agreements))

    def allow(self, setting: Setting, rows: int, weekly: int) -> None:
        """Say how many rows a list of the partner may have, and how many new ones may come in a week afterwards."""
        told = {"rows": rows, "weekly": weekly}
        self.ask("POST", f"{_path(setting)}/allowance", json.dumps(told).encode())

    def recount(self, setting: Setting, week: int, epoch: int) -> None:
        """Take away the own rows to be counted in a week, to begin anew."""
        self.ask("DELETE", f"{_path(setting)}/counting/{week}/{epoch}")

    def count_in(self, setting: Setting, week: int, epoch: int, rows: Iterable[wire.Row]) -> None:
        """Send rows to be counted this week; each names its population in place of a record."""
        version = setting.canonicaliser.to_bytes(4, "big")
        waiting = iter(rows)
        while part := list(islice(waiting, wire.ROWS_A_PART)):
            body = wire.joined([version, wire.packed(part)])
            self.ask("POST", f"{_path(setting)}/counting/{week}/{epoch}", body)

    def counted(self, setting: Setting, week: int, epoch: int) -> None:
        """Say that the rows of this week are all there; with the second side's word they are counted."""
        self.ask("POST", f"{_path(setting)}/counted/{week}/{epoch}")

    def counts(self, setting: Setting, week: int) -> dict[str, Any]:
        """Return the numbers of a week, and whose rows are all there."""
        told: dict[str, Any] = json.loads(self.ask("GET", f"{_path(setting)}/counts/{week}"))
        return told

    def post(self, setting: Setting, first: int, messages: Iterable[bytes]) -> None:
        """Leave sealed messages, numbered from `first` on."""
        waiting = list(messages)
        for at in range(0, len(waiting), _MESSAGES):
            path = f"{_path(setting)}/messages/{first + at}"
            self.ask("POST", path, wire.joined(waiting[at : at + _MESSAGES]))

    def fetch(self, setting: Setting, after: int) -> list[tuple[int, bytes]]:
        """Return the partner's messages behind a number, each with its own."""
        told = wire.parted(self.ask("GET", f"{_path(setting)}/messages/{after}"))
        return [(int.from_bytes(message[:8], "big"), message[8:]) for message in told]

    def acknowledge(self, setting: Setting, through: int) -> None:
        """Let the escrow forget messages that are kept here by now."""
        self.ask("DELETE", f"{_path(setting)}/messages/{through}")

    def revoke(self, setting: Setting) -> None:
        """End a partnership: the escrow destroys its second key and everything of it."""
        self.ask("POST", f"{_path(setting)}/revocation")

    def revoke_key(self) -> None:
        """End this identity, and every partnership that it is in."""
        self.ask("POST", "/v1/revocation")


def _path(setting: Setting) -> str:
    return f"/v1/partnerships/{setting.partnership.hex()}"


def _part(setting: Setting, epoch: int, rows: Sequence[wire.Row]) -> bytes:
    numbers = [number.to_bytes(4, "big") for number in (epoch, setting.canonicaliser)]
    return wire.joined([setting.partnership, *numbers, wire.packed(rows)])


def _pairs(told: bytes) -> list[Pair]:
    """Return the pairs, put together from what they agree on; of two tokens of a kind the rarer counts."""
    size = wire.HANDLE_BYTES
    found: dict[tuple[bytes, bytes], dict[int, int]] = {}
    for at in range(0, len(told), _PAIR):
        handles, kind, common = told[at : at + 2 * size], told[at + _PAIR - 2], told[at + _PAIR - 1]
        kinds = found.setdefault((handles[:size], handles[size:]), {})
        kinds[kind] = min(common, kinds.get(kind, common))
    return [
        Pair(mine=mine, theirs=theirs, kinds=tuple(sorted(kinds)), common=tuple(kinds[kind] for kind in sorted(kinds)))
        for (mine, theirs), kinds in found.items()
    ]


def is_private(address: str) -> bool:
    """Tell whether what is sent to an escrow passes no network in the open: over TLS, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)


def demand_private(address: str) -> str:
    """Return the address of an escrow that an invitation names; BadRequest where it may not be reached."""
    if not is_private(address):
        raise BadRequest(
            "This escrow is not reached over TLS",
            where="invitation",
            value=address,
            mend="Ask your partner for an invitation to an https:// address.",
        )
    return address


__all__ = ["Line", "Pair", "Refused", "Send", "demand_private", "is_private"]
