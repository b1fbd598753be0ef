"""Companies that deal over an escrow, each with a file for its memory and a list of what it heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from assay.core.io.rows import Rows
from assay.partners import identities
from assay.partners.canonical import Record, keys_of
from assay.partners.dealing import Agreed, Deal, Level, Mine, Offer, Us, accept, invite
from assay.partners.dealing.contract import RELEASE
from assay.partners.filed import FiledKeep
from assay.partners.resting import Locker
from tests.escrow.parties import ADDRESS, House
from tests.partners.two_companies import Dice


class Log:
    """An owner that writes down what it heard, in the file in which the memory is."""

    def __init__(self, rows):
        self._rows, self._noted = rows, None

    def all(self, *names):
        found = []
        for _, value in self._rows.scan("heard"):
            name, told = eval(value.decode(), {"__builtins__": {}})
            if not names or name in names:
                found.append((name, told))
        return found

    def told(self, name):
        return [told for _, told in self.all(name)]

    def _note(self, name, told):
        if self._noted is None:
            self._noted = max((int.from_bytes(key, "big") for key, _ in self._rows.scan("heard")), default=0)
        self._noted += 1
        self._rows.put("heard", self._noted.to_bytes(8, "big"), repr((name, told)).encode())

    def paired(self):
        self._note("paired", ())

    def offered(self, offers, version):
        told = [(o.population, o.says, str(o.level), o.fields, o.until) for o in offers]
        self._note("offered", (told, version))

    def overlap(self, shared):
        self._note("overlap", (shared.record, shared.handle, shared.their_handle))

    def question(self, shared):
        self._note("question", (shared.record, shared.handle, shared.their_handle))

    def gone(self, handle, their_handle):
        self._note("gone", (handle, their_handle))

    def learnt(self, told):
        self._note("learnt", (told.record, told.handle, told.population, told.says, dict(told.fields)))

    def withdrawn(self, their_handle, population):
        self._note("withdrawn", (their_handle, population))

    def confirmed(self, at):
        self._note("confirmed", at)

    def disclosed(self, told, *, grant, entry, at):
        self._note("disclosed", (told.record, told.handle, told.population, dict(told.fields), grant, entry))

    def taken_back(self, handle, population, at):
        self._note("taken_back", (handle, population))

    def receipted(self, through):
        self._note("receipted", through)

    def said(self, kind, public_id, body):
        self._note("said", (kind, public_id, dict(body)))

    def compared(self, *, ours, theirs, shared):
        self._note("compared", (ours, theirs, shared))

    def counted(self, numbers):
        self._note("counted", [(one.ours, one.theirs, one.about) for one in numbers])

    def trouble(self, text):
        self._note("trouble", text)

    def ended(self):
        self._note("ended", ())


@dataclass
class Company:
    """A company: its accounts, what it grants, its memory."""

    name: str
    folder: object
    house: House
    accounts: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    members: dict = field(default_factory=dict)
    offers: tuple = ()
    version: int = 1
    touched: object = None
    allowance: object = None
    is_compared: bool = True
    verdict: object = staticmethod(lambda record, population, fields: RELEASE)

    def __post_init__(self):
        self.dice, self.clock, self.counter = Dice(self.name), self.house.clock, 0
        self.identity = identities.make(self.dice)
        self.wrap_keep = self.wrap_send = lambda inner: inner
        self.open()

    def open(self):
        """Open the memory, as a process that begins does."""
        self.rows = Rows(self.folder / f"{self.name}.partner")
        self.log = Log(self.rows)
        self.keep = self.wrap_keep(FiledKeep(self.rows, Locker(b"the key of " + self.name.encode() * 8, self.dice)))

    def reopen(self):
        self.rows.close()
        self.open()

    def count(self):
        self.counter += 1
        return self.counter

    @property
    def us(self):
        return Us(
            identity=self.identity,
            name=self.name,
            send=self.wrap_send(self.house.send),
            clock=self.clock,
            count=self.count,
            dice=self.dice,
        )

    @property
    def deal(self):
        return Deal(self.keep, self.us)

    @property
    def mine(self):
        return Mine(
            records={record: keys_of(account) for record, account in self.accounts.items() if self.is_compared},
            offers=self.offers,
            version=self.version,
            members={name: frozenset(found) for name, found in self.members.items()},
            fields_of=lambda record: self.values.get(record, {}),
            may_release=self.verdict,
            touched=self.touched,
            allowance=self.allowance,
            counted={
                offer.population: [
                    keys_of(self.accounts[one]) for one in sorted(self.members[offer.population] & self.accounts.keys())
                ]
                for offer in self.offers
            },
        )

    def step(self):
        return self.deal.step(self.mine, self.log)

    def grant(self, population="customers", says="customer", fields=(), level=Level.OVERLAPS, until=None):
        """Let the partner know of everything that we have."""
        self.offers = (
            *(offer for offer in self.offers if offer.population != population),
            Offer(population=population, name=population.title(), says=says, level=level, fields=fields, until=until),
        )
        self.members.setdefault(population, set(self.accounts))
        self.version += 1

    def grant_nothing(self):
        self.offers = ()
        self.version += 1

    @property
    def shared(self):
        """Return {record: their handle} of what is a match now, from what was heard."""
        found = {}
        for name, told in self.log.all("overlap", "gone"):
            if name == "overlap":
                found[told[1], told[2]] = told[0]
            else:
                found.pop(tuple(told), None)
        return {record: theirs for (_, theirs), record in found.items()}

    @property
    def known(self):
        """Return {(record, population): fields} of what we were told and holds."""
        found = {}
        for name, told in self.log.all("learnt", "withdrawn"):
            if name == "learnt":
                found[told[1], told[2]] = (told[0], told[4])
            else:
                found.pop(tuple(told), None)
        return {(record, population): fields for (_, population), (record, fields) in found.items()}


def rounds(*companies, most=12):
    """Let companies step in turn until nothing more is to be done."""
    for _ in range(most):
        worked = [company.step() for company in companies]
        if not any(worked):
            return
    raise AssertionError("they never come to an end")


def pair(acme, birch):
    """Invite, accept, compare, confirm."""
    invitation = invite(acme.keep, acme.us, ADDRESS, Agreed())
    accept(birch.keep, birch.us, type(invitation).of_text(invitation.text()))
    for company in (birch, acme, birch):
        company.step()
    assert acme.deal.digits() == birch.deal.digits()
    acme.deal.confirm()
    birch.deal.confirm()
    for company in (acme, birch, acme):
        company.step()


def account(name, domain="", country="", city=""):
    return Record(name=name, website=domain, country=country, city=city)
