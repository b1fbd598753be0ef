"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class RulebookConfig(AppConfig):
    """Definitions, their versions and editions."""

    name = "assay.node.rulebook"
    label = "rulebook"
    verbose_name = "Rules"
    append_only = ("rulebook_edition",)
