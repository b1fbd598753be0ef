"""Files that somebody uploaded."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """How far an upload is."""

    WAITING = "waiting", "waits to be read"
    READING = "reading", "is being read"
    DONE = "done", "is in the lake"
    FAILED = "failed", "could not be read"


#: While an upload is one of these, there is more to come.
UNDER_WAY = (State.WAITING, State.READING)


class Upload(models.Model):
    """One file for one part of a source: how far it is, and what came of it."""

    name = models.CharField(max_length=200)
    source = models.CharField(max_length=100)
    part = models.CharField(max_length=20)  # the key of the part in YAML: events, people, ...
    number = models.PositiveSmallIntegerField(default=0)  # among parts of that kind
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    bytes = models.BigIntegerField()
    percent = models.PositiveSmallIntegerField(default=0)  # of the file, while it is being read
    rows = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)  # events that are in the lake already
    rejected = models.BigIntegerField(default=0)
    why = models.TextField(blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        """The latest first."""

        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Tell whether there is more to come."""
        return self.state in UNDER_WAY
