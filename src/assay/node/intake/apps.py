"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Write keys and the inbox."""

    name = "assay.node.intake"
    label = "intake"
    verbose_name = "What arrives"
    open_to_intake = ("intake_inbox",)
