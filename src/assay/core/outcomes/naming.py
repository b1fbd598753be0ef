"""Subjects as people name them: accounts by id, by domain or by a name that only one of them has; people by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from assay.core import values
from assay.core.definitions.model import SubjectType
from assay.core.errors import BadRequest, did_you_mean
from assay.core.io.store import Store
from assay.core.outcomes.arrays import NEVER
from assay.core.outcomes.subjects import STAYS

_TABLE: Final = {"person": "people", "account": "accounts"}
#: So many lines of a file are listed in a complaint.
_LINES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name as it was written, and where: an option, or a file and its `line` (0: no file)."""

    text: str
    where: str
    line: int = 0


def resolve(store: Store, subject: SubjectType, names: Sequence[Name]) -> tuple[int, ...]:
    """Return the dense number that each name names; BadRequest where one names nobody, or several."""
    listed: dict[str, list[int]] = {}
    for number, called in _called(store, subject):
        listed.setdefault(called, []).append(number)
    found, unknown = [], []
    for name in names:
        those = next((listed[key] for key in _keys(name.text, subject) if key in listed), [])
        if len(those) > 1:
            raise BadRequest(
                "Several accounts have this name",
                where=_where([name]),
                value=_shown(name, subject),
                mend="Write the account's id.",
            )
        found += those
        unknown += [] if those else [name]
    if unknown:
        _complain(unknown, len(names), subject, store)
    return tuple(found)


def check_born(
    subject: SubjectType, names: Sequence[Name], numbers: Sequence[int], born: Collection[int], *, as_of: int
) -> None:
    """Raise BadRequest where some of the named were not known yet at an instant; `born` are those who were."""
    late = [name for name, number in zip(names, numbers, strict=True) if number not in born]
    if late:
        raise BadRequest(
            f"{len(late)} of the named {_people(subject)} were not known yet on {values.format_instant(as_of)}",
            where=_where(late),
            value=_shown(late[0], subject),
            mend="Ask as of a later instant, or leave them out.",
        )


def called(store: Store, subject: SubjectType, numbers: Sequence[int], *, as_of: int) -> dict[int, str]:
    """Return what accounts are called beside their id, and which account people belong to; those without are absent."""
    listed = ", ".join(map(str, sorted(set(numbers)))) or "-1"
    if subject == "account":
        return dict(
            store.rows(f"SELECT account, name FROM prepared.accounts WHERE account IN ({listed}) AND name <> id")
        )
    return dict(
        store.rows(
            f"SELECT s.person, coalesce(a.name, a.id) FROM ({STAYS}) s JOIN prepared.accounts a USING (account) "
            f"WHERE s.until = {NEVER} AND s.person IN ({listed})",
            [as_of],
        )
    )


def _called(store: Store, subject: SubjectType) -> list[tuple[int, str]]:
    """Return dense numbers with what each is called: ids as "=id", domains as "@domain", names as "~name"."""
    rows = [(number, f"={one}") for number, one in store.rows(f"SELECT {subject}, id FROM prepared.{_TABLE[subject]}")]
    if subject == "account":
        others = store.rows("SELECT account, domain, name FROM prepared.accounts ORDER BY account")
        rows += [(number, f"@{domain}") for number, domain, _ in others if domain]
        rows += [(number, f"~{_folded(name)}") for number, _, name in others if name]
    return rows


def _keys(text: str, subject: SubjectType) -> tuple[str, ...]:
    """Return how a subject may be called that is written so, the surest first."""
    text = text.strip()
    if subject == "person":
        return (f"={text}",)
    address = text.lower().partition("://")[2] or text.lower()
    domain = address.partition("/")[0].removeprefix("www.")
    return f"={text}", f"={domain}", f"@{domain}", f"~{_folded(text)}"


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _complain(unknown: Sequence[Name], of: int, subject: SubjectType, store: Store) -> None:
    first = unknown[0]
    mend = "Give the id as it stands in the data; the ids of merged people are those of the newest."
    if subject == "account":
        # Accounts are companies; what people are called is told to nobody who did not write it.
        there = [called[1:] for _, called in _called(store, subject) if called[0] in "=@"]
        mend = did_you_mean(first.text.strip(), there, "Give the account's id, domain or name as the data has it.")
    those = f"this {subject}" if len(unknown) == 1 else f"{len(unknown)} of these {of} {_people(subject)}"
    raise BadRequest(f"No source knows {those}", where=_where(unknown), value=_shown(first, subject), mend=mend)


def _where(names: Sequence[Name]) -> str:
    """Return where names stand: "--like", or a file with its first lines."""
    first = names[0]
    if not first.line:
        return first.where
    lines = [str(name.line) for name in names if name.where == first.where and name.line]
    more = ", ..." if len(lines) > _LINES else ""
    return f"{first.where}, line{'s' * (len(lines) > 1)} {', '.join(lines[:_LINES])}{more}"


def _shown(name: Name, subject: SubjectType) -> str:
    """Return a name to show in a complaint: none that a file may hold of a person."""
    return "" if subject == "person" and name.line else name.text.strip()


def _people(subject: SubjectType) -> str:
    return "people" if subject == "person" else "accounts"
