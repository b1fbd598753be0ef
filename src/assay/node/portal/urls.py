"""Addresses of the portal, and of our side of it."""

from __future__ import annotations

from django.urls import path

from assay.node.portal import lead_views, our_views, views

urlpatterns = [
    path("handoffs/", our_views.handoffs, name="handoffs"),
    path("handoffs/open/", our_views.open_portal, name="portal-open"),
    path("handoffs/lead/<int:lead_id>/", our_views.hand, name="handoff"),
    path("handoffs/lead/<int:lead_id>/ask/", our_views.ask, name="portal-ask"),
    path("handoffs/<int:handoff_id>/back/", our_views.take_back, name="handoff-back"),
    path("partners/<slug:slug>/portal/", our_views.partner, name="partner-portal"),
    path("partners/<slug:slug>/portal/<slug:verb>/", our_views.do, name="partner-portal-do"),
    path("partners/<slug:slug>/portal/users/<int:user_id>/<slug:verb>/", our_views.user_do, name="partner-user-do"),
    path("portal/", views.home, name="portal"),
    path("portal/leads/", lead_views.leads, name="portal-leads"),
    path("portal/leads/<int:handoff_id>/", lead_views.lead, name="portal-lead"),
    path("portal/leads/<int:handoff_id>/<slug:verb>/", lead_views.lead_do, name="portal-lead-do"),
    path("portal/accounts/", views.accounts, name="portal-accounts"),
    path("portal/accounts/search/", views.search, name="portal-accounts-search"),
    path("portal/accounts/<slug:key>/", views.account, name="portal-account"),
    path("portal/accounts/<slug:key>/<slug:letter>/", views.letter, name="portal-letter"),
    path("portal/introductions/", views.introductions, name="portal-introductions"),
    path("portal/introductions/<slug:public_id>/", views.introduction, name="portal-introduction"),
    path("portal/introductions/<slug:public_id>/<slug:verb>/", views.introduction_do, name="portal-introduction-do"),
    path("portal/you/", views.you, name="portal-you"),
    path("portal/you/<slug:verb>/", views.go, name="portal-go"),
]
