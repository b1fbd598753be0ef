"""What is typed on the pages of leads."""

from __future__ import annotations

from django import forms

from assay.node.leads.forms import OneOfMany


def test_a_list_of_many_is_written_as_django_writes_it():
    choices = [("", "nobody"), (1, "<b>"), (2, 'x"y'), (3, "ann")]
    for value in ("", "2", 3, None):
        ours, theirs = (kind(choices=choices).render("user", value, {"id": "a", "required": True}) for kind in
                        (OneOfMany, forms.Select))  # fmt: skip
        assert "".join(ours.split()) == "".join(theirs.split())
