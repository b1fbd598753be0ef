"""The table of who looked at terms or a grant again: when, what they noted, and when it is to be looked at next."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Reviewed(models.Model):
    """Somebody looked at what was to be looked at again: at a grant, or, where none is named, at the terms."""

    partnership = models.ForeignKey(
        "partnering.Partnership", null=True, on_delete=models.CASCADE, related_name="reviewed"
    )  # none: the grant is one by default
    grant = models.ForeignKey("partnering.Grant", null=True, on_delete=models.CASCADE, related_name="reviewed")
    due_on = models.DateField(null=True)  # when it was to be looked at
    next_on = models.DateField(null=True)  # when it is to be looked at next; none: no more
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")
