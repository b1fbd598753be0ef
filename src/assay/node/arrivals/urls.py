"""Addresses of data."""

from __future__ import annotations

from django.urls import path

from assay.node.arrivals import views

urlpatterns = [
    path("data/", views.data, name="data"),
    path("data/keys/", views.make_key, name="make_key"),
    path("data/keys/<int:key_id>/", views.key, name="key"),
    path("data/keys/<int:key_id>/sources", views.key_sources, name="key_sources"),
    path("data/keys/<int:key_id>/rotation", views.key_rotation, name="key_rotation"),
    path("data/keys/<int:key_id>/activity", views.key_activity, name="key_activity"),
    path("data/uploads/", views.make_upload, name="make_upload"),
    path("data/uploads/<int:upload_id>/", views.upload, name="upload"),
    path("data/uploads/<int:upload_id>/rejects.csv", views.upload_rejects, name="upload_rejects"),
]
