"""What is typed on the pages of leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from assay.node.access.models import User
from assay.node.leads.models import Suppression


class DayInput(forms.DateInput):
    """A day, as browsers let people choose it."""

    input_type = "date"


class OneOfMany(forms.Select):
    """A list of choices, written in one go: a template for each of hundreds of people makes a page late."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Return the list as HTML."""
        widget = self.get_context(name, value, dict(attrs or {}))["widget"]
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (one["value"], flatatt(one["attrs"]), one["label"])
                for _, group, _ in widget["optgroups"]
                for one in group
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', widget["name"], flatatt(widget["attrs"]), options)


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


class _OfTakers(forms.Form):
    """A form in which somebody who works leads is chosen."""

    user = forms.TypedChoiceField(label="Who", coerce=int, widget=OneOfMany)

    def __init__(self, takers: Sequence[User], *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})
        choices = [(user.pk, str(user)) for user in takers]
        cast(forms.ChoiceField, self.fields["user"]).choices = choices
        if "stand_in" in self.fields:
            cast(forms.ChoiceField, self.fields["stand_in"]).choices = [("", "nobody"), *choices]


class SeatForm(_OfTakers):
    """A place in a queue."""

    queue = forms.CharField(max_length=100, help_text="As rules name it: sales_development.")
    capacity = forms.IntegerField(label="Open leads at a time", min_value=0, max_value=1000, initial=20)


class TerritoryForm(_OfTakers):
    """A segment of accounts."""

    attribute = forms.CharField(max_length=100, help_text="Of the account: country, employees.")
    values = forms.CharField(max_length=500, help_text="DE, AT or 500..5000")
    queue = forms.CharField(max_length=100, required=False, help_text="Blank: of any queue.")


class OwnerForm(_OfTakers):
    """Whose an account is."""

    account_id = forms.CharField(max_length=200, label="Account")


class AbsenceForm(_OfTakers):
    """When somebody is away."""

    first = forms.DateField(label="First day", widget=DayInput)
    last = forms.DateField(label="Last day", widget=DayInput)
    stand_in = forms.TypedChoiceField(label="Stands in", required=False, coerce=int, empty_value=None, widget=OneOfMany)


class SuppressionForm(forms.Form):
    """Who is left alone."""

    kind = forms.ChoiceField(choices=Suppression.Kind.choices, label="Why")
    subject_type = forms.ChoiceField(choices=[("account", "Account"), ("person", "Person")], label="What")
    subject_id = forms.CharField(max_length=200, label="Id")
    motion = forms.CharField(max_length=100, required=False, help_text="Blank: under any motion.")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})
