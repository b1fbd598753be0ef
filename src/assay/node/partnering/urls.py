"""Addresses of the pages about partners."""

from __future__ import annotations

from django.urls import path

from assay.node.partnering import (
    duplicate_views,
    grant_views,
    learning,
    matching_views,
    pairing_views,
    people_views,
    population_views,
    reviewing_views,
)

urlpatterns = [
    path("partners/", pairing_views.partners, name="partners"),
    path("partners/invite/", pairing_views.invite, name="partner-invite"),
    path("partners/accept/", pairing_views.accept, name="partner-accept"),
    path("partners/company/", matching_views.company_page, name="partner-company"),
    path("partners/grants/", grant_views.defaults, name="partner-defaults"),
    path("partners/grants/<int:grant_id>/", grant_views.answer, name="partner-grant"),
    path("partners/looked/<slug:of>/<int:pk>/", reviewing_views.looked, name="partner-looked"),
    path("partners/duplicates/", duplicate_views.page, name="duplicates"),
    path("partners/duplicates/say/", duplicate_views.say, name="duplicates-say"),
    path("partners/duplicates.csv", duplicate_views.file, name="duplicates-file"),
    path("partners/populations/", population_views.populations, name="populations"),
    path("partners/populations/new/", population_views.new, name="population-new"),
    path("partners/populations/<slug:slug>/", population_views.population, name="population"),
    path("partners/populations/<slug:slug>/change/", population_views.change, name="population-change"),
    path("partners/<slug:slug>/", pairing_views.partner, name="partner"),
    path("partners/<slug:slug>/do/", pairing_views.do, name="partner-do"),
    path("partners/<slug:slug>/grants/", grant_views.of_partner, name="partner-grants"),
    path("partners/<slug:slug>/learns/", learning.learns, name="partner-learns"),
    path("partners/<slug:slug>/people/", people_views.people_page, name="partner-people"),
    path("partners/people/<int:overlap_id>/answer/", people_views.answer, name="person-answer"),
    path("partners/<slug:slug>/held/", learning.held, name="partner-held"),
    path("partners/<slug:slug>/ledger/<slug:public_id>.jsonl", learning.ledger, name="partner-ledger"),
]
