"""Addresses of the tracking API; some clients write a slash at the end."""

from __future__ import annotations

from django.urls import re_path

from assay.node.intake import calls, views

urlpatterns = [
    re_path(r"^v1/(?:batch|import)/?$", views.batch(), name="batch"),
    *(re_path(rf"^v1/{kind}/?$", views.one(kind), name=f"call_{kind}") for kind in calls.KINDS),
]
