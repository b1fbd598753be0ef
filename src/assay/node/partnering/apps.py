"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PartneringConfig(AppConfig):
    """Partners, what they may learn, what they know."""

    name = "assay.node.partnering"
    label = "partnering"
    verbose_name = "Partners"
