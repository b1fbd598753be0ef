"""What is typed on the pages of data."""

from __future__ import annotations

from typing import Any

from django import forms

from assay.core.sources.files import kind_of
from assay.node.arrivals import uploads
from assay.node.rulebook import current

_NONE = [("", "none")]
#: What each source of a key takes in, and which parts a definition may have for it.
_FEEDS = {"events": "track, page and screen calls", "people": "identify and alias calls", "accounts": "group calls"}


class SourcesForm(forms.Form):
    """The sources that a write key feeds."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        known = current.definitions().sources
        for part, told in _FEEDS.items():
            names = sorted({one.source for one in known if kind_of(one) == part})
            chosen = str(self.initial.get(part) or "")
            choices = [*_NONE, *((name, name) for name in sorted({*names, chosen} - {""}))]
            self.fields[part] = forms.ChoiceField(choices=choices, required=False, label=f"Source of {told}")


class KeyForm(SourcesForm):
    """A new write key."""

    name = forms.CharField(max_length=100, help_text="Who sends with it, such as Website or Backend.")
    field_order = ("name", "events", "people", "accounts")


class KeyActivityForm(forms.Form):
    """In use or retired."""

    is_active = forms.TypedChoiceField(choices=[("1", "in use"), ("0", "retired")], coerce=lambda told: told == "1")


class UploadForm(forms.Form):
    """A file, and what it is for."""

    part = forms.ChoiceField(label="For")
    file = forms.FileField(help_text="CSV or Parquet, as the source's definition reads it; 200 MiB at most.")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        known = uploads.parts()
        kinds = [name.rsplit("/", 1)[0] for name, _ in known]
        self.fields["part"].choices = [  # type: ignore[attr-defined]
            (name, f"{kind.replace('/', ': ')}{f' ({part.file})' if kinds.count(kind) > 1 else ''}")
            for (name, part), kind in zip(known, kinds, strict=True)
        ]
