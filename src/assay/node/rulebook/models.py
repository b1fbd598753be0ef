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
    AMEND = "amend", "was taken into use"


class Edition(models.Model):
    """All that is decided from an instant on; written once. Numbers count from 1 without a gap.

    `texts` is a folder of definitions, text by path: live rules, and everything that rules read. `shadows` are the
    published texts of versions that are decided in shadow, by "rule@version": complete, so that each means what it
    meant when it was published, whatever becomes of the rest.
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
    come with it, text by path, as they were written over `edition`: its own, and others that it needs changed.
    """

    rule = models.CharField(max_length=100)
    version = models.IntegerField()
    fingerprint = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices)
    published = models.TextField()
    files = models.JSONField(default=dict)
    edition = models.IntegerField(null=True)  # the one that the files were written over
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


class Rehearsal(models.Model):
    """A draft that somebody asked to be decided in shadow, while its examples are tried; it stays where that failed."""

    rule = models.CharField(max_length=100, primary_key=True)
    edition = models.IntegerField()
    seen = models.CharField(max_length=64)  # the digest of what was asked for: nothing else is published
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(_USER, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    why = models.JSONField(default=list)  # what stood in the way, in words


class Look(models.Model):
    """A question about the past that somebody asked of a rule, and its answer, which is kept for a week."""

    class Kind(models.TextChoices):
        """What was asked."""

        SIDES = "sides", "Who enters and who leaves"
        BACKTEST = "backtest", "What became of them"
        EXAMPLES = "examples", "Whether examples come out"

    class State(models.TextChoices):
        """Whether there is an answer."""

        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    rule = models.CharField(max_length=100)
    version = models.IntegerField(null=True)  # None: the draft, whose files are in `files`
    edition = models.IntegerField()
    files = models.JSONField(default=dict)
    question = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    answer = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(_USER, on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        """The latest of a rule is the one that is shown."""

        indexes: ClassVar = [models.Index(fields=["rule", "kind", "-id"], name="rulebook_look_latest")]
