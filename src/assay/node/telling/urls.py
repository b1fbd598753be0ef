"""Addresses of the pages about being told."""

from __future__ import annotations

from django.urls import path

from assay.node.telling import views

urlpatterns = [
    path("told/", views.wishes, name="wishes"),
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<int:endpoint_id>/remove/", views.remove, name="webhook-remove"),
]
