"""Making editions, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db import connection
from django.utils import timezone

from assay.node.access.actions import Actor
from assay.node.access.models import User
from assay.node.rulebook.models import Edition, RuleVersion, Status, Step
from assay.node.rulebook.texts import Texts

#: Whoever changes what is decided holds this lock until the end of the transaction.
_LOCK: Final = 0x52554C4553


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an edition holds."""

    texts: Texts = field(default_factory=dict)
    shadows: Mapping[str, str] = field(default_factory=dict)


def held() -> Edition | None:
    """Return the latest edition; nobody else makes another one until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return Edition.objects.order_by("-number").first()


def made(
    last: Edition | None, contents: Contents, step: Step, about: str, *, by: Actor, approved_by: Actor | None = None
) -> Edition:
    """Make the edition that follows the last one, which must be held."""
    edition = Edition(
        number=1 if last is None else last.number + 1,
        made_at=timezone.now(),
        made_by=user(by),
        approved_by=user(approved_by),
        step=step,
        about=about[:200],
        texts=dict(contents.texts),
        shadows=dict(contents.shadows),
    )
    edition.save(force_insert=True)
    return edition


def user(actor: Actor | None) -> User | None:
    """Return who acts where that is a user."""
    return actor if isinstance(actor, User) else None


def published(*, but: str = "") -> Texts:
    """Return the published files of every version of every rule, text by path, without those of one rule."""
    rows = RuleVersion.objects.exclude(rule=but).values_list("rule", "version", "published")
    return {published_path(rule, version): text for rule, version, text in rows}


def published_path(rule: str, version: int) -> str:
    """Return the path of the file that holds a published version."""
    return f"published/{rule}@{version}.yml"


def version_in(rule: str, status: Status) -> RuleVersion | None:
    """Return the version of a rule that is live, or in shadow."""
    return RuleVersion.objects.filter(rule=rule, status=status).first()
