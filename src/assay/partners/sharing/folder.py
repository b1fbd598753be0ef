"""The folder in which sharing is remembered: a key that is the company, and a memory that opens with it alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assay.core.errors import BadRequest
from assay.core.io.rows import Rows
from assay.core.io.writing import write_text
from assay.escrow import wire
from assay.partners import identities
from assay.partners.dealing import Invitation
from assay.partners.filed import FiledKeep
from assay.partners.identities import Dice, Identity
from assay.partners.resting import Locker

_RECOVERY: Final = "assay recovery file 1"
#: Whatever we put into the folder; nothing else there is ours to delete.
_OWN: Final = frozenset({"key", "key.new", *(f"memory{end}" for end in ("", "-wal", "-shm", "-journal"))})
_LEDGERS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a recovery file holds: the key, and the invitation of the partnership that it was used for."""

    seed: bytes = field(repr=False)
    invitation: str

    def write(self, path: Path) -> None:
        """Write it for its owner's eyes alone, where there is no other file; the same one may be there already."""
        text = json.dumps({"what": _RECOVERY, "key": self.seed.hex(), "invitation": self.invitation}, indent=2)
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.is_file() and path.read_bytes() == (text + "\n").encode():
                return
            raise BadRequest(
                "There is a file already", where="--recovery", value=str(path), mend="Name a new file."
            ) from None
        except OSError:
            raise BadRequest(
                "The recovery file cannot be written",
                where="--recovery",
                value=str(path),
                mend="Name a new file in a folder that this user may write to.",
            ) from None
        with os.fdopen(number, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def read(cls, path: Path) -> Recovery:
        """Return what a file holds; raise BadRequest where it is no recovery file."""
        try:
            told = json.loads(path.read_text("utf-8"))
            if told["what"] != _RECOVERY:
                raise ValueError
            return cls(seed=wire.digits(told["key"], wire.KEY_BYTES), invitation=str(told["invitation"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise BadRequest(
                "This is no recovery file", where="--recover", value=str(path), mend="Name the file that was written."
            ) from None


class Folder:
    """The state of one partnership; held by one process at a time."""

    def __init__(self, path: Path, dice: Dice) -> None:
        self.path, self._dice = path, dice
        seed = _key(path)
        self.identity = Identity(seed)
        self.rows = Rows(path / "memory")
        self.keep = FiledKeep(self.rows, Locker(seed, dice))

    @classmethod
    def make(cls, path: Path, dice: Dice, seed: bytes | None = None) -> Folder:
        """Return the state in a folder; where there is none, begin one, with a new key if none is given."""
        _demand_ours(path)
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (path / "key").exists():
                aside = path / "key.new"
                number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(number, "w") as file:
                    file.write((seed or identities.make(dice).seed).hex())
                    file.flush()
                    os.fsync(file.fileno())
                aside.rename(path / "key")
        except OSError:
            raise _unkept(path) from None
        return cls(path, dice)

    def counter(self, clock: Callable[[], int]) -> Callable[[], int]:
        """Return what counts requests: above all before, also after a kill, and where an old copy was brought back."""

        def count() -> int:
            last = int.from_bytes(self.rows.get("own", b"counter") or b"", "big")
            number = max(last + 1, clock())
            self.rows.put("own", b"counter", number.to_bytes(8, "big"))
            return number

        return count

    def setting(self, name: str) -> str | None:
        """Return what was once said of how to share."""
        found = self.rows.get("own", b"setting " + name.encode())
        return None if found is None else found.decode()

    def set_setting(self, name: str, value: str) -> None:
        """Remember it for the next time."""
        self.rows.put("own", b"setting " + name.encode(), value.encode())

    def close(self) -> None:
        """Let go of the memory."""
        self.rows.close()

    def invitation(self) -> Invitation | None:
        """Return the invitation that was accepted here; None where none was."""
        told = self.keep.get("about", b"invitation")
        return None if told is None else Invitation.of_json(json.loads(told))

    def ledger_path(self) -> Path:
        """Return where the ledger is written: beside the folder, where no file is; BadRequest where none can be."""
        beside = self.path.parent / self.path.name.removesuffix(".assay")
        if self.path.name in {"", ".."}:  # "." and the like: the folder itself is where the person works
            beside = self.path / self.path.resolve().name
        names = [f"{beside}.ledger{number}.jsonl" for number in ("", *(f"-{n}" for n in range(2, _LEDGERS)))]
        for name in names:
            if not os.path.lexists(name):
                break
        else:
            raise BadRequest("There are too many ledgers", where=str(beside.parent), mend="Move the old ones away.")
        if not os.access(beside.parent, os.W_OK):
            raise BadRequest(
                "The ledger cannot be written beside the folder",
                where="--state",
                value=name,
                mend="Let this user write there; nothing was ended yet.",
            )
        return Path(name)

    def remove(self, ledger: Path, told: str) -> bool:
        """Write the ledger to a file, then destroy our own files; return whether the folder is gone, too."""
        if told:
            write_text(ledger, told)
        self.close()
        try:
            # The key goes last: until then the folder is known as ours.
            for name in sorted(_OWN, key=lambda name: name == "key"):
                (self.path / name).unlink(missing_ok=True)
        except OSError:
            raise BadRequest(
                "The key and the memory cannot be deleted", where="--state", value=str(self.path), mend="Delete them."
            ) from None
        try:
            self.path.rmdir()
        except OSError:
            return False  # something of somebody else's lies there, or the person works in it
        return True


def _unkept(path: Path) -> BadRequest:
    return BadRequest(
        "The state cannot be kept here",
        where="--state",
        value=str(path),
        mend="Name a new folder where this user may write, with --state.",
    )


def _demand_ours(path: Path) -> None:
    """Raise BadRequest for a folder that holds anything but what we put there."""
    try:
        if path.is_dir() and not (path / "key").exists() and any(one.name not in _OWN for one in path.iterdir()):
            raise BadRequest(
                "This folder holds other things",
                where="--state",
                value=str(path),
                mend="Name a folder that does not exist yet: key and memory are kept there alone.",
            )
    except OSError:
        raise _unkept(path) from None


def _key(path: Path) -> bytes:
    try:
        return wire.digits((path / "key").read_text("ascii").strip(), wire.KEY_BYTES)
    except (OSError, ValueError):
        raise BadRequest(
            "No sharing is kept here",
            where="--state",
            value=str(path),
            mend="Begin with an invitation: assay share LIST --with INVITATION",
        ) from None
