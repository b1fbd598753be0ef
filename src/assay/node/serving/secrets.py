"""What nobody else may know: made once, kept in one file of the data folder that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from assay.core.errors import BadRequest

_FILE = "secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The key that signs sessions and links, the passwords of Postgres's roles, and what bears to the metrics."""

    secret_key: str
    superuser_password: str
    owner_password: str
    web_password: str
    intake_password: str
    metrics_token: str


def kept(folder: Path) -> Secrets:
    """Return the secrets of a data folder, making them where there are none."""
    path = folder / _FILE
    if not path.exists():
        _write(path, Secrets(**{field.name: secrets.token_urlsafe(36) for field in fields(Secrets)}))
    if path.stat().st_mode & 0o077:
        raise BadRequest("Others can read this file", where=str(path), mend=f"Run: chmod 600 {path}")
    try:
        return Secrets(**json.loads(path.read_text("utf-8")))
    except (TypeError, ValueError):
        raise BadRequest(
            "It does not hold the secrets that it should", where=str(path), mend="Put it back from a backup."
        ) from None


def _write(path: Path, made: Secrets) -> None:
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
