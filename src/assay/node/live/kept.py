"""Stories that were told and are kept, so that a page comes at once; what happens since marks them as outdated.

They hold what the lake says of people: whoever is erased is erased from here too, and nobody tells meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from django.db import connection, transaction

from assay.core.definitions.model import Definitions
from assay.node.live.keys import node_of_subject
from assay.node.live.models import KeptStory
from assay.node.live.storing import instant
from assay.node.live.story import Story, Told

#: So long a story is kept, and so many of them: the latest.
KEPT_FOR: Final = timedelta(days=30)
MOST: Final = 30_000
#: A score fades and a "for 3 days" grows old though nothing happens: after so long a story is told anew if looked at.
FRESH_FOR: Final = timedelta(hours=12)
_LOCK: Final = 0x61737361_73746F72
_COLUMNS: Final = ("subject_type", "subject_id", "node", "edition", "as_of", "begun_at", "lasts_until", "told")
_KEEP: Final = (
    f"INSERT INTO live_keptstory ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "
    "ON CONFLICT (subject_type, subject_id) DO UPDATE SET wanted_at = NULL, "
    f"{', '.join(f'{column} = excluded.{column}' for column in _COLUMNS[2:])} "
    "WHERE live_keptstory.begun_at <= excluded.begun_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A kept story; None where nothing was known. It is current where nothing was decided of the subject since."""

    story: Story | None
    as_of: datetime
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept(Told):
    """What is told, without the rules; `form` changes whenever what stands here comes to mean something else."""

    form: Literal[1]


_READ: Final = msgspec.json.Decoder(_Kept)
_FIELDS: Final = tuple(one.name for one in fields(Told))


def packed(story: Story | None) -> str:
    """Return a story as text, without its rules."""
    if story is None:
        return ""
    return msgspec.json.encode({"form": 1, **{name: getattr(story, name) for name in _FIELDS}}).decode()


def unpacked(text: str, definitions: Definitions) -> Story | None:
    """Return the story that a text holds, told by these rules."""
    if not text:
        return None
    told = _READ.decode(text)
    return Story(definitions=definitions, **{name: getattr(told, name) for name in _FIELDS})


@contextmanager
def telling() -> Iterator[datetime | None]:
    """Give when telling begins, for `keep`; None while somebody is erased: what is told then may not be kept."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s), clock_timestamp()", [_LOCK])
            may_keep, now = cursor.fetchone()
        yield now if may_keep else None


@contextmanager
def nobody_tells() -> Iterator[None]:
    """Wait for those who are telling; until the block ends nothing that is told is kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def keep(
    edition: int,
    subjects: Collection[tuple[str, str]],
    stories: Mapping[tuple[str, str], Story],
    as_of: int,
    begun_at: datetime,
) -> None:
    """Keep what was told of subjects, in place of what was told before; None is kept of those without a story.

    A row that somebody else holds is left as it is: what is decided of the subject just now is not in the story.
    """
    nodes = {subject: node_of_subject(*subject) for subject in sorted(set(subjects))}
    with connection.cursor() as cursor:
        known = "SELECT subject_type, subject_id FROM live_keptstory WHERE node = ANY(%s)"
        cursor.execute(known, [list(nodes.values())])
        busy = set(cursor.fetchall())
        cursor.execute(f"{known} FOR UPDATE SKIP LOCKED", [list(nodes.values())])
        busy -= set(cursor.fetchall())
        cursor.executemany(
            _KEEP,
            [
                (
                    *one,
                    node,
                    edition,
                    instant(as_of),
                    begun_at,
                    _lasts_until(stories.get(one)),
                    packed(stories.get(one)),
                )
                for one, node in nodes.items()
                if one not in busy
            ],
        )


def _lasts_until(story: Story | None) -> datetime | None:
    """Return when time alone makes what is told untrue: a criterion lapses, a rule begins or ceases to hold."""
    if story is None:
        return None
    times = [at for verdict in story.verdicts for at in (verdict.until, verdict.next_entry)]
    times += [finding.lapses_at for verdict in story.verdicts for finding in verdict.findings]
    soonest = min((at for at in times if at is not None and at > story.as_of), default=None)
    return None if soonest is None else instant(soonest)


def find(edition: int, definitions: Definitions, subject_type: str, subject_id: str, now: datetime) -> Found | None:
    """Return what is kept of a subject under an edition; None where nothing is, or what another version wrote."""
    row = KeptStory.objects.filter(subject_type=subject_type, subject_id=subject_id, edition=edition).first()
    if row is None:
        return None
    try:
        story = unpacked(row.told, definitions)
    except msgspec.MsgspecError:
        return None
    is_current = (
        (row.changed_at is None or row.changed_at < row.begun_at)
        and (row.lasts_until is None or row.lasts_until > now)
        and row.as_of > now - FRESH_FOR
    )
    return Found(story=story, as_of=row.as_of, is_current=is_current)


def want(subject_type: str, subject_id: str, now: datetime) -> None:
    """Note that somebody looks at a story that is outdated."""
    KeptStory.objects.filter(subject_type=subject_type, subject_id=subject_id, wanted_at=None).update(wanted_at=now)


def wanted(most: int) -> list[tuple[str, str]]:
    """Return the subjects whose outdated story somebody looks at, who waits longest first."""
    found = KeptStory.objects.filter(wanted_at__isnull=False).order_by("wanted_at")
    return list(found.values_list("subject_type", "subject_id")[:most])


def changed(nodes: Collection[int]) -> None:
    """Note that something was decided of subjects, in the transaction that stores it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE live_keptstory SET changed_at = clock_timestamp() WHERE node = ANY(%s)", [list(nodes)])


def all_changed() -> None:
    """Note that everything was decided anew."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE live_keptstory SET changed_at = clock_timestamp()")


def erase(ids: Collection[str], nodes: Collection[int]) -> None:
    """Erase the stories of a person, and all in which one of these ids stands, be it within another text."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM live_keptstory WHERE node = ANY(%s)", [list(nodes)])
        for one in ids:
            quoted = msgspec.json.encode(one).decode()[1:-1]
            cursor.execute(
                "DELETE FROM live_keptstory WHERE position(%s in told) > 0 OR position(%s in subject_id) > 0",
                [quoted, one],
            )


def sweep(now: datetime) -> int:
    """Forget stories that are old, and the oldest where there are too many; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM live_keptstory WHERE id IN (SELECT id FROM live_keptstory WHERE as_of < %s "
            "OR as_of < (SELECT as_of FROM live_keptstory ORDER BY as_of DESC OFFSET %s LIMIT 1) "
            "FOR UPDATE SKIP LOCKED)",
            [now - KEPT_FOR, MOST - 1],
        )
        return int(cursor.rowcount)
