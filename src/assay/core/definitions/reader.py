"""Taking checked values out of YAML nodes, and noting what refers to what.

A function that finds a value wrong complains and returns None; its callers carry on, so that one run tells everything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import Scalar
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, describe
from assay.core.errors import Complaint, Place, did_you_mean
from assay.core.values import parse_duration, parse_instant

_NAME = re.compile(r"[^\W\d][\w.-]*|[0-9][\w.-]*")

ReferenceKind = Literal["event", "property", "attribute", "rule", "list", "score", "people_rule", "ranking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A name that something defined elsewhere must bear.

    `holder` is the rule or score that refers, as (kind, name); `events` (of a property) are those whose property it
    is, none meaning any; `of_account` marks an attribute of the account in a definition about people.
    """

    kind: ReferenceKind
    name: str
    place: Place
    holder: tuple[str, str]
    subject: str = ""
    events: tuple[str, ...] = ()
    of_account: bool = False


@dataclass(slots=True)
class Reader:
    """What reading has gathered so far, and whose definition is being read."""

    complaints: list[Complaint] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    holder: tuple[str, str] = ("", "")
    subject: str = ""
    _meant: dict[Place, set[str]] = field(default_factory=dict)  # keys that misspelt ones surely mean, by mapping

    def complain(self, code: str, at: Node | Place, message: str, *, mend: str = "", value: str | None = None) -> None:
        """Note a complaint about a node (its value is shown) or a place."""
        place = at if isinstance(at, Place) else at.place
        shown = value if value is not None else "" if isinstance(at, Place) else describe(at)
        self.complaints.append(Complaint(code=code, place=place, message=message, value=shown, mend=mend))

    def refer(
        self, kind: ReferenceKind, name: str, place: Place, *, events: tuple[str, ...] = (), of_account: bool = False
    ) -> None:
        """Note that the definition being read names something."""
        self.references.append(
            Reference(
                kind=kind,
                name=name,
                place=place,
                holder=self.holder,
                subject=self.subject,
                events=events,
                of_account=of_account,
            )
        )

    def mapping(self, node: Node | None, what: str) -> MappingNode | None:
        """Return the node if it is a mapping."""
        if isinstance(node, MappingNode):
            return node
        if node is not None:
            self.complain(
                codes.WRONG_SHAPE,
                node,
                f"{_capital(what)} must be a mapping of keys to values.",
                mend="Write 'key: value' lines, or '{key: value}'.",
            )
        return None

    def keys(self, node: MappingNode, known: Collection[str], what: str, *, required: Iterable[str] = ()) -> bool:
        """Complain of unknown and missing keys; return whether all required ones are there."""
        for key, _ in node.entries:
            if key.text not in known:
                mend = did_you_mean(key.text, known, f"{_capital(what)} has {_either(known)}.")
                self._meant.setdefault(node.place, set()).update(word for word in known if f"'{word}'?" in mend)
                self.complain(codes.UNKNOWN_KEY, key, f"{_capital(what)} has no key '{key.text}'.", mend=mend)
        missing = [key for key in required if self.lacks(node, key)]
        for lacking in missing:
            self.complain(
                codes.MISSING_KEY,
                node.place,
                f"{_capital(what)} lacks '{lacking}'.",
                mend=f"Add '{lacking}:'.",
                value=lacking,
            )
        return all(node.get(key) is not None for key in required)

    def lacks(self, node: MappingNode, *keys: str) -> bool:
        """Return whether none of the keys stands in a mapping, not even misspelt: that is told already."""
        return not any(node.get(key) is not None for key in keys) and self._meant.get(node.place, set()).isdisjoint(
            keys
        )

    def scalar(self, node: Node | None, what: str) -> Scalar | None:
        """Return the typed value of a node that must hold one value."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            self.complain(codes.WRONG_SHAPE, node, f"{_capital(what)} must be one value.", mend="Write a single value.")
            return None
        if node.value is None:
            self.complain(
                codes.WRONG_SHAPE, node, f"{_capital(what)} is empty.", mend="Write a value, or remove the key."
            )
        if isinstance(node.value, Decimal) and (
            abs(node.value.adjusted()) > 25 or len(node.value.as_tuple().digits) > 40
        ):
            self.complain(
                codes.BAD_NUMBER,
                node,
                f"{_capital(what)} is too large, too small or too long.",
                mend="Write fewer digits, or put text in quotes.",
            )
            return None
        return node.value

    def text(self, node: Node | None, what: str) -> str | None:
        """Return the text of one value, whatever it looks like."""
        value = self.scalar(node, what)
        if value is None or not isinstance(node, ScalarNode):
            return None
        if not node.text.strip():
            self.complain(
                codes.WRONG_SHAPE, node, f"{_capital(what)} is empty.", mend="Write a value, or remove the key."
            )
            return None
        return node.text

    def name(self, node: Node | None, what: str) -> str | None:
        """Return a name that may stand in files and in reasons: letters, digits, '_', '-' and '.'."""
        text = self.text(node, what)
        if text is not None and node is not None and not _NAME.fullmatch(text):
            mend = re.sub(r"[^\w.-]+", "_", text).strip("_")
            self.complain(
                codes.BAD_NAME,
                node,
                f"{_capital(what)} must be made of letters, digits, '_', '-' and '.'.",
                mend=f"Write '{mend}'." if mend else "",
            )
            return None
        return text

    def word(self, node: Node | None, words: Collection[str], what: str) -> str | None:
        """Return one of the allowed words."""
        text = self.text(node, what)
        if text is None or node is None or text in words:
            return text
        self.complain(
            codes.UNKNOWN_WORD,
            node,
            f"{_capital(what)} cannot be '{text}'.",
            mend=did_you_mean(text, words, f"Write {_either(words)}."),
        )
        return None

    def boolean(self, node: Node | None, what: str) -> bool | None:
        """Return true or false."""
        value = self.scalar(node, what)
        if value is None or isinstance(value, bool) or node is None:
            return value if isinstance(value, bool) else None
        self.complain(
            codes.WRONG_SHAPE, node, f"{_capital(what)} must be true or false.", mend="Write 'true' or 'false'."
        )
        return None

    def number(self, node: Node | None, what: str) -> Decimal | None:
        """Return a decimal number that fits in 64 bits of millionths."""
        value = self.scalar(node, what)
        if value is None or node is None:
            return None
        if not isinstance(value, Decimal):
            self.complain(
                codes.WRONG_SHAPE,
                node,
                f"{_capital(what)} must be a number.",
                mend="Write plain digits, such as 3 or 0.5, without quotes, separators or units.",
            )
            return None
        if value.adjusted() > 12:
            self.complain(
                codes.BAD_NUMBER,
                node,
                f"{_capital(what)} is too large.",
                mend="Write a number below 9,000,000,000,000.",
            )
            return None
        return value

    def whole(self, node: Node | None, what: str, *, least: int) -> int | None:
        """Return a whole number of at least `least`."""
        value = self.number(node, what)
        if value is None or node is None:
            return None
        if value != value.to_integral_value() or value < least:
            self.complain(
                codes.BAD_NUMBER,
                node,
                f"{_capital(what)} must be a whole number from {least}.",
                mend=f"Write {max(least, round(value))}.",
            )
            return None
        return int(value)

    def duration(self, node: Node | None, what: str) -> int | None:
        """Return microseconds."""
        text = self.text(node, what)
        if text is None or node is None:
            return None
        try:
            return parse_duration(text)
        except ValueError as error:
            self.complain(codes.BAD_DURATION, node, f"{_capital(what)} cannot be '{text}'.", mend=str(error))
            return None

    def instant(self, node: Node | None, what: str) -> int | None:
        """Return UTC microseconds."""
        text = self.text(node, what)
        if text is None or node is None:
            return None
        try:
            return parse_instant(text)
        except ValueError as error:
            self.complain(codes.BAD_INSTANT, node, f"{_capital(what)} cannot be '{text}'.", mend=str(error))
            return None

    def items(self, node: Node | None, what: str, *, least: int = 1) -> tuple[Node, ...] | None:
        """Return the members of a list."""
        if node is None:
            return None
        if not isinstance(node, SequenceNode):
            self.complain(codes.WRONG_SHAPE, node, f"{_capital(what)} must be a list.", mend="Write '[a, b]'.")
            return None
        if len(node.items) < least:
            self.complain(
                codes.WRONG_SHAPE,
                node,
                f"{_capital(what)} needs at least {least} member" + ("s." if least > 1 else "."),
                mend="Add to the list.",
            )
            return None
        return node.items

    def scalars(self, node: Node | None, what: str) -> tuple[Scalar, ...] | None:
        """Return a list of different single values."""
        members = self.items(node, what)
        if members is None:
            return None
        found: list[Scalar] = []
        for member in members:
            value = self.scalar(member, f"a member of {what}")
            if value is None:
                continue
            if any(type(value) is type(other) and value == other for other in found):
                self.complain(
                    codes.REPEATED,
                    member,
                    f"{_capital(what)} holds '{describe(member)}' twice.",
                    mend="Keep one of them.",
                )
            else:
                found.append(value)
        return tuple(found)

    def texts(self, node: Node | None, what: str) -> tuple[tuple[str, Place], ...] | None:
        """Return a list of different texts with their places."""
        members = self.items(node, what)
        if members is None:
            return None
        found: dict[str, Place] = {}
        for member in members:
            text = self.text(member, f"a member of {what}")
            if text is None:
                continue
            if text in found:
                self.complain(
                    codes.REPEATED, member, f"{_capital(what)} holds '{text}' twice.", mend="Keep one of them."
                )
            found.setdefault(text, member.place)
        return tuple(found.items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1] not in "'`" else text


def _either(words: Collection[str]) -> str:
    quoted = [f"'{word}'" for word in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
