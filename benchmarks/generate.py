"""Generated product events, the same ones for the same size, written in chunks.

People sign up and leave, some work a hundred times more than others, forty kinds of events differ a hundredfold in
frequency, the rows of the log come roughly in order of time, and one account of ten thousand people does 1 % of
everything. A hundredth of the raw rows comes twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from assay.core.io.store import Store, literal
from assay.core.tables import PREPARED

DAY: Final = 86_400_000_000
START: Final = 20_454 * DAY  # 2026-01-01
DAYS: Final = 180
EVENT_NAMES: Final = (
    "page_viewed",
    "session_started",
    "feature_used",
    "project_opened",
    "search_run",
    "comment_added",
    "file_uploaded",
    "report_viewed",
    "task_completed",
    "message_sent",
    "project_created",
    "dashboard_viewed",
    "notification_clicked",
    "order_placed",
    "api_called",
    "export_run",
    "query_saved",
    "board_shared",
    "invite_sent",
    "filter_applied",
    "template_used",
    "help_opened",
    "integration_connected",
    "invoice_paid",
    "pricing_viewed",
    "limit_reached",
    "invite_accepted",
    "automation_created",
    "docs_read",
    "mobile_opened",
    "seat_added",
    "role_changed",
    "webinar_joined",
    "demo_watched",
    "plan_compared",
    "usage_purchased",
    "trial_started",
    "support_asked",
    "sso_configured",
    "contract_viewed",
)
WITH_AMOUNT: Final = ("order_placed", "invoice_paid", "usage_purchased", "seat_added")
WITH_FEATURE: Final = ("feature_used", "help_opened", "search_run", "api_called")
WITH_PROJECT: Final = ("project_opened", "project_created", "task_completed", "comment_added", "file_uploaded")
FEATURES: Final = 60
LARGE_ACCOUNT_SHARE: Final = 0.01
LARGE_ACCOUNT_PEOPLE: Final = 10_000
_AMOUNTS: Final = 50_000  # different amounts, a multiple of a cent each
_PROJECTS: Final = 100_000
_CHUNK: Final = 1_000_000
_ODD: Final = 0x9E3779B97F4A7C15  # multiplying by an odd number permutes the 64-bit integers: ids never collide

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much to generate. Folders are named after it: whoever changes what is generated changes the seed too."""

    events: int
    people: int
    accounts: int
    seed: int = 20_260_101

    @classmethod
    def of(cls, events: int) -> Size:
        """Return the size with 50 events a person and 10 people an account."""
        return cls(events=events, people=events // 50, accounts=events // 500)

    @property
    def label(self) -> str:
        """Return a name for a folder."""
        return f"{self.events}-{self.people}-{self.accounts}-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who there is: arrays by person. `second` is the account from `moves_at` on, or -1."""

    weight: npt.NDArray[np.float64]
    from_day: npt.NDArray[np.float64]
    until_day: npt.NDArray[np.float64]
    account: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    moves_at: Integers
    large: Integers  # the people of account 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Events of a slice of time: parallel arrays in order of arrival; -1 means absent; `amount` in cents."""

    number: Integers
    at: Integers
    event: npt.NDArray[np.int32]
    person: npt.NDArray[np.int32]
    account: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    project: npt.NDArray[np.int32]


def population(size: Size) -> Population:
    """Return the people of a size."""
    rng = np.random.default_rng([size.seed, 1])
    n = size.people
    weight = np.clip(rng.pareto(1.3, n) + 0.15, 0, 60)
    from_day = np.maximum(0.0, rng.uniform(-120, 150, n))
    until_day = from_day + 5 + rng.exponential(140, n)
    popularity = np.cumsum(rng.permutation(1 / np.arange(10, size.accounts + 9) ** 0.5))
    account = 1 + np.searchsorted(popularity, rng.random(n) * popularity[-1], side="right").astype(np.int32)
    account = np.minimum(account, size.accounts - 1).astype(np.int32)
    large = np.sort(rng.permutation(n)[: min(LARGE_ACCOUNT_PEOPLE, n // 10)]).astype(np.int64)
    account[large] = 0
    second = np.full(n, -1, dtype=np.int32)
    movers = np.setdiff1d(np.flatnonzero(rng.random(n) < 0.02), large)
    second[movers] = rng.integers(1, size.accounts, len(movers))
    second[second == account] = -1
    moves_at = START + rng.integers(0, DAYS * DAY, n)
    return Population(
        weight=weight,
        from_day=from_day,
        until_day=until_day,
        account=account,
        second=second,
        moves_at=moves_at,
        large=large,
    )


def _frequencies() -> npt.NDArray[np.float64]:
    """Return the cumulated shares of the forty kinds of events, the commonest first."""
    share = 1 / (np.arange(len(EVENT_NAMES)) + 2.5) ** 1.15
    return np.asarray(np.cumsum(share) / share.sum())


def _pick(rng: np.random.Generator, weight: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.int32]:
    summed = np.cumsum(weight)
    return np.asarray(np.minimum(np.searchsorted(summed, rng.random(n) * summed[-1]), len(weight) - 1), dtype=np.int32)


def _property(
    rng: np.random.Generator, event: npt.NDArray[np.int32], carriers: tuple[str, ...], values: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Return `values` where the event is one that carries the property and has it (97 %), else -1."""
    carries = np.isin(event, [EVENT_NAMES.index(name) for name in carriers]) & (rng.random(len(event)) < 0.97)
    return np.where(carries, values, -1).astype(np.int32)


def chunks(size: Size) -> Iterator[Chunk]:
    """Yield all events of a size, slice of time by slice of time."""
    people = population(size)
    others = people.weight.copy()
    others[people.large] = 0
    large = np.zeros_like(others)
    large[people.large] = people.weight[people.large]
    frequencies = _frequencies()
    slices = max(24, -(-size.events // _CHUNK))
    ends = (np.arange(slices + 1) * size.events) // slices
    for i in range(slices):
        rng = np.random.default_rng([size.seed, 2, i])
        n = int(ends[i + 1] - ends[i])
        low, high = START + DAYS * DAY * i // slices, START + DAYS * DAY * (i + 1) // slices
        alive = (people.from_day * DAY + START <= high) & (people.until_day * DAY + START > low)
        alive[people.large] = True
        person = _pick(rng, others * alive, n)
        of_large = rng.random(n) < LARGE_ACCOUNT_SHARE
        person[of_large] = _pick(rng, large, int(of_large.sum()))
        at = rng.integers(low, high, n)
        together = np.flatnonzero(rng.random(n - 1) < 0.01) + 1  # one click may log two events
        at[together], person[together] = at[together - 1], person[together - 1]
        moved = (people.second[person] >= 0) & (at >= people.moves_at[person])
        account = np.where(moved, people.second[person], people.account[person]).astype(np.int32)
        event = np.searchsorted(frequencies, rng.random(n), side="right").astype(np.int32)
        event = np.minimum(event, len(EVENT_NAMES) - 1)
        amount = _property(
            rng, event, WITH_AMOUNT, (rng.pareto(1.5, n) * 2000 + 100).clip(0, _AMOUNTS - 1).astype(np.int32)
        )
        feature = _property(rng, event, WITH_FEATURE, (FEATURES * rng.random(n) ** 2).astype(np.int32))
        project = _property(
            rng, event, WITH_PROJECT, ((person * 7 + rng.integers(0, 6, n)) % _PROJECTS).astype(np.int32)
        )
        arrival = np.argsort(at + rng.exponential(20_000_000, n).astype(np.int64))
        yield Chunk(
            number=np.arange(ends[i], ends[i + 1]),
            at=at[arrival],
            event=event[arrival],
            person=person[arrival],
            account=account[arrival],
            amount=amount[arrival],
            feature=feature[arrival],
            project=project[arrival],
        )


def person_ids(n: int) -> pa.Array:
    """Return uuid-like ids of n people."""
    rng = np.random.default_rng(7)
    raw = rng.bytes(16 * n)
    return pa.array([str(uuid.UUID(bytes=raw[16 * i : 16 * i + 16], version=4)) for i in range(n)])


def account_ids(n: int) -> pa.Array:
    """Return the domains of n accounts."""
    words = ("north", "blue", "iron", "green", "bright", "river", "stone", "clear", "swift", "amber")
    return pa.array([f"{words[i % 10]}{words[(i // 10) % 10]}{i}.example" for i in range(n)])


def _event_ids(number: Integers) -> pa.Array:
    mixed = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(_ODD)
    digits = np.frombuffer(mixed.astype(">u8").tobytes().hex().encode(), dtype="S16")
    return pa.array(digits.astype("U16"))


def _texts(codes: npt.NDArray[np.int32], texts: pa.Array) -> pa.Array:
    """Return the text of each code, NULL for -1."""
    return texts.take(pa.array(codes, mask=codes < 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    people: pa.Array
    accounts: pa.Array
    events: pa.Array
    amounts: pa.Array
    features: pa.Array
    projects: pa.Array

    @classmethod
    def of(cls, size: Size) -> _Names:
        return cls(
            people=person_ids(size.people),
            accounts=account_ids(size.accounts),
            events=pa.array(EVENT_NAMES),
            amounts=pa.array([f"{cents / 100:.2f}" for cents in range(_AMOUNTS)]),
            features=pa.array([f"feature_{i:02d}" for i in range(FEATURES)]),
            projects=pa.array([f"prj_{i:06d}" for i in range(_PROJECTS)]),
        )


def _prepared(chunk: Chunk, names: _Names) -> pa.Table:
    return pa.table(
        {
            "at": chunk.at,
            "event": chunk.event,
            "person": chunk.person,
            "account": chunk.account,
            "source": np.zeros(len(chunk.at), dtype=np.int32),
            "id": _event_ids(chunk.number),
            "p_amount": _texts(chunk.amount, names.amounts),
            "p_feature": _texts(chunk.feature, names.features),
            "p_project": _texts(chunk.project, names.projects),
        }
    )


def _raw(chunk: Chunk, names: _Names, rows: pa.Table) -> pa.Table:
    return pa.table(
        {
            "id": rows["id"],
            "created_at": rows["at"].cast(pa.timestamp("us", tz="UTC")),
            "event": _texts(chunk.event, names.events),
            "user_id": _texts(chunk.person, names.people),
            "company": _texts(chunk.account, names.accounts),
            "amount": rows["p_amount"],
            "feature": rows["p_feature"],
            "project": rows["p_project"],
        }
    )


def _write_people(folder: Path, size: Size, names: _Names) -> None:
    """Write people, accounts and memberships, prepared and raw."""
    people = population(size)
    movers = np.flatnonzero(people.second >= 0)
    everybody = np.arange(size.people, dtype=np.int32)
    person = np.concatenate([everybody, movers.astype(np.int32)])
    account = np.concatenate([people.account, people.second[movers]])
    at = pa.array(
        np.concatenate([np.zeros(size.people, dtype=np.int64), people.moves_at[movers]]),
        mask=np.arange(len(person)) < size.people,
    )
    prepared, raw = folder / "prepared", folder / "raw"
    pq.write_table(pa.table({"person": everybody, "id": names.people}), prepared / "people.parquet")
    pq.write_table(
        pa.table(
            {
                "account": np.arange(size.accounts, dtype=np.int32),
                "id": names.accounts,
                "name": names.accounts,
                "domain": names.accounts,
            }
        ),
        prepared / "accounts.parquet",
    )
    pq.write_table(pa.table({"person": person, "at": at, "account": account}), prepared / "memberships.parquet")
    pq.write_table(
        pa.table(
            {
                "user_id": _texts(person, names.people),
                "company": _texts(account, names.accounts),
                "joined_at": at.cast(pa.timestamp("us", tz="UTC")),
            }
        ),
        raw / "users.parquet",
    )
    pq.write_table(pa.table({"company_id": names.accounts, "website": names.accounts}), raw / "companies.parquet")


def write(folder: Path, size: Size) -> None:
    """Write the data of a size below `folder`: `prepared/*.parquet` and `raw/*.parquet`. Done once: `folder/done`."""
    if (folder / "done").exists():
        return
    for part in ("prepared", "raw"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    names = _Names.of(size)
    _write_people(folder, size, names)
    rng = np.random.default_rng([size.seed, 3])
    prepared: pq.ParquetWriter | None = None
    raw: pq.ParquetWriter | None = None
    for chunk in chunks(size):
        rows = _prepared(chunk, names)
        logged = _raw(chunk, names, rows)
        again = np.flatnonzero(rng.random(len(logged)) < 0.01)  # sent again, a few thousand rows later
        place = np.concatenate([np.arange(len(logged)), again + rng.integers(1, 5_000, len(again))])
        logged = pa.concat_tables([logged, logged.take(again)]).take(np.argsort(place, kind="stable"))
        prepared = prepared or pq.ParquetWriter(folder / "prepared" / "events.parquet", rows.schema, compression="lz4")
        raw = raw or pq.ParquetWriter(folder / "raw" / "events.parquet", logged.schema, compression="zstd")
        prepared.write_table(rows, row_group_size=122_880)
        raw.write_table(logged, row_group_size=122_880)
    if prepared and raw:
        prepared.close()
        raw.close()
    (folder / "done").touch()


def load(store: Store, folder: Path, *, where: str = "true") -> None:
    """Fill the schema `prepared` of a store from a written folder, with the events that meet `where` (SQL)."""
    for table, columns in PREPARED.items():
        properties = (
            {"p_amount": "VARCHAR", "p_feature": "VARCHAR", "p_project": "VARCHAR"} if table == "events" else {}
        )
        listed = ", ".join(f'"{column}" {kind}' for column, kind in {**columns, **properties}.items())
        store.run(f"CREATE OR REPLACE TABLE prepared.{table} ({listed})")
        file = folder / "prepared" / f"{table}.parquet"
        if file.exists():
            condition = where if table == "events" else "true"
            store.run(
                f"INSERT INTO prepared.{table} BY NAME SELECT * FROM read_parquet({literal(str(file))}) "
                f"WHERE {condition}"
            )
    store.run("INSERT INTO prepared.source_names VALUES (0, 'product')")
    for i, name in enumerate(EVENT_NAMES):
        store.run("INSERT INTO prepared.event_names VALUES (?, ?)", [i, name])
