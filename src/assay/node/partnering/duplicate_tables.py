"""Tables of accounts that look like one company twice, and of when they were last looked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Duplicate(models.Model):
    """Two of our accounts that look like one company, and whether somebody said that they are two."""

    account_id = models.CharField(max_length=200)
    other_id = models.CharField(max_length=200)
    group = models.CharField(max_length=200)  # the first account of all that hang together by such pairs
    bits = models.FloatField()
    reasons = models.JSONField(default=list)  # [finding, bits] each
    is_different = models.BooleanField(default=False)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # who said so
    found_at = models.DateTimeField()

    class Meta:
        """Each pair once."""

        constraints = (models.UniqueConstraint(fields=("account_id", "other_id"), name="one_duplicate_a_pair"),)
        indexes = (
            models.Index(fields=("group",), name="duplicate_group"),
            models.Index(fields=("other_id",), name="duplicate_other"),
        )


class DuplicatesLooked(models.Model):
    """When duplicates were last looked for, among how many accounts; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    accounts = models.PositiveIntegerField()
    read_at = models.DateTimeField(null=True)  # when these accounts were read from the lake
    matching = models.JSONField(default=dict)  # what they were compared by
    is_cut = models.BooleanField(default=False)  # there were more pairs than are kept
    milliseconds = models.PositiveIntegerField()
    at = models.DateTimeField()
