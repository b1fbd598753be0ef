"""Addresses of rules."""

from __future__ import annotations

from django.urls import path

from assay.node.rulebook import editor, views, watching

urlpatterns = [
    path("rules/", views.rules, name="rules"),
    path("rules/new", editor.new, name="rule_new"),
    path("rules/file/<path:path>", editor.edit, name="rule_file"),
    path("rules/check/<path:path>", editor.check, name="rule_check"),
    path("rules/tried/<int:look_id>/<path:path>", editor.tried, name="rule_tried"),
    path("rules/drop/<path:path>", editor.drop, name="rule_drop"),
    path("rules/use/<path:path>", views.amend, name="rule_amend"),
    path("rules/version/<int:version_id>/", views.version, name="rule_version"),
    path("rules/version/<int:version_id>/step", views.step, name="rule_step"),
    path("rules/rule/<str:rule>/", views.rule, name="rule"),
    path("rules/rule/<str:rule>/shadow", views.shadow, name="rule_shadow"),
    path("rules/rule/<str:rule>/sides", watching.sides, name="rule_sides"),
    path("rules/rule/<str:rule>/backtest", watching.backtest, name="rule_backtest"),
]
