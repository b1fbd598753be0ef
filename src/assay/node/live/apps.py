"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Spells as they are now."""

    name = "assay.node.live"
    label = "live"
    verbose_name = "Who qualifies"
