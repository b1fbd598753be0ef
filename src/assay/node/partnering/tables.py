"""Further tables: accounts as they are compared, given lists, and where each partnership stands in the background."""

from __future__ import annotations

from django.conf import settings
from django.db import models

_USER = settings.AUTH_USER_MODEL


class Account(models.Model):
    """What the lake says of an account now, kept so that neither pages nor steps read the lake for it."""

    account_id = models.CharField(max_length=200, primary_key=True)
    name = models.CharField(max_length=300, blank=True)
    domain = models.CharField(max_length=300, blank=True)
    attributes = models.JSONField(default=dict)

    class Meta:
        """By name, and found by domain."""

        ordering = ("name", "account_id")
        indexes = (models.Index(fields=["domain"], name="account_domain"),)

    def __str__(self) -> str:
        return self.name or self.domain or self.account_id


class AccountsRead(models.Model):
    """How far of the lake, and under which edition, accounts were read; another row says the same of people."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    edition = models.IntegerField()
    at = models.DateTimeField()


class Listed(models.Model):
    """One line of a list that somebody gave: an account's id or its domain, and the account that it names."""

    population = models.ForeignKey("partnering.Population", on_delete=models.CASCADE, related_name="listed")
    text = models.CharField(max_length=200)
    account_id = models.CharField(max_length=200, blank=True)  # '' as long as nothing is known under it

    class Meta:
        """Each line once."""

        ordering = ("text",)
        constraints = (models.UniqueConstraint(fields=("population", "text"), name="listed_once"),)


class Preset(models.Model):
    """Fields of accounts that are let out together, under a name."""

    name = models.CharField(max_length=60, unique=True)
    fields = models.JSONField(default=list)

    class Meta:
        """By name."""

        ordering = ("name",)


class Counting(models.Model):
    """How the last finding of a population's members went."""

    population = models.OneToOneField(
        "partnering.Population", on_delete=models.CASCADE, related_name="counting", primary_key=True
    )
    seq = models.BigIntegerField(default=-1)  # the lake's last row that it rests on
    edition = models.IntegerField(default=-1)
    milliseconds = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)  # why members could not be found; those found before stay


class Standing(models.Model):
    """Where a partnership stands in the background, beside what both sides agreed."""

    partnership = models.OneToOneField(
        "partnering.Partnership", on_delete=models.CASCADE, related_name="standing", primary_key=True
    )
    wanted_at = models.DateTimeField(null=True)  # somebody asked for a step now
    stepped_at = models.DateTimeField(null=True)
    obstacle = models.TextField(blank=True)  # what stopped the last step, in words for people; '' where nothing did
    trust_accepted_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    trust_accepted_at = models.DateTimeField(null=True)
    invitation = models.TextField(blank=True)  # what is sent to the partner; it holds no secret
    digits = models.CharField(max_length=100, blank=True)
    offers = models.CharField(max_length=64, blank=True)  # digest of what the partner may know of, as last told
    version = models.PositiveIntegerField(default=0)  # of that
    our_records = models.PositiveIntegerField(null=True)
    their_records = models.PositiveIntegerField(null=True)
    shared_records = models.PositiveIntegerField(null=True)
    their_most = models.PositiveIntegerField(default=0)  # records they ever had: what growth is a percentage of
    records_before = models.PositiveIntegerField(null=True)  # of theirs, when a week of growth began
    before_at = models.DateTimeField(null=True)
    node_told_at = models.DateTimeField(null=True)  # we said that a node of ours takes in letters
    node_heard_at = models.DateTimeField(null=True)  # the partner said so: somebody reads there what we tell


class Errand(models.Model):
    """Something that a page wants the partner told: the next step takes it up, in the order in which they came."""

    class What(models.TextChoices):
        """What is to be done."""

        CONFIRM = "confirm", "Say that the digits were the same"
        ANSWER = "answer", "Answer whether two records are one company"
        ROTATE = "rotate", "Begin a new key epoch"
        FORGET = "forget", "Forget an account"
        REVOKE = "revoke", "End the partnership"

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="errands")
    what = models.CharField(max_length=10, choices=What.choices)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        """In the order in which they came."""

        ordering = ("id",)
