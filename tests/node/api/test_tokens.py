"""Tokens: shown once, kept as digests, within scopes, until they end."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import GIVEN, Role
from assay.node.api import tokens
from assay.node.api.models import Token
from assay.node.api.scopes import SCOPES, Scope, open_to

pytestmark = pytest.mark.django_db


def test_without_a_token_nothing_is_told(client):
    answer = client.get("/api/v1/leads")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert "API tokens" in answer.json()["mend"]


def test_who_logged_in_is_nobody_here_without_a_token(client_of):
    assert client_of(Role.ADMIN).get("/api/v1/leads").status_code == 401


def test_a_token_lets_a_program_in(program):
    assert program().get("/leads").status_code == 200


def test_a_token_is_kept_as_a_digest_alone(program):
    secret = program().secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_token::text FROM api_token")
        kept = "".join(row for (row,) in cursor.fetchall())
    assert secret not in kept
    assert secret.removeprefix("assay_")[:20] not in kept


def test_a_revoked_token_lets_nobody_in(program, user_of):
    one = program()
    tokens.revoke(user_of(Role.REVOPS), Token.objects.get().pk)
    assert one.get("/leads").status_code == 401


def test_a_token_that_is_over_lets_nobody_in(program):
    one = program()
    Token.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert one.get("/leads").status_code == 401


def test_a_token_of_somebody_kept_out_lets_nobody_in(program):
    one = program()
    User.objects.update(is_active=False)
    assert one.get("/leads").status_code == 401


def test_a_token_without_the_scope_is_told_which_one_it_lacks(program):
    answer = program(Role.REVOPS, "rules:read").get("/leads")
    assert answer.status_code == 403
    assert "leads:read" in answer.json()["detail"]


def test_a_token_may_no_more_than_its_user_may_by_now(program, user_of):
    one = program(Role.REVOPS, "leads:write")
    user = user_of(Role.REVOPS)
    user.role = Role.ADMIN  # who manages users, and works no leads
    user.save()
    assert one.post("/leads/1/decisions", {"do": "accept"}, key="k").status_code == 403


def test_nobody_makes_a_token_that_may_more_than_they_do(user_of):
    with pytest.raises(BadRequest):
        tokens.make(user_of(Role.REP), "x", ["outcomes:write"], 30)
    assert not Token.objects.exists()


@pytest.mark.parametrize("role", GIVEN)
def test_each_role_may_give_the_scopes_of_the_table(role, program):
    one = program(role)
    assert set(Token.objects.get().scopes) == {str(s) for s in Scope if role in _roles(s)}
    assert one.get("/rules").status_code == 200


def _roles(scope):
    return {role for role in Role if scope in open_to(role)}


def test_every_scope_stands_in_the_table():
    assert set(SCOPES) == set(Scope)


def test_nobody_revokes_or_sees_what_is_somebody_elses(program, user_of, client_of):
    program(Role.REVOPS)
    with pytest.raises(BadRequest):
        tokens.revoke(user_of(Role.REP), Token.objects.get().pk)
    assert "the CRM" not in client_of(Role.REP).get("/tokens/").content.decode()


def test_who_manages_users_revokes_anybodys(program, client_of):
    program(Role.REVOPS)
    client_of(Role.ADMIN).post(f"/tokens/{Token.objects.get().pk}/revoke")
    assert Token.objects.get().revoked_at is not None


def test_a_token_is_shown_once_on_the_page_that_made_it(client_of):
    client = client_of(Role.REP)
    typed = {"name": "CRM", "scopes": ["leads:read"], "days": "30"}
    made = client.post("/tokens/", typed).content.decode()
    secret = made.split('value="assay_')[1].split('"')[0]
    assert secret not in client.get("/tokens/").content.decode()
    assert client.get("/api/v1/leads", headers={"Authorization": f"Bearer assay_{secret}"}).status_code == 200


def test_making_and_revoking_leave_audit_rows_without_the_secret(program, user_of):
    secret = program().secret
    tokens.revoke(user_of(Role.REVOPS), Token.objects.get().pk)
    rows = [str(vars(row)) for row in AuditRow.objects.filter(subject="token")]
    assert len(rows) == 2
    assert not any(secret[6:] in row for row in rows)


def test_when_a_token_was_last_used_is_noted(program):
    one = program()
    assert Token.objects.get().last_used_at is None
    one.get("/leads")
    assert Token.objects.get().last_used_at is not None


def test_a_token_that_asks_too_often_is_told_when_to_come_again(program, settings):
    from dataclasses import replace

    settings.ASSAY = replace(settings.ASSAY, api_rate=2)
    one = program()
    assert [one.get("/leads").status_code for _ in range(3)] == [200, 200, 429]
    assert int(one.get("/leads")["Retry-After"]) >= 1


def test_who_tries_tokens_is_stopped_and_those_who_have_one_are_not(program, client):
    wrong = {"Authorization": "Bearer assay_" + "x" * 43}
    statuses = [client.get("/api/v1/leads", headers=wrong).status_code for _ in range(31)]
    assert statuses == [401] * 30 + [429]
    assert program().get("/leads").status_code == 200
