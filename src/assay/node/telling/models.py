"""Where things are told, what each user wants to hear, and what is on its way."""

from __future__ import annotations

import uuid
from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q

_USER = settings.AUTH_USER_MODEL


class Endpoint(models.Model):
    """An address that is told: by Standard Webhooks, or as Slack understands it."""

    class Kind(models.TextChoices):
        """How it is told."""

        STANDARD = "standard", "Standard Webhooks"
        SLACK = "slack", "Slack or compatible"

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=100)  # signs what is sent; whoever receives knows it too
    events = models.CharField(max_length=200)  # separated by spaces: enter exit lead partner
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    class Meta:
        """By name."""

        ordering = ("name",)

    def wants(self, event: str) -> bool:
        """Tell whether it is told of "qualification.enter", "lead.accepted", "partner.word" and the like."""
        kind, _, what = event.partition(".")
        what = what if kind == "qualification" else kind
        return self.is_active and what in self.events.split()


class Wish(models.Model):
    """How one user wants to hear of leads."""

    class When(models.TextChoices):
        """How soon."""

        AT_ONCE = "at_once", "At once"
        DIGEST = "digest", "Once a day"
        NEVER = "never", "Not at all"

    user = models.OneToOneField(_USER, on_delete=models.CASCADE, primary_key=True, related_name="wish")
    when = models.CharField(max_length=10, choices=When.choices, default=When.AT_ONCE)
    digest_at = models.TimeField(default=time(8))
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    zone = models.CharField(max_length=60, default="UTC")


class Message(models.Model):
    """Something to be told to one endpoint or user; it stays until it arrived or was given up."""

    key = models.UUIDField(default=uuid.uuid4, unique=True)
    endpoint = models.ForeignKey(Endpoint, null=True, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(_USER, null=True, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=60)
    lead = models.IntegerField(null=True)
    content = models.JSONField()
    made_at = models.DateTimeField()
    not_before = models.DateTimeField()
    is_for_digest = models.BooleanField(default=False)
    tries = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=200, blank=True)

    class Meta:
        """The oldest first; what waits is found at once."""

        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("not_before",),
                name="message_waits",
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
            ),
        )
