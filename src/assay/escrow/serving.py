"""Starts the escrow: its two folders, its clock and dice, and granian in front of it."""

from __future__ import annotations

import fcntl
import gc
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from assay.escrow import wire
from assay.escrow.app import Escrow, Limits
from assay.escrow.peppers import Peppers
from assay.escrow.store import OldStore, Store

_VARIABLE: Final = "ASSAY_ESCROW_ASKED"
_TIDY_SECONDS: Final = 2.0
_LOCAL: Final = {"127.0.0.1", "::1", "localhost"}


class CannotServe(Exception):
    """Why the escrow cannot start, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: where everything is kept, where to listen, how companies call this escrow, who may come."""

    data_folder: Path
    pepper_folder: Path
    host: str
    port: int
    address: str
    members: Path | None = None


def serve(asked: Asked) -> None:
    """Become the server; raise CannotServe for folders or an address that would break what is promised."""
    parts = urlsplit(asked.address)
    if parts.scheme != "https" and parts.hostname not in _LOCAL:
        raise CannotServe("Others must come over TLS. Name the https:// address of the proxy that ends it.")
    data, peppers = asked.data_folder.resolve(), asked.pepper_folder.resolve()
    if data == peppers or data in peppers.parents or peppers in data.parents:
        raise CannotServe(
            "The pepper folder must lie outside the data folder, as backups of the one must not hold the other."
        )
    os.umask(0o077)
    for folder in (data, peppers):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    _read_members(asked.members)
    told = {
        **{name: str(getattr(asked, name) or "") for name in ("address", "members")},
        "data": str(data),
        "peppers": str(peppers),
    }
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", asked.host, "--port", str(asked.port)),
        *("--workers", "1", "--blocking-threads", "4", "--backpressure", "64", "--no-ws", "--no-access-log"),
        *("--workers-kill-timeout", "10", "--factory", "assay.escrow.serving:application"),
    ]
    os.execve(sys.executable, command, {**os.environ, _VARIABLE: json.dumps(told)})


def application() -> Escrow:
    """Return the application in the process that answers; it holds the data folder for itself alone."""
    told: Mapping[str, str] = json.loads(os.environ[_VARIABLE])
    logging.getLogger("assay").setLevel(logging.INFO)
    data = Path(told["data"])
    lock = os.open(data / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotServe("Another escrow works on this data folder. Stop it first, or name another folder.") from None
    members = _read_members(Path(told["members"]) if told["members"] else None)
    peppers = Peppers(Path(told["peppers"]), os.urandom)
    try:
        kept = Store(data / "escrow.sqlite")
    except OldStore:
        raise CannotServe(
            "The data folder is of an earlier version. Name new folders; partners pair anew and upload again."
        ) from None
    threading.Thread(target=tidy, args=(kept, threading.Event()), daemon=True).start()
    settle_down()
    return Escrow(kept, peppers, told["address"], clock=lambda: time.time_ns() // 1000, limits=Limits(members=members))


def settle_down() -> None:
    """Take what lives as long as the process out of every later search for garbage, which a request waits for."""
    gc.collect()
    gc.freeze()


def tidy(kept: Store, stop: threading.Event) -> None:
    """Write the journal back every few seconds until it is to stop."""
    while not stop.wait(_TIDY_SECONDS):
        kept.tidy()


def _read_members(path: Path | None) -> frozenset[bytes] | None:
    """Return the keys that may come: one a line, as hexadecimal digits."""
    if path is None:
        return None
    try:
        lines = [line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
        return frozenset(wire.digits(line, wire.KEY_BYTES) for line in lines if line)
    except (OSError, wire.Malformed):
        raise CannotServe("The members cannot be read. Write one key of 64 hexadecimal digits a line.") from None
