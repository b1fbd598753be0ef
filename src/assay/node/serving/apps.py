"""The app, as Django knows it: the one that brings the others together."""

from __future__ import annotations

from django.apps import AppConfig


class ServingConfig(AppConfig):
    """What runs: the web, the worker, and the process that decides."""

    name = "assay.node.serving"
    label = "serving"
    verbose_name = "Serving"

    def ready(self) -> None:
        """Let the parts ask one another, now that all are loaded."""
        from assay.node.serving.composing import compose

        compose()
