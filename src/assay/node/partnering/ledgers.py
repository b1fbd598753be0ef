"""Both chains of a partnership's ledger as a file, for whoever checks it: `assay partners verify` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import Exists, OuterRef

from assay.node.partnering import company
from assay.node.partnering.memory import NodeKeep
from assay.node.partnering.models import Memory, Partnership
from assay.partners.dealing import books
from assay.partners.dealing.memory import Memory as Remembered

MEDIA: Final = "application/x-ndjson"
#: Lines that are sent together.
_AT_ONCE: Final = 500
_PARTIES: Final = b"parties"


def having() -> list[Partnership]:
    """Return the partnerships that have a ledger, those that are over too, the newest first."""
    begun = Memory.objects.filter(partnership=OuterRef("pk"), kind="about", key=_PARTIES)
    found = Partnership.objects.filter(Exists(begun)).select_related("partner")
    return list(found.order_by("-pk"))


def of(public_id: str) -> Partnership | None:
    """Return the partnership of a public id; None where there is none, or none that has a ledger yet."""
    return next((one for one in having() if one.public_id == public_id), None)


def file_name(partnership: Partnership) -> str:
    """Return what the file is called."""
    return f"ledger-{partnership.partner.slug}-{partnership.public_id[:8]}.jsonl"


def pieces(partnership: Partnership) -> Iterator[str]:
    """Yield the file in pieces: handles, names of fields, commitments and signatures, and no value."""
    lines = books.lines(Remembered(NodeKeep(partnership, company.locker())))
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) >= _AT_ONCE:
            yield "".join(waiting)
            waiting.clear()
    yield "".join(waiting)
