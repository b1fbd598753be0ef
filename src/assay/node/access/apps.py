"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Users, roles, audit."""

    name = "assay.node.access"
    label = "access"
    verbose_name = "Users and roles"
    append_only = ("access_audit",)
