"""One at a time decides, or forgets somebody: a lock of Postgres's, which goes with the connection that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import OperationalError, connection

from assay.core.errors import BadRequest

_LOCK: Final = 0x61737361
#: How long a decision of everybody may take before who waits for it gives up.
_PATIENCE: Final = "10min"


@contextmanager
def if_free() -> Iterator[bool]:
    """Tell whether nobody else decides or forgets; if so, nobody else does until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            _let_go()


@contextmanager
def once_free(patience: str = _PATIENCE) -> Iterator[None]:
    """Wait until nobody else decides or forgets; nobody else does until the block ends. BadRequest if too long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        except OperationalError:
            raise BadRequest(
                "Very much is being decided just now", mend="Give the command again once the log says that it is done."
            ) from None
        finally:
            cursor.execute("SELECT set_config('lock_timeout', '0', false)")
    try:
        yield
    finally:
        _let_go()


def _let_go() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
