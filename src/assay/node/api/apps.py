"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Tokens, the order of changes, answers that were given."""

    name = "assay.node.api"
    label = "api"
    verbose_name = "API"
