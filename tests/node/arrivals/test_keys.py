"""Write keys are made, turned over and retired by those who may, and their secrets are shown once."""

import re

import pytest
from django.urls import reverse

from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.intake.digests import digest
from assay.node.intake.models import WriteKey

pytestmark = pytest.mark.django_db


def _made(client, **told):
    sources = {"events": "product", "people": "crm", "accounts": ""}
    return client.post(reverse("make_key"), {"name": "Website", **sources, **told})


def _secret(answer):
    return re.search(r"<pre>(\S+)</pre>", answer.content.decode())[1]


def test_a_key_is_shown_once_and_kept_as_a_hash(revops):
    secret = _secret(_made(revops))
    key = WriteKey.objects.get()
    assert bytes(key.digest) == digest(secret)
    assert (key.events_source, key.people_source, key.accounts_source) == ("product", "crm", "")
    for page in (reverse("data"), reverse("key", args=[key.pk])):
        assert secret not in revops.get(page).content.decode()
    assert secret not in str(AuditRow.objects.values())


def test_a_new_secret_takes_the_place_of_the_one_before(revops):
    before = _secret(_made(revops))
    key = WriteKey.objects.get()
    after = _secret(revops.post(reverse("key_rotation", args=[key.pk])))
    key.refresh_from_db()
    assert before != after
    assert bytes(key.digest) == digest(after)


def test_a_key_is_retired_and_taken_back(revops):
    _made(revops)
    key = WriteKey.objects.get()
    for told, is_active in (("0", False), ("1", True)):
        revops.post(reverse("key_activity", args=[key.pk]), {"is_active": told})
        key.refresh_from_db()
        assert key.is_active is is_active


def test_a_key_feeds_only_sources_that_the_definitions_have(revops):
    assert _made(revops, events="crm").status_code == 422
    assert _made(revops, people="nowhere").status_code == 422
    assert not WriteKey.objects.exists()


def test_two_keys_have_no_name_in_common(revops):
    _made(revops)
    assert _made(revops).status_code == 422
    assert WriteKey.objects.count() == 1


@pytest.mark.parametrize("role", [Role.REP, Role.CSM, Role.MARKETER])
def test_who_works_leads_makes_no_keys(role, node, client_of):
    assert _made(client_of(role)).status_code == 403
    assert not WriteKey.objects.exists()


def test_every_change_of_a_key_is_in_the_audit(revops):
    _made(revops)
    key = WriteKey.objects.get()
    before = AuditRow.objects.filter(subject="write key").count()
    revops.post(reverse("key_sources", args=[key.pk]), {"events": "", "people": "crm", "accounts": ""})
    row = AuditRow.objects.filter(subject="write key").latest("id")
    assert AuditRow.objects.filter(subject="write key").count() == before + 1
    assert (row.before["events_source"], row.after["events_source"]) == ("product", "")
