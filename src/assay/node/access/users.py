"""Actions on users."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.entrance import one_time_link
from assay.node.access.models import User
from assay.node.access.permissions import GIVEN, Permission, Role

_SUBJECT: Final = "user"


@action("invite a user", Permission.MANAGE_USERS)
def invite(audit: Audit, email: str, role: str, name: str = "") -> User:
    """Make a user who cannot log in until a password is chosen; raise BadRequest where that cannot be."""
    user = new_user(email, _role(role), name)
    audit.write(_SUBJECT, user.pk, before={}, after={"role": user.role, "is_active": True})
    return user


@action("change the role of a user", Permission.MANAGE_USERS)
def change_role(audit: Audit, user_id: int, role: str) -> User:
    """Give a user another role, which holds from the next request on."""
    user = _locked(user_id)
    if user.role == Role.PARTNER:
        raise BadRequest("This user is a partner's and stays one", mend="Invite the person anew, by another address.")
    if user.role == Role.ADMIN and role != Role.ADMIN:
        _demand_another_admin(user)
    audit.write(_SUBJECT, user.pk, before={"role": user.role}, after={"role": _role(role)})
    user.role = role
    user.save(update_fields=["role"])
    return user


@action("let a user in or keep one out", Permission.MANAGE_USERS)
def change_activity(audit: Audit, user_id: int, is_active: bool) -> User:
    """Keep a user out from the next request on, or let one in again."""
    user = _locked(user_id)
    if not is_active and user.role == Role.ADMIN:
        _demand_another_admin(user)
    audit.write(_SUBJECT, user.pk, before={"is_active": user.is_active}, after={"is_active": is_active})
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    return user


@action("make a one-time link", Permission.MANAGE_USERS)
def make_link(audit: Audit, user_id: int) -> str:
    """Return a link by which a user chooses a password, good once and for three days."""
    user = _locked(user_id)
    if not user.is_active:
        raise BadRequest("This user is kept out", mend="Let the user in again first.")
    audit.write(_SUBJECT, user.pk, before={}, after={"link": "made"})
    return one_time_link(user)


@action("set the password of a user", Permission.MANAGE_USERS)
def set_password(audit: Audit, user_id: int, password: str) -> None:
    """Set a password that somebody typed on the machine itself; whoever is logged in as that user is logged out."""
    user = _locked(user_id)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadRequest("This password will not do", mend=" ".join(error.messages)) from None
    audit.write(_SUBJECT, user.pk, before={}, after={"password": "set"})
    user.set_password(password)
    user.save(update_fields=["password"])


def new_user(email: str, role: str, name: str) -> User:
    """Return a user who cannot log in until a password is chosen; BadRequest where that cannot be."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadRequest(
            "This is not an e-mail address", where="e-mail", mend="Write it as name@company.com."
        ) from None
    if User.objects.filter(email=email).exists():
        raise BadRequest(
            "There is a user with this e-mail address already", mend="Look that user up in the list of users."
        )
    return User.objects.create_user(email, None, role=role, name=name.strip()[:100])


def _locked(user_id: int) -> User:
    """Return a user whom nobody else changes meanwhile."""
    found = User.objects.select_for_update().filter(pk=user_id).first()
    if found is None:
        raise BadRequest("There is no such user", value=str(user_id))
    return found


def _role(role: str) -> str:
    if role == Role.PARTNER:
        raise BadRequest("A partner's users are invited on the partner's own page", mend="See Handoffs, Partners.")
    if role not in GIVEN:
        raise BadRequest("There is no such role", value=role, mend=f"These there are: {', '.join(GIVEN)}.")
    return role


def _demand_another_admin(user: User) -> None:
    others = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    if not list(others):
        raise BadRequest("Nobody would be left who can manage users", mend="Make somebody else an administrator first.")
