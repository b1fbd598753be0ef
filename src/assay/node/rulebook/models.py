"""Editions, versions of rules, and texts that are being written."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

_USER = settings.AUTH_USER_MODEL


class Status(models.TextChoices):
    """How far a published version of a rule has come; what is not published is a draft."""

    SHADOW = "shadow", "Shadow"
    LIVE = "live", "Live"
    RETIRED = "retired", "Retired"


class Step(models.TextChoices):
    """What brought an edition about."""

    IMPORT = "import", "a folder was taken in"
    SHADOW = "shadow", "began to be decided in shadow"
    LIVE = "live", "went live"
    RETIRE = "retire", "was retired"
    SHARED = "shared", "was taken into use"


class Edition(models.Model):
    """All that is decided from an instant on; written once. Numbers count from 1 without a gap.

    `texts` is a whole folder of definitions, text by path. `shadows` are the published texts of versions that are
    decided in shadow beside the live version of the same rule, by "rule@version".
    """

    number = models.IntegerField(primary_key=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    step = models.CharField(max_length=10, choices=Step.choices)
    about = models.CharField(max_length=200, blank=True)  # the rules ("rule@version") or the file
    texts = models.JSONField()
    shadows = models.JSONField(default=dict)


class RuleVersion(models.Model):
    """A version of a rule that was published: what it means never changes again.

    `published` is the core's text of it, complete with all that it refers to. `files` are the definition files that
    come with it, text by path, as they stood; empty for what came with a folder.
    """

    rule = models.CharField(max_length=100)
    version = models.IntegerField()
    fingerprint = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices)
    published = models.TextField()
    files = models.JSONField(default=dict)
    published_at = models.DateTimeField()
    author = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    live_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        """A rule has each version once, and at most one live and one in shadow."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "version"], name="rulebook_version_once"),
            models.UniqueConstraint(fields=["rule"], condition=Q(status="live"), name="rulebook_one_live"),
            models.UniqueConstraint(fields=["rule"], condition=Q(status="shadow"), name="rulebook_one_shadow"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}@{self.version}"


class Draft(models.Model):
    """A definition file that is being written: it stands over the edition's file of that path, or is a new one."""

    path = models.CharField(max_length=150, primary_key=True)
    text = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
