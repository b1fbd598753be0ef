"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class LakeConfig(AppConfig):
    """The manifest of the lake's files."""

    name = "assay.node.lake"
    label = "lake"
    verbose_name = "Everything that arrived"
