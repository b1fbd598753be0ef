"""Leads, what happened to them, and what is known about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from assay.node.leads.reasons import words
from assay.node.leads.states import OPEN, UNANSWERED, WORKED, State

_USER = settings.AUTH_USER_MODEL


class Letter(models.TextChoices):
    """The four letters of BANT, in the order in which people ask."""

    NEED = "need", "Need"
    BUDGET = "budget", "Budget"
    AUTHORITY = "authority", "Authority"
    TIMING = "timing", "Timing"


class Lead(models.Model):
    """A person or account that somebody works under one motion."""

    subject_type = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=200)
    motion = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    account_id = models.CharField(max_length=200, blank=True)
    account_name = models.CharField(max_length=200, blank=True)

    # what designates it: the rule whose spell opened latest
    stage = models.CharField(max_length=10)
    rule = models.CharField(max_length=100)
    version = models.IntegerField(default=0)
    cause = models.TextField(blank=True)
    since = models.DateTimeField()
    summary = models.TextField(blank=True)
    score = models.FloatField(null=True)
    lean = models.CharField(max_length=200, blank=True)

    # where it stands
    state = models.CharField(max_length=20, choices=State.choices, default=State.QUALIFIED)
    reason = models.CharField(max_length=30, blank=True)
    owner = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    queue = models.CharField(max_length=100, blank=True)
    respond_by = models.DateTimeField(null=True)  # while it is offered
    warn_at = models.DateTimeField(null=True)
    wakes_at = models.DateTimeField(null=True)  # while it is recycled or snoozed
    times_offered = models.IntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    # who has signed
    signed_by_marketing = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    signed_by_sales = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")

    # when it first got so far
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    sales_qualified_at = models.DateTimeField(null=True)
    opportunity_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)  # won, lost, rejected or recycled, the last time

    class Meta:
        """One open lead a subject and motion; the inbox reads by state, owner and deadline."""

        constraints = (
            models.UniqueConstraint(
                fields=("subject_type", "subject_id", "motion"),
                condition=Q(state__in=sorted(OPEN)),
                name="one_open_lead_a_motion",
            ),
        )
        indexes = (
            models.Index(fields=("subject_type", "subject_id"), name="lead_subject"),
            models.Index(fields=("account_id",), name="lead_account"),
            models.Index(fields=("owner", "state"), name="lead_owner"),
            models.Index(fields=("state", "respond_by"), name="lead_state"),
            models.Index(fields=("wakes_at",), name="lead_wakes", condition=Q(wakes_at__isnull=False)),
            models.Index(fields=("-changed_at", "-id"), name="lead_changed"),
            models.Index(F("respond_by").asc(nulls_last=True), F("changed_at").desc(), F("id").desc(), name="lead_due"),
            models.Index(fields=("created_at",), name="lead_created"),
            models.Index(Coalesce("score", -1e9).desc(), "id", name="lead_score"),
        )

    def __str__(self) -> str:
        return self.name or self.subject_id

    @property
    def is_unanswered(self) -> bool:
        """Tell whether nobody has answered yet."""
        return self.state in UNANSWERED

    @property
    def is_worked(self) -> bool:
        """Tell whether somebody works on it."""
        return self.state in WORKED

    @property
    def is_open(self) -> bool:
        """Tell whether anything can still come of it."""
        return self.state in OPEN

    @property
    def why_so(self) -> str:
        """Return the reason of its state in words."""
        return words(self.reason)


class KnownByPartners(models.Model):
    """How many partners let us know something of an account, and how much it is worth: what leads are ranked by.

    Written by partnering; an account that no partner tells of has no row.
    """

    account_id = models.CharField(max_length=200, primary_key=True)
    partners = models.PositiveIntegerField()
    points = models.FloatField()

    class Meta:
        """Most first."""

        indexes = (models.Index(fields=("-points",), name="known_points"),)


class LeadSpell(models.Model):
    """A spell as leads were told of it; without a lead, it was passed over."""

    lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="spells")
    subject_type = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=200)
    motion = models.CharField(max_length=100)
    rule = models.CharField(max_length=100)
    version = models.IntegerField()
    stage = models.CharField(max_length=10)
    entered_at = models.DateTimeField()
    cause = models.TextField(blank=True)
    left_at = models.DateTimeField(null=True)
    left_cause = models.TextField(blank=True)
    passed_over = models.CharField(max_length=200, blank=True)  # why there is no lead
    again_at = models.DateTimeField(null=True)  # when it may become one

    class Meta:
        """Each spell is told once."""

        constraints = (
            models.UniqueConstraint(
                fields=("subject_type", "subject_id", "rule", "entered_at"), name="each_spell_is_told_once"
            ),
        )
        indexes = (models.Index(fields=("again_at",), name="spell_again", condition=Q(again_at__isnull=False)),)


class OtherId(models.Model):
    """An id by which a subject was known before: what is told of it later is told of the other."""

    subject_type = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=200)
    into = models.CharField(max_length=200)

    class Meta:
        """Each leads to one other."""

        constraints = (models.UniqueConstraint(fields=("subject_type", "subject_id"), name="one_other_id"),)


class LeadEvent(models.Model):
    """Something that happened to a lead; who tells others finds here what is new."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=40)
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")  # to whom it was offered
    state_before = models.CharField(max_length=20, blank=True)
    state_after = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=30, blank=True)
    text = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which things happened."""

        ordering = ("at", "id")
        indexes = (models.Index(fields=("id",), name="event_untold", condition=Q(told_at__isnull=True)),)

    @property
    def why_so(self) -> str:
        """Return the reason in words."""
        return words(self.reason)


class Evidence(models.Model):
    """What somebody found out about one letter of BANT."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="evidence")
    letter = models.CharField(max_length=10, choices=Letter.choices)
    text = models.TextField(max_length=2000)
    by = models.ForeignKey(_USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")


class Note(models.Model):
    """What somebody wrote down about a lead."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(max_length=5000)
    by = models.ForeignKey(_USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")


class Task(models.Model):
    """Something to do about a lead, by somebody, until an instant."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=300)
    due_at = models.DateTimeField()
    whose = models.ForeignKey(_USER, on_delete=models.PROTECT, related_name="tasks")
    by = models.ForeignKey(_USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    is_reminded = models.BooleanField(default=False)

    class Meta:
        """What is due first, first."""

        ordering = ("done_at", "due_at", "id")
        indexes = (models.Index(fields=("whose", "due_at"), name="task_due", condition=Q(done_at__isnull=True)),)


class Suppression(models.Model):
    """An account or person that makes no leads, under one motion or under any."""

    class Kind(models.TextChoices):
        """Why they are left alone."""

        CUSTOMER = "customer", "Customer"
        COMPETITOR = "competitor", "Competitor"
        ASKED = "asked", "Asked to be left alone"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject_type = models.CharField(max_length=10, default="account")
    subject_id = models.CharField(max_length=200)
    motion = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Each once."""

        constraints = (
            models.UniqueConstraint(fields=("subject_type", "subject_id", "motion"), name="suppressed_once"),
        )


class SavedView(models.Model):
    """Filters of the inbox under a name."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="lead_views")
    name = models.CharField(max_length=60)
    filters = models.CharField(max_length=500)

    class Meta:
        """By name, each once a user."""

        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="one_view_a_name"),)


class Seat(models.Model):
    """Somebody's place in a queue: they are offered its leads, as many at a time as they have room for."""

    queue = models.CharField(max_length=100)
    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="seats")
    capacity = models.PositiveIntegerField(default=20)
    last_given_at = models.DateTimeField(null=True)

    class Meta:
        """One seat a queue."""

        ordering = ("queue", "user__name", "id")
        constraints = (models.UniqueConstraint(fields=("queue", "user"), name="one_seat_a_queue"),)


class Territory(models.Model):
    """A segment that belongs to somebody: leads of a queue whose accounts have one of these values."""

    position = models.PositiveIntegerField(default=100)
    queue = models.CharField(max_length=100, blank=True)  # blank: of any queue
    attribute = models.CharField(max_length=100)
    values = models.CharField(max_length=500)  # separated by commas; or "50..5000"
    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="territories")

    class Meta:
        """The order in which they are tried."""

        ordering = ("position", "id")


class AccountOwner(models.Model):
    """Whose account it is."""

    account_id = models.CharField(max_length=200, unique=True)
    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="accounts")


class Absence(models.Model):
    """When somebody is away, and who stands in."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    stand_in = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """The next first."""

        ordering = ("starts_at", "id")

    @property
    def last_day(self) -> datetime:
        """Return an instant of the last day away: who is back on the 10th is away until the 9th."""
        return self.ends_at - timedelta(microseconds=1)
