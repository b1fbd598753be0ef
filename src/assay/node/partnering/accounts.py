"""Accounts as the lake knows them now: read anew where something was told of an account, kept in a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from assay.core.definitions.model import AccountsSource, Definitions, PeopleSource
from assay.node.lake import manifest
from assay.node.live.replaying import prepared
from assay.node.live.stories import micros
from assay.node.partnering import people
from assay.node.partnering.lining import bring_in_line
from assay.node.partnering.models import Account, AccountsRead
from assay.node.partnering.news import tells
from assay.node.rulebook import current

_LATEST: Final = """
WITH told AS (
    SELECT subject, name, arg_max(value, coalesce("at", -9223372036854775807)) AS value FROM prepared.attributes
    WHERE subject_type = 'account' AND ("at" IS NULL OR "at" <= $1) GROUP BY subject, name
)
SELECT a.id, coalesce(a.name, '') AS name, coalesce(a.domain, '') AS domain,
    list(t.name ORDER BY t.name) FILTER (t.value IS NOT NULL) AS names,
    list(CAST(t.value AS VARCHAR) ORDER BY t.name) FILTER (t.value IS NOT NULL) AS texts
FROM prepared.accounts a LEFT JOIN told t ON t.subject = a.account GROUP BY a.id, a.name, a.domain
"""
_COLUMNS: Final = {"account_id": "text", "name": "text", "domain": "text", "attributes": "jsonb"}


def refresh(now: datetime) -> bool:
    """Bring the table in line with the lake; tell whether anything had to be read.

    Nothing is read before there are rules, nor where nothing came that tells of accounts.
    """
    number, definitions = current.edition_and_definitions()
    last = manifest.last_seq()
    read = AccountsRead.objects.filter(pk=1).first()
    if not number or (read is not None and (read.seq, read.edition) == (last, number)):
        return False
    is_needed = read is None or read.edition != number or tells(read.seq, last)
    if is_needed:
        bring_in_line("partnering_account", _COLUMNS, _rows(_read(definitions, now)))
    # `at` says when accounts were read: whoever remembers them looks at it.
    known = {"seq": last, "edition": number}
    AccountsRead.objects.update_or_create(
        pk=1, defaults=known | ({"at": now} if is_needed else {}), create_defaults=known | {"at": now}
    )
    return is_needed


def _read(definitions: Definitions, now: datetime) -> pa.Table:
    """Return id, name, domain, names and values of attributes of every account that is told of."""
    parts = tuple(one for one in definitions.sources if isinstance(one, AccountsSource | PeopleSource))
    if not any(isinstance(one, AccountsSource) for one in parts):
        return pa.table({name: [] for name in ("id", "name", "domain", "names", "texts")})
    own = replace(definitions, sources=parts, rules=(), scores=())

    def read() -> pa.Table:
        with prepared(own, manifest.relation(manifest.paths())) as known:
            return known.store.table(_LATEST, [micros(now)])

    return manifest.reading(read)


def _rows(told: pa.Table) -> Iterator[tuple[Any, ...]]:
    for one in told.to_pylist():
        attributes = dict(zip(one["names"] or (), one["texts"] or (), strict=True))
        if len(one["id"]) <= 200 and not people.is_person(one["id"]):  # as an account is named everywhere else
            yield one["id"], one["name"][:300], one["domain"][:300], json.dumps(attributes)


def attribute_names(definitions: Definitions | None = None) -> list[str]:
    """Return the attributes that accounts may have by the definitions, in the order of the alphabet."""
    known = definitions or current.definitions()
    told = (name for part in known.sources if isinstance(part, AccountsSource) for name, _ in part.attributes)
    return sorted(set(told))


def names_of(ids: list[str]) -> dict[str, str]:
    """Return what accounts and people are called, by id or record; one that nothing is known of by its id."""
    found = {one.account_id: str(one) for one in Account.objects.filter(account_id__in=ids)}
    found |= people.names_of(ids)
    return {one: found.get(one, one) for one in ids}
