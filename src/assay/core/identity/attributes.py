"""Attributes of people and accounts over time, and the two that are built in: email_domain and domain."""

from __future__ import annotations

from assay.core.definitions.model import AccountsSource, DatedColumn, Definitions, PeopleSource
from assay.core.identity.parts import numbered, source_ranks
from assay.core.io.store import Store, literal


def resolve_attributes(store: Store, definitions: Definitions) -> None:
    """Make `prepared.attributes`: one row per subject, attribute and instant; the last row read wins."""
    ranks = source_ranks(definitions)
    queries = [_built_in_sql()]
    for k, people in numbered(definitions, PeopleSource):
        queries += [_told_sql(k, ranks[people.source], "person", i, told) for i, told in enumerate(people.attributes)]
    for k, accounts in numbered(definitions, AccountsSource):
        queries += [
            _told_sql(k, ranks[accounts.source], "account", i, told) for i, told in enumerate(accounts.attributes)
        ]
    store.run(f"CREATE TABLE raw.told_attributes AS {' UNION ALL BY NAME '.join(queries)}")
    store.run(
        'CREATE TABLE prepared.attributes AS SELECT subject_type, subject, name, "at", value FROM raw.told_attributes '
        'QUALIFY row_number() OVER (PARTITION BY subject_type, subject, name, "at" '
        'ORDER BY rank DESC, part DESC, row DESC) = 1 ORDER BY subject_type, subject, name, "at" NULLS FIRST'
    )


def _built_in_sql() -> str:
    return (
        "SELECT -1 AS rank, 0 AS part, 0::BIGINT AS row, 'person' AS subject_type, person AS subject, "
        "'email_domain' AS name, NULL::BIGINT AS \"at\", domain AS value FROM raw.emails WHERE domain IS NOT NULL "
        "UNION ALL SELECT -1, 0, 0, 'account', account, 'domain', NULL, domain FROM prepared.accounts "
        "WHERE domain IS NOT NULL"
    )


def _told_sql(k: int, rank: int, subject_type: str, index: int, told: tuple[str, DatedColumn]) -> str:
    """Return SQL for one attribute of one part.

    An empty value says something only in a dated row; a row whose instant is empty is undated.
    """
    attribute, dated = told
    at = f"a{index}_at" if dated.at is not None else "NULL::BIGINT"
    says = f"(a{index} IS NOT NULL OR {at} IS NOT NULL)"
    if dated.at is not None:
        says += f" AND a{index}_at_why IS NULL"
    ids = "raw.person_ids" if subject_type == "person" else "raw.account_ids"
    return (
        f"SELECT {rank} AS rank, {k} AS part, g.row, {literal(subject_type)} AS subject_type, "
        f'i.{subject_type} AS subject, {literal(attribute)} AS name, {at} AS "at", a{index} AS value '
        f"FROM raw.good_{k} g JOIN {ids} i ON i.text = g.id WHERE {says}"
    )
