"""How a command reaches a node's database: the server that runs, or one that it starts for as long as it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.core.errors import BadRequest
from assay.node.postgres import cluster
from assay.node.serving import database, folder, secrets
from assay.node.serving.serve import ADDRESS


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
            _prepare(home, kept, reached)
            _enter(home, kept, reached)
            yield
            _leave()
        finally:
            cluster.stop(running)


def variables(home: Path, kept: secrets.Secrets, reached: database.Database) -> dict[str, str]:
    """Return the environment of a process that works on the node."""
    noted = home / ADDRESS
    address = os.environ.get("ASSAY_ADDRESS") or (
        noted.read_text("utf-8") if noted.exists() else "http://localhost:8000"
    )
    return {
        "ASSAY_ADDRESS": address,
        "ASSAY_DATA_FOLDER": str(home),
        "ASSAY_SECRET_KEY": os.environ.get("ASSAY_SECRET_KEY") or kept.secret_key,
        "DJANGO_SETTINGS_MODULE": "assay.node.settings",
        **reached.variables(),
    }


def _enter(home: Path, kept: secrets.Secrets, reached: database.Database) -> None:
    import django

    os.environ.update(variables(home, kept, reached))
    django.setup()


def _leave() -> None:
    """Let go of every connection, so that nobody looks for the server once it is gone."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


def _prepare(home: Path, kept: secrets.Secrets, reached: database.Database) -> None:
    told = {**os.environ, **variables(home, kept, reached), "DATABASE_URL": reached.owner}
    command = [sys.executable, "-m", "assay.node.serving.preparing"]
    if subprocess.run(command, env=told, check=False).returncode:
        raise BadRequest("The database could not be fitted to this version", mend="What stands above says why.")
