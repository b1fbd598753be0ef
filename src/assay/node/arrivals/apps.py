"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ArrivalsConfig(AppConfig):
    """Data health."""

    name = "assay.node.arrivals"
    label = "arrivals"
    verbose_name = "Data"
