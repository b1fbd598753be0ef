"""Every write is an action: permission, change and audit row, together or not at all."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from assay.core.errors import BadRequest, InternalError
from assay.node.access import users
from assay.node.access.actions import Audit, Machine, NotAllowed, action
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import MAY, Permission, Role
from assay.node.postgres import roles

pytestmark = pytest.mark.django_db

HERE = Machine("a test")


def test_an_action_writes_who_did_what_on_what(user_of):
    admin, rep = user_of(Role.ADMIN), user_of(Role.REP)
    users.change_role(admin, rep.pk, Role.CSM)
    row = AuditRow.objects.get()
    assert (row.actor, row.machine, row.action) == (admin, "", "change the role of a user")
    assert (row.subject, row.subject_id, row.before, row.after) == (
        *("user", str(rep.pk)),
        *({"role": "rep"}, {"role": "csm"}),
    )


@pytest.mark.parametrize("role", sorted(set(Role) - MAY[Permission.MANAGE_USERS]))
def test_who_lacks_the_permission_changes_nothing(role, user_of):
    somebody, rep = user_of(role), user_of(Role.REP, "victim")
    with pytest.raises(NotAllowed):
        users.change_role(somebody, rep.pk, Role.ADMIN)
    assert User.objects.get(pk=rep.pk).role == Role.REP
    assert not AuditRow.objects.exists()


def test_who_is_kept_out_may_do_nothing_even_with_the_permission(user_of):
    admin = user_of(Role.ADMIN)
    admin.is_active = False
    with pytest.raises(NotAllowed):
        users.change_role(admin, user_of(Role.REP).pk, Role.CSM)


def test_a_change_that_fails_leaves_no_audit_row_and_an_audit_row_no_change(user_of):
    @action("fail half way", Permission.MANAGE_USERS)
    def fail(audit: Audit, user_id: int) -> None:
        audit.write("user", user_id, before={}, after={})
        User.objects.filter(pk=user_id).update(role=Role.ADMIN)
        raise ZeroDivisionError

    rep = user_of(Role.REP)
    with pytest.raises(ZeroDivisionError):
        fail(HERE, rep.pk)
    assert not AuditRow.objects.exists()
    assert User.objects.get(pk=rep.pk).role == Role.REP


def test_an_action_that_leaves_no_trace_is_undone(user_of):
    @action("leave no trace", Permission.MANAGE_USERS)
    def slip(audit: Audit, user_id: int) -> None:
        User.objects.filter(pk=user_id).update(role=Role.ADMIN)

    rep = user_of(Role.REP)
    with pytest.raises(InternalError, match="left no trace"):
        slip(HERE, rep.pk)
    assert User.objects.get(pk=rep.pk).role == Role.REP


@pytest.mark.parametrize("value", ["ada@acme.example", "x" * 201])
def test_the_audit_takes_neither_addresses_nor_texts(value):
    with pytest.raises(InternalError, match="neither addresses nor texts"):
        Audit(HERE, "a test").write("user", 1, before={}, after={"email": value})


def test_what_was_written_into_the_audit_the_web_can_neither_change_nor_take_away(user_of, node_postgres):
    with psycopg.connect(node_postgres.url(roles.WEB, connection.settings_dict["NAME"])) as web:
        for refused in ("UPDATE access_audit SET action = ''", "DELETE FROM access_audit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
                web.execute(refused)


def test_the_last_administrator_stays_one(user_of):
    admin = user_of(Role.ADMIN)
    with pytest.raises(BadRequest, match="Nobody would be left"):
        users.change_role(admin, admin.pk, Role.REP)
    with pytest.raises(BadRequest, match="Nobody would be left"):
        users.change_activity(HERE, admin.pk, False)
    user_of(Role.ADMIN, "second")
    users.change_role(admin, admin.pk, Role.REP)


def test_every_permission_is_somebodys():
    assert set(MAY) == set(Permission)
    assert all(MAY.values())


@pytest.mark.parametrize(
    ("email", "role", "complaint"),
    [
        ("no address", "rep", "This is not an e-mail address"),
        ("REP@acme.example", "rep", "There is a user with this e-mail address already"),
        ("x@y.example", "king", "There is no such role"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_with_a_mend(email, role, complaint, user_of):
    user_of(Role.REP)
    with pytest.raises(BadRequest, match=complaint):
        users.invite(HERE, email, role)
