"""What a partner asks and says, as tables: questions with their reasons, and the words of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from assay.partners.odds import odds, signed
from assay.partners.sharing.listing import Listing
from assay.partners.sharing.owner import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A company of ours that may be one of the partner's: why, how likely, and what we answered."""

    record: str
    company: str
    reasons: tuple[tuple[str, float], ...]
    bits: float
    answered: bool | None

    def why(self) -> str:
        """Return what speaks for it and against it, each with its bits."""
        return "; ".join(f"{finding} {signed(bits)}" for finding, bits in self.reasons)

    def likely(self) -> str:
        """Return how likely it is, as odds."""
        return odds(self.bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said: about which company, who, what kind of word it is, and the words."""

    number: int
    company: str
    who: str
    what: str
    text: str

    def line(self) -> str:
        """Return it as one line."""
        about = f" about {self.company}" if self.company else ""
        return f"{self.who or 'Your partner'}, {self.what}{about}: {self.text}"


def questions(owner: Owner, listing: Listing) -> list[Question]:
    """Return what is asked, the likeliest first."""
    found = []
    for key, (record, why, *bits) in owner.all("question"):
        found.append(
            Question(
                record=record,
                company=listing.title(record),
                reasons=tuple((str(finding), float(each)) for finding, each in why),
                bits=float(bits[0]) if bits else sum(each for _, each in why),
                answered=owner.answered(key),
            )
        )
    return sorted(found, key=lambda one: (-one.bits, one.company, one.record))


def question_table(asked: list[Question]) -> pa.Table:
    """Return a row for each question."""
    answers = {None: "", True: "same", False: "not same"}
    columns: dict[str, list[str]] = {
        "id": [one.record for one in asked],
        "company": [one.company for one in asked],
        "odds": [one.likely() for one in asked],
        "why": [one.why() for one in asked],
        "your answer": [answers[one.answered] for one in asked],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def messages(owner: Owner, listing: Listing) -> list[Message]:
    """Return what was said, in the order in which it came."""
    found = sorted((told for _, told in owner.all("said") if "number" in told), key=lambda told: told["number"])
    about = {told["id"]: told["record"] for told in found if told["kind"] == "introduction"}
    return [_message(listing, told, about) for told in found]


def message_table(said: list[Message]) -> pa.Table:
    """Return a row for each message."""
    texts = {name: pa.array([getattr(one, name) for one in said], pa.string()) for name in Message.__slots__[1:]}
    return pa.table({"number": pa.array([one.number for one in said], pa.int64()), **texts})


def _message(listing: Listing, told: Mapping[str, Any], about: Mapping[str, str]) -> Message:
    kind, body = told["kind"], told["body"]
    record = told["record"] or about.get(str(body.get("introduction") or told["id"]), "")
    said = {
        "introduction": ("asks for an introduction", "wanted"),
        "introduction-state": ("on an introduction", "state"),
        "word": ("writes", "text"),
    }
    what, field = said.get(kind, (f"says ({kind})", ""))
    text = str(body.get(field, "")) if field else "; ".join(_words(body))
    if kind == "insight":
        what, text = "attests", f"{body.get('letter', '')}: {body.get('value', '')}"
    return Message(
        number=told["number"],
        company=listing.title(record) if record else "",
        who=str(body.get("name") or ""),
        what=what,
        text=text,
    )


def _words(body: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name}: {value}" for name, value in body.items() if isinstance(value, str | int | float) and value != "")
