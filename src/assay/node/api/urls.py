"""Addresses of the API and of the pages about it."""

from __future__ import annotations

from django.urls import path

from assay.node.api import views
from assay.node.api.entrypoint import api

_patterns, _app, _namespace = api.urls

urlpatterns = [
    path("api/", views.reference, name="api_reference"),
    # Without django-ninja's own front page, in whose place stands ours.
    path("api/", ([one for one in _patterns if getattr(one, "name", "") != "api-root"], _app, _namespace)),
    path("api/<path:rest>", views.nothing, name="api_nothing"),
    path("tokens/", views.token_list, name="tokens"),
    path("tokens/<int:token_id>/revoke", views.revoke, name="token_revoke"),
]
