"""How people come in: by invitation alone, with a one-time link to choose a password."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.core import context
from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from assay.node.access import callers
from assay.node.access.models import User


class Entrance(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Log-in as allauth does it; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell that people are invited and do not sign up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from, by which tries to log in are counted."""
        return callers.address(request)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Tell whether somebody who logged in before typed the right password again."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk


def one_time_link(user: User) -> str:
    """Return the link by which a user chooses a password: good once and for three days."""
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    path = reverse("account_reset_password_from_key", kwargs=parts)
    return f"{settings.ASSAY.address}{path}"


def mail_link(user: User, link: str, *, by: str = "") -> bool:
    """Mail a user the link, of a company where `by` names one; tell whether the mail server took it."""
    text = render_to_string("access/invitation.txt", {"link": link, "user": user, "by": by})
    try:
        send_mail("Your way into Assay", text, None, [user.email])
    except OSError:
        return False
    return True
