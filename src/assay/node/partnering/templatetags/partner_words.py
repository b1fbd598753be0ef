"""Filters of templates: bits as odds, findings as people say them."""

from __future__ import annotations

from django import template

from assay.partners.odds import odds, signed

register = template.Library()


register.filter("odds", odds)
register.filter("signed", signed)
