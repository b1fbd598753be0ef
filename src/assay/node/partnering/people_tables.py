"""Tables of people, where a population is of people or of a rule about them; of nobody else a row is kept here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Person(models.Model):
    """What the lake says of a person now: who partners' people are compared with, and whose account a rule is about."""

    person_id = models.CharField(max_length=200, primary_key=True)
    account_id = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=300, blank=True)

    class Meta:
        """Found by account."""

        indexes = (models.Index(fields=["account_id"], name="person_account"),)

    def __str__(self) -> str:
        return self.name or self.email or self.person_id


class PersonOverlap(models.Model):
    """A person whom we and a partner seem to share; `record` is what deals call the person."""

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="people")
    record = models.CharField(max_length=200)
    handle = models.CharField(max_length=32)
    their_handle = models.CharField(max_length=32)
    ruling = models.CharField(max_length=10)  # as of an overlap
    bits = models.FloatField()
    reasons = models.JSONField(default=list)
    our_answer = models.BooleanField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Each pair once."""

        constraints = (
            models.UniqueConstraint(fields=("partnership", "handle", "their_handle"), name="one_person_a_pair"),
        )
        indexes = (models.Index(fields=("record",), name="person_overlap_record"),)


class PersonTold(models.Model):
    """What a partner told of a person whom we share: a population that the person is in."""

    partnership = models.ForeignKey("partnering.Partnership", on_delete=models.CASCADE, related_name="told_people")
    record = models.CharField(max_length=200)
    their_handle = models.CharField(max_length=32)
    population = models.CharField(max_length=60)
    says = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """What holds, once."""

        constraints = (
            models.UniqueConstraint(
                fields=("partnership", "their_handle", "population"),
                condition=Q(until__isnull=True),
                name="told_person_once",
            ),
        )
        indexes = (models.Index(fields=("record",), name="told_person_record"),)
