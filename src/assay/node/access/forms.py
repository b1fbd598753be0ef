"""What is typed on the pages of users and of the audit."""

from __future__ import annotations

from django import forms

from assay.node.access.permissions import GIVEN


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=[(role.value, role.label) for role in GIVEN])


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=[(role.value, role.label) for role in GIVEN])


class ActivityForm(forms.Form):
    """In or out."""

    is_active = forms.TypedChoiceField(choices=[("1", "in"), ("0", "out")], coerce=lambda chosen: chosen == "1")


class AuditForm(forms.Form):
    """What to look for in the audit."""

    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    subject = forms.CharField(required=False, max_length=50, label="Kind")
    subject_id = forms.CharField(required=False, max_length=200, label="Id")
    actor = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
