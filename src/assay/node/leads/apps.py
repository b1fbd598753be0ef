"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Leads, handoffs, routing, deadlines."""

    name = "assay.node.leads"
    label = "leads"
    verbose_name = "Leads"
