"""Whom outcomes reach: each subject's first outcome of a name, on its own or through its account.

An outcome that names an account is one of all who belong to it at that instant; one that names a person alone is one
of the account that the person belongs to then. So a deal that is won converts everybody at the company, and whoever
comes to the company later is not converted by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core.definitions.model import SubjectType
from assay.core.errors import BadRequest, did_you_mean
from assay.core.io.store import Store
from assay.core.outcomes.arrays import NEVER, Int64s
from assay.core.outcomes.subjects import STAYS

#: So many names of outcomes are shown; more are hardly names of outcomes.
_FEW: Final = 20

#: Whose outcomes count for a person: those of its account too, or those alone that name the person.
Reach = Literal["account", "person"]

_NAMED: Final = """
SELECT rowid AS row, person, account, "at" FROM prepared.outcomes WHERE outcome = $2 AND "at" <= $1
"""

#: The first instant by subject, and its row. `ASOF` finds in each stay the account's first one from then on.
_REACHED: Final = {
    "person": """
SELECT person AS subject, "at", row FROM named WHERE person >= 0
UNION ALL
SELECT s.person, o."at", o.row FROM (SELECT * FROM stays WHERE account >= 0) s
ASOF JOIN (SELECT account, "at", min(row) AS row FROM named WHERE account >= 0 GROUP BY account, "at") o
ON s.account = o.account AND s.since <= o."at" WHERE o."at" < s.until AND {through}
""",
    "account": """
SELECT account AS subject, "at", row FROM named WHERE account >= 0
UNION ALL
SELECT s.account, o."at", o.row FROM (SELECT * FROM named WHERE account < 0 AND person >= 0) o
JOIN stays s ON s.person = o.person AND s.since <= o."at" AND o."at" < s.until WHERE s.account >= 0 AND {through}
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversions:
    """The first outcome of each subject, by dense number: its instant (NEVER: none) and its row (-1: none)."""

    at: Int64s
    row: Int64s


def first(
    store: Store, outcome: str, kind: SubjectType, *, subjects: int, as_of: int, reach: Reach = "account"
) -> Conversions:
    """Return each subject's first outcome of that name up to `as_of`; arrays of length `subjects`."""
    through = reach == "account" or kind == "account"
    found = store.arrays(_first_sql(_NAMED, kind, through=through), [as_of, outcome])
    return _by_subject(found, subjects)


def first_marks(store: Store, marks: pa.Table, kind: SubjectType, *, subjects: int, as_of: int) -> Conversions:
    """Return the same for marks that are no outcomes: a table with row, person, account (-1: none) and at."""
    store.register("outcome_marks", marks)
    named = 'SELECT row, person, account, "at" FROM outcome_marks WHERE "at" <= $1'
    return _by_subject(store.arrays(_first_sql(named, kind, through=True), [as_of]), subjects)


def _first_sql(named: str, kind: SubjectType, *, through: bool) -> str:
    return (
        f"WITH named AS ({named}), stays AS ({STAYS}), reached AS ({_REACHED[kind].format(through=through)}) "
        'SELECT subject, min("at") AS "at", arg_min(row, {\'at\': "at", \'row\': row}) AS row '
        "FROM reached GROUP BY subject"
    )


def _by_subject(found: Mapping[str, npt.NDArray[Any]], subjects: int) -> Conversions:
    at, row = np.full(subjects, NEVER, np.int64), np.full(subjects, -1, np.int64)
    at[found["subject"]] = found["at"]
    row[found["subject"]] = found["row"]
    return Conversions(at=at, row=row)


def names(store: Store, *, as_of: int) -> dict[str, int]:
    """Return how often each outcome happened up to `as_of`, most first."""
    return dict(
        store.rows(
            'SELECT outcome, count(*) AS n FROM prepared.outcomes WHERE "at" <= ? AND outcome IS NOT NULL '
            "GROUP BY outcome ORDER BY n DESC, outcome",
            [as_of],
        )
    )


def check_name(store: Store, outcome: str, *, as_of: int) -> None:
    """Raise BadRequest where no outcome of this name happened up to `as_of`."""
    known = names(store, as_of=as_of)
    if outcome in known:
        return
    if not known:
        later = store.number("SELECT count(*) FROM prepared.outcomes")
        raise BadRequest(
            "All outcomes of the data lie after the instant asked about" if later else "The data holds no outcomes",
            where="--outcome",
            value=outcome,
            mend="Ask as of a later instant."
            if later
            else "Say in definitions/sources which file tells what became of leads (docs/language.md, outcomes).",
        )
    raise BadRequest(
        "No outcome has this name",
        where="--outcome",
        value=outcome,
        mend=did_you_mean(outcome, known if len(known) <= _FEW else (), there_are(known)),
    )


def there_are(known: Collection[str]) -> str:
    """Return which outcomes there are; of many only how many: they may be names of people, read by mistake."""
    if len(known) > _FEW:
        return f"There are {len(known):,} different ones: look at the column that the source takes for outcomes."
    return f"These there are: {', '.join(known)}."
