"""The app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Partners' users, what is handed to them, what they answer."""

    name = "assay.node.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Let the pages of leads show which partner has them, and partners' users hear of introductions."""
        from assay.node.leads import panels
        from assay.node.partnering import insights, introductions, reaching
        from assay.node.portal import news
        from assay.node.portal.belonging import with_people
        from assay.node.portal.panel import of_lead
        from assay.node.portal.sharing import sign_for

        panels.plug(of_lead)
        introductions.listen(news.introduction)
        insights.listen(news.told)
        reaching.listen(with_people, sign_for)
