"""How a command reaches a node's database: the server that runs, or one that it starts for as long as it needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assay.node.postgres import cluster
from assay.node.serving import database, folder, secrets
from assay.node.serving.serve import ADDRESS, environment_of, prepare

#: How people reach a node that never ran, as it would say itself.
_UNKNOWN: Final = "http://localhost:8000"


@contextmanager
def visited(data_folder: Path) -> Iterator[None]:
    """Make Django ready to work on the node of a data folder, in this process, until the block ends."""
    home = folder.made(data_folder)
    kept = secrets.kept(home)
    named = database.elsewhere(os.environ)
    if named is not None:
        _enter(home, kept, named)
        yield
        return
    place = home / "postgres"
    is_made = (place / "data").exists()
    port = cluster.port_of_running(cluster.opened(place, kept.superuser_password)) if is_made else None
    if port is not None:
        _enter(home, kept, database.embedded(port, kept))
        yield
        return
    with folder.held(home):
        running, reached = database.start(home, cluster.free_port(), kept, subprocess.DEVNULL)
        try:
            told = {**_environment(home, kept, reached), "DATABASE_URL": reached.owner}
            prepare(told, None, "What stands above says why.")
            _enter(home, kept, reached)
            yield
            _leave()
        finally:
            cluster.stop(running)


def _environment(home: Path, kept: secrets.Secrets, reached: database.Database) -> dict[str, str]:
    noted = home / ADDRESS
    return environment_of(noted.read_text("utf-8") if noted.exists() else _UNKNOWN, home, kept, reached)


def _enter(home: Path, kept: secrets.Secrets, reached: database.Database) -> None:
    import django

    os.environ.update(_environment(home, kept, reached))
    django.setup()


def _leave() -> None:
    """Let go of every connection, so that nobody looks for the server once it is gone."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
