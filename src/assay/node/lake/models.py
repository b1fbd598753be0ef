"""The manifest: which files of the lake count, where the next row goes, and which messages were taken already."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class FileKind(models.TextChoices):
    """How a file came to be."""

    FRESH = "fresh", "as it arrived"
    COMPACTED = "compacted", "ordered by subject"


class LakeFile(models.Model):
    """One Parquet file. It counts from the commit that names it until another one replaces it."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    seq_from = models.BigIntegerField()
    seq_to = models.BigIntegerField()
    at_from = models.DateTimeField(null=True)  # rows of uploaded files say no instant of their own
    at_to = models.DateTimeField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True)  # kept for a while, for those who are reading it

    class Meta:
        """The order in which rows came."""

        ordering = ("seq_from", "id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["seq_to"], name="lake_file_counts", condition=models.Q(replaced_at=None))
        ]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """The number of the last row; one row, which whoever adds to the lake, or takes from it, holds meanwhile."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()


class SourceCount(models.Model):
    """How many rows of each kind came for a source, and when the last one came."""

    source = models.CharField(max_length=100)  # '' where the write key names none
    kind = models.CharField(max_length=10)
    rows = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        """One row a source and kind."""

        ordering = ("source", "kind")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "kind"], name="lake_source_count_once")
        ]


class SeenMessage(models.Model):
    """A message that was taken: half of a hash of its key and id. One that comes again within 90 days is left out."""

    digest = models.BinaryField(max_length=16, primary_key=True)
    seen_on = models.DateField()

    class Meta:
        """Messages come in the order of days, so that an index of a few pages finds the old ones."""

        indexes: ClassVar[list[models.Index]] = [
            BrinIndex(fields=["seen_on"], name="lake_seen_on", autosummarize=True, pages_per_range=32)
        ]
