"""How pages and leads ask what the core says: from the index, or from what a turn has at hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from assay.core.definitions import model
from assay.core.io.store import Store
from assay.node.live import kept
from assay.node.live.deciding import Known, deciding
from assay.node.live.index import NAME, Index
from assay.node.live.keys import node_of_subject
from assay.node.live.reach import accounts_reach_people
from assay.node.live.stories import Asked, describe, micros, tell
from assay.node.live.story import About, Story

#: Each thread that answers pages keeps one database open: opening one costs more than asking it a question.
_OWN: Final = threading.local()
_AT_HAND: Final[ContextVar[Known | None]] = ContextVar("what a turn knows", default=None)


def place() -> Path:
    """Return where the index is, in a folder that is there."""
    folder: Path = settings.ASSAY.data_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / NAME


def forget_older() -> None:
    """Delete the indexes of other versions."""
    for file in place().parent.glob("index*.sqlite*"):
        if not file.name.startswith(NAME):
            file.unlink(missing_ok=True)


@contextmanager
def at_hand(known: Known | None) -> Iterator[None]:
    """Let questions inside be answered from what a turn knows, at no further cost."""
    token = _AT_HAND.set(known)
    try:
        yield
    finally:
        _AT_HAND.reset(token)


@contextmanager
def _own_store() -> Iterator[Store]:
    """Give this thread's store; after a failure the next question gets a new one."""
    store: Store = _OWN.__dict__.pop("store", None) or Store(on_disk=False, memory_limit="500MB", threads=1)
    try:
        yield store
    except BaseException:
        store.close()
        raise
    _OWN.store = store


def stories(
    definitions: model.Definitions, subjects: Sequence[tuple[str, str]], as_of: int
) -> dict[tuple[str, str], Story]:
    """Return everything that the core says of subjects (type, id) as of an instant; those unknown are left out."""
    if not definitions.sources:  # no rules were taken in yet
        return {}
    with Index(place()) as index, _own_store() as store:
        return tell(index, definitions, subjects, as_of, store=store)


def is_known(subject_type: str, subject_id: str) -> bool:
    """Tell, without telling anything of it, whether rows of the lake name a subject."""
    with Index(place()) as index:
        return index.knows(node_of_subject(subject_type, subject_id))


def tell_and_keep(
    edition: int, definitions: model.Definitions, subjects: Sequence[tuple[str, str]], as_of: int
) -> dict[tuple[str, str], Story]:
    """Tell the stories of subjects and keep them; those unknown are left out."""
    with kept.telling() as begun_at:
        told = stories(definitions, subjects, as_of)
        if begun_at is not None and definitions.sources:
            kept.keep(edition, subjects, told, as_of, begun_at)
    return told


def about(definitions: model.Definitions, asked: Sequence[Asked], at: datetime) -> dict[Asked, About]:
    """Return what leads carry of subjects (type, id, rule); those that nothing is known of are left out."""
    if not definitions.sources:
        return {}
    known = _AT_HAND.get()
    if known is not None:
        return describe(known, asked, micros(at))
    nodes = [node_of_subject(kind, one) for kind, one, _ in asked]
    with Index(place()) as index:
        around = index.around(nodes, accounts_reach_people=accounts_reach_people(definitions))
    with _own_store() as store, deciding(definitions, around, as_of=micros(at), at_hand=store) as (_, at_last):
        return describe(at_last, asked, micros(at))
