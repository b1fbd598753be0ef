"""What is typed on the pages of leads."""

from __future__ import annotations

from datetime import date, datetime, time

from django import forms
from django.utils import timezone


class DayInput(forms.DateInput):
    """A day, as browsers let people choose it."""

    input_type = "date"


def at_nine(day: date) -> datetime:
    """Return nine o'clock of a day, when people begin to work."""
    return timezone.make_aware(datetime.combine(day, time(9)))


class DayForm(forms.Form):
    """A day from which on something counts."""

    day = forms.DateField(widget=DayInput)


class AmountForm(forms.Form):
    """How much an opportunity is worth."""

    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)


class PeriodForm(forms.Form):
    """A period and how to group what happened in it."""

    since = forms.DateField(required=False, widget=DayInput)
    until = forms.DateField(required=False, widget=DayInput)
    by = forms.ChoiceField(required=False, choices=[(g, g) for g in ("rule", "motion", "stage", "owner")])
