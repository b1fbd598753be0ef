"""Who of a partner may come in, what was handed to it, and what it answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from assay.node.leads.models import Lead
from assay.node.partnering.models import Partner

_USER = settings.AUTH_USER_MODEL


class Portal(models.Model):
    """A partner may use our node; what it sees there beside what it is handed."""

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, primary_key=True, related_name="portal")
    shows_outcomes = models.BooleanField(default=False)  # what became of its leads and insights with us
    opened_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()


class PartnerUser(models.Model):
    """Somebody of a partner who may come in; of exactly one."""

    user = models.OneToOneField(_USER, on_delete=models.PROTECT, primary_key=True, related_name="of_partner")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="users")
    invited_by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)  # and is forgotten

    class Meta:
        """In the order in which they were invited."""

        ordering = ("invited_at", "user_id")


class Handoff(models.Model):
    """A lead that was handed to a partner, with what the partner sees of it: what stands here, and nothing else."""

    class State(models.TextChoices):
        """What became of it at the partner."""

        OFFERED = "offered", "Waits for an answer"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        CLOSED = "closed", "Taken back"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="handoffs")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="handoffs")
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    company = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True)
    why = models.TextField(max_length=2000, blank=True)
    contact = models.CharField(max_length=300, blank=True)  # shown once it is accepted
    respond_by = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)  # that the time is over
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    changed_at = models.DateTimeField()

    class Meta:
        """One partner at a time has a lead."""

        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("lead",), condition=Q(state__in=["accepted", "offered"]), name="one_partner_has_a_lead"
            ),
        )
        indexes = (models.Index(fields=("partner", "state"), name="handoff_partner"),)

    @property
    def is_offered(self) -> bool:
        """Tell whether the partner has not answered yet."""
        return self.state == self.State.OFFERED

    @property
    def is_accepted(self) -> bool:
        """Tell whether the partner works it."""
        return self.state == self.State.ACCEPTED

    @property
    def is_late(self) -> bool:
        """Tell whether the partner should have answered by now."""
        return self.is_offered and self.respond_by is not None and self.respond_by <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Tell whether anything can still come of it."""
        return self.state in {self.State.OFFERED, self.State.ACCEPTED}

    @property
    def seen_contact(self) -> str:
        """Return the contact as the partner sees it: once it accepted."""
        return self.contact if self.state in {self.State.ACCEPTED, self.State.WON, self.State.LOST} else ""


class HandoffStep(models.Model):
    """Something that happened to a handoff, or was said about it; both sides see it."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    by = models.ForeignKey(_USER, null=True, on_delete=models.PROTECT, related_name="+")
    by_us = models.BooleanField()
    what = models.CharField(max_length=40)
    words = models.TextField(max_length=1000, blank=True)

    class Meta:
        """In the order in which things happened."""

        ordering = ("at", "id")
