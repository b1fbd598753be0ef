"""What is typed on the pages about partners."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from assay.node.partnering.models import Level
from assay.partners.evidence import DEFAULT_TERMS, NAME_ALONE_TERMS, NAME_AND_COUNTRY_TERMS, Relation, Terms

#: How sure a match must be, by what both lists have.
SURENESS: Final = {
    "usual": ("Domains, names and places: sure", DEFAULT_TERMS),
    "countries": ("Names and countries alone: less sure", NAME_AND_COUNTRY_TERMS),
    "names": ("Names alone: least sure", NAME_ALONE_TERMS),
}


#: What a limit may be at most: more a column does not hold.
_MOST: Final = 2_000_000_000


class Day(forms.DateInput):
    """A day, as browsers let people choose it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class _Form(forms.Form):
    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **words})


class InviteForm(_Form):
    """Whom to invite, over which escrow, on which terms."""

    name = forms.CharField(max_length=200, label="Partner", help_text="As your colleagues call it.")
    parent = forms.CharField(
        max_length=200,
        required=False,
        label="Parent company",
        help_text="Partners of one parent do not count as independent of each other.",
    )
    escrow = forms.CharField(
        max_length=300,
        label="Address of the escrow",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://escrow.example.com"}),
        help_text="Of whoever runs it: a third party, or neither side's sales team.",
    )
    runs_it = forms.ChoiceField(
        label="Who runs the escrow",
        choices=[("nobody", "Neither of us: it is blind"), ("us", "One of us: it is trusted, not blind")],
        help_text="Where one of you runs it, both must accept that it could see more than a blind one.",
    )
    sureness = forms.ChoiceField(
        choices=[(key, words) for key, (words, _) in SURENESS.items()], label="What both lists have"
    )
    relation = forms.ChoiceField(
        choices=[
            (Relation.ENTITY.value, "The same company"),
            (Relation.GROUP.value, "Companies of one group are the same"),
        ],
        label="What counts as shared",
    )
    people = forms.BooleanField(
        required=False,
        label="Compare people, too",
        help_text="By tokens of their e-mail address, and of their name at a company. Only populations of people that "
        "somebody grants to this partner are compared. Part of what both sides sign.",
    )
    success = forms.CharField(
        max_length=500,
        required=False,
        label="How you will know that it was worth it",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as: ten introductions accepted by summer. Part of what both sides sign.",
    )
    review_on = forms.DateField(required=False, label="When you look at it again", widget=Day())

    def terms(self) -> Terms:
        """Return from how many bits a pair is a match, or a question."""
        return SURENESS[self.cleaned_data["sureness"]][1]


class AcceptForm(_Form):
    """An invitation that came."""

    text = forms.CharField(
        max_length=10_000,
        label="Invitation",
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
        help_text="The text that your partner sent, as it came.",
    )


class Whole(forms.IntegerField):
    """A whole number between two; what is none is said with what was typed."""

    def clean(self, value: Any) -> Any:
        """Return the number."""
        try:
            return super().clean(value)
        except forms.ValidationError:
            raise forms.ValidationError(
                f"{self.label}: this is no whole number from {self.min_value:,} to {self.max_value:,} "
                f"(found: {str(value)[:40] or 'nothing'}). Write one, without a point, a unit or a space."
            ) from None


class LimitsForm(_Form):
    """What stands against probing."""

    matches_a_week = Whole(
        min_value=0, max_value=_MOST, label="Accounts told a week", help_text="More wait until somebody lets them go."
    )
    longest_list = Whole(min_value=0, max_value=_MOST, label="Longest list of theirs")
    growth_a_week = Whole(min_value=0, max_value=100_000, label="Growth of their list a week, percent")
    alarm_above = Whole(min_value=0, max_value=100, label="Overlap that looks like guessing, percent of their list")


class LookedForm(_Form):
    """That somebody looked at something again."""

    next_on = forms.DateField(required=False, error_messages={"invalid": "Next on: this is no day. Write 2027-03-31."})
    note = forms.CharField(required=False, max_length=500)


class GrantForm(_Form):
    """What may be learnt of one population."""

    level = forms.ChoiceField(choices=Level.choices, label="May learn")
    let_out = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="Fields")
    preset = forms.ChoiceField(
        required=False,
        label="Or the fields of",
        help_text="A preset takes the place of the ticks: its fields are let out, and no others.",
    )
    is_held = forms.BooleanField(required=False, label="Each account waits until somebody lets it go")
    expires_on = forms.DateField(required=False, label="Until, that day included", widget=Day())
    review_on = forms.DateField(required=False, label="To be looked at again on", widget=Day())

    def __init__(self, *args: Any, choices: dict[str, str], presets: dict[str, str], **words: Any) -> None:
        super().__init__(*args, **words)
        for name, told in (("let_out", choices), ("preset", {"": "–", **presets})):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(told.items())
