"""Who owns a shared list: writes down what its partnership tells, in the file in which that is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from assay.core.io.rows import Rows
from assay.escrow import wire
from assay.partners.dealing import Counted, Offer, Shared, Told

_NUMBERS: Final = "counted"


class Owner:
    """Hears what a step tells (`dealing.Heard`), and knows what of it holds."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # What is told.

    def paired(self) -> None:
        """Both sides have confirmed."""

    def offered(self, offers: Sequence[Offer], version: int) -> None:
        """Remember which populations the partner lets us know of."""
        told = [[offer.population, offer.name, offer.says, offer.level.value, list(offer.fields)] for offer in offers]
        self._put("offered", b"-", told)
        del version

    def overlap(self, shared: Shared) -> None:
        """Remember a match."""
        self._rows.drop("question", shared.handle + shared.their_handle)
        self._put("shared", shared.handle + shared.their_handle, shared.record)

    def question(self, shared: Shared) -> None:
        """Remember a question."""
        self._rows.drop("shared", shared.handle + shared.their_handle)
        why = [[reason.finding, reason.bits] for reason in shared.reasons]
        self._put("question", shared.handle + shared.their_handle, [shared.record, why, shared.bits])

    def gone(self, handle: bytes, their_handle: bytes) -> None:
        """Forget a match or a question."""
        self._rows.drop("shared", handle + their_handle)
        for kind in ("question", "answered"):
            self._rows.drop(kind, handle + their_handle)

    def learnt(self, told: Told) -> None:
        """Remember a fact."""
        said = [told.record, told.population, told.says, dict(told.fields), told.since]
        self._put("learnt", told.handle + told.population.encode(), said)

    def withdrawn(self, their_handle: bytes, population: str) -> None:
        """Forget a fact."""
        self._rows.drop("learnt", their_handle + population.encode())

    def confirmed(self, at: int) -> None:
        """Remember when all that we were told held."""
        self._put("confirmed", b"-", at)

    def disclosed(self, told: Told, *, grant: int, entry: int, at: int) -> None:
        """Remember what we told."""
        said = [told.record, told.population, dict(told.fields), grant, entry, at]
        self._put("told them", told.handle + told.population.encode(), said)
        self._count("told")

    def taken_back(self, handle: bytes, population: str, at: int) -> None:
        """Forget that we told it."""
        self._rows.drop("told them", handle + population.encode())
        self._count("taken back")
        del at

    def receipted(self, through: int) -> None:
        """Remember how far the partner signed."""
        self._put("receipted", b"-", through)

    def said(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """Keep what people said, in the order in which it came: a command cannot answer it."""
        if kind == "node":
            return  # the partner's node says that it is one, which is for nodes to know
        key = f"{kind} {public_id}".encode()
        held = self._rows.get("said", key)
        number = json.loads(held).get("number") if held is not None else None
        told = {"number": number or self.many("said") + 1, "kind": kind, "id": public_id, "body": dict(body)}
        # What it is about is looked up now: once the account is shared no more nobody could tell.
        self._put("said", key, {**told, "record": self._about(body)})

    def compared(self, *, ours: int, theirs: int, shared: int) -> None:
        """Remember how long both lists are."""
        self._put("compared", b"-", [ours, theirs, shared])

    def counted(self, numbers: Sequence[Counted]) -> None:
        """Remember this week's numbers."""
        self._put("counted", b"-", [[one.theirs, one.about] for one in numbers])

    def trouble(self, text: str) -> None:
        """Remember what stands in the way."""
        self._put("trouble", b"-", text)

    def ended(self) -> None:
        """Forget what the partner told: it ended the partnership."""
        for kind in ("shared", "question", "learnt"):
            for key, _ in list(self._rows.scan(kind)):
                self._rows.drop(kind, key)

    def note_answer(self, key: bytes, *, is_same: bool) -> None:
        """Remember what we answered to a question."""
        self._put("answered", key, is_same)

    # What holds.

    def answered(self, key: bytes) -> bool | None:
        """Return what we answered to a question; None where we did not."""
        found = self._rows.get("answered", key)
        return None if found is None else bool(json.loads(found))

    def one(self, kind: str) -> Any:  # whatever was put there
        """Return the one value of a kind; None where there is none."""
        found = self._rows.get(kind, b"-")
        return None if found is None else json.loads(found)

    def all(self, kind: str) -> Iterator[tuple[bytes, Any]]:
        """Yield (key, value) of a kind."""
        for key, value in self._rows.scan(kind):
            yield key, json.loads(value)

    def many(self, kind: str) -> int:
        """Return how many of a kind there are."""
        return sum(1 for _ in self._rows.scan(kind))

    def _about(self, body: Mapping[str, Any]) -> str:
        """Return the id of ours that something said is about; '' where it names none that is shared."""
        try:
            handle = wire.digits(str(body.get("yours")), wire.HANDLE_BYTES)
        except ValueError:
            return ""
        for kind in ("shared", "question"):
            for key, value in self._rows.scan(kind, handle):
                if not key.startswith(handle):
                    break
                told = json.loads(value)
                return str(told if kind == "shared" else told[0])
        return ""

    def times(self, what: str) -> int:
        """Return how often something was done in all."""
        return int.from_bytes(self._rows.get(_NUMBERS, what.encode()) or b"", "big")

    def _put(self, kind: str, key: bytes, value: object) -> None:
        self._rows.put(kind, key, json.dumps(value).encode())

    def _count(self, what: str) -> None:
        self._rows.put(_NUMBERS, what.encode(), (self.times(what) + 1).to_bytes(8, "big"))
