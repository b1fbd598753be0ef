"""Accounts: every id as dense integers, their domains and names, and the accounts that e-mail domains make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import pyarrow as pa

from assay.core.definitions.model import (
    AccountsSource,
    Definitions,
    EventsSource,
    InsightsSource,
    OutcomesSource,
    PartnerFactsSource,
)
from assay.core.identity.domains import FREE_MAIL, host_of, is_free_mail, registrable_domain
from assay.core.identity.parts import numbered, source_ranks
from assay.core.identity.people import last_of
from assay.core.io.store import Store
from assay.core.sources.texts import trimmed_sql


def resolve_accounts(store: Store, definitions: Definitions) -> None:
    """Make `prepared.accounts`, `raw.account_ids` (text → account), `raw.emails` and `raw.homes`.

    `raw.emails` holds each person's e-mail and its registrable domain, `raw.homes` the undated account of each person
    that has one: the last that a row states, else the account of the e-mail's domain. `raw.account_texts` has every
    text there is, with its id; blank ones too, which have none.
    """
    _tell_accounts(store, definitions)
    _tell_emails(store)
    _choose_homes(store, definitions)
    texts = [
        f"SELECT account AS text FROM raw.told_{k} GROUP BY 1"
        for k, part in numbered(definitions, EventsSource)
        if part.account is not None
    ]
    texts += [
        f"SELECT account AS text FROM raw.good_{k}"
        for k, part in numbered(definitions, OutcomesSource)
        if part.account is not None
    ]
    for kind in (PartnerFactsSource, InsightsSource):
        texts += [f"SELECT account AS text FROM raw.good_{k}" for k, _ in numbered(definitions, kind)]
    texts += [
        "SELECT id AS text FROM raw.told_accounts",
        "SELECT home AS text FROM raw.homes",
        "SELECT account AS text FROM raw.people_rows WHERE says",
    ]
    store.run(
        f"CREATE TABLE raw.account_texts AS SELECT text, {trimmed_sql('text')} AS id FROM ({' UNION '.join(texts)})"
    )
    store.run(
        "CREATE TABLE prepared.accounts AS SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS account, id, "
        "name, coalesce(t.domain, m.domain) AS domain "
        "FROM (SELECT DISTINCT id FROM raw.account_texts WHERE id IS NOT NULL) "
        "LEFT JOIN raw.told_accounts t USING (id) "
        "LEFT JOIN (SELECT DISTINCT home AS id, home AS domain FROM raw.homes WHERE is_made) m USING (id) ORDER BY id"
    )
    store.run(
        "CREATE TABLE raw.account_ids AS SELECT text, account FROM raw.account_texts JOIN prepared.accounts USING (id)"
    )


def _tell_accounts(store: Store, definitions: Definitions) -> None:
    """Make `raw.told_accounts`: id, name and registrable domain of the accounts that sources list."""
    ranks = source_ranks(definitions)
    queries = [
        f"SELECT {ranks[part.source]} AS rank, {k} AS part, row, id, "
        f"{'name' if part.name else 'NULL::VARCHAR'} AS name, {'domain' if part.domain else 'NULL::VARCHAR'} AS site "
        f"FROM raw.good_{k}"
        for k, part in numbered(definitions, AccountsSource)
    ]
    nothing = "SELECT 0 AS rank, 0 AS part, 0::BIGINT AS row, '' AS id, '' AS name, '' AS site WHERE false"
    store.run(f"CREATE TABLE raw.account_rows AS {' UNION ALL BY NAME '.join([nothing, *queries])}")
    _map(store, "SELECT DISTINCT site FROM raw.account_rows WHERE site IS NOT NULL", "sites", registrable_domain)
    order = "ORDER BY rank, part, row"
    store.run(
        f"CREATE TABLE raw.told_accounts AS SELECT id, last(name {order}) FILTER (name IS NOT NULL) AS name, "
        f"last(found {order}) FILTER (site IS NOT NULL) AS domain "
        f"FROM raw.account_rows LEFT JOIN raw.sites ON sites.given = site GROUP BY id"
    )


def _tell_emails(store: Store) -> None:
    """Make `raw.emails`: person, host and registrable domain of each person's last e-mail."""
    last = last_of("(SELECT * FROM raw.people_rows WHERE email IS NOT NULL)", ["person"])
    store.run(
        f"CREATE TABLE raw.last_emails AS SELECT person, lower(split_part(email, '@', -1)) AS tail, email FROM ({last})"
    )
    _map(store, "SELECT DISTINCT tail FROM raw.last_emails WHERE contains(email, '@')", "hosts", host_of)
    _map(store, "SELECT DISTINCT found FROM raw.hosts WHERE found IS NOT NULL", "domains", registrable_domain)
    store.run(
        "CREATE TABLE raw.emails AS SELECT person, hosts.found AS host, domains.found AS domain FROM raw.last_emails e "
        "JOIN raw.hosts ON hosts.given = e.tail LEFT JOIN raw.domains ON domains.given = hosts.found "
        "WHERE contains(e.email, '@')"
    )


def _map(store: Store, query: str, table: str, function: Callable[[str], str | None]) -> None:
    """Make a table of given texts and what `function` finds in each."""
    given = [text for (text,) in store.rows(query)]
    found = [function(text) for text in given]
    store.save("raw", table, pa.table({"given": pa.array(given, pa.string()), "found": pa.array(found, pa.string())}))


def _choose_homes(store: Store, definitions: Definitions) -> None:
    """Make `raw.homes`: person, the text of its undated account, and whether the e-mail made it."""
    store.save("raw", "no_company", pa.table({"domain": pa.array(sorted(_nobodys(definitions)), pa.string())}))
    stated = last_of(
        "(SELECT * FROM raw.people_rows WHERE says AND account_at IS NULL AND account IS NOT NULL)", ["person"]
    )
    store.run(
        f"CREATE TABLE raw.homes AS WITH stated AS (SELECT person, account FROM ({stated})), "
        f"owners AS (SELECT domain, min(id) AS id FROM raw.told_accounts WHERE domain IS NOT NULL GROUP BY domain) "
        f"SELECT person, account AS home, false AS is_made FROM stated UNION ALL "
        f"SELECT person, coalesce(o.id, e.domain), o.id IS NULL FROM raw.emails e LEFT JOIN owners o USING (domain) "
        f"WHERE e.domain IS NOT NULL AND NOT coalesce(e.domain IN (SELECT domain FROM raw.no_company), false) "
        f"AND NOT coalesce(e.host IN (SELECT domain FROM raw.no_company), false) "
        f"AND person NOT IN (SELECT person FROM stated)"
    )


def company_domains(definitions: Definitions, texts: Iterable[str]) -> dict[str, str]:
    """Return the registrable domain of each host, URL or e-mail address that has one which stands for a company."""
    nobodys = _nobodys(definitions)
    found = {text: registrable_domain(text) for text in texts}
    return {text: domain for text, domain in found.items() if domain is not None and domain not in nobodys}


def _nobodys(definitions: Definitions) -> frozenset[str]:
    """Return the domains that stand for no account: free mail and our own staff's."""
    listed = (definitions.lists.get(one, ()) for one in ("own_domains", "free_mail_domains"))
    return FREE_MAIL.union(*(_domains(tuple(v for v in values if isinstance(v, str))) for values in listed))


@lru_cache(maxsize=8)
def _domains(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.strip().lower() for text in texts) | {
        domain for text in texts if (domain := registrable_domain(text)) is not None and not is_free_mail(domain)
    }
