"""The database of a data folder: the embedded server, or the one that DATABASE_URL names."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from assay.core.errors import ShownError
from assay.node.postgres import cluster, roles
from assay.node.serving.secrets import Secrets

_SUPERUSERS: Final = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """How each role reaches the database; `superuser` is empty where the server is not ours."""

    owner: str
    web: str
    intake: str
    superuser: str = ""

    def variables(self) -> dict[str, str]:
        """Return the environment of the web and the worker."""
        return {"DATABASE_URL": self.web, "ASSAY_INTAKE_DATABASE_URL": self.intake}


def elsewhere(given: Mapping[str, str]) -> Database | None:
    """Return the server that the environment names; None where it names none.

    It is reached as one role for everything unless ASSAY_INTAKE_DATABASE_URL names another for what comes in.
    """
    url = given.get("DATABASE_URL", "")
    if not url:
        return None
    return Database(owner=url, web=url, intake=given.get("ASSAY_INTAKE_DATABASE_URL") or url)


def embedded(port: int, kept: Secrets) -> Database:
    """Return the roles' URLs of the embedded server."""
    return Database(
        superuser=cluster.url(port, cluster.SUPERUSER, kept.superuser_password, _SUPERUSERS),
        owner=cluster.url(port, roles.OWNER, kept.owner_password, roles.DATABASE),
        web=cluster.url(port, roles.WEB, kept.web_password, roles.DATABASE),
        intake=cluster.url(port, roles.INTAKE, kept.intake_password, roles.DATABASE),
    )


def start(
    folder: Path, port: int, kept: Secrets, log: IO[bytes] | int, settings: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], Database]:
    """Start the embedded server of a data folder; return it once it answers, its roles and database made."""
    reached = embedded(port, kept)
    running = cluster.start(cluster.opened(folder / "postgres", kept.superuser_password), port, log, settings)
    try:
        cluster.wait_until_ready(running, reached.superuser)
        passwords = {roles.OWNER: kept.owner_password, roles.WEB: kept.web_password, roles.INTAKE: kept.intake_password}
        roles.make(reached.superuser, passwords)
    except BaseException:
        cluster.stop(running)
        raise
    return running, reached


class Keeper:
    """The embedded server, kept running: whatever kills it, it is started again on the same port."""

    def __init__(self, folder: Path, kept: Secrets, log: IO[bytes] | int, tell: Callable[[str], None]) -> None:
        self._folder, self._kept, self._log, self._tell = folder, kept, log, tell
        self._port = cluster.free_port()
        self._again_at = 0.0
        self._running, self.reached = start(folder, self._port, kept, log)

    @property
    def pid(self) -> int:
        """Return the server's process number."""
        return self._running.pid

    def look(self) -> None:
        """Start the server again if it died; where that fails (what it left is still dying), try again soon."""
        code = self._running.poll()
        if code is None or time.monotonic() < self._again_at:
            return
        self._tell(f"Postgres ended with {code} and is started again")
        try:
            self._running, _ = start(self._folder, self._port, self._kept, self._log)
        except ShownError as error:
            self._tell(error.text())
            self._again_at = time.monotonic() + 1

    def stop(self) -> None:
        """Shut the server down."""
        cluster.stop(self._running)
