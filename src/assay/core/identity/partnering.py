"""What partners say and what became of leads, with dense ids."""

from __future__ import annotations

from assay.core.definitions.model import Definitions, InsightsSource, OutcomesSource, PartnerFactsSource
from assay.core.identity.parts import numbered, source_ranks
from assay.core.io.store import Store, literal, name
from assay.core.sources.checks import confidence_sql
from assay.core.tables import INSIGHTS, OUTCOMES, PARTNER_FACTS


def resolve_facts(store: Store, definitions: Definitions) -> None:
    """Make `prepared.partner_facts`, one row a row that can be read."""
    queries = []
    for k, part in numbered(definitions, PartnerFactsSource):
        optional = {
            "since": part.since,
            "until": part.until,
            "confirmed_at": part.confirmed_at,
            "origin": part.origin,
            "parent": part.parent,
        }
        told = ", ".join(f"{column if there else 'NULL'} AS {column}" for column, there in optional.items())
        confidence = confidence_sql("confidence") if part.confidence else "NULL"
        queries.append(
            f"SELECT i.account, partner, lower(says) AS says, {told}, {confidence} AS confidence "
            f"FROM raw.good_{k} g JOIN raw.account_ids i ON i.text = g.account"
        )
    _make(store, "partner_facts", PARTNER_FACTS, queries)


def resolve_insights(store: Store, definitions: Definitions) -> None:
    """Make `prepared.insights`, one row per account, partner, letter and instant: the last row read wins."""
    ranks = source_ranks(definitions)
    queries = [
        f"SELECT i.account, partner, lower(letter) AS letter, {'lower(value)' if part.value else 'NULL'} AS value, "
        f'"at", {ranks[part.source]} AS rank, {k} AS part, row '
        f"FROM raw.good_{k} g JOIN raw.account_ids i ON i.text = g.account"
        for k, part in numbered(definitions, InsightsSource)
    ]
    if queries:
        columns = ", ".join(map(name, INSIGHTS))
        queries = [
            f"SELECT {columns} FROM ({' UNION ALL '.join(queries)}) QUALIFY row_number() OVER "
            f'(PARTITION BY account, partner, letter, "at" ORDER BY rank DESC, part DESC, row DESC) = 1'
        ]
    _make(store, "insights", INSIGHTS, queries)


def resolve_outcomes(store: Store, definitions: Definitions) -> None:
    """Make `prepared.outcomes`, one row a row that can be read."""
    queries = []
    for k, part in numbered(definitions, OutcomesSource):
        account = "coalesce(a.account, -1)" if part.account else "-1"
        person = "coalesce(p.person, -1)" if part.person else "-1"
        joins = " LEFT JOIN raw.account_ids a ON a.text = g.account" if part.account else ""
        joins += " LEFT JOIN raw.person_ids p ON p.text = g.person" if part.person else ""
        queries.append(
            f'SELECT {account} AS account, {person} AS person, "at", outcome, {"amount" if part.amount else "NULL"} '
            f"AS amount, {literal(part.source)} AS source FROM raw.good_{k} g{joins}"
        )
    _make(store, "outcomes", OUTCOMES, queries)


def _make(store: Store, table: str, columns: dict[str, str], queries: list[str]) -> None:
    """Make a table of `prepared` with exactly these columns, its rows in one order whatever the threads did."""
    types = ", ".join(f"{name(column)} {kind}" for column, kind in columns.items())
    store.run(f"CREATE TABLE prepared.{table} ({types})")
    if queries:
        rows = " UNION ALL BY NAME ".join(queries)
        store.run(f"INSERT INTO prepared.{table} BY NAME SELECT * FROM ({rows}) ORDER BY ALL")
