"""Addresses of the pages that belong to no other app."""

from __future__ import annotations

from django.urls import path

from assay.node.pages import views

urlpatterns = [path("", views.home, name="home")]
