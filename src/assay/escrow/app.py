"""The escrow over HTTP: who asks, whether it is allowed, and which change or answer it is. Plain WSGI."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assay.escrow import allowances, counting, lists, mailbox, partnerships, store, wire
from assay.escrow.peppers import Peppers
from assay.escrow.refusals import Refusal
from assay.escrow.store import Store

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_log: Final = logging.getLogger(__name__)
_PATH: Final = re.compile(r"/v1/partnerships/([0-9a-f]{32})(?:/([a-z]+)(?:/(\d{1,9})(?:/(\d{1,19}))?)?)?")
_NOBODY: Final = bytes(wire.PARTNERSHIP_BYTES)
Answer = Mapping[str, object] | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the operator allows: rows a list, and which keys (None: everybody)."""

    rows: int = 24_000_000
    members: frozenset[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose signature was found good."""

    identity: bytes
    counter: int
    at: int
    method: str
    path: str
    body: bytes

    def told(self) -> dict[str, Any]:
        """Return the body as the object it should be."""
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise wire.Malformed("not an object")
        return found


class Escrow:
    """The application; `clock` gives microseconds since 1970."""

    def __init__(
        self, kept: Store, peppers: Peppers, address: str, *, clock: Callable[[], int], limits: Limits
    ) -> None:
        self._store, self._peppers, self._address = kept, peppers, address
        self._clock, self._limits = clock, limits
        self._forget_revoked()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        status, answer = self._answer_or_refuse(environ)
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{status} {'OK' if status == 200 else 'Refused'}", headers)
        return [body]

    def _answer_or_refuse(self, environ: WSGIEnvironment) -> tuple[int, Answer]:
        """Return status and body; whatever goes wrong, neither answer nor log repeats what was sent."""
        try:
            return 200, self._answer(environ)
        except Refusal as refusal:
            told = refusal
        except (wire.Malformed, ValueError, KeyError, TypeError):
            told = Refusal("unreadable", protocol=wire.PROTOCOL)
        except Exception as error:
            _log.error("failed: %s", type(error).__name__)  # its text may hold what was sent
            told = Refusal("failed")
        _log.info("refused: %s", told.code)
        return told.status, told.told()

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        if environ["PATH_INFO"] == "/healthz":
            return {"protocol": wire.PROTOCOL, "at": self._clock()}
        call = self._trusted(environ)
        with self._store.transaction((call.identity, call.counter)) as database:
            answer = self._change(database, call)
        if call.path.endswith("/revocation"):
            self._forget_revoked()
        return answer

    def _change(self, database: sqlite3.Connection, call: Call) -> Answer:
        """Do what is asked for in one transaction."""
        if call.path in {"/v1/rows", "/v1/rows/compared"}:
            return self._take_rows(database, call)
        if call.path == "/v1/revocation" and call.method == "POST":
            return _revoke(database, call, None)
        found = _PATH.fullmatch(call.path)
        if not found:
            raise Refusal("unreadable", protocol=wire.PROTOCOL)
        partnership, noun = bytes.fromhex(found[1]), found[2] or ""
        if (call.method, noun) == ("POST", "revocation"):
            return _revoke(database, call, partnership)
        numbers = int(found[3] or 0), min(int(found[4] or 0), (1 << 63) - 1)
        return self._act(database, call, (partnership, f"{call.method} {noun}".strip()), numbers)

    def _trusted(self, environ: WSGIEnvironment) -> Call:
        """Return the request once its signature and clock are good."""
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 <= size <= wire.BODY_BYTES:
            raise Refusal("too_large", limit=wire.BODY_BYTES)
        body = environ["wsgi.input"].read(size)
        given = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in _HEADERS}
        identity = wire.digits(given[wire.IDENTITY], wire.KEY_BYTES)
        signature = wire.digits(given[wire.SIGNATURE], wire.SIGNATURE_BYTES)
        counter, at, now = int(given[wire.COUNTER]), int(given[wire.AT]), self._clock()
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        request = wire.Request(escrow=self._address, method=method, path=path, counter=counter, at=at, body=body)
        if not wire.is_signed(identity, request.signable(), signature) or environ.get("QUERY_STRING"):
            raise Refusal("unsigned", address=self._address)
        if self._limits.members is not None and identity not in self._limits.members:
            raise Refusal("not_a_member")
        if abs(at - now) > wire.SKEW:
            raise Refusal("clock", at=now)
        if not 0 < counter < 1 << 63:
            raise Refusal("unreadable", protocol=wire.PROTOCOL)
        return Call(identity=identity, counter=counter, at=now, method=method, path=path, body=body)

    def _act(
        self, database: sqlite3.Connection, call: Call, asked: tuple[bytes, str], numbers: tuple[int, int]
    ) -> Answer:
        """Make the change that is asked for and note it in the log, or answer the question."""
        (partnership, what), (first, second) = asked, numbers
        if what == "POST greetings":
            done = partnerships.greet(database, call.at, call.identity, partnership, call.told())
            store.note(database, call.at, call.identity, partnership, done)
            return {"done": True}
        found = partnerships.find(database, call.identity, partnership)
        if what == "GET":
            return partnerships.state(database, found)
        if what == "GET log":
            return {"lines": partnerships.log(database, found, first)}
        if what == "POST confirmation":
            if partnerships.confirm(database, found, call.body[:32], call.body[32:]):
                self._peppers.make(partnership)
            done = ("confirm", 1)
            store.note(database, call.at, call.identity, partnership, done)
            return {"done": True}
        if what != "POST allowance":  # which is to be there before anything comes
            partnerships.demand_confirmed(found)
        if what in {"GET pairs", "GET theirs", "GET sweep"}:
            if what == "GET sweep":
                cursor, pairs = lists.sweep(database, found, first, second)
            else:
                cursor, pairs = lists.join(database, found, first, what == "GET pairs", second)
            store.note(database, call.at, call.identity, partnership, ("join", len(pairs)))
            return wire.joined([cursor.to_bytes(8, "big"), _packed(pairs)])
        if what == "GET messages":
            return wire.joined(mailbox.fetch(database, found, first))
        if what == "GET counts":
            return counting.told(database, found, first)
        of_week = counting.Asked(week=first, epoch=second, at=call.at)
        limits = (self._peppers.of, self._limits.rows)
        changes: dict[str, Callable[[], tuple[str, int]]] = {
            "POST allowance": lambda: allowances.allow(database, found, call.told()),
            "POST counting": lambda: counting.add(database, found, of_week, call.body, limits),
            "DELETE counting": lambda: counting.drop(database, found, of_week),
            "POST counted": lambda: counting.complete(database, found, of_week, self._peppers.dice),
            "POST complete": lambda: lists.complete(database, found, first),
            "DELETE rows": lambda: lists.remove(database, found, first, wire.handles(call.body)),
            "DELETE list": lambda: lists.drop(database, found, first),
            "POST messages": lambda: mailbox.send(database, found, first, wire.parted(call.body)),
            "DELETE messages": lambda: mailbox.acknowledge(database, found, first),
        }
        if what not in changes:
            raise Refusal("unreadable", protocol=wire.PROTOCOL)
        store.note(database, call.at, call.identity, partnership, changes[what]())
        return {"done": True}

    def _take_rows(self, database: sqlite3.Connection, call: Call) -> Answer:
        """Keep rows for one list or many, all or nothing; where it is asked, answer with their pairs."""
        try:
            parts = lists.parts(call.body)
            rows = sum(len(part.rows) for part in parts)
        except wire.Malformed:
            raise Refusal("malformed", size=wire.ROW_BYTES) from None
        is_compared = call.path.endswith("compared")
        if rows > (wire.ROWS_COMPARED if is_compared else wire.ROWS_A_PART):
            raise Refusal("too_large", limit=(wire.ROWS_COMPARED if is_compared else wire.ROWS_A_PART) * wire.ROW_BYTES)
        answers = []
        for part in parts:
            found = partnerships.find(database, call.identity, part.partnership)
            partnerships.demand_confirmed(found)
            pepper = self._peppers.of(part.partnership)
            mine, kept = lists.add(database, found, part, pepper, (self._limits.rows, call.at))
            store.note(database, call.at, call.identity, part.partnership, ("rows", len(part.rows)))
            if is_compared:
                above = min((number for number, _, _ in kept), default=1) - 1
                pairs = lists.compare(database, mine, kept)[1]
                answers.append(above.to_bytes(8, "big") + _packed(pairs))
            else:
                lists.settle(database, mine)
        return wire.joined(answers)

    def _forget_revoked(self) -> None:
        """Destroy what revoking left to destroy; also what a kill kept from being destroyed."""
        with self._store.transaction() as database:
            ended = partnerships.revoked(database)
            for partnership in ended:
                self._peppers.destroy(partnership)
                allowances.forget(database, partnership)
                partnerships.forget(database, partnership)
                counting.forget(database, partnership)
        if ended:
            self._store.scrub()


_HEADERS: Final = (wire.IDENTITY, wire.COUNTER, wire.AT, wire.SIGNATURE)


def _revoke(database: sqlite3.Connection, call: Call, partnership: bytes | None) -> Answer:
    """End a partnership, or a key with all of its: no more answers; then the pepper goes, then the rows."""
    if partnership is None:
        partnerships.revoke_key(database, call.at, call.identity)
    else:
        partnerships.find(database, call.identity, partnership)
        partnerships.revoke(database, call.at, partnership)
    store.note(database, call.at, call.identity, partnership or _NOBODY, ("revoke", 1))
    return {"done": True}


def _packed(pairs: Iterable[lists.Agreement]) -> bytes:
    return b"".join(mine + theirs + bytes([kind, bucket]) for mine, theirs, kind, bucket in pairs)
