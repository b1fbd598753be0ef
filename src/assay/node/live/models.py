"""What was decided, as of now."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Spell(models.Model):
    """A spell of the whole history, as a replay would give it (tables.SPELLS); `node` is its subject's."""

    rule = models.TextField()
    version = models.IntegerField()
    fingerprint = models.TextField()
    subject_type = models.CharField(max_length=7)
    subject_id = models.TextField()
    node = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    opened_by = models.TextField()
    closed_by = models.TextField(null=True)

    class Meta:
        """A subject has its spells together."""

        indexes: ClassVar = [
            models.Index(fields=["node"], name="live_spell_node"),
            models.Index(fields=["subject_type", "subject_id"], name="live_spell_subject"),
            models.Index(fields=["ends_at"], name="live_spell_ends", condition=models.Q(ends_at__isnull=False)),
        ]


class Holding(models.Model):
    """A rule that was told to hold of a subject, and was not told to have ceased."""

    rule = models.TextField()
    subject_type = models.CharField(max_length=7)
    subject_id = models.TextField()
    node = models.BigIntegerField()
    version = models.IntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)  # when it ceases if nothing more happens

    class Meta:
        """One row a rule and subject."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "subject_type", "subject_id"], name="live_holding_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["node"], name="live_holding_node"),
            models.Index(fields=["until"], name="live_holding_until", condition=models.Q(until__isnull=False)),
        ]


class Wake(models.Model):
    """An instant at which a subject is to be looked at again, though nothing may have happened: an entry by expiry."""

    node = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        """One row a subject: the next instant."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["node"], name="live_wake_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="live_wake_at")]


class SelfCheck(models.Model):
    """What the standing self-check found: how much of a sample differed from a replay of the lake."""

    at = models.DateTimeField()
    subjects = models.IntegerField()
    different_rows = models.IntegerField()
    different_spells = models.IntegerField()

    class Meta:
        """The latest first."""

        ordering: ClassVar = ["-at", "-id"]


class KeptStory(models.Model):
    """What was told of a subject, so that pages need not wait: under which edition, as of when, begun when.

    Whatever was decided of the subject after `begun_at` is not in it; `lasts_until` is when time alone makes something
    in it untrue. `told` is JSON without the rules, '' where nothing was known.
    """

    subject_type = models.CharField(max_length=7)
    subject_id = models.TextField()
    node = models.BigIntegerField()
    edition = models.IntegerField()
    as_of = models.DateTimeField()
    begun_at = models.DateTimeField()
    lasts_until = models.DateTimeField(null=True)
    told = models.TextField()
    changed_at = models.DateTimeField(null=True)  # when something was decided of the subject last
    wanted_at = models.DateTimeField(null=True)  # since when somebody looks at it who should see a newer one

    class Meta:
        """One row a subject; found by the node that is decided of."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["subject_type", "subject_id"], name="live_story_once")]
        indexes: ClassVar = [
            models.Index(fields=["node"], name="live_story_node"),
            models.Index(fields=["as_of"], name="live_story_as_of"),
            models.Index(fields=["wanted_at"], name="live_story_wanted", condition=models.Q(wanted_at__isnull=False)),
        ]


class RuleCount(models.Model):
    """Of how many a rule held, and how many entered it lately, when that was counted last."""

    rule = models.TextField(primary_key=True)
    held = models.BigIntegerField()
    entered = models.BigIntegerField()
