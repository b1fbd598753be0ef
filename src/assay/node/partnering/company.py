"""Who we are to partners: a name, and an identity whose seed lies sealed under the node's own key."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.live.stories import micros
from assay.node.partnering.models import Company
from assay.partners.dealing import Us
from assay.partners.identities import Identity
from assay.partners.resting import Locker

#: Of one lock in Postgres, which whoever makes the one row takes.
_LOCK: Final = 0x61737361_79000001
_PLACE: Final = b"identity of the company"
#: Numbers of requests that one step may use: they are taken beforehand, so that a kill cannot give one twice.
_BLOCK: Final = 1_000_000
#: Seconds to connect, and to wait between two pieces of an answer.
_TIMEOUT: Final = (5, 60)


class Away(Exception):
    """The escrow did not answer; the next step tries again."""


def locker() -> Locker:
    """Return what seals secrets at rest: its key is made of the node's secret key, which is not in the database."""
    return Locker(str(settings.SECRET_KEY).encode(), os.urandom)


def ours() -> Company | None:
    """Return our company; None before anybody thought of partners."""
    return Company.objects.first()


def held() -> Company:
    """Return our company for a change; it is made where there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    found = Company.objects.select_for_update().first()
    if found is not None:
        return found
    seed = os.urandom(wire.KEY_BYTES)
    return Company.objects.create(name="", seed=locker().seal(_PLACE, seed), made_at=timezone.now())


@action("name our company", Permission.MANAGE_PARTNERS)
def name(audit: Audit, called: str) -> Company:
    """Say what partners know us as."""
    called = called.strip()
    if not called or len(called) > 200:
        raise BadRequest("Your company needs a name of at most 200 characters", where="name")
    found = held()
    found.name = called
    found.save(update_fields=["name"])
    audit.write("company", found.pk, before={}, after={"named": True})
    return found


def us(company: Company, escrow: str) -> Us:
    """Return who we are in a partnership over the escrow at an address."""
    return Us(
        identity=Identity(locker().open(_PLACE, bytes(company.seed))),
        name=company.name,
        send=send_to(escrow),
        clock=lambda: micros(datetime.now(UTC)),
        count=_Numbers(),
        dice=os.urandom,
    )


def send_to(address: str) -> Callable[..., tuple[int, bytes]]:
    """Return what sends requests to the escrow at an address.

    An administrator or partner manager named it, so it may be on this machine or in a private network. What is sent is
    signed, and says nothing to anybody else; redirects are not followed.
    """
    session = requests.Session()
    session.trust_env = False

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            answer = session.request(
                method, address + path, data=body, headers=dict(headers), timeout=_TIMEOUT, allow_redirects=False
            )
        except (requests.RequestException, ValueError) as error:
            raise Away from error
        return answer.status_code, answer.content

    return send


class _Numbers:
    """Numbers of requests, each above all before it, whoever asks and whatever is killed."""

    def __init__(self) -> None:
        self._next = self._end = 0

    def __call__(self) -> int:
        """Return the next number."""
        if self._next >= self._end:
            self._end = _taken()
            self._next = self._end - _BLOCK
        self._next += 1
        return self._next


def _taken() -> int:
    """Take a block of numbers; the clock is in it, so that a transaction that is undone gives none twice."""
    now = micros(datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partnering_company SET counter = greatest(counter, %s) + %s RETURNING counter", [now, _BLOCK]
        )
        return int(cursor.fetchone()[0])
