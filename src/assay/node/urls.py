"""Every address of the node; each app keeps its own."""

from __future__ import annotations

from django.urls import include, path

handler500 = "assay.node.pages.failures.failed"

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("", include("assay.node.access.urls")),
    path("", include("assay.node.api.urls")),
    path("", include("assay.node.health.urls")),
    path("", include("assay.node.arrivals.urls")),
    path("", include("assay.node.intake.urls")),
    path("", include("assay.node.portal.urls")),
    path("", include("assay.node.leads.urls")),
    path("", include("assay.node.partnering.knowing_urls")),
    path("", include("assay.node.partnering.urls")),
    path("", include("assay.node.telling.urls")),
    path("", include("assay.node.rulebook.urls")),
    path("", include("assay.node.pages.urls")),
]
