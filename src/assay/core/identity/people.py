"""People: every id, merged, as dense integers, and the rows that tell of them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from assay.core.definitions.model import Definitions, EventsSource, OutcomesSource, PeopleSource
from assay.core.identity.merges import merged_ids
from assay.core.identity.parts import numbered, source_ranks
from assay.core.io.store import Store
from assay.core.sources.texts import trimmed_sql


def resolve_people(store: Store, definitions: Definitions) -> None:
    """Make `prepared.people`, `raw.person_ids` (text as it stands in the data → person) and `raw.people_rows`.

    `raw.person_texts` has every text there is, with its id; blank ones too, which have none.
    """
    _merge(store, definitions)
    texts = [
        f"SELECT person AS text FROM raw.told_{k} GROUP BY 1"
        for k, part in numbered(definitions, EventsSource)
        if part.person is not None
    ]
    texts += [f"SELECT id AS text FROM raw.good_{k}" for k, _ in numbered(definitions, PeopleSource)]
    texts += [
        f"SELECT person AS text FROM raw.good_{k}"
        for k, part in numbered(definitions, OutcomesSource)
        if part.person is not None
    ]
    texts.append("SELECT id AS text FROM raw.merged")
    store.run(
        f"CREATE TABLE raw.person_texts AS SELECT text, coalesce(shown, t.id) AS id FROM (SELECT text, "
        f"{trimmed_sql('text')} AS id FROM ({' UNION '.join(texts)})) t LEFT JOIN raw.merged m ON m.id = t.id"
    )
    store.run(
        "CREATE TABLE prepared.people AS SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS person, id "
        "FROM (SELECT DISTINCT id FROM raw.person_texts WHERE id IS NOT NULL) ORDER BY id"
    )
    store.run(
        "CREATE TABLE raw.person_ids AS SELECT text, person FROM raw.person_texts JOIN prepared.people USING (id)"
    )
    _tell_rows(store, definitions)


def _merge(store: Store, definitions: Definitions) -> None:
    pairs: list[tuple[str, str]] = []
    for k, part in numbered(definitions, PeopleSource):
        if part.same_as is not None:
            pairs += store.rows(f"SELECT id, same_as FROM raw.good_{k} WHERE same_as IS NOT NULL")
    shown = merged_ids(pairs)
    store.save(
        "raw",
        "merged",
        pa.table({"id": pa.array(shown.keys(), pa.string()), "shown": pa.array(shown.values(), pa.string())}),
    )


def _tell_rows(store: Store, definitions: Definitions) -> None:
    """Make `raw.people_rows`: what each row says of a person's e-mail and account, in the order in which rows win."""
    ranks = source_ranks(definitions)
    queries = [
        f"SELECT {ranks[part.source]} AS rank, {k} AS part, row, person, "
        f"{'email' if part.email else 'NULL::VARCHAR'} AS email, "
        f"{'account' if part.account else 'NULL::VARCHAR'} AS account, "
        f"{'account_at' if part.account and part.account.at else 'NULL::BIGINT'} AS account_at, "
        f"{'account_at_why IS NULL' if part.account and part.account.at else str(part.account is not None)} AS says "
        f"FROM raw.good_{k} g JOIN raw.person_ids i ON i.text = g.id"
        for k, part in numbered(definitions, PeopleSource)
    ]
    nobody = (
        "SELECT 0 AS rank, 0 AS part, 0::BIGINT AS row, 0 AS person, '' AS email, '' AS account, 0::BIGINT AS "
        "account_at, false AS says WHERE false"
    )
    store.run(f"CREATE TABLE raw.people_rows AS {' UNION ALL BY NAME '.join([nobody, *queries])}")


def last_of(rows: str, keys: Sequence[str], order: Sequence[str] = ("rank", "part", "row")) -> str:
    """Return SQL for the last of `rows` (a FROM item) for each combination of `keys`."""
    down = ", ".join(f"{column} DESC" for column in order)
    return f"SELECT * FROM {rows} QUALIFY row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {down}) = 1"
