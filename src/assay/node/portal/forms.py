"""What is typed about handoffs, on our side and on a partner's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from assay.node.leads.forms import DayInput
from assay.node.partnering.models import Partner
from assay.node.portal.belonging import with_people


class _Plain(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})


class HandForm(_Plain):
    """To whom a lead is handed, and what of it."""

    partner = forms.ChoiceField(label="To")
    company = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    domain = forms.CharField(
        max_length=253, required=False, label="Web site", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    why = forms.CharField(max_length=2000, required=False, label="Why", widget=forms.Textarea(attrs={"rows": 5}))
    has_contact = forms.BooleanField(required=False, label="With the contact, once they accept")
    contact = forms.CharField(
        max_length=300,
        required=False,
        help_text="A name, and how to reach them. Left out unless the box above is ticked.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    respond_by = forms.DateField(
        required=False,
        label="Answer by",
        help_text="Its users are told the day; you are told when it is over without an answer.",
        widget=DayInput,
    )

    def __init__(self, partners: Sequence[Partner], *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        reading = with_people([one.pk for one in partners])
        cast(forms.ChoiceField, self.fields["partner"]).choices = [
            (one.slug, one.name if one.pk in reading else f"{one.name} (nobody there can come in: invite somebody)")
            for one in partners
        ]


class OpenForm(_Plain):
    """The partner whom a portal is opened for."""

    name = forms.CharField(
        max_length=200, label="Name of the company", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class InviteForm(_Plain):
    """Whom of a partner to invite."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
