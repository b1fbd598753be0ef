"""What keeps a small list from being guessed at, and from being withdrawn by a broken export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from assay.core.errors import BadRequest
from assay.partners import probing
from assay.partners.dealing import RELEASE, Allowance, Let, Verdict
from assay.partners.sharing.folder import Folder
from assay.partners.sharing.owner import Owner

#: So many companies the partner's list may have where nothing else is said; a tenth of it may come anew in a week.
LONGEST: Final = 100_000
_A_WEEK: Final = 10
_MOST: Final = 10**9
#: Beyond so many percent of the partner's list that overlaps ours nothing more is told before somebody looked.
OVERLAP: Final = 80
#: Somebody who looked let go what a list of that length shares, and of one that is longer by as many percent.
_LONGER: Final = 10
#: Fewer companies than that are no list that could be broken by half.
_FEW: Final = 20
_DIGEST: Final = 8


def allowed(folder: Folder, longest: int | None, weekly: int | None) -> Allowance:
    """Return how long the partner's list may be and how fast it may grow, and remember it for the next time."""
    for option, given in (("--longest", longest), ("--a-week", weekly)):
        if given is not None and not 0 < given <= _MOST:
            raise BadRequest(
                "So many companies cannot be allowed",
                where=option,
                value=f"{given:,}",
                mend=f"Give a number from 1 to {_MOST:,}.",
            )
        if given is not None:
            folder.set_setting(option, str(given))
    most = int(folder.setting("--longest") or LONGEST)
    return Allowance(most, int(folder.setting("--a-week") or max(most // _A_WEEK, 1)))


class Gate:
    """Answers whether something may be told now: not while the partner's list looks like guessing, or is too long."""

    def __init__(self, folder: Folder, owner: Owner) -> None:
        self._folder, self._owner = folder, owner

    def __call__(self, _record: str, _population: str, _fields: tuple[str, ...]) -> Verdict:
        """Return whether fields of a company may be told."""
        why = alarm(self._folder, self._owner)
        return Verdict(Let.HOLD, why) if why else RELEASE


def alarm(folder: Folder, owner: Owner) -> str:
    """Return what about the partner's list is not as agreed; '' where all is, or somebody looked and let it go."""
    _, theirs, shared = owner.one("compared") or (0, 0, 0)
    let_go = int(folder.setting("let go") or "0")
    if theirs * 100 <= let_go * (100 + _LONGER):
        return ""
    longest = int(folder.setting("--longest") or LONGEST)
    return probing.alarm(probing.Bounds(longest=longest, overlap=OVERLAP), theirs=theirs, shared=shared)


def let_go(folder: Folder, owner: Owner) -> bool:
    """Remember that somebody looked at a partner's list that rings, and lets it be told; return whether it rang."""
    if not alarm(folder, owner):
        return False
    _, theirs, _ = owner.one("compared")
    folder.set_setting("let go", str(theirs))
    return True


def lost(folder: Folder, records: Iterable[str]) -> tuple[int, int] | None:
    """Return how many companies the list had last time, and how many of those are gone, where that is too many."""
    before = folder.rows.get("own", b"brought") or b""
    size, now = len(before) // _DIGEST, {_digest(record) for record in records}
    gone = sum(before[at : at + _DIGEST] not in now for at in range(0, len(before), _DIGEST))
    return (size, gone) if size >= _FEW and 2 * gone > size else None


def note_brought(folder: Folder, records: Iterable[str]) -> None:
    """Remember which companies the list has now."""
    folder.rows.put("own", b"brought", b"".join(map(_digest, records)))


def _digest(record: str) -> bytes:
    return hashlib.blake2b(record.encode(), digest_size=_DIGEST).digest()
