"""The one way to write: permission, change and audit row in one transaction.

    @action("change the role of a user", Permission.MANAGE_USERS)
    def change_role(audit: Audit, user_id: int, role: Role) -> User:
        user = User.objects.select_for_update().get(pk=user_id)
        audit.write("user", user.pk, before={"role": user.role}, after={"role": role})
        user.role = role
        user.save(update_fields=["role"])
        return user

    change_role(request.user, 7, Role.REVOPS)

Called with who acts in the place of the audit. Where the permission is missing, NotAllowed is raised and nothing ran;
whatever else is raised undoes change and audit row together. An action that wrote no audit row is a mistake in Assay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeAlias, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction

from assay.core.errors import InternalError
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import Permission, may

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: A value that the audit may hold: an id, a state, a number, an instant. Names, addresses and notes are no such thing.
Plain: TypeAlias = str | int | float | bool | date | None
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Machine:
    """Something other than a user that acts, and may do anything: a command typed on the machine, a timer."""

    name: str


Actor: TypeAlias = User | Machine


class NotAllowed(PermissionDenied):
    """Who acts lacks the permission; pages answer 403."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What one action writes into the audit."""

    actor: Actor
    action: str
    rows: list[AuditRow] = field(default_factory=list)

    def write(
        self, subject: str, subject_id: object, *, before: Mapping[str, Plain], after: Mapping[str, Plain]
    ) -> None:
        """Write one row: what was changed, and its values before and after; personal data stays out."""
        row = AuditRow(
            actor=self.actor if isinstance(self.actor, User) else None,
            machine=self.actor.name if isinstance(self.actor, Machine) else "",
            action=self.action,
            subject=subject,
            subject_id=str(subject_id),
            before={name: _kept(value) for name, value in before.items()},
            after={name: _kept(value) for name, value in after.items()},
        )
        row.save(force_insert=True)
        self.rows.append(row)


def _kept(value: Plain) -> str | int | float | bool | None:
    """Return a value as the audit keeps it; raise InternalError for what looks like personal data or a text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if "@" in value or len(value) > _LONGEST:
            raise InternalError("the audit keeps ids and states, neither addresses nor texts")
        return str(value)
    return value


def action(
    name: str, permission: Permission
) -> Callable[[Callable[Concatenate[Audit, _P], _T]], Callable[Concatenate[Actor, _P], _T]]:
    """Make an action of a function that changes something: it is then called with who acts, in place of the audit."""

    def make(change: Callable[Concatenate[Audit, _P], _T]) -> Callable[Concatenate[Actor, _P], _T]:
        @wraps(change)
        def act(actor: Actor, /, *args: _P.args, **words: _P.kwargs) -> _T:
            demand(actor, permission)
            audit = Audit(actor, name)
            with transaction.atomic():
                done = change(audit, *args, **words)
                if not audit.rows:
                    raise InternalError(f"the action '{name}' left no trace in the audit")
            return done

        return act

    return make


def demand(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed where the actor lacks the permission, or is no longer active."""
    if isinstance(actor, User) and not (actor.is_active and may(actor.role, permission)):
        raise NotAllowed(f"This needs the permission to {permission}")
