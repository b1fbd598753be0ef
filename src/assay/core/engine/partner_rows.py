"""What partners say, as arrays: the rows that are known as of an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assay.core.engine.compiled import NEVER
from assay.core.engine.subjects import Subjects, only
from assay.core.engine.tracks import BEGINNING
from assay.core.io.store import Store, literal

#: Partners' names and their places among all, from 1; the names are given twice.
_CODES: Final = "SELECT unnest(?::VARCHAR[]) AS partner, unnest(range(1, len(?::VARCHAR[]) + 1))::INTEGER AS code"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRows:
    """Partner facts: parallel arrays sorted by (account, partner, says, origin).

    `partner` counts from 1; `says` is the place in the list asked for, from 1 (0: something else); `since` BEGINNING:
    since ever; `until` NEVER: no end known; `confirmed` BEGINNING: not confirmed; `confidence` minus infinity: none;
    `origin` and `parent` are 64-bit hashes, 0 where absent: only equality within an account matters.
    """

    account: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]
    says: npt.NDArray[np.int32]
    since: npt.NDArray[np.int64]
    until: npt.NDArray[np.int64]
    confirmed: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    origin: npt.NDArray[np.uint64]
    parent: npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightRows:
    """Insights: parallel arrays sorted by (letter, account, partner, at); `letter` and `partner` as in `FactRows`."""

    letter: npt.NDArray[np.int32]
    account: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    attests: npt.NDArray[np.bool_]


def partner_names(store: Store, subjects: Subjects | None = None) -> list[str]:
    """Return the names of all partners that say anything of these accounts (None: any), ascending."""
    found = store.rows(
        f"SELECT DISTINCT partner FROM prepared.partner_facts WHERE partner IS NOT NULL {only('account', subjects)}"
        f" UNION SELECT DISTINCT partner FROM prepared.insights WHERE partner IS NOT NULL {only('account', subjects)}"
    )
    return sorted(partner for (partner,) in found)


def fact_rows(
    store: Store,
    names: list[str],
    says: Sequence[str],
    *,
    as_of: int,
    subjects: Subjects | None = None,
    all_says: bool = False,
) -> FactRows:
    """Return the facts of the partners `names`, known at `as_of`, that say one of `says` (`all_says`: anything).

    A later row is ignored, and so is a later confirmation; a later `until` is known.
    """
    matters = "" if all_says else f"AND says IN ({_list(says)})"
    found = store.arrays(
        f"""SELECT account, c.code AS partner, coalesce(list_position([{_list(says)}], says), 0)::INTEGER AS says,
            coalesce(since, {BEGINNING}) AS since, coalesce("until", {NEVER}) AS "until",
            CASE WHEN confirmed_at <= ? THEN confirmed_at ELSE {BEGINNING} END AS confirmed,
            coalesce(confidence, '-infinity'::DOUBLE) AS confidence, {_hash("origin")}, {_hash("parent")}
        FROM prepared.partner_facts JOIN ({_CODES}) c USING (partner)
        WHERE (since IS NULL OR since <= ?) {matters} {only("account", subjects)}
        ORDER BY account, partner, 3, origin""",
        [as_of, names, names, as_of],
    )
    return FactRows(**found)


def insight_rows(
    store: Store, names: list[str], letters: Sequence[str], *, as_of: int, subjects: Subjects | None = None
) -> InsightRows:
    """Return the insights of the partners `names` on these letters, known at `as_of`."""
    found = store.arrays(
        f"""SELECT list_position([{_list(letters)}], letter)::INTEGER AS letter, account, c.code AS partner, "at",
            coalesce(value, '') <> 'no' AS attests
        FROM prepared.insights JOIN ({_CODES}) c USING (partner)
        WHERE "at" <= ? AND letter IN ({_list(letters)}) {only("account", subjects)}
        ORDER BY 1, account, partner, "at"
        """,
        [names, names, as_of],
    )
    return InsightRows(**found)


def take(rows: Any, kept: npt.NDArray[Any]) -> Any:
    """Return these rows (indices or a mask) of a dataclass of parallel arrays."""
    return type(rows)(**{column: getattr(rows, column)[kept] for column in rows.__dataclass_fields__})


def _list(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts) or "NULL"


def _hash(column: str) -> str:
    kind = literal(column)
    return f"CASE WHEN {column} <> '' THEN hash({kind} || {column}) ELSE 0 END::UBIGINT AS {column}"
