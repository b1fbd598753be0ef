"""Administrators invite people, give roles and keep people out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from tests.node.known import PASSWORD

from assay.node.access import users
from assay.node.access.actions import Machine
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import Role

pytestmark = pytest.mark.django_db

CHOSEN = "a password of her own choice"


def _choose(link: str, password: str = CHOSEN) -> Client:
    """Follow a one-time link as a browser does, and choose a password."""
    somebody = Client()
    shown = somebody.get(re.sub(r"^https?://[^/]+", "", link), follow=True)
    somebody.post(shown.request["PATH_INFO"], {"password1": password, "password2": password})
    return somebody


def _may_log_in(email: str, password: str) -> bool:
    return Client().post(reverse("account_login"), {"login": email, "password": password}).status_code == 302


def _shown_link(answer) -> str:
    return re.search(r'readonly value="([^"]+)"', answer.content.decode())[1]


def test_an_invited_user_chooses_a_password_by_a_link_and_logs_in(client_of):
    answer = client_of(Role.ADMIN).post("/users/", {"email": "ada@acme.example", "name": "Ada", "role": "csm"})
    _choose(_shown_link(answer))
    assert _may_log_in("ada@acme.example", CHOSEN)


def test_a_one_time_link_is_good_once(user_of):
    link = users.make_link(Machine("a test"), user_of(Role.REP).pk)
    _choose(link)
    _choose(link, "what somebody else would like")
    assert not _may_log_in("rep@acme.example", "what somebody else would like")
    assert _may_log_in("rep@acme.example", CHOSEN)


def test_a_one_time_link_names_nobody(user_of):
    link = users.make_link(Machine("a test"), user_of(Role.REP).pk)
    assert "rep" not in link.replace("password/reset", "")


def test_where_there_is_a_mail_server_the_link_goes_by_mail_and_is_shown_to_nobody(client_of, settings):
    settings.ASSAY = replace(settings.ASSAY, mail_url="smtp://localhost")
    answer = client_of(Role.ADMIN).post("/users/", {"email": "ada@acme.example", "role": "csm"}, follow=True)
    assert mail.outbox[0].to == ["ada@acme.example"]
    assert "/account/password/reset/key/" in mail.outbox[0].body
    assert "/account/password/reset/key/" not in answer.content.decode()


def test_another_role_holds_from_the_next_request_on(client_of, user_of):
    rep = client_of(Role.REP)
    assert rep.get("/audit/").status_code == 403
    client_of(Role.ADMIN).post(f"/users/{user_of(Role.REP).pk}/role", {"role": "revops"})
    assert rep.get("/audit/").status_code == 200


def test_who_is_kept_out_is_out_from_the_next_request_on(client_of, user_of):
    rep = client_of(Role.REP)
    assert rep.get("/").status_code == 200
    client_of(Role.ADMIN).post(f"/users/{user_of(Role.REP).pk}/activity", {"is_active": "0"})
    assert rep.get("/").status_code == 302


def test_a_changed_password_logs_out_whoever_was_logged_in_with_the_old_one(client_of, user_of):
    rep = client_of(Role.REP)
    users.set_password(Machine("a test"), user_of(Role.REP).pk, CHOSEN)
    assert rep.get("/").status_code == 302


def test_a_refusal_is_shown_and_changes_nothing(client_of, user_of):
    admin = user_of(Role.ADMIN)
    answer = client_of(Role.ADMIN).post(f"/users/{admin.pk}/role", {"role": "rep"})
    assert answer.status_code == 422
    assert "Make somebody else an administrator first." in answer.content.decode()
    assert User.objects.get(pk=admin.pk).role == Role.ADMIN


def test_the_audit_shows_who_did_what(client_of, user_of):
    client_of(Role.ADMIN).post(f"/users/{user_of(Role.REP).pk}/role", {"role": "csm"})
    shown = client_of(Role.REVOPS).get("/audit/").content.decode()
    assert "change the role of a user" in shown
    assert "role: csm" in shown


def test_the_audit_goes_back_page_by_page_to_the_first_row(client_of, user_of):
    admin = user_of(Role.ADMIN)
    AuditRow.objects.bulk_create(
        AuditRow(actor=admin, action="count", subject="number", subject_id=str(n), before={}, after={})
        for n in range(120)
    )
    client, path, seen = client_of(Role.ADMIN), "/audit/?subject=number", []
    while path:
        shown = client.get(path).content.decode()
        seen += [int(n) for n in re.findall(r"number (\d+)</td>", shown)]
        older = re.search(r'href="(\?[^"]+)">Older', shown)
        path = "/audit/" + older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(119, -1, -1))


def test_the_bar_leads_to_what_one_may_see(client_of):
    assert 'href="/users/"' in client_of(Role.ADMIN).get("/").content.decode()
    assert 'href="/users/"' not in client_of(Role.REVOPS).get("/").content.decode()
    assert 'href="/audit/"' not in client_of(Role.REP).get("/").content.decode()


def test_a_second_factor_is_asked_for_once_it_was_set_up(client_of, user_of):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    def code(secret: str) -> str:
        return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    user_of(Role.REP)
    client = Client()
    client.post(reverse("account_login"), {"login": "rep@acme.example", "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    shown = client.get(reverse("mfa_activate_totp"))
    secret = shown.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    again = Client()
    answer = again.post(reverse("account_login"), {"login": "rep@acme.example", "password": PASSWORD})
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert again.get("/").status_code == 302
