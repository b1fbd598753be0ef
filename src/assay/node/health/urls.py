"""Addresses for machines."""

from __future__ import annotations

from django.urls import path

from assay.node.health import views

urlpatterns = [
    path("healthz", views.alive, name="alive"),
    path("readyz", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]
