"""Which write keys there are: looked up in memory, which is renewed once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final

from django.db import close_old_connections, connection

from assay.node.intake.digests import digest
from assay.node.intake.models import WriteKey

_FRESH_FOR: Final = 1.0


class Known:
    """What the web knows of keys and of how full the inbox is, no older than a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: Mapping[bytes, int] = {}
        self._waiting = 0
        self._until = 0.0

    def key(self, secret: str) -> int | None:
        """Return the number of the key with that secret; None where there is none in use."""
        self._renew()
        return self._keys.get(digest(secret))

    def waiting(self) -> int:
        """Return about how many calls wait in the inbox, as Postgres counts for itself."""
        self._renew()
        return self._waiting

    def forget(self) -> None:
        """Look everything up anew the next time."""
        self._until = 0.0

    def _renew(self) -> None:
        if time.monotonic() < self._until:
            return
        with self._lock:
            if time.monotonic() < self._until:
                return
            close_old_connections()
            keys = WriteKey.objects.filter(is_active=True).values_list("digest", "id")
            self._keys = {bytes(kept): number for kept, number in keys}
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_get_live_tuples('intake_inbox'::regclass)")
                self._waiting = int(cursor.fetchone()[0])
            if not connection.in_atomic_block:
                connection.close()  # requests of this API pass Django by, which would do it
            self._until = time.monotonic() + _FRESH_FOR


KNOWN: Final = Known()
