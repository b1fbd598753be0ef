"""A partner that `assay share` deals with: its node, stepping while the command runs, over a real escrow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import SimpleNamespace

from tests.escrow.test_three_processes import ENVIRONMENT
from tests.partners.dealing.companies import Company, account

from assay.cli.calling import escrow_at
from assay.partners.dealing import Agreed, invite

LIST = """id,Company name,Website,Country,City,Owner,Secret
1,Initech Limited,www.initech.com,GB,Leeds,Bob,planted-secret-one
2,Globex,globex.com,US,Austin,Bea,planted-secret-two
3,Only Ours GmbH,planted-only-ours.de,DE,Bonn,Ben,planted-secret-three
4,Only Ours GmbH,planted-only-ours.de,DE,Bonn,Ben,planted-secret-three
5,,,,,,
"""


class Vendor(Company):
    """The vendor, whose node steps every now and then."""

    def go_on_until(self, ended):
        until = time.monotonic() + 120
        while not ended():
            assert time.monotonic() < until
            self.step()
            if self.partner_greeted and not self.has_confirmed:
                self.deal.confirm()
                self.has_confirmed = True
            time.sleep(0.1)
        return self

    has_confirmed = False

    @property
    def partner_greeted(self):
        return self.deal.state == "comparing"


def vendor_at(escrow, folder, accounts=None, agreed=None):
    """Return a vendor that invited, and lets its partner know the owners of all that it has."""
    house = SimpleNamespace(send=escrow_at(escrow.address), clock=lambda: time.time_ns() // 1000)
    folder.mkdir()
    made = Vendor("vendor", folder, house)
    made.dice = os.urandom
    made.identity = type(made.identity)(os.urandom(32))
    made.accounts = accounts or {
        "v1": account("Initech Ltd", "initech.com", "GB", "Leeds"),
        "v2": account("Globex Corp", "globex.com", "US", "Austin"),
        "v3": account("Only theirs", "only-theirs.com", "FR", "Lyon"),
    }
    made.values = {record: {"owner": f"=Ann of {record}"} for record in made.accounts}
    made.invitation = invite(made.keep, made.us, escrow.address, agreed or Agreed(success="ten introductions")).text()
    made.grant(fields=("owner",))
    return made


def run_with(vendor, folder, words, typed=None):
    """Run `assay share` as a process of its own while the vendor's node goes on; return its code and what it says.

    `typed` is what somebody types at a terminal; without it nobody sits there.
    """
    command = [sys.executable, "-c", "from assay.cli.main import cli; cli()", "share", *words]
    ours, its = (None, subprocess.DEVNULL) if typed is None else os.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**ENVIRONMENT, "COLUMNS": "100"},
        stdin=its,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if ours is not None:
        os.write(ours, typed)
    vendor.go_on_until(lambda: process.poll() is not None)
    if ours is not None:
        os.close(ours)
        os.close(its)
    return process.returncode, process.stdout.read()


def run_until(vendor, folder, words, seen):
    """Run it anew, as somebody does whose partner is slow, until it says what is waited for."""
    for _ in range(10):
        code, told = run_with(vendor, folder, words)
        if seen in told:
            break
    vendor.step()
    return code, told


def pair(vendor, folder, text, *words, seen="What you were told of 2 companies"):
    """Compare the digits of a list with the vendor; return what was said until what is waited for was said, too."""
    (folder / "customers.csv").write_text(text)
    begin = ("customers.csv", "--with", vendor.invitation, "--wait", "1", *words)
    code, first = run_until(vendor, folder, begin, "compare these digits")
    assert code == 0, first
    code, told = run_with(vendor, folder, (*begin, "--confirmed", vendor.deal.digits()))
    assert code == 0, told
    if seen not in told:
        code, more = run_until(vendor, folder, begin, seen)
        assert code == 0 and seen in more, more
        told += more
    return first + told
