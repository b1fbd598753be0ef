"""Write keys, and the inbox."""

from __future__ import annotations

from django.db import models


class WriteKey(models.Model):
    """What a client sends with its calls: it says who sends, and which sources of the definitions the calls feed."""

    name = models.CharField(max_length=100, unique=True)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)  # of the secret, which is shown once
    events_source = models.CharField(max_length=100, blank=True)
    people_source = models.CharField(max_length=100, blank=True)
    accounts_source = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """The order in which keys are listed."""

        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Inbox(models.Model):
    """One call that was accepted and waits for the lake, as its client wrote it (see `calls.Kept`).

    The table has no index at all, not even of its numbers: the migration drops it. What is written with every call
    must cost nothing, and the table is nearly empty.
    """

    id = models.BigAutoField(primary_key=True)
    key_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    skew = models.BigIntegerField()
    body = models.TextField()
