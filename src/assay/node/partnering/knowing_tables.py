"""Further tables: what of partners' knowledge is in the lake, what waits to be said, how overlaps are looked at."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

_USER = settings.AUTH_USER_MODEL


class LakeFact(models.Model):
    """A partner's word on an account as rows of the lake have it: one row here a stretch of time without a gap."""

    partner = models.ForeignKey("partnering.Partner", on_delete=models.PROTECT, related_name="+")
    account_id = models.CharField(max_length=200)
    says = models.CharField(max_length=20)
    source = models.CharField(max_length=100)  # the definitions' source whose rows these are
    name = models.CharField(max_length=60)  # what rules called the partner when it was written
    origin = models.CharField(max_length=200, blank=True)
    parent = models.CharField(max_length=200, blank=True)
    confidence = models.FloatField(null=True)
    since = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """One word at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=("partner", "account_id", "says"), condition=Q(until__isnull=True), name="one_word_at_a_time"
            ),
        )
        indexes = (models.Index(fields=("account_id",), name="lakefact_account"),)


class LakeInsight(models.Model):
    """An insight that rows of the lake tell of; `insight` is its number, also once it is gone."""

    insight = models.BigIntegerField(unique=True)
    source = models.CharField(max_length=100)
    name = models.CharField(max_length=60)
    account_id = models.CharField(max_length=200)
    letter = models.CharField(max_length=10)
    withdrawn_at = models.DateTimeField(null=True)


class Outgoing(models.Model):
    """Something to be said to a partner, written in the transaction of what it tells, until it is on its way."""

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="outgoing")
    kind = models.CharField(max_length=30)
    public_id = models.CharField(max_length=32)
    body = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    handed_on_at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which things are to be said."""

        ordering = ("id",)
        indexes = (
            models.Index(fields=("partnership", "id"), name="outgoing_waits", condition=Q(handed_on_at__isnull=True)),
        )


class Incoming(models.Model):
    """Something that a partner said before we know what it is about: its node may have compared before ours did."""

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="incoming")
    kind = models.CharField(max_length=30)
    public_id = models.CharField(max_length=32)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        """In the order in which things were said, each once."""

        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("partnership", "kind", "public_id"), name="incoming_waits_once"),
        )


class OurInsight(models.Model):
    """What we attest to a partner about one letter of an account; a later one on the letter takes its place."""

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="our_insights")
    account_id = models.CharField(max_length=200)
    letter = models.CharField(max_length=10)
    value = models.CharField(max_length=300)  # 'no' withdraws
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("partnership", "account_id"), name="our_insight_account"),)


class Lens(models.Model):
    """Which attributes of accounts overlaps are looked at by; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    revenue = models.CharField(max_length=100, blank=True)  # '' none
    segment = models.CharField(max_length=100, blank=True)
    set_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
