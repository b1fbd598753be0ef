"""Users, and the audit of what was done."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from assay.node.access.permissions import Role


class Users(BaseUserManager["User"]):
    """Finds and makes users by e-mail address, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **facts: Any) -> User:
        """Make a user; without a password nobody can log in as that user until one is set."""
        user = self.model(email=email.strip().lower(), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with that e-mail address."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Somebody who logs in, of this company or of a partner; the e-mail address is the name to log in by."""

    email = models.EmailField("e-mail address", unique=True)  # always in lower case
    name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.REP)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Users] = Users()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """The order in which users are listed."""

        ordering = ("email",)

    def __str__(self) -> str:
        return self.name or self.email


class AuditRow(models.Model):
    """One change: who, what, on what, before and after, when. Written once; the web's role cannot change it."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    machine = models.CharField(max_length=100, blank=True)  # what acted where nobody did
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=50)  # the kind of thing: user, lead, rule
    subject_id = models.CharField(max_length=200)
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        """How rows are found: the latest first, and by what they are about."""

        db_table = "access_audit"
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["subject", "subject_id", "-id"])]

    def __str__(self) -> str:
        return f"{self.action}: {self.subject} {self.subject_id}"
