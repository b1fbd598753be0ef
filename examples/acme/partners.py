"""Acme's three partners, each with a list of its own: they compare it with Acme's over a real escrow on this machine.

Each partner is a folder with its identity and its memory, and deals by the same engine as a node does. Nobody reads
digits to anybody here, so both sides of the story confirm them at once; people do that by telephone.
"""

from __future__ import annotations

import csv
import os
import random
import secrets
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from assay.core.io.rows import Rows
from assay.partners.canonical import Keys, Record, keys_of
from assay.partners.dealing import Deal, Invitation, Level, Mine, Offer, Shared, State, Told, Us, accept
from assay.partners.filed import FiledKeep
from assay.partners.identities import Identity
from assay.partners.resting import Locker

NAMES = {"verdantine": "Verdantine", "pelworth": "Pelworth", "ossuline": "Ossuline"}
PARENT = {"verdantine": "Halden Group", "pelworth": "Halden Group", "ossuline": ""}
MANAGER = {"verdantine": "Vera", "pelworth": "Paul", "ossuline": "Oda"}
WHICH, HOW_MANY = Level.OVERLAPS, Level.COUNTS
#: What each lets Acme know, by what its population says; of what is missing here Acme learns nothing.
OFFERS = {
    "verdantine": {"customer": WHICH, "open_opportunity": WHICH},
    "pelworth": {"customer": WHICH, "open_opportunity": HOW_MANY, "prospect": WHICH},
    "ossuline": {"customer": WHICH, "open_opportunity": WHICH, "prospect": HOW_MANY},
}
CALLED = {"customer": "Customers", "open_opportunity": "Open opportunities", "prospect": "Prospects"}
FIELDS = ("contact", "since_year")
INSIGHTS = 25  # that each partner says
_WORDS = (
    "Kessel",
    "Norrgard",
    "Brightwater",
    "Talvik",
    "Ostrava",
    "Meridian",
    "Halcyon",
    "Lindqvist",
    "Arbour",
    "Sierra",
)
#: What a partner remembers beside the memory of the protocol, in the same file.
_PAIR, _SAID, _ASKED, _WANTED = "story: pair", "story: said", "story: asked", "story: wanted"
_KINDS = ("Foods", "Logistics", "Optics", "Energy", "Media", "Textiles", "Metals", "Travel")


def start_escrow(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start an escrow that none of the four runs, and return it with its address once it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name("assay")), "escrow", "serve", "--port", str(port)]
    command += ["--data-folder", str(folder / "data"), "--pepper-folder", str(folder / "peppers"), "--address", address]
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    while running.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return running, address
        except OSError:
            time.sleep(0.2)
    sys.exit("The escrow did not start: " + (folder / "log").read_text()[-500:])


def write_lists(files: Path, folder: Path) -> None:
    """Write each partner's own list: the companies of the story that it knows, as it spells them, and others."""
    with (files / "accounts.csv").open(newline="", encoding="utf-8") as file:
        accounts = {row["account_id"]: row for row in csv.DictReader(file)}
    with (files / "partner_facts.csv").open(newline="", encoding="utf-8") as file:
        facts = [row for row in csv.DictReader(file) if row["account_id"] in accounts]
    with (files / "insights.csv").open(newline="", encoding="utf-8") as file:
        attested = [row for row in csv.DictReader(file) if row["account_id"] in accounts]
    for slug in NAMES:
        dice = random.Random(slug)
        says = {row["account_id"]: row["says"] for row in facts if row["partner"] == slug and row["says"] in CALLED}
        rows = [_spelled(accounts[one], kind, dice) for one, kind in sorted(says.items())]
        number = {one: n for n, one in enumerate(sorted(says))}
        rows += [_invented(dice, n) for n in range(len(rows))]
        place = folder / slug
        place.mkdir(parents=True, exist_ok=True)
        _write(place / "list.csv", rows)
        mine = [
            {"record": str(number[row["account_id"]]), "letter": row["letter"], "value": row["value"]}
            for row in attested
            if row["partner"] == slug and row["account_id"] in number and row["value"] != "no"
        ]
        _write(place / "insights.csv", mine[:INSIGHTS])


def _spelled(account: Mapping[str, str], says: str, dice: random.Random) -> dict[str, str]:
    """Return a company as the partner has it: some without a domain, some by another name."""
    name, website = account["name"], account["website"]
    if dice.random() < 0.08:
        website = ""
    elif dice.random() < 0.2:
        name = f"{name} {dice.choice(('Ltd', 'GmbH', 'Inc.', 'S.A.'))}"
    contact = dice.choice(("Lena Hart", "Omar Diaz", "Yuki Mori", "Jon Berg"))
    return {"name": name, "website": website, "country": account["country"], "says": says, "contact": contact} | {
        "since_year": str(dice.randint(2016, 2025))
    }


def _invented(dice: random.Random, n: int) -> dict[str, str]:
    name = f"{dice.choice(_WORDS)} {dice.choice(_KINDS)} {n}"
    site = name.lower().replace(" ", "-") + "-of-elsewhere.example"
    return {"name": name, "website": site, "country": "CA", "says": dice.choice(tuple(CALLED)), "contact": ""} | {
        "since_year": "2020"
    }


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["none"])
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Company:
    """One partner: its folder, and what it hears."""

    slug: str
    folder: Path
    escrow: str

    def __post_init__(self) -> None:
        """Open its memory; the first time, make its identity."""
        seed = self.folder / "seed"
        if not seed.exists():
            seed.touch(0o600)
            seed.write_bytes(os.urandom(64))
        self._seed = seed.read_bytes()
        self._rows = Rows(self.folder / "memory")
        self._keep = FiledKeep(self._rows, Locker(self._seed[32:], os.urandom))
        self._session = requests.Session()
        self._session.trust_env = False
        self._last = 0
        with (self.folder / "list.csv").open(newline="", encoding="utf-8") as file:
            self._list = {str(n): row for n, row in enumerate(csv.DictReader(file))}
        self._mine = self._bring()

    def accept(self, text: str) -> None:
        """Accept Acme's invitation."""
        accept(self._keep, self._us, Invitation.of_text(text))

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody should compare digits now."""
        return self._deal.state is State.COMPARING

    def confirm(self) -> str:
        """Confirm the digits, and return them."""
        digits = self._deal.digits()
        self._deal.confirm()
        return digits

    def close(self) -> None:
        """Let go of its memory."""
        self._rows.close()

    @property
    def is_live(self) -> bool:
        """Tell whether both have confirmed."""
        return self._deal.state is State.LIVE

    def step(self) -> bool:
        """Take one step; tell whether there may be more to do. An escrow that is away is tried again."""
        try:
            has_more = self._deal.step(self._mine, self)
        except requests.RequestException:
            return False
        if self._deal.state is State.LIVE:
            self._talk()
        return has_more

    def _talk(self) -> None:
        """Say once what it sees of the companies that both have, and ask Acme for one introduction."""
        with (self.folder / "insights.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        pairs = {record.decode(): value.decode() for record, value in self._rows.scan(_PAIR)}
        for n, row in enumerate(rows):
            key = f"insight {n}".encode()
            if row.get("record") in pairs and self._rows.get(_SAID, key) is None:
                body = {"yours": pairs[row["record"]], "letter": row["letter"], "value": row["value"]}
                self._say("insight", key, body)
        if pairs and self._rows.get(_SAID, b"introduction") is None:
            record = min(pairs, key=int)
            wanted = f"We begin a project at {self._list[record]['name']} and know nobody in data. Who leads it there?"
            body = {"ours": "0" * 32, "yours": pairs[record], "wanted": wanted, "name": MANAGER[self.slug]}
            self._say("introduction", b"introduction", body)

    def _say(self, kind: str, key: bytes, body: Mapping[str, Any]) -> None:
        with self._keep.together():
            self._deal.say(kind, secrets.token_hex(16), body)
            self._rows.put(_SAID, key, b"")

    @property
    def _us(self) -> Us:
        return Us(
            identity=Identity(self._seed[:32]),
            name=NAMES[self.slug],
            send=self._send,
            clock=lambda: time.time_ns() // 1000,
            count=self._count,
            dice=os.urandom,
        )

    @property
    def _deal(self) -> Deal:
        return Deal(self._keep, self._us)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        answer = self._session.request(method, self.escrow + path, data=body, headers=dict(headers), timeout=60)
        return answer.status_code, answer.content

    def _count(self) -> int:
        self._last = max(self._last + 1, time.time_ns())
        return self._last

    def _bring(self) -> Mine:
        offers, members, counted = [], {}, {}
        for says, level in OFFERS[self.slug].items():
            inside = frozenset(one for one, row in self._list.items() if row["says"] == says)
            fields = FIELDS if says == "customer" else ()
            name = f"{says}s"
            offer = Offer(population=name, name=CALLED[says], says=says, level=level, fields=fields)
            offers.append(offer)
            counted[name] = [self._keys(one) for one in sorted(inside)]
            if level is WHICH:
                members[name] = inside
        shown = {one for inside in members.values() for one in inside}
        records = {one: self._keys(one) for one in self._list if one in shown}
        return Mine(records=records, offers=offers, members=members, fields_of=self._fields, counted=counted)

    def _keys(self, record: str) -> Keys:
        row = self._list[record]
        return keys_of(Record(name=row["name"], website=row["website"], country=row["country"]))

    def _fields(self, record: str) -> dict[str, str]:
        return {name: self._list[record][name] for name in FIELDS if self._list[record][name]}

    # --- what it hears -----------------------------------------------------------------------------------------------

    def overlap(self, shared: Shared) -> None:
        """Remember under which handle Acme knows a company."""
        self._rows.put(_PAIR, shared.record.encode(), shared.their_handle.hex().encode())

    def question(self, shared: Shared) -> None:
        """Remember what is asked, to say yes to it."""
        self._rows.put(_ASKED, shared.handle, shared.their_handle)

    def gone(self, handle: bytes, their_handle: bytes) -> None:
        """A pair is none any more."""
        self._rows.drop(_ASKED, handle)

    def learnt(self, told: Told) -> None:
        """Hear what Acme lets it know."""

    def said(self, kind: str, public_id: str, body: Mapping[str, Any]) -> None:
        """Accept an introduction that Acme asks for."""
        if kind == "introduction":
            self._rows.put(_WANTED, public_id.encode(), b"")

    def answer(self) -> None:
        """Say yes to what is asked, and to introductions."""
        for handle, theirs in list(self._rows.scan(_ASKED)):
            with self._keep.together():
                self._deal.answer(handle, theirs, is_same=True)
                self._rows.drop(_ASKED, handle)
        for public_id, _ in list(self._rows.scan(_WANTED)):
            with self._keep.together():
                name = MANAGER[self.slug]
                self._deal.say("introduction-state", public_id.decode(), {"state": "accepted", "name": name})
                word = {
                    "introduction": public_id.decode(),
                    "text": "Gladly. I will write to both of you.",
                    "name": name,
                }
                self._deal.say("word", secrets.token_hex(16), word)
                self._rows.drop(_WANTED, public_id)

    def __getattr__(self, name: str) -> Any:
        """Take no notice of whatever else it hears."""
        if name in {"paired", "offered", "withdrawn", "confirmed", "disclosed", "taken_back", "receipted"} | {
            "compared",
            "counted",
            "trouble",
            "ended",
        }:
            return lambda *_, **__: None
        raise AttributeError(name)


def opened(folder: Path, escrow: str) -> list[Company]:
    """Return the three partners, whose memory is theirs alone until they are closed."""
    return [Company(slug, folder / slug, escrow) for slug in NAMES]


def go_on(folder: Path, escrow: str, stop: threading.Event) -> None:
    """Let the partners deal until asked to stop."""
    companies = opened(folder, escrow)
    while not stop.wait(2):
        for one in companies:
            while one.step() and not stop.is_set():
                pass
            one.answer()
    for one in companies:
        one.close()
