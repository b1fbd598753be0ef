"""People as the lake knows them now: kept only where a population is of people, or of a rule about them.

In what both deal with, a person goes by a record of its own, which no account can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from django.db.models import Q

from assay.core.definitions.model import AccountsSource, DatedColumn, Definitions, PeopleSource
from assay.node.lake import manifest
from assay.node.live.replaying import prepared
from assay.node.live.stories import micros
from assay.node.partnering.lining import bring_in_line
from assay.node.partnering.models import AccountsRead, Person, Population
from assay.node.partnering.news import tells
from assay.node.rulebook import current
from assay.partners.canonical import Keys
from assay.partners.people import Person as Compared
from assay.partners.people import keys_of_person, mailbox_key

#: Before a person's id in a record. Ids of accounts have no such character.
_MARK: Final = "person\x1f"
_LONGEST: Final = 200
#: The row of `AccountsRead` that says how far people were read.
_READ: Final = 2
#: What a person's address goes by among its attributes: no name of an attribute has a space before it.
_EMAIL: Final = " email"
_NAMES: Final = ("name", "full_name", "first_name", "last_name")
_LATEST: Final = """
WITH told AS (
    SELECT subject, name, arg_max(value, coalesce("at", -9223372036854775807)) AS value FROM prepared.attributes
    WHERE subject_type = 'person' AND ("at" IS NULL OR "at" <= $1) GROUP BY subject, name
), homes AS (
    SELECT person, arg_max(account, coalesce("at", -9223372036854775807)) AS account FROM prepared.memberships
    WHERE "at" IS NULL OR "at" <= $1 GROUP BY person
)
SELECT p.id, coalesce(a.id, '') AS account, list(t.name) FILTER (t.value IS NOT NULL) AS names,
    list(CAST(t.value AS VARCHAR)) FILTER (t.value IS NOT NULL) AS texts
FROM prepared.people p LEFT JOIN homes h ON h.person = p.person LEFT JOIN prepared.accounts a ON a.account = h.account
    LEFT JOIN told t ON t.subject = p.person GROUP BY p.id, a.id
"""
_COLUMNS: Final = dict.fromkeys(("person_id", "account_id", "email", "name"), "text")


def record_of(person_id: str) -> str:
    """Return what deals call a person."""
    return f"{_MARK}{person_id}"


def person_of(record: str) -> str | None:
    """Return whose record it is; None for an account's."""
    return record.removeprefix(_MARK) if record.startswith(_MARK) else None


def is_person(record: str) -> bool:
    """Tell whether a record is a person's."""
    return record.startswith(_MARK)


def rules() -> list[str]:
    """Return the rules about people that are decided now."""
    return sorted(rule.name for rule in current.definitions().rules if rule.subject == "person")


def are_needed() -> bool:
    """Tell whether any population needs to know of people."""
    about_people = Q(is_of_people=True) | Q(how=Population.How.RULE, rule__in=rules())
    return Population.objects.filter(about_people).exists()


def refresh(now: datetime) -> bool:
    """Bring the table in line with the lake, or empty it where nothing needs it; tell whether anything was read."""
    if not are_needed():
        Person.objects.all().delete()
        AccountsRead.objects.filter(pk=_READ).delete()
        return False
    number, definitions = current.edition_and_definitions()
    last = manifest.last_seq()
    read = AccountsRead.objects.filter(pk=_READ).first()
    if not number or (read is not None and (read.seq, read.edition) == (last, number)):
        return False
    if read is not None and read.edition == number and not tells(read.seq, last):
        AccountsRead.objects.filter(pk=_READ).update(seq=last)
        return False
    bring_in_line("partnering_person", _COLUMNS, _rows(_read(definitions, now)))
    AccountsRead.objects.update_or_create(pk=_READ, defaults={"seq": last, "edition": number, "at": now})
    return True


def read_at() -> datetime | None:
    """Return when people were last read; None where nothing needs them."""
    return AccountsRead.objects.filter(pk=_READ).values_list("at", flat=True).first()


def keys(person: Person, website: str) -> Keys:
    """Return what a person is compared by: the address, and the name at its company."""
    emails = (person.email,) if person.email else ()
    return keys_of_person(Compared(name=person.name, emails=emails, website=website))


def by_address(lines: Iterable[str]) -> dict[str, str]:
    """Return the one person who has each of these addresses, however it is spelled; none where two have it."""
    wanted = {line: mailbox_key(line) for line in lines}
    asked = {key for key in wanted.values() if key}
    found: dict[str, set[str]] = {}
    for person_id, email in Person.objects.exclude(email="").values_list("person_id", "email").iterator(5_000):
        if (key := mailbox_key(email)) in asked:
            found.setdefault(key, set()).add(person_id)
    return {line: next(iter(found[key])) for line, key in wanted.items() if len(found.get(key, ())) == 1}


def names_of(records: Iterable[str]) -> dict[str, str]:
    """Return what people are called, by their records; one whom nothing is known of by the id."""
    ids = {person: one for one in records if (person := person_of(one)) is not None}
    known = {one.person_id: str(one) for one in Person.objects.filter(person_id__in=list(ids))}
    return {record: known.get(person, person) for person, record in ids.items()}


def _read(definitions: Definitions, now: datetime) -> pa.Table:
    """Return id, account, and names and values of attributes of every person who is told of."""
    parts = tuple(
        replace(one, attributes=(*one.attributes, (_EMAIL, DatedColumn(column=one.email))))
        if isinstance(one, PeopleSource) and one.email
        else one
        for one in definitions.sources
        if isinstance(one, AccountsSource | PeopleSource)
    )
    if not any(isinstance(one, PeopleSource) for one in parts):
        return pa.table({name: [] for name in ("id", "account", "names", "texts")})
    own = replace(definitions, sources=parts, rules=(), scores=())

    def read() -> pa.Table:
        with prepared(own, manifest.relation(manifest.paths())) as known:
            return known.store.table(_LATEST, [micros(now)])

    return manifest.reading(read)


def _rows(told: pa.Table) -> Iterator[tuple[Any, ...]]:
    for one in told.to_pylist():
        says = dict(zip(one["names"] or (), one["texts"] or (), strict=True))
        whole, full, first, last = (says.get(name, "").strip() for name in _NAMES)
        name = whole or full or f"{first} {last}".strip()
        if len(one["id"]) + len(_MARK) <= _LONGEST:
            account = one["account"] if len(one["account"]) <= _LONGEST else ""
            yield one["id"], account, says.get(_EMAIL, "").strip()[:320], name[:300]
