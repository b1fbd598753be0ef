"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The frame of every page."""

    name = "assay.node.pages"
    label = "pages"
    verbose_name = "Pages"
