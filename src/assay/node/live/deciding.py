"""The core's decision of the subjects that something touched, from their neighbourhood alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import pyarrow as pa

from assay.core import engine, identity, pipeline, sources
from assay.core.definitions import model
from assay.core.identity.parts import numbered, source_ranks
from assay.core.io.store import Store
from assay.node.lake.reading import lake_sources
from assay.node.live import later
from assay.node.live.index import Neighbourhood
from assay.node.live.keys import node_of, node_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What holds of the decided subjects as of an instant: all their spells, and when to look again.

    `people` and `accounts` give the node of each decided subject's id; `merged` the id that each former one has now.
    `nodes` are all that was looked at: what is stored under them and not decided is no more.
    """

    as_of: int
    spells: pa.Table  # tables.SPELLS
    timers: pa.Table  # engine.TIMERS
    people: Mapping[str, int]
    accounts: Mapping[str, int]
    merged: Mapping[str, str]
    nodes: frozenset[int]
    later: pa.Table  # node, at: the earliest row of each that counts only after the instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A store in which a few subjects are prepared, and the definitions that they were prepared by."""

    store: Store
    definitions: model.Definitions

    @property
    def has_rejects(self) -> bool:
        """Tell whether any row could not be taken as it stands."""
        return bool(self.store.rows("SELECT 1 FROM prepared.rejects LIMIT 1"))


@contextmanager
def deciding(
    definitions: model.Definitions,
    around: Neighbourhood,
    *,
    as_of: int,
    at_hand: Store | None = None,
    keeps_emails: bool = False,
) -> Iterator[tuple[Decision, Known]]:
    """Give what holds of a neighbourhood's subjects as of an instant, exactly as a replay of everything would.

    For as long as the context lasts, more may be asked of what is known of them. A store that is `at_hand` is used
    again, and left open. Where it `keeps_emails`, `emails` tells them.
    """
    wanted = pipeline.to_decide(definitions)
    with Store(on_disk=False) if at_hand is None else nullcontext(at_hand) as store:
        own = prepare(store, wanted, around.rows, keeps_emails=keeps_emails)
        people = _among(store, "people", "p", around.people)
        accounts = _among(store, "accounts", "a", around.accounts)
        subjects = [*(("person", one) for one in people), *(("account", one) for one in accounts)]
        spells, timers = engine.recompute(store, wanted, subjects, as_of=as_of)
        former = _among(store, "merged", "p", around.people)
        merged = {one: now for one, now in store.rows("SELECT id, shown FROM prepared.merged") if one in former}
        decision = Decision(
            as_of=as_of,
            spells=spells,
            timers=timers,
            people=people,
            accounts=accounts,
            merged=merged,
            nodes=around.people | around.accounts,
            later=later.instants(store, as_of),
        )
        yield decision, Known(store=store, definitions=own)


def halves(decision: Decision) -> list[Decision]:
    """Return a decision as two, of one half of its subjects each; nothing where it is about a single one.

    All ids of one person stay together.
    """
    groups: dict[tuple[str, str], set[int]] = {("account", one): {node} for one, node in decision.accounts.items()}
    for one, node in decision.people.items():
        groups.setdefault(("person", decision.merged.get(one, one)), set()).add(node)
    for former, now in decision.merged.items():
        groups.setdefault(("person", now), set()).add(node_of("p", former))
    # Ids that nothing names any more: what is stored of them is taken away.
    unnamed = decision.nodes.difference(*groups.values())
    apart = [*(nodes for _, nodes in sorted(groups.items())), *({node} for node in sorted(unnamed))]
    if len(apart) < 2:
        return []
    middle = len(apart) // 2
    return [_narrowed(decision, frozenset().union(*some)) for some in (apart[:middle], apart[middle:])]


def _narrowed(decision: Decision, nodes: frozenset[int]) -> Decision:
    people = {one: node for one, node in decision.people.items() if node in nodes}
    accounts = {one: node for one, node in decision.accounts.items() if node in nodes}
    return replace(
        decision,
        spells=_of(decision.spells, people, accounts),
        timers=_of(decision.timers, people, accounts),
        people=people,
        accounts=accounts,
        merged={one: now for one, now in decision.merged.items() if node_of("p", one) in nodes},
        nodes=nodes,
    )


def _of(told: pa.Table, people: Mapping[str, int], accounts: Mapping[str, int]) -> pa.Table:
    """Return the rows of a table that are about these subjects."""
    pairs = zip(told["subject_type"].to_pylist(), told["subject_id"].to_pylist(), strict=True)
    return told.filter(pa.array([one in (people if kind == "person" else accounts) for kind, one in pairs], pa.bool_()))


def prepare(
    store: Store, definitions: model.Definitions, rows: pa.Table, *, keeps_emails: bool = False
) -> model.Definitions:
    """Fill a store's `prepared` from rows of the lake; return the definitions that it was read by.

    Sources that say nothing here are left out: to plan the reading of each costs more than to read a few rows.
    """
    store.register("lake", rows)
    told = set(rows["source"].unique().to_pylist())
    present = tuple(part for part in definitions.sources if part.source in told) or definitions.sources[:1]
    own, relations = lake_sources(replace(definitions, sources=present), "lake")
    sources.read(store, own, relations)
    if keeps_emails:
        _keep_emails(store, own)
    identity.resolve(store, own)
    return own


def _keep_emails(store: Store, own: model.Definitions) -> None:
    """Keep what sources say of e-mails, which the core needs for their domains alone and lets go."""
    ranks = source_ranks(own)
    told = [
        f"SELECT {ranks[part.source]} AS rank, {k} AS part, row, id, email FROM raw.good_{k} WHERE email IS NOT NULL"
        for k, part in numbered(own, model.PeopleSource)
        if part.email is not None
    ]
    nobody = "SELECT 0 AS rank, 0 AS part, 0::BIGINT AS row, '' AS id, '' AS email WHERE false"
    store.run("CREATE SCHEMA IF NOT EXISTS told")
    store.run(f"CREATE OR REPLACE TABLE told.emails AS {' UNION ALL '.join([nobody, *told])}")


def emails(known: Known) -> dict[str, str]:
    """Return each person's last e-mail, by the id that they have now, where `deciding` keeps them."""
    return dict(
        known.store.rows(
            "SELECT coalesce(m.shown, e.id), last(e.email ORDER BY e.rank, e.part, e.row) FROM told.emails e "
            "LEFT JOIN prepared.merged m ON m.id = e.id GROUP BY 1 ORDER BY 1"
        )
    )


def _among(store: Store, table: str, prefix: str, nodes: frozenset[int]) -> dict[str, int]:
    """Return the ids of prepared subjects that are to be decided, with their nodes."""
    store.save("engine", "decided", pa.table({"node": pa.array(sorted(nodes), pa.int64())}))
    return dict(
        store.rows(
            f"SELECT id, node FROM (SELECT id, {node_sql(prefix, 'id')} AS node FROM prepared.{table}) "
            "JOIN engine.decided USING (node) ORDER BY id"
        )
    )
