"""Forgets one person: every row of the lake and every call of the inbox that is theirs; others' no longer name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.lake import manifest
from assay.node.lake.models import FileKind, LakeFile
from assay.node.lake.rows import GROUP_KIND
from assay.node.lake.without import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased: rows of the lake, in how many files, and calls that still waited in the inbox."""

    rows: int
    files: int
    calls: int


def erase(ids: Collection[str], parts: Iterable[model.Source] = ()) -> Erased:
    """Erase the person who has these ids; they are all ids, and e-mail addresses, that are the same person.

    `parts` are the sources of the definitions: they say which columns of uploaded rows name a person. What the person
    did goes. What was told of their company stays, and so do calls of others that carry an id of theirs: without it.
    What others wrote about the person into properties of their own stays. Cut short, it is simply done again.
    """
    looked: dict[int, int] = {}
    with Store(memory_limit="500MB", threads=1) as store:
        erased = Rows(store, ids, parts)
        # File by file, while others go on adding: what they add meanwhile is little, and is looked at in the end.
        while left := [file for file in manifest.files() if file.id not in looked]:
            _rewrite(erased, left, looked)
        with transaction.atomic():
            manifest.held()
            while left := [file for file in manifest.files() if file.id not in looked]:
                _rewrite(erased, left, looked)
            calls = _erase_calls(erased.ids)
    # Whoever reads an old file just now reads again; those that were merged away before hold the person, too.
    manifest.remove_replaced()
    changed = [gone for gone in looked.values() if gone >= 0]
    return Erased(rows=sum(changed), files=len(changed), calls=calls)


def _rewrite(erased: Rows, files: Iterable[LakeFile], looked: dict[int, int]) -> None:
    """Let a file without the person stand for each that names them; note how many rows went, -1 where none names them.

    Each is swapped as soon as it is written, in a transaction of its own. One whose swap comes to nothing is not noted.
    """
    for old in files:
        whole = manifest.relation([manifest.folder() / old.name])
        if not erased.names(whole):
            looked[old.id] = -1
            continue
        new = manifest.write(erased.store.batches(erased.without(whole), rows=100_000), FileKind(old.kind))
        try:
            with transaction.atomic():
                manifest.held()
                is_swapped = _swapped(old, new)
        except BaseException:
            _unlink(new)
            raise
        if is_swapped:
            looked[old.id] = old.rows - new.rows
        else:
            _unlink(new)


def _swapped(old: LakeFile, new: LakeFile) -> bool:
    """Let a new file stand for an old one; tell whether it does.

    It does not where the old one was merged away meanwhile, into a file that is yet to be looked at, or where the
    sweeper took the new one, which no manifest named while it was written.
    """
    if new.rows and not (manifest.folder() / new.name).exists():
        return False
    if not LakeFile.objects.filter(id=old.id, replaced_at=None).update(replaced_at=timezone.now()):
        return False
    manifest.named(new)
    return True


#: What is kept of a group call that waits: what tells of the company.
_OF_COMPANY: Final = ("type", "messageId", "groupId", "traits", "timestamp", "originalTimestamp")
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text: Final = msgspec.json.Decoder(str | int | float | None)


def _erase_calls(ids: Sequence[str]) -> int:
    """Erase the calls that wait in the inbox, as rows of the lake are; return how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, body FROM intake_inbox WHERE ARRAY[trim(body::json->>'userId'), "
            "trim(body::json->>'anonymousId'), trim(body::json->>'previousId')] && %s",
            [list(ids)],
        )
        kept = [(number, _without(body, set(ids))) for number, body in cursor.fetchall()]
        gone = [number for number, body in kept if body is None]
        cursor.execute("DELETE FROM intake_inbox WHERE id = ANY(%s)", [gone])
        changed = [(body, number) for number, body in kept if body is not None]
        cursor.executemany("UPDATE intake_inbox SET body = %s WHERE id = %s", changed)
        return len(gone)


def _without(body: str, ids: set[str]) -> str | None:
    """Return a call without the person's ids; None where it is the person's."""
    call = _object.decode(body)
    kind, user = _said(call, "type"), _said(call, "userId")
    if kind == GROUP_KIND:
        if user in ids or not user:
            call = {name: value for name, value in call.items() if name in _OF_COMPANY}
    elif user in ids or not user or (kind == "alias" and _said(call, "previousId") in ids):
        return None
    call.pop("anonymousId", None)
    return msgspec.json.encode(call).decode()


def _said(call: dict[str, msgspec.Raw], name: str) -> str:
    told = _text.decode(call[name]) if name in call else None
    return "" if told is None else str(told).strip()


def _unlink(file: LakeFile) -> None:
    (manifest.folder() / file.name).unlink(missing_ok=True)
