"""How long pages take over a full store: `python -m benchmarks.pages [--people N] [--leads N] [--visits N]`.

A node as `assay serve` runs it, with so many people and twenty events each in its lake, twenty rules, and thousands of
leads in every state. Somebody of each role logs in over HTTP and visits each page that the role may see again and
again, one request after the other, each time another lead or account where there are many. What a visit took by the
clock, and what of the web process's processor, is printed page by page. Stories are told ahead beforehand, as far as
patience goes; a page whose story is not told yet counts as it comes, without it.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import itertools
import json
import random
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import numpy as np
import psutil
import pyarrow as pa

from benchmarks import live, machine

AIM: Final = 150.0  # milliseconds, of p95
_PASSWORD: Final = "correct horse battery"
_SEED: Final = 7
#: What visits go to, page by page: an address, or one made anew for each visit of a lead's or an account's number.
PAGES: Final[dict[str, str]] = {
    "home": "/",
    "inbox, for me": "/leads/",
    "inbox, unanswered": "/leads/?tab=unanswered",
    "inbox, all by score": "/leads/?tab=all&order=score",
    "inbox, all by change, page 20": "/leads/?tab=all&order=newest&page=20",
    "inbox, of one owner": "/leads/?tab=working&owner={user}",
    "inbox, ended": "/leads/?tab=ended",
    "lead": "/leads/{lead}/",
    "account": "/accounts/{account}/",
    "deadlines": "/deadlines/",
    "routing": "/taking/",
    "handoffs": "/handoffs/",
    "funnel": "/funnel/",
    "funnel by owner": "/funnel/?by=owner",
    "rules": "/rules/",
    "a rule": "/rules/rule/rule_0/",
    "data": "/data/",
    "webhooks": "/webhooks/",
    "how one is told": "/told/",
    "users": "/users/",
    "a user": "/users/{user}/",
    "audit": "/audit/",
    "partners": "/partners/",
    "ecosystem": "/partners/ecosystem/",
    "our company": "/partners/company/",
    "populations": "/partners/populations/",
    "grants": "/partners/grants/",
    "introductions": "/partners/introductions/",
    "a partner": "/partners/globex/",
    "a partner's map": "/partners/globex/map/",
    "overlaps": "/partners/globex/overlaps/",
    "what a partner learns": "/partners/globex/learns/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What is there to visit."""

    users: dict[str, int]  # by role
    leads: list[int]
    accounts: list[str]


def main() -> None:
    """Read the options, run a node, and print what its pages took."""
    parser = argparse.ArgumentParser(description="How long pages take.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--leads", type=int, default=12_000)
    parser.add_argument("--visits", type=int, default=50, help="of each page, by each role")
    parser.add_argument("--roles", default="", help="comma-separated; all by default")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds to wait until stories were told ahead")
    parser.add_argument("--port", type=int, default=8378)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    parser.add_argument("--folder", type=Path, help=live.KEPT)
    asked = parser.parse_args()
    print(machine.statement(), flush=True)
    with live.room("assay-pages-", asked.folder) as folder:
        _measure(folder, asked)


def _measure(folder: Path, asked: argparse.Namespace) -> None:
    with live.serving(folder, asked.port) as server:
        begun = time.monotonic()
        live.fill(asked.people, folder)
        if not _is_at_work():
            _signals(min(asked.leads, asked.people))
            live.wait_until_decided(folder)
            _people_at_work(asked.people)
        live.wait_until_decided(folder)
        filled = _filled(asked.people)
        print(
            f"{asked.people * live.EVENTS:,} events of {asked.people:,} people, {len(filled.leads):,} leads "
            f"after {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        waited, told = _wait_for_stories(asked.patience)
        print(f"{waited:.0f} s later, {told:,} stories had been told ahead", flush=True)
        _visit_all(asked, filled, _web_of(server))


def _signals(people: int) -> None:
    """Let so many people ask for a call within the last days: each becomes a lead."""
    from django.db import transaction

    from assay.node.lake import manifest

    now, dice = datetime.now(UTC), np.random.default_rng(_SEED)
    at = now.timestamp() * 1e6 - dice.random(people) * 6 * 86_400e6
    one = range(people)
    rows = pa.table(
        {
            "source": pa.array(["app"] * people),
            "kind": pa.array(["track"] * people),
            "id": pa.array([f"asked{i}" for i in one]),
            "at": pa.array(at.astype(np.int64)).cast(pa.timestamp("us", tz="UTC")),
            "received_at": pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), people),
            "user_id": pa.array([f"u{i}" for i in one]),
            "anonymous_id": pa.nulls(people, pa.string()),
            "group_id": pa.array([f"a{i // live.COLLEAGUES}" for i in one]),
            "event": pa.array([live.SIGNAL] * people),
            "body": pa.array(["{}"] * people),
        }
    )
    with transaction.atomic():
        manifest.add(rows, now)


def _is_at_work() -> bool:
    """Tell whether an earlier run over this store has made its people."""
    from assay.node.access.models import User

    return User.objects.filter(email__endswith="@acme.example").exists()


def _filled(people: int) -> Filled:
    from assay.node.access.models import User
    from assay.node.access.permissions import GIVEN
    from assay.node.leads.models import Lead

    mine = {f"{role.value}@acme.example": role.value for role in GIVEN}
    of_leads = (
        Lead.objects.exclude(account_id="").values_list("account_id", flat=True).distinct().order_by("account_id")
    )
    return Filled(
        users={mine[user.email]: user.pk for user in User.objects.filter(email__in=mine)},
        leads=list(Lead.objects.order_by("id").values_list("id", flat=True)),
        accounts=list(of_leads) or [f"a{one}" for one in range(people // live.COLLEAGUES)],
    )


def _people_at_work(people: int) -> None:
    """Make somebody of each role and reps besides, who have worked on the leads in every way; and a partner."""
    from assay.node.access.models import User
    from assay.node.access.permissions import GIVEN
    from assay.node.leads.models import Lead

    until = time.monotonic() + 600
    while not Lead.objects.exists() and time.monotonic() < until:
        time.sleep(0.2)
    made = {
        role.value: User.objects.create_user(f"{role.value}@acme.example", _PASSWORD, name=role.label, role=role)
        for role in GIVEN
    }
    reps = [made["rep"], *(_rep(User, number) for number in range(40))]
    dice = random.Random(_SEED)
    now = datetime.now(UTC)
    leads = list(Lead.objects.order_by("id"))
    for lead in leads:
        _work(lead, dice, reps, now)
    fields = ["state", "reason", "owner", "respond_by", "score", "created_at", "changed_at", "offered_at"]
    fields += ["accepted_at", "sales_qualified_at", "opportunity_at", "decided_at"]
    Lead.objects.bulk_update(leads, fields, batch_size=1000)
    _partner(people // live.COLLEAGUES, now)


def _rep(user: Any, number: int) -> Any:
    return user.objects.create_user(f"rep{number}@acme.example", None, name=f"Rep {number}", role="rep")


def _work(lead: Any, dice: random.Random, reps: Sequence[Any], now: datetime) -> None:
    """Let a lead be somewhere between new and won; two in five are open."""
    state = dice.choices(
        ["offered", "accepted", "sales_qualified", "opportunity", "rejected", "recycled", "won", "lost"],
        [20, 12, 5, 3, 30, 10, 10, 10],
    )[0]
    lead.created_at = now - timedelta(days=dice.random() * 80)
    lead.changed_at = lead.created_at + (now - lead.created_at) * dice.random()
    lead.owner, lead.state, lead.score = dice.choice(reps), state, dice.random() * 100
    lead.respond_by = now + timedelta(hours=dice.uniform(1, 30)) if state == "offered" else None
    lead.reason = {"rejected": dice.choice(["not_a_fit", "no_need"]), "recycled": "bad_timing", "lost": "price"}.get(
        state, ""
    )
    lead.offered_at = lead.created_at
    for name, reached in (
        ("accepted_at", {"accepted", "sales_qualified", "opportunity", "won", "lost"}),
        ("sales_qualified_at", {"sales_qualified", "opportunity", "won", "lost"}),
        ("opportunity_at", {"opportunity", "won", "lost"}),
        ("decided_at", {"rejected", "recycled", "won", "lost"}),
    ):
        setattr(lead, name, lead.changed_at if state in reached else None)


def _partner(accounts: int, now: datetime) -> None:
    """Let there be a partner, and our accounts as populations know them."""
    from assay.node.partnering.models import Account, Partner, Partnership

    partner = Partner.objects.create(slug="globex", name="Globex", made_at=now)
    Partnership.objects.create(
        partner=partner, state="live", public_id=secrets.token_hex(16), escrow="http://localhost:9", made_at=now
    )
    rows = (Account(**_account(number)) for number in range(accounts))
    while some := list(itertools.islice(rows, 5000)):
        Account.objects.bulk_create(some, ignore_conflicts=True)


def _account(number: int) -> dict[str, object]:
    return {"account_id": f"a{number}", "name": f"Company {number}", "domain": f"company{number}.example"}


def _wait_for_stories(patience: float) -> tuple[float, int]:
    """Wait until nothing more is told ahead, or patience ends; return how long that took, and how many were told."""
    from assay.node.live.models import KeptStory

    begun, count = time.monotonic(), -1
    while (now := KeptStory.objects.count()) != count and time.monotonic() - begun < patience:
        count = now
        time.sleep(10)
    return time.monotonic() - begun, now


def _web_of(server: int) -> list[psutil.Process]:
    """Return the processes of the web server."""
    below = psutil.Process(server).children(recursive=True)
    tops = [one for one in below if "granian" in " ".join(one.cmdline())]
    return [*dict.fromkeys(itertools.chain(tops, *(one.children(recursive=True) for one in tops)))]


class Visitor:
    """Somebody who logged in over HTTP, and asks for one page after the other on one connection."""

    def __init__(self, port: int, email: str) -> None:
        self._connection = http.client.HTTPConnection("localhost", port, timeout=60)
        self._cookies: dict[str, str] = {}
        page = self._ask("GET", "/account/login/")[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = urlencode({"csrfmiddlewaretoken": token[1], "login": email, "password": _PASSWORD})
        status, _ = self._ask("POST", "/account/login/", form)
        if status != 302:
            raise SystemExit(f"{email} could not log in: {status}")

    def get(self, address: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        return self._ask("GET", address)

    def _ask(self, method: str, address: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Accept-Encoding": "gzip",
        }
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request(method, address, body, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        got = answer.read()
        return answer.status, gzip.decompress(got) if answer.headers.get("Content-Encoding") == "gzip" else got


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What visits of one page by one role took: milliseconds by the clock each, and of processor on average."""

    page: str
    role: str
    clock: np.ndarray
    processor: float
    bytes: int


def _visit_all(asked: argparse.Namespace, filled: Filled, web: list[psutil.Process]) -> None:
    wanted = asked.roles.split(",") if asked.roles else list(filled.users)
    found: list[Took] = []
    for role in wanted:
        visitor = Visitor(asked.port, f"{role}@acme.example")
        for page, address in PAGES.items():
            took = _visit(visitor, page, role, _addresses(address, filled, asked.visits), web)
            if took is not None:
                found.append(took)
    print(f"{'page':<32} {'role':<9} {'p50':>7} {'p95':>7} {'most':>7} {'processor':>9}  KiB   (ms)")
    for one in found:
        p50, p95 = np.percentile(one.clock, [50, 95])
        print(
            f"{one.page:<32} {one.role:<9} {p50:>7.1f} {p95:>7.1f} {one.clock.max():>7.1f} {one.processor:>9.1f} "
            f"{one.bytes / 1024:>4.0f}{'   over' if p95 > AIM else ''}"
        )
    every = np.concatenate([one.clock for one in found])
    p50, p95, p99 = np.percentile(every, [50, 95, 99])
    worst = max(found, key=lambda one: float(np.percentile(one.clock, 95)))
    processor = np.average([one.processor for one in found], weights=[len(one.clock) for one in found])
    print(
        f"{len(every):,} visits: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, {processor:.1f} ms of processor "
        f"each; the slowest page is {worst.page!r} for {worst.role}, p95 {np.percentile(worst.clock, 95):.1f} ms "
        f"(aim: p95 under {AIM:.0f} ms on every page)",
        flush=True,
    )
    if asked.out is not None:
        asked.out.write_text(json.dumps([_figures(one) for one in found]) + "\n")


def _figures(one: Took) -> dict[str, Any]:
    p50, p95 = (float(found) for found in np.percentile(one.clock, [50, 95]))
    return {"page": one.page, "role": one.role, "p50": p50, "p95": p95, "processor": one.processor}


def _addresses(address: str, filled: Filled, visits: int) -> Iterator[str]:
    dice = random.Random(address)
    for _ in range(visits):
        yield address.format(
            lead=dice.choice(filled.leads),
            account=quote(dice.choice(filled.accounts)),
            user=dice.choice(list(filled.users.values())),
        )


def _visit(visitor: Visitor, page: str, role: str, addresses: Iterator[str], web: list[psutil.Process]) -> Took | None:
    """Visit a page again and again, once beforehand; None where the role may not see it."""
    clock, size = [], 0
    every = list(addresses)
    status, _ = visitor.get(every[0])
    if status in (403, 404):
        return None
    before = _processor(web)
    for address in every:
        begun = time.perf_counter()
        status, body = visitor.get(address)
        clock.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            raise SystemExit(f"{page} answered {status} to {role}")
        size += len(body)
    spent = _processor(web) - before
    return Took(
        page=page, role=role, clock=np.array(clock), processor=spent / len(clock) * 1000, bytes=size // len(clock)
    )


def _processor(web: list[psutil.Process]) -> float:
    return sum(spent.user + spent.system for spent in (one.cpu_times() for one in web))


if __name__ == "__main__":
    main()
