"""A few records that are new or changed, compared with the lists of all partners of an escrow in one request.

Each partner's next step would upload and compare them as well, in requests of its own: whatever is left out here, as
there is too much of it, the escrow says no, or the process is killed in between, is done there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assay.escrow import wire
from assay.partners.asking import Refused
from assay.partners.canonical import Keys
from assay.partners.dealing import comparing, uploading
from assay.partners.dealing.contract import Heard
from assay.partners.dealing.deal import Deal
from assay.partners.dealing.session import Session
from assay.partners.pairing import EpochKeys
from assay.partners.tokens import SLOTS

#: Records of one partnership beyond which a list is rather uploaded.
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class _New:
    """What is new for one partner, and where in its turn it stands."""

    at: int
    deal: Deal
    session: Session
    keys: EpochKeys
    records: Sequence[uploading.New]

    def rows(self) -> list[wire.Row]:
        """Return the rows of all records."""
        return uploading.rows(self.session, self.keys, self.records)


def compare(deals: Sequence[tuple[Deal, Mapping[str, Keys], Heard]]) -> set[int]:
    """Compare records with the partners' lists, each deal's own; return at which places of `deals` anything agreed.

    All deals are of one company and over one escrow. It raises whatever `us.send` raises.
    """
    waiting = [new for at, of in enumerate(deals) if (new := _new(at, *of)) is not None]
    found: set[int] = set()
    while waiting:
        size, part = 0, []
        while waiting and size + len(waiting[0].records) * SLOTS <= wire.ROWS_COMPARED:
            size += len(waiting[0].records) * SLOTS
            part.append(waiting.pop(0))
        found |= _ask(part)
    return found


def _new(at: int, deal: Deal, records: Mapping[str, Keys], heard: Heard) -> _New | None:
    """Return what of the records is not in the list that is compared, as it is now; None where a step is better."""
    session = deal.between_steps(records, heard)
    if session is None:
        return None
    epoch = session.memory.number("epoch compared")
    keys = next((keys for keys in session.epochs if keys.epoch == epoch), None)
    if keys is None or session.memory.number(f"complete {epoch}") != uploading.FULL:
        return None
    changed = list(uploading.changed(session, epoch.to_bytes(4, "big"), frozenset(records)))
    return _New(at, deal, session, keys, changed) if 0 < len(changed) <= _MOST else None


def _ask(part: Sequence[_New]) -> set[int]:
    try:
        answers = part[0].session.line.compare([(one.session.setting, one.keys.epoch, one.rows()) for one in part])
    except Refused:
        return set()  # one partner's allowance, or its end, which its own step meets and tells
    found = set()
    for one, (above, pairs) in zip(part, answers, strict=True):
        with one.session.memory.together():
            uploading.remember(one.session, one.keys.epoch.to_bytes(4, "big"), one.records, above)
            comparing.take(one.session, pairs, one.session.memory.number("theirs through"), one.deal.matching)
        if pairs:
            found.add(one.at)
    return found
