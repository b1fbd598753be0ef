"""What each role may do: one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices


class Role(TextChoices):
    """What somebody comes for."""

    REP = "rep", "Sales rep"
    CSM = "csm", "Customer success"
    MARKETER = "marketer", "Marketing"
    REVOPS = "revops", "Revenue operations"
    PARTNER_MANAGER = "partners", "Partner manager"
    ADMIN = "admin", "Administrator"
    PARTNER = "partner", "Partner"  # somebody of another company, who sees the portal and nothing else


class Permission(StrEnum):
    """Something that may be done, as the audit names it."""

    SEE_LEADS = "see leads"
    WORK_LEADS = "work leads"
    ASSIGN_LEADS = "assign leads"
    SEE_RULES = "see rules"
    EDIT_RULES = "edit rules"
    PUBLISH_RULES = "publish rules"
    SEE_DATA = "see data"
    CHANGE_DATA = "change data"
    SEE_FUNNEL = "see funnel"
    ERASE_PEOPLE = "erase people"
    SEE_PARTNERS = "see partners"
    MANAGE_PARTNERS = "manage partners"
    LET_PARTNERS_LEARN = "let partners learn"
    SEE_AUDIT = "see audit"
    MANAGE_USERS = "manage users"
    BE_TOLD = "be told"
    USE_PORTAL = "use the portal"


_EVERYBODY: Final = frozenset(Role) - {Role.PARTNER}  # of this company
_OPERATIONS: Final = frozenset({Role.REVOPS, Role.ADMIN})

MAY: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.SEE_LEADS: _EVERYBODY,
    Permission.WORK_LEADS: _EVERYBODY - {Role.ADMIN},
    Permission.ASSIGN_LEADS: _OPERATIONS,
    Permission.SEE_RULES: _EVERYBODY,
    Permission.EDIT_RULES: _OPERATIONS,
    Permission.PUBLISH_RULES: _OPERATIONS,
    Permission.SEE_DATA: _OPERATIONS,
    Permission.CHANGE_DATA: _OPERATIONS,
    Permission.SEE_FUNNEL: _EVERYBODY,
    Permission.ERASE_PEOPLE: _OPERATIONS,
    Permission.SEE_PARTNERS: _EVERYBODY,
    Permission.MANAGE_PARTNERS: frozenset({Role.PARTNER_MANAGER, Role.REVOPS, Role.ADMIN}),
    Permission.LET_PARTNERS_LEARN: frozenset({Role.PARTNER_MANAGER, Role.REVOPS, Role.ADMIN}),
    Permission.SEE_AUDIT: _OPERATIONS,
    Permission.MANAGE_USERS: frozenset({Role.ADMIN}),
    Permission.BE_TOLD: frozenset(Role),
    Permission.USE_PORTAL: frozenset({Role.PARTNER}),
}


#: The roles that an administrator gives; a partner's users are invited by who manages partners.
GIVEN: Final = tuple(role for role in Role if role != Role.PARTNER)


def may(role: str, permission: Permission) -> bool:
    """Tell whether a role has a permission."""
    return role in MAY[permission]
