"""Companies that speak with an escrow: as they would, and as they should not."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

from tests.partners.two_companies import SETTING, company

from assay.escrow.app import Escrow, Limits
from assay.escrow.peppers import Peppers
from assay.escrow.store import Store
from assay.escrow.wire import Row
from assay.partners import pairing
from assay.partners.asking import Line

ADDRESS = SETTING.escrow
NOW = 1_800_000_000_000_000


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now


class House:
    """An escrow's two folders, and the application on them, which can be stopped and started again."""

    def __init__(self, folder, dice, limits=None):
        self.data, self.peppers = folder / "data", folder / "peppers"
        for made in (self.data, self.peppers):
            made.mkdir(parents=True, exist_ok=True)
        self._dice, self._limits, self.clock = dice, limits or Limits(), Clock()
        self.store, self.counters = None, {}
        self.start()

    def start(self):
        if self.store is not None:
            self.store.close()
        self.store = Store(self.data / "escrow.sqlite")
        peppers = Peppers(self.peppers, self._dice)
        self.app = Escrow(self.store, peppers, ADDRESS, clock=self.clock, limits=self._limits)

    def send(self, method, path, headers, body):
        environ = {
            **{"REQUEST_METHOD": method, "PATH_INFO": path.split("?")[0], "QUERY_STRING": path.partition("?")[2]},
            **{"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)},
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }
        answered = []
        told = b"".join(self.app(environ, lambda status, _headers: answered.append(int(status.split()[0]))))
        return answered[0], told

    def rows(self, query):
        with self.store.transaction() as database:
            return database.execute(query).fetchall()


class Caller:
    """A company with its line to the escrow."""

    def __init__(self, name, house, setting=SETTING, epoch=1):
        self.setting, self.house = setting, house
        self.own = company(name, setting, epoch)
        self.name = name
        self.clock = Clock()
        self.line = Line(
            identity=self.own.identity, escrow=ADDRESS, send=house.send, clock=self.clock, count=self._count
        )

    @property
    def public(self):
        return self.own.identity.public

    @property
    def counter(self):
        return self.house.counters.get(self.name, 0)

    @counter.setter
    def counter(self, number):
        self.house.counters[self.name] = number

    def _count(self):
        self.counter += 1
        return self.counter

    def greet(self, partner):
        self.line.greet(self.own.greeting, partner.public)

    def confirm(self, partner):
        confirmation = pairing.confirm(self.own.identity, self.own.greeting, partner.own.greeting)
        self.line.confirm(self.setting, confirmation)

    def upload(self, rows, epoch=1):
        self.line.upload(self.setting, epoch, rows)

    def pairs(self, epoch=1, after=0, of="mine"):
        return [pair for _, pairs in self.line.pairs(self.setting, epoch, after, of=of) for pair in pairs]


def paired(house, setting=SETTING):
    """Return Acme and Birch, paired and confirmed."""
    acme, birch = Caller("acme", house, setting), Caller("birch", house, setting)
    for one, other in ((acme, birch), (birch, acme)):
        one.greet(other)
    for one, other in ((acme, birch), (birch, acme)):
        one.confirm(other)
    return acme, birch


def setting(number):
    return replace(SETTING, partnership=number.to_bytes(16, "big"))


def rows(handle, *values):
    """Return a record's rows: a value a kind, None where it has none."""
    return [
        Row(handle.encode().ljust(16, b"."), kind, hashlib.sha256(f"{kind}{value}".encode()).digest()[:16])
        for kind, value in enumerate(values)
        if value is not None
    ]
