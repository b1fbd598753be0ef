"""What is typed on the page of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from assay.node.api.scopes import SCOPES, Scope


class TokenForm(forms.Form):
    """What a token is called, what it may do, and for how long."""

    name = forms.CharField(max_length=60, help_text="What will bear it, such as “CRM sync”.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="It may")
    days = forms.TypedChoiceField(
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (730, "two years")],
        coerce=int,
        initial=90,
        label="It ends after",
    )

    def __init__(self, *args: Any, allowed: Sequence[Scope], **words: Any) -> None:
        super().__init__(*args, **words)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(scope), f"{SCOPES[scope].words} ({scope})") for scope in allowed]
