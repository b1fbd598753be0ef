"""Tokens, in which order leads changed, and answers that were given."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Token(models.Model):
    """What a program bears: it acts as its user, within its scopes, until it ends or is revoked."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)  # of the secret, which is shown once
    hint = models.CharField(max_length=12)  # how the secret ends, so that its bearer can tell which it is
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """The latest first."""

        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class Touched(models.Model):
    """A lead that a transaction changed; triggers write it, and `feed` turns it into a place in the order."""

    lead = models.BigIntegerField()


class Place(models.Model):
    """Where the latest change of a lead stands in the order in which changes became visible; it outlives the lead."""

    lead = models.BigIntegerField(primary_key=True)
    position = models.BigIntegerField(unique=True)


class Answer(models.Model):
    """What was answered to a request that bore an idempotency key, kept for whoever sends it again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    asked = models.BinaryField(max_length=32)  # the digest of address and body
    status = models.IntegerField()
    sealed_body = models.BinaryField(default=b"")  # JSON as it was answered, which may hold a secret
    made_at = models.DateTimeField()

    class Meta:
        """Each key is answered once a user."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="api_answered_once")]
        indexes: ClassVar = [models.Index(fields=["made_at"], name="api_answer_made")]
