"""The data folder: everything that a node keeps, for one `assay serve` at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.core.errors import BadRequest


def made(folder: Path) -> Path:
    """Return the folder, absolute, making it where it is missing; nobody else may look into it.

    Whatever this process and its children make from now on is for their own user alone.
    As root, Postgres runs as another user, who must be able to pass through to its own folder, and sees no name here.
    """
    os.umask(0o077)
    folder = folder.absolute()
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    elif not folder.is_dir():
        raise BadRequest("This is not a folder", where="--data-folder", value=str(folder), mend="Name another one.")
    return folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder; raise BadRequest where another process does. The system lets go of it however we end."""
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadRequest(
                "Another `assay serve` works on this data folder",
                where="--data-folder",
                value=str(folder),
                mend="Stop it first, or name another folder.",
            ) from None
        yield
