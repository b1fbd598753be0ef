"""Actions on write keys. A secret is returned once, to be shown, and kept as a hash."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.intake.digests import digest, new_secret
from assay.node.intake.models import WriteKey

_SUBJECT = "write key"


@action("make a write key", Permission.CHANGE_DATA)
def make(audit: Audit, name: str, sources: Mapping[str, str]) -> tuple[WriteKey, str]:
    """Make a key that feeds sources (`events`, `people`, `accounts`); return it with its secret."""
    name = name.strip()
    if WriteKey.objects.filter(name=name).exists():
        raise BadRequest("There is a write key of this name", where="name", mend="Choose another one.")
    secret = new_secret()
    key = WriteKey(name=name, digest=digest(secret), **_columns(sources))
    key.save()
    audit.write(_SUBJECT, key.pk, before={}, after=_columns(sources))
    return key, secret


@action("change the sources of a write key", Permission.CHANGE_DATA)
def change_sources(audit: Audit, key_id: int, sources: Mapping[str, str]) -> WriteKey:
    """Let a key feed other sources, from the next calls on that go into the lake."""
    key = _locked(key_id)
    before = {column: str(getattr(key, column)) for column in _columns(sources)}
    for column, value in _columns(sources).items():
        setattr(key, column, value)
    key.save()
    audit.write(_SUBJECT, key.pk, before=before, after=_columns(sources))
    return key


@action("give a write key a new secret", Permission.CHANGE_DATA)
def rotate(audit: Audit, key_id: int) -> tuple[WriteKey, str]:
    """Give a key another secret; the one before is good for nothing within a second."""
    key = _locked(key_id)
    secret = new_secret()
    key.digest, key.rotated_at = digest(secret), timezone.now()
    key.save()
    audit.write(_SUBJECT, key.pk, before={}, after={"rotated_at": key.rotated_at})
    return key, secret


@action("retire a write key or take it back", Permission.CHANGE_DATA)
def change_activity(audit: Audit, key_id: int, is_active: bool) -> WriteKey:
    """Refuse what comes with a key, or take it again."""
    key = _locked(key_id)
    audit.write(_SUBJECT, key.pk, before={"is_active": key.is_active}, after={"is_active": is_active})
    key.is_active = is_active
    key.save()
    return key


def _columns(sources: Mapping[str, str]) -> dict[str, str]:
    return {f"{part}_source": sources.get(part, "") for part in ("events", "people", "accounts")}


def _locked(key_id: int) -> WriteKey:
    key = WriteKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise BadRequest("There is no such write key", mend="Choose one of the list.")
    return key
