"""What is decided now: the definitions of the latest edition, read once an edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from assay.core.definitions.as_published import as_published
from assay.core.definitions.loading import load
from assay.core.definitions.model import Definitions, Status
from assay.core.outcomes.apart import beside
from assay.node.rulebook.editions import Contents, published_path
from assay.node.rulebook.models import Edition
from assay.node.rulebook.texts import laid_out, named

#: An edition's number, and when it was made: a database that was restored may use a number again.
_Key = tuple[int, datetime]

#: Editions that are kept in memory: the latest, and the one that others may still be using.
_KEPT: Final = 2
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_read: Final[dict[_Key, Definitions]] = {}
_reading: Final = Lock()


def edition() -> int:
    """Return the number of the latest edition; 0 before the first."""
    return _latest()[0]


def definitions() -> Definitions:
    """Return what is decided now: live rules and shadow ones, and whatever those read (as drafts).

    A version in shadow beside a live one of the same rule is named "rule@version"; so is what it reads otherwise than
    live rules do. Before the first edition there is nothing.
    """
    return edition_and_definitions()[1]


def edition_and_definitions() -> tuple[int, Definitions]:
    """Return the number of the latest edition, and what it decides."""
    key = _latest()
    if not key[0]:
        return 0, Definitions(folder="")
    found = _read.get(key)
    if found is None:
        with _reading:
            found = _read[key] = _read.get(key) or _of(key[0])
            for old in list(_read)[:-_KEPT]:  # by when they were read: after a restore numbers begin again
                del _read[old]
    return key[0], found


def _latest() -> _Key:
    return Edition.objects.order_by("-number").values_list("number", "made_at").first() or (0, _NEVER)


def _of(number: int) -> Definitions:
    one = Edition.objects.get(number=number)
    return read(Contents(texts=one.texts, shadows=one.shadows))


def read(contents: Contents) -> Definitions:
    """Return the definitions of what an edition holds; BadDefinitions where the core complains."""
    shadows = {published_path(*split(name)): text for name, text in contents.shadows.items()}
    with laid_out(contents.texts, shadows) as folder:
        found = load(folder, against_published=False)
        for name in contents.shadows:
            found = _with_shadow(found, folder, *split(name))
        return named(found)


def split(name: str) -> tuple[str, int]:
    """Return "rule@3" as ("rule", 3)."""
    rule, _, version = name.rpartition("@")
    return rule, int(version)


def _with_shadow(live: Definitions, folder: Path, rule: str, version: int) -> Definitions:
    """Return the definitions with a version in shadow beside them; what it reads is decided for it alone."""
    other = as_published(folder, rule, version)
    status: Mapping[str, Status] = {rule: "shadow"}
    rules = (replace(one, status=status.get(one.name, "draft")) for one in other.rules)
    both, found = beside(live, replace(other, rules=tuple(rules)), rule)
    if any(one.name == rule for one in live.rules):
        return both
    return replace(both, rules=tuple(replace(one, name=rule) if one is found else one for one in both.rules))
