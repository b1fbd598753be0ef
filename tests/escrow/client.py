"""One company as a process of its own: pairs, uploads, compares, proves, releases and reads, over HTTP.

    python client.py NAME FOLDER ESCROW

It keeps its state in FOLDER/NAME and finds its partner's identity and terms in FOLDER, as two people would have told
each other. Every step is done again after a kill until it is marked as done.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from assay.escrow import wire
from assay.partners import ledger, pairing, sealing
from assay.partners.asking import Line
from assay.partners.identities import Identity

NAMES = ("acme", "birch")
#: What each knows: a domain and a country a record. The first is shared, the rest nobody else may learn.
LISTS = {
    "acme": {"initech-shared.example": "US", "acme-secret-prospect.example": "DE"},
    "birch": {"initech-shared.example": "US", "birch-secret-customer.example": "FR"},
}
CONTACT = {"acme": "ann.secret@acme-desk.example", "birch": "bob.secret@birch-desk.example"}
TERMS = hashlib.sha256(b"terms that both sides have read").digest()


def _send(address):
    def send(method, path, headers, body):
        request = urllib.request.Request(address + path, data=body, headers=dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    return send


class Company:
    def __init__(self, name, folder, address):
        self.name, self.folder, self.home = name, folder, folder / name
        self.home.mkdir(exist_ok=True)
        self.identity = Identity(self.kept("seed", lambda: os.urandom(32)))
        self.counter = time.time_ns()
        self.line = Line(
            identity=self.identity,
            escrow=address,
            send=self.recorded(_send(address)),
            clock=lambda: time.time_ns() // 1000,
            count=self.count,
        )
        self.setting = pairing.Setting(partnership=b"p" * 16, escrow=address, terms=TERMS, canonicaliser=1)

    def kept(self, name, make):
        path = self.home / name
        if not path.exists():
            aside = path.with_suffix(".new")
            aside.write_bytes(make())
            aside.replace(path)
        return path.read_bytes()

    def count(self):
        self.counter = max(self.counter + 1, time.time_ns())
        return self.counter

    def recorded(self, send):
        """Keep every answer, for what it gives away."""

        def keeping(method, path, headers, body):
            status, told = send(method, path, headers, body)
            with (self.home / "answers").open("ab") as file:
                file.write(told + b"\n")
            return status, told

        return keeping

    def pair(self):
        public = self.folder / f"{self.name}.public"
        public.write_bytes(self.identity.public)
        partner = wait(lambda: read(self.folder / f"{other(self.name)}.public", 32))
        secret = pairing.Secret(self.kept("epoch", lambda: os.urandom(32)))
        made = pairing.Greeting(setting=self.setting, by=self.identity.public, epoch=1, ephemeral=secret.public)
        mine = pairing.Greeting(
            setting=self.setting,
            by=made.by,
            epoch=1,
            ephemeral=made.ephemeral,
            signature=self.identity.sign(made.signable()),
        )
        self.line.greet(mine, partner)
        told = wait(lambda: self.told("greetings", "greeting", partner))
        theirs = pairing.unpack(told, self.setting)
        digits = pairing.comparison(self.setting, [self.identity.public, partner])
        (self.home / "digits").write_text(digits)
        self.line.confirm(self.setting, pairing.confirm(self.identity, mine, theirs))
        wait(lambda: self.told("confirmations", "signature", partner))
        word = next(c for c in self.line.state(self.setting)["confirmations"] if c["by"] == partner.hex())
        pairing.demand_confirmed(mine, theirs, bytes.fromhex(word["transcript"] + word["signature"]))
        return pairing.agree(mine, secret, theirs, partner)

    def told(self, noun, what, by):
        found = [item for item in self.line.state(self.setting)[noun] if item["by"] == by.hex()]
        return bytes.fromhex(found[0][what]) if found else None

    def rows(self, keys):
        """Return {handle: rows}; a handle is kept with its record."""
        made = {}
        for domain, country in LISTS[self.name].items():
            handle = self.kept(f"handle-{domain}", lambda: os.urandom(16))
            made[handle] = [
                wire.Row(handle, 0, token(keys.token, 0, domain)),
                wire.Row(handle, 1, token(keys.token, 1, f"{domain}|{country}")),
            ]
        return made


def token(key, kind, value):
    return hashlib.blake2b(wire.framed(b"\1", bytes([kind]), value.encode()), key=key, digest_size=16).digest()


def other(name):
    return NAMES[1 - NAMES.index(name)]


def read(path, size):
    return found if path.exists() and len(found := path.read_bytes()) == size else None


def wait(ask):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := ask():
            return found
        time.sleep(0.05)
    raise TimeoutError


def exchange(company, keys, rows):
    """Match, challenge, prove, release, receipt: five messages a side, the same ones after a kill."""
    company.line.upload(company.setting, 1, [row for record in rows.values() for row in record])
    company.line.complete(company.setting, 1)
    wait(lambda: sum(each["is_complete"] for each in company.line.state(company.setting)["lists"]) == 2)
    (pair,) = [pair for _, pairs in company.line.pairs(company.setting, 1, 0, of="mine") for pair in pairs]
    own = [row for row in rows[pair.mine] if row.kind in pair.kinds]
    about = sealing.About(handle=pair.theirs, grant=1)
    read, sent = sealing.Read(), 0

    def tell(text):
        nonlocal sent
        sent += 1
        message = company.kept(f"sent-{sent}", lambda: sealing.seal(keys, about, sent, text, os.urandom))
        company.line.post(company.setting, sent, [message])

    def hear():
        nonlocal read
        number = read.number
        (_, message), *_ = wait(lambda: company.line.fetch(company.setting, number))
        _, text, read = sealing.unseal([keys], message, read)
        return text

    nonce = company.kept("nonce", lambda: os.urandom(16))
    tell(nonce)
    tell(pairing.prove(keys, hear(), pair.theirs, own))
    if not pairing.is_proved(keys, nonce, pair.mine, own, hear()):
        raise SystemExit("the partner did not prove the match")
    disclosing = ledger.Parties(partnership=b"p" * 16, discloser=keys.mine, receiver=keys.theirs)
    value = CONTACT[company.name].encode()
    salt = company.kept("salt", lambda: os.urandom(32))
    _, commitment = ledger.commit(value, lambda _: salt)
    told = ledger.Disclosure(handle=pair.mine, grant=1, epoch=1, fields=("owner",), commitment=commitment)
    entry = ledger.write(company.identity, disclosing, ledger.Head(), told, at=1)
    tell(wire.joined([value, salt, pair.mine, entry.signature]))
    finish(company, keys, hear(), (tell, hear, entry, disclosing))
    company.line.acknowledge(company.setting, read.number)
    return pair.kinds


def finish(company, keys, released, of):
    tell, hear, entry, disclosing = of
    value, salt, handle, signature = wire.parted(released)
    receiving = ledger.Parties(partnership=b"p" * 16, discloser=keys.theirs, receiver=keys.mine)
    _, commitment = ledger.commit(value, lambda _: salt)
    told = ledger.Disclosure(handle=handle, grant=1, epoch=1, fields=("owner",), commitment=commitment)
    theirs = ledger.Entry(
        **{"partnership": b"p" * 16, "discloser": keys.theirs, "receiver": keys.mine, "number": 1, "at": 1},
        **{"disclosure": told, "seen": ledger.Head(), "before": ledger.START, "signature": signature},
    )
    head = ledger.take(receiving, ledger.Head(), theirs)
    tell(ledger.receipt(company.identity, receiving, head).signature)
    receipt = ledger.Receipt(partnership=b"p" * 16, discloser=keys.mine, head=entry.head(), signature=hear())
    if ledger.verify(disclosing, [entry], [receipt], [entry.head()]):
        raise SystemExit("the ledger is not whole")
    (company.home / "learnt").write_bytes(value)


def main(name, folder, address):
    company = Company(name, Path(folder), address)
    keys = company.pair()
    rows = company.rows(keys)
    kinds = exchange(company, keys, rows)
    hashes = [row.hash.hex() for record in rows.values() for row in record]
    kept = {"kinds": kinds, "token_key": keys.token.hex(), "hashes": hashes}
    (company.home / "done.json").write_text(json.dumps(kept))


if __name__ == "__main__":
    main(*sys.argv[1:])
