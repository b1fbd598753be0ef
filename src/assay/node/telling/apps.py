"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class TellingConfig(AppConfig):
    """Mail, webhooks, plays."""

    name = "assay.node.telling"
    label = "telling"
    verbose_name = "Telling"
