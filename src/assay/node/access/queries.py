"""What pages show of users and of the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assay.node.access.models import AuditRow, User

A_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Rows of the audit, the latest first, and the id before which the next page begins; None on the last."""

    rows: list[AuditRow]
    next_before: int | None


def users() -> list[User]:
    """Return every user, those who may come in first."""
    return list(User.objects.order_by("-is_active", "email"))


def user(user_id: int) -> User | None:
    """Return the user, or None."""
    return User.objects.filter(pk=user_id).first()


def audit(
    *, before: int | None = None, subject: str = "", subject_id: str = "", actor_id: int | None = None
) -> AuditPage:
    """Return a page of the audit: of one thing, or of what one user did, or of everything."""
    found = AuditRow.objects.select_related("actor").order_by("-id")
    if before is not None:
        found = found.filter(pk__lt=before)
    if subject:
        found = found.filter(subject=subject)
    if subject_id:
        found = found.filter(subject_id=subject_id)
    if actor_id is not None:
        found = found.filter(actor_id=actor_id)
    rows = list(found[: A_PAGE + 1])
    has_more = len(rows) > A_PAGE
    return AuditPage(rows=rows[:A_PAGE], next_before=rows[A_PAGE - 1].pk if has_more else None)
