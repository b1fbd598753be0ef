"""After a restore every webhook hears, once, that what it was told since the backup may be no more."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.node.leads.knowing import NOON

from assay.node.access.models import AuditRow
from assay.node.access.permissions import Role
from assay.node.serving import keeping, resuming
from assay.node.telling import actions
from assay.node.telling.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings):
    found = settings.ASSAY.data_folder
    found.mkdir(parents=True, exist_ok=True)
    yield found
    (found / keeping.RESTORED_FILE).unlink(missing_ok=True)


@pytest.mark.parametrize("as_of", ["2026-03-10T02:00:00+00:00", ""])
def test_a_restore_is_told_to_every_webhook_once(home, user_of, as_of):
    for kind in ("standard", "slack"):
        actions.add_endpoint(user_of(Role.REVOPS), kind, kind, "https://crm.example/", events=["lead"], now=NOON)
    (home / keeping.RESTORED_FILE).write_text(as_of)
    jobs = ProcrastinateJob.objects.filter(task_name="telling.send")
    before = jobs.count()
    assert resuming.tell(home)
    assert not resuming.tell(home)
    told = {message.endpoint.kind: message for message in Message.objects.filter(event="node.restored")}
    assert told["standard"].content == {"as_of": as_of or None}
    assert told["slack"].content["text"].startswith("Restored from a backup of ")
    assert len(told) == Message.objects.count() == jobs.count() - before
    row = AuditRow.objects.get(action="tell of a restore")
    assert (row.machine, row.after) == ("assay restore", {"as_of": as_of, "messages": 2})


def test_a_node_that_was_not_restored_tells_nothing(home):
    assert not resuming.tell(home)
    assert not Message.objects.exists()
