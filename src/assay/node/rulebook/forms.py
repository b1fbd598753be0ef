"""What is typed on the pages of rules."""

from __future__ import annotations

from typing import Final

from django import forms
from django.core.validators import RegexValidator

from assay.node.rulebook.texts import LARGEST_FILE

_NAME: Final = RegexValidator(r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$", "Write letters, digits, _ and - alone.")
KINDS: Final = (("qualifications", "Rule"), ("lists", "List"), ("scores", "Score"), ("sources", "Source"))


class TextForm(forms.Form):
    """The text of a definition file, and the digest of the one that it was made of."""

    text = forms.CharField(required=False, strip=False, max_length=LARGEST_FILE, widget=forms.Textarea)
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)


class NewForm(forms.Form):
    """A file that there is not yet."""

    kind = forms.ChoiceField(choices=KINDS)
    name = forms.CharField(
        validators=[_NAME], help_text="Letters, digits and _; the file is named so, too.", max_length=80
    )


class BacktestForm(forms.Form):
    """What a backtest asks."""

    outcome = forms.CharField(
        max_length=80, initial="won", help_text="What leads should come to, as the data names it."
    )
    within = forms.CharField(max_length=20, initial="90 days", help_text="How soon: 90 days, 12 weeks.")
    reach = forms.ChoiceField(
        choices=[("account", "the person's account, too"), ("person", "the person alone")], label="Whose outcome counts"
    )
