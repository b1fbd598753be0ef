"""Where leads get what the core says of their subjects: from the functions that are plugged in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from assay.core.values import instant
from assay.node.live.kept import Found
from assay.node.live.story import About, Colleague, Spell, Story

__all__ = ["About", "Colleague", "Found", "Spell", "Story", "about", "at_once", "is_known", "plug", "story"]

#: A subject and the rule that designates it.
Asked = tuple[str, str, str]
Tell = Callable[[str, str, int], Story | None]
Find = Callable[[str, str, int], Found | None]
Know = Callable[[str, str], bool]
Describe = Callable[[Sequence[Asked], datetime], Mapping[Asked, About]]


def _tell_nothing(subject_type: str, subject_id: str, as_of: int) -> Story | None:
    return None


def _tell_anew(subject_type: str, subject_id: str, as_of: int) -> Found | None:
    """Tell the story, where nothing is kept."""
    return Found(story=story(subject_type, subject_id, as_of), as_of=instant(as_of), is_current=True)


def _know_nobody(subject_type: str, subject_id: str) -> bool:
    return False


def _describe_nothing(asked: Sequence[Asked], as_of: datetime) -> Mapping[Asked, About]:
    return {}


@dataclass
class _Plugged:
    tell: Tell = _tell_nothing
    find: Find = _tell_anew
    know: Know = _know_nobody
    describe: Describe = _describe_nothing


_PLUGGED: Final = _Plugged()


def plug(
    *, tell: Tell | None = None, find: Find | None = None, know: Know | None = None, describe: Describe | None = None
) -> None:
    """Let stories and descriptions come from these functions from now on; None goes back to telling nothing.

    Where nothing finds stories that are kept, each is told anew.
    """
    _PLUGGED.tell = tell or _tell_nothing
    _PLUGGED.find = find or _tell_anew
    _PLUGGED.know = know or _know_nobody
    _PLUGGED.describe = describe or _describe_nothing


def story(subject_type: str, subject_id: str, as_of: int) -> Story | None:
    """Tell what the core says of a subject as of an instant (UTC microseconds); None where it knows none such."""
    return _PLUGGED.tell(subject_type, subject_id, as_of)


def at_once(subject_type: str, subject_id: str, as_of: int) -> Found | None:
    """Return a subject's story without making anybody wait, maybe an older one; None where it must be told first."""
    return _PLUGGED.find(subject_type, subject_id, as_of)


def is_known(subject_type: str, subject_id: str) -> bool:
    """Tell whether there is such a subject, of whom nothing is told yet."""
    return _PLUGGED.know(subject_type, subject_id)


def about(asked: Sequence[Asked], as_of: datetime) -> Mapping[Asked, About]:
    """Return what is known of subjects (type, id, rule) that become leads; those unknown are left out."""
    return _PLUGGED.describe(asked, as_of)
