"""Making and revoking tokens, and finding whose a token is."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission, may
from assay.node.api.models import Token
from assay.node.api.scopes import SCOPES, Scope, open_to

if TYPE_CHECKING:
    from django.db.models import QuerySet

    Tokens = QuerySet[Token]

#: How tokens look, so that people and searches for leaked secrets know one.
_LOOKS: Final = re.compile(r"assay_[A-Za-z0-9_-]{43}")
_NOTED_EVERY: Final = timedelta(minutes=1)
MOST_DAYS: Final = 730
MOST_TOKENS: Final = 50


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks: a user, through a token, within scopes that the user's role still allows."""

    token_id: int
    user: User
    scopes: frozenset[Scope]


def digest(secret: str) -> bytes:
    """Return what is kept of a token. It is long and random, so that one quick hash keeps it."""
    return hashlib.sha256(secret.encode()).digest()


@action("make an API token", Permission.SEE_LEADS)
def make(audit: Audit, name: str, scopes: Sequence[str], days: int) -> tuple[Token, str]:
    """Make a token of who acts; return it with its secret, which is kept nowhere. BadRequest where it cannot be."""
    user = _user(audit)
    allowed = {str(scope) for scope in open_to(user.role)}
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= allowed:
        raise BadRequest("A token needs scopes that your role allows", mend=f"Choose among {', '.join(allowed)}.")
    if not name.strip() or not 1 <= days <= MOST_DAYS:
        raise BadRequest("A token needs a name and an end", mend=f"Let it end within {MOST_DAYS} days.")
    now = timezone.now()
    if usable(user, now).count() >= MOST_TOKENS:
        raise BadRequest(f"You have {MOST_TOKENS} tokens already", mend="Revoke one that is no longer used.")
    secret = f"assay_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        user=user,
        name=name.strip()[:60],
        digest=digest(secret),
        hint=secret[-4:],
        scopes=wanted,
        made_at=now,
        ends_at=now + timedelta(days=days),
    )
    audit.write("token", token.pk, before={}, after={"scopes": " ".join(wanted), "ends_at": token.ends_at})
    return token, secret


@action("revoke an API token", Permission.SEE_LEADS)
def revoke(audit: Audit, token_id: int) -> Token:
    """End a token now: one's own, or anybody's for who manages users. BadRequest where there is none such."""
    user = _user(audit)
    found = visible(user).select_for_update(of=("self",)).filter(pk=token_id, revoked_at__isnull=True).first()
    if found is None:
        raise BadRequest("There is no such token", mend="Perhaps it was revoked already.")
    audit.write("token", found.pk, before={"revoked": False}, after={"revoked": True})
    found.revoked_at = timezone.now()
    found.save(update_fields=["revoked_at"])
    return found


def visible(user: User) -> Tokens:
    """Return the tokens that a user may know of: their own, or all for who manages users."""
    every = Token.objects.select_related("user").order_by("-id")
    return every if may(user.role, Permission.MANAGE_USERS) else every.filter(user=user)


def usable(user: User, now: datetime) -> Tokens:
    """Return the tokens of a user that are of use."""
    return Token.objects.filter(user=user, revoked_at__isnull=True, ends_at__gt=now)


def looks_like_one(secret: str) -> bool:
    """Tell whether it is worth asking the database about a secret."""
    return _LOOKS.fullmatch(secret) is not None


def bearer(secret: str) -> Bearer | None:
    """Return who asks with a secret; None where nobody may."""
    now = timezone.now()
    token = Token.objects.select_related("user").filter(digest=digest(secret), revoked_at__isnull=True).first()
    if token is None or token.ends_at <= now or not token.user.is_active:
        return None
    if token.last_used_at is None or token.last_used_at < now - _NOTED_EVERY:
        late = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _NOTED_EVERY)
        Token.objects.filter(late, pk=token.pk).update(last_used_at=now)
    role = token.user.role
    kept = frozenset(Scope(s) for s in token.scopes if s in set(Scope) and may(role, SCOPES[Scope(s)].permission))
    return Bearer(token.pk, token.user, kept)


def _user(audit: Audit) -> User:
    if not isinstance(audit.actor, User):
        raise BadRequest("A token belongs to a user", mend="Make it on the page of tokens.")
    return audit.actor
