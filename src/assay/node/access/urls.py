"""Addresses of users and of the audit."""

from __future__ import annotations

from django.urls import path

from assay.node.access import views

urlpatterns = [
    path("users/", views.user_list, name="users"),
    path("users/<int:user_id>/", views.user, name="user"),
    path("users/<int:user_id>/role", views.role, name="user_role"),
    path("users/<int:user_id>/activity", views.activity, name="user_activity"),
    path("users/<int:user_id>/link", views.link, name="user_link"),
    path("audit/", views.audit, name="audit"),
]
