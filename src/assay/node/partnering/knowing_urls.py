"""Addresses of the pages about what partners know."""

from __future__ import annotations

from django.urls import path

from assay.node.partnering import ecosystem_views, introduction_views, mapping_views

urlpatterns = [
    path("partners/ecosystem/", ecosystem_views.page, name="ecosystem"),
    path("partners/ecosystem/lens/", mapping_views.choose_lens, name="partner-lens"),
    path("partners/introductions/", introduction_views.introductions, name="introductions"),
    path("partners/introductions/<int:introduction_id>/", introduction_views.introduction, name="introduction"),
    path("partners/introductions/<int:introduction_id>/do/", introduction_views.do, name="introduction-do"),
    path("partners/overlaps/<int:overlap_id>/ask/", introduction_views.ask, name="introduction-ask"),
    path("partners/overlaps/<int:overlap_id>/attest/", mapping_views.attest, name="overlap-attest"),
    path("partners/overlaps/<int:overlap_id>/answer/", mapping_views.answer, name="overlap-answer"),
    path("partners/<slug:slug>/map/", mapping_views.account_map, name="partner-map"),
    path("partners/<slug:slug>/map/play/", mapping_views.play, name="partner-play"),
    path("partners/<slug:slug>/overlaps/", mapping_views.overlaps, name="partner-overlaps"),
    path("partners/<slug:slug>/overlaps.csv", mapping_views.overlaps_file, name="partner-overlaps-file"),
]
