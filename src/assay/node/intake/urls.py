"""Addresses of the tracking API, some of which clients write with a slash at the end; see `door` for the quick way."""

from __future__ import annotations

from django.urls import path

from assay.node.intake import door, views

urlpatterns = [
    path(f"{address.lstrip('/')}{end}", views.view(take), name=address.strip("/").replace("/", "_"))
    for address, take in door.TAKERS.items()
    for end in ("", "/")
]
