"""What is typed on the pages about being told."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from assay.node.telling.actions import EVENTS
from assay.node.telling.models import Endpoint, Wish


class TimeInput(forms.TimeInput):
    """A time of the day, as browsers let people choose it."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WishForm(forms.Form):
    """When and whether one hears of leads."""

    when = forms.ChoiceField(label="Mail me", choices=Wish.When.choices, widget=forms.RadioSelect)
    digest_at = forms.TimeField(label="Once a day at", widget=TimeInput())
    quiet_from = forms.TimeField(label="Quiet from", required=False, widget=TimeInput())
    quiet_until = forms.TimeField(label="Quiet until", required=False, widget=TimeInput())
    zone = forms.CharField(label="Time zone", max_length=60, help_text="Such as Europe/Berlin.")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})

    def clean_zone(self) -> str:
        """Return the time zone; refuse what is none."""
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise ValidationError("There is no such time zone. Write it as Europe/Berlin, or UTC.")
        return zone


class EndpointForm(forms.Form):
    """An address that is told."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})

    name = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    kind = forms.ChoiceField(choices=Endpoint.Kind.choices, label="How")
    url = forms.CharField(max_length=500, label="Address", widget=forms.URLInput(attrs={"autocomplete": "off"}))
    events = forms.MultipleChoiceField(
        choices=EVENTS.items(), widget=forms.CheckboxSelectMultiple, label="What it is told"
    )
