"""Addresses of leads."""

from __future__ import annotations

from django.urls import path

from assay.node.leads import overviews, routing_page, views

urlpatterns = [
    path("leads/", views.inbox, name="leads"),
    path("leads/search/", views.search, name="leads-search"),
    path("leads/views/", views.save_view, name="leads-view"),
    path("leads/bulk/", views.bulk, name="leads-bulk"),
    path("leads/tasks/<int:task_id>/done/", views.finish_task, name="task-done"),
    path("leads/<int:lead_id>/", views.lead, name="lead"),
    path("leads/<int:lead_id>/<slug:verb>/", views.do, name="lead-do"),
    path("accounts/<path:account_id>/", overviews.account, name="account"),
    path("taking/", routing_page.taking_leads, name="taking"),
    path("funnel/", overviews.funnel, name="funnel"),
    path("deadlines/", overviews.deadlines, name="deadlines"),
]
