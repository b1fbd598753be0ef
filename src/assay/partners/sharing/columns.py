"""Which column of a list of companies is what, and the record that a row then is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from assay.core.errors import BadRequest, did_you_mean
from assay.partners.canonical import REGISTERS, Record, further_domains

#: What a column may be: beside what a company is called and where it is, its ids in registers, and further domains.
ROLES: Final = ("id", "name", "domain", "country", "city", *REGISTERS, "siblings")
Row = Mapping[str, str]
_SHOWN: Final = 12


def chosen(names: Sequence[str], guessed: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the columns by role: those given, and where none is, those guessed; BadRequest where that will not do.

    A column named '' is none: what was guessed is left out.
    """
    for role, name in given.items():
        if name and name not in names:
            raise BadRequest(
                "The list has no such column",
                where=f"--{role}",
                value=name,
                mend=f"{did_you_mean(name, names)} Its columns are: {listed(names)}.".strip(),
            )
    taken = set(given.values())
    kept = {role: column for role, column in guessed.items() if column not in taken}
    columns = {role: column for role, column in {**kept, **given}.items() if role in ROLES and column}
    if "domain" not in columns and "name" not in columns:
        raise BadRequest(
            "No column looks like a company's domain or name",
            where="LIST",
            value=listed(names),
            mend="Say which it is with --domain COLUMN or --name COLUMN.",
        )
    return columns


def listed(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    more = f", and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more


def record_of(row: Row, columns: Mapping[str, str]) -> Record:
    """Return the company that a row tells of."""
    of = {role: row.get(columns.get(role, ""), "") for role in ROLES}
    return Record(
        name=of["name"],
        website=of["domain"],
        country=of["country"],
        city=of["city"],
        siblings=further_domains(of["siblings"]),
        registry=tuple((register, of[register]) for register in REGISTERS if of[register].strip()),
    )


def made_id(row: Row, columns: Mapping[str, str]) -> str:
    """Return what stands for a company in a list without ids: its domain, else its name with its place."""
    domain = row.get(columns.get("domain", ""), "").strip().lower()
    parts = [row.get(columns.get(role, ""), "").strip() for role in ("name", "city", "country")]
    return domain or ", ".join(part for part in parts if part)
