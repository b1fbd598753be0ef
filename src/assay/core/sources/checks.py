"""Which staged rows are good, which are rejects and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assay.core.definitions.model import EventsSource, InsightsSource, OutcomesSource, PartnerFactsSource
from assay.core.io.store import literal, name
from assay.core.sources.fields import LONGEST_VALUE, Field
from assay.core.sources.instants import TROUBLES
from assay.core.sources.staging import Part
from assay.core.sources.texts import trimmed_sql

SAYS: Final = ("customer", "open_opportunity", "prospect", "former_customer", "own")
LETTERS: Final = ("need", "budget", "authority", "timing", "use_case")

_OWNERS: Final = ("account", "person", "partner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A condition (SQL, never NULL) under which a row or, where not `whole`, one field of it cannot be read."""

    bad: str
    column: str | None
    reason: str  # SQL
    value: str = "NULL"  # SQL
    whole: bool = True


def checks_of(part: Part) -> list[Check]:
    """Return the checks of a part; the first that a row fails is the one that is told."""
    found: list[Check] = []
    for field in part.fields:
        found += _instant_checks(field) if field.instant else _presence_check(field)
    by_out = {field.out: field.column for field in part.fields}
    if isinstance(part.part, EventsSource | OutcomesSource):
        found += _owner_check(by_out)
    if isinstance(part.part, PartnerFactsSource):
        found.append(_word_check("says", by_out["says"], SAYS))
        if "confidence" in by_out:
            found.append(_confidence_check(by_out["confidence"]))
    if isinstance(part.part, InsightsSource):
        found.append(_word_check("letter", by_out["letter"], LETTERS))
    return found


def _instant_checks(field: Field) -> list[Check]:
    out, why = name(field.out), name(field.out + "_why")
    words = " ".join(f"WHEN {code} THEN {literal(text)}" for code, text in TROUBLES.items())
    told = Check(
        bad=f"({why} IS NOT NULL)",
        column=field.column,
        reason=f"CASE {why} {words} END",
        value=name(field.out + "_text"),
        whole=field.required or field.strict,
    )
    absent = Check(bad=f"({out} IS NULL AND {why} IS NULL)", column=field.column, reason="'no instant'")
    return [told, absent] if field.required else [told]


def _presence_check(field: Field) -> list[Check]:
    if not field.required:
        return []
    bad = _is_blank_sql(name(field.out)) if field.as_is else f"({name(field.out)} IS NULL)"
    return [Check(bad=bad, column=field.column, reason=f"'no {field.out}'")]


def _owner_check(by_out: dict[str, str]) -> list[Check]:
    there = [name(out) for out in ("person", "account") if out in by_out]
    absent = " AND ".join(map(_is_blank_sql, there)) or "true"
    return [
        Check(
            bad=f"({absent})",
            column=by_out.get("person", by_out.get("account")),
            reason="'neither a person nor an account'",
        )
    ]


def _is_blank_sql(column: str) -> str:
    """Return SQL for whether an id, perhaps not trimmed yet, is absent: text can be blank only if it begins oddly."""
    return f"({column} IS NULL OR ({column} < '!' OR {column} > '~') AND {trimmed_sql(column)} IS NULL)"


def _word_check(out: str, column: str, words: tuple[str, ...]) -> Check:
    known = ", ".join(map(literal, words))
    return Check(
        bad=f"(lower({out}) IS NULL OR lower({out}) NOT IN ({known}))",
        column=column,
        reason=literal(f"not one of {', '.join(words)}"),
        value=f"left({out}, {LONGEST_VALUE})",
    )


def confidence_sql(text: str) -> str:
    """Return SQL for a confidence between 0 and 1; NULL where the text is none."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return f"(CASE WHEN {number} BETWEEN 0 AND 1 THEN {number} END)"


def _confidence_check(column: str) -> Check:
    return Check(
        bad=f"(confidence IS NOT NULL AND {confidence_sql('confidence')} IS NULL)",
        column=column,
        reason="'not a confidence between 0 and 1'",
        value=f"left(confidence, {LONGEST_VALUE})",
        whole=False,
    )


def trouble_sql(part: Part, checks: list[Check]) -> str:
    """Return SQL for how many rows of a part are rejects, whole or for one field: it costs little where none is."""
    bad = " OR ".join(["false", *(check.bad for check in checks)])
    return f"SELECT count(*) FROM raw.part_{part.number} WHERE {bad}"


def rejects_sql(part: Part, checks: list[Check]) -> str:
    """Return SQL for the rejects of a part: one row a bad row, and one a bad field of a good row."""
    whole = [check for check in checks if check.whole]
    single = [check for check in checks if not check.whole]
    source = literal(part.part.source)
    view = f"raw.part_{part.number}"
    place, named = _place_sql(part)
    bad_row = " OR ".join(["false", *(check.bad for check in whole)])
    queries = []
    if whole:
        picks = [
            f"CASE {' '.join(f'WHEN {check.bad} THEN {said}' for check, said in zip(whole, told, strict=True))} END"
            for told in (
                [literal(check.column) if check.column else "NULL" for check in whole],
                [check.reason for check in whole],
                [check.value for check in whole],
            )
        ]
        queries.append(f"SELECT {source}, {place}, {', '.join(picks)}, {named} FROM {view} WHERE {bad_row}")
    queries += [
        f"SELECT {source}, {place}, {literal(check.column) if check.column else 'NULL'}, {check.reason}, "
        f"{check.value}, {named} FROM {view} WHERE {check.bad} AND NOT ({bad_row})"
        for check in single
    ]
    return " UNION ALL ".join(queries)


def _place_sql(part: Part) -> tuple[str, str]:
    """Return SQL for file and line, and for table and key: what tells a person which row it is."""
    if part.part.table is None:
        return "file, line", "NULL, NULL"
    outs = [field.out for field in part.fields]
    key = next(([out] for out in ("id",) if out in outs), [out for out in _OWNERS if out in outs])
    return "NULL, NULL", f"file, nullif(concat_ws(', ', {', '.join(map(name, key))}), '')"


def good_sql(part: Part, checks: list[Check], *, all_are_good: bool) -> str:
    """Return SQL for the rows of a part that can be read."""
    view = f"SELECT * FROM raw.part_{part.number}"
    if all_are_good:  # nothing is looked at twice
        return view
    bad_row = " OR ".join(["false", *(check.bad for check in checks if check.whole)])
    return f"{view} WHERE NOT ({bad_row})"
