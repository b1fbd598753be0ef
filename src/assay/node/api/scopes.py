"""What a token may do: one table. A token never may more than the user whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assay.node.access.permissions import Permission, may


class Scope(StrEnum):
    """A part of the API that a token may be let into."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    SPELLS_READ = "spells:read"
    PLAYS_READ = "plays:read"
    RULES_READ = "rules:read"
    PARTNERS_READ = "partners:read"
    OUTCOMES_WRITE = "outcomes:write"
    WEBHOOKS_MANAGE = "webhooks:manage"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a scope lets a token do, and the permission that its user must have."""

    words: str
    permission: Permission


SCOPES: Final[Mapping[Scope, Meaning]] = {
    Scope.LEADS_READ: Meaning("read leads, their evidence and their accounts", Permission.SEE_LEADS),
    Scope.LEADS_WRITE: Meaning("work leads: accept, reject, recycle, note and so on", Permission.WORK_LEADS),
    Scope.SPELLS_READ: Meaning("read when rules held of a person or an account", Permission.SEE_LEADS),
    Scope.PLAYS_READ: Meaning("ask which rules hold of one user of your product", Permission.SEE_RULES),
    Scope.RULES_READ: Meaning("read the rules that are decided", Permission.SEE_RULES),
    Scope.PARTNERS_READ: Meaning("list partnerships and take their ledgers along", Permission.SEE_PARTNERS),
    Scope.OUTCOMES_WRITE: Meaning("tell what became of people and accounts", Permission.CHANGE_DATA),
    Scope.WEBHOOKS_MANAGE: Meaning("see, add and remove webhooks", Permission.CHANGE_DATA),
}


def open_to(role: str) -> list[Scope]:
    """Return the scopes that somebody with the role may give a token."""
    return [scope for scope, meaning in SCOPES.items() if may(role, meaning.permission)]
