"""What the worker does for users by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from assay.node.access import tasks
from assay.node.access.permissions import Role


@pytest.mark.django_db
def test_sessions_that_ran_out_are_forgotten_and_no_others(client_of):
    for role in (Role.REP, Role.CSM):
        client_of(role)
    old = Session.objects.first()
    old.expire_date = timezone.now() - timedelta(seconds=1)
    old.save()
    tasks.forget_sessions(timestamp=0)
    assert Session.objects.count() == 1
    assert not Session.objects.filter(pk=old.pk).exists()
