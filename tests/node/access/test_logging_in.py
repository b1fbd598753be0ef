"""People come in with e-mail and password, by invitation alone."""

import pytest
from django.urls import reverse
from tests.node.known import PASSWORD

from assay.node.access.models import User
from assay.node.access.permissions import Role

pytestmark = pytest.mark.django_db


def _log_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_nobody_sees_the_home_page_without_logging_in(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_one_logs_in_with_email_and_password(client, user_of):
    user_of(Role.REP)
    assert _log_in(client, "rep@acme.example")["Location"] == reverse("home")
    assert "Sales rep" in client.get("/").content.decode()


def test_the_case_of_an_email_address_does_not_matter(client, user_of):
    user_of(Role.REP)
    assert _log_in(client, "Rep@ACME.example").status_code == 302


def test_a_wrong_password_lets_nobody_in(client, user_of):
    user_of(Role.REP)
    assert _log_in(client, "rep@acme.example", "wrong").status_code == 200
    assert client.get("/").status_code == 302


def test_who_is_no_longer_active_cannot_come_in(client, user_of):
    user_of(Role.REP)
    User.objects.update(is_active=False)
    _log_in(client, "rep@acme.example")
    assert client.get("/").status_code == 302


def test_nobody_signs_up_without_being_invited(client):
    client.post(
        reverse("account_signup"), {"email": "x@y.example", "password1": PASSWORD * 2, "password2": PASSWORD * 2}
    )
    assert not User.objects.exists()


def test_after_five_wrong_passwords_even_the_right_one_must_wait(client, user_of):
    user_of(Role.REP)
    for _ in range(5):
        _log_in(client, "rep@acme.example", "wrong")
    answer = _log_in(client, "rep@acme.example")
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_somebody_elses_wrong_passwords_lock_nobody_out(client, user_of):
    user_of(Role.REP)
    for n in range(5):
        client.post(
            reverse("account_login"), {"login": "rep@acme.example", "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{n}"
        )
    assert _log_in(client, "rep@acme.example").status_code == 302


def test_whether_somebody_is_a_user_cannot_be_found_out_by_logging_in(client, user_of):
    user_of(Role.REP)
    known, unknown = (
        _log_in(client, email, "wrong").content.decode() for email in ("rep@acme.example", "who@acme.example")
    )
    assert known.count("The email address and/or password you specified are not correct") == 1
    assert unknown.count("The email address and/or password you specified are not correct") == 1


def test_what_changes_the_way_in_needs_the_password_once_more(client, user_of):
    user_of(Role.REP)
    _log_in(client, "rep@acme.example")
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
