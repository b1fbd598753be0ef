"""Addresses of the tracking API, some of which clients write with a slash at the end; see `door` for the quick way."""

from __future__ import annotations

from django.urls import path

from assay.node.intake import door

urlpatterns = [path(f"{address.lstrip('/')}{end}", view) for address, view in door.VIEWS.items() for end in ("", "/")]
