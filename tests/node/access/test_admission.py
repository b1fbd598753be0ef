"""Every address of the node, tried as each role and as nobody. A page that does not say who may see it fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from assay.node.access import admission
from assay.node.access.permissions import Role

#: What stands for a part of an address, by the kind of part.
EXAMPLES = {"IntConverter": "1", "StringConverter": "x", "SlugConverter": "x", "PathConverter": "x"}
UUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Page:
    path: str
    name: str
    admission: admission.Admission | None


def addresses(patterns, path: str = "/", names: tuple[str, ...] = ()) -> Iterator[Page]:
    """Return every address that the node answers, with an example in the place of each part that varies."""
    for found in patterns:
        if isinstance(found, URLResolver):
            inside = (*names, found.namespace) if found.namespace else names
            yield from addresses(found.url_patterns, path + example(found.pattern), inside)
        elif isinstance(found, URLPattern):
            name = ":".join([*names, found.name or ""])
            yield Page(path + example(found.pattern), name, admission.of(found.callback, name))


def example(pattern) -> str:
    route = str(pattern)
    for name, converter in pattern.converters.items():
        kind = type(converter).__name__
        value = UUID if kind == "UUIDConverter" else EXAMPLES.get(kind, "x")
        route = route.replace(f"<{kind.removesuffix('Converter').lower().replace('string', 'str')}:{name}>", value)
        route = route.replace(f"<{name}>", value)
    return first_that_fits(route) if route.startswith("^") else route


def first_that_fits(pattern: str) -> str:
    """Return a text that a regular expression fits, as far as addresses use any."""
    for what, example in ((r"\(\?P<\w+>[^()]*\)", "x"), (r"\(\?:(\w+)[^()]*\)", r"\1"), (r"\?", ""), (r"[\^$]", "")):
        pattern = re.sub(what, example, pattern)
    return pattern


PAGES = list(addresses(get_resolver().url_patterns))


def answers(client: Client, path: str) -> list:
    return [client.get(path), client.post(path)]


def is_sent_to_log_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/account/login/?next=")


def test_there_are_pages_to_try():
    assert len(PAGES) > 20
    named = {page.path: {other.name for other in PAGES if other.path == page.path} for page in PAGES}
    assert {path for path, names in named.items() if resolve(path).view_name not in names} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_page_says_who_may_see_it(page):
    assert page.admission is not None, f"say who may see {page.path}: see assay.node.access.admission"
    assert page.admission.why or not (page.admission.is_open or page.admission.is_closed)


@pytest.mark.django_db
def test_nobody_sees_a_page_without_logging_in_that_is_not_open(client):
    wrong = []
    for page in PAGES:
        for answer in answers(client, page.path):
            if page.admission.is_closed:
                is_right = answer.status_code == 404
            elif page.admission.is_open:
                is_right = answer.status_code < 500
            else:
                is_right = is_sent_to_log_in(answer)
            wrong += [] if is_right else [(page.path, answer.status_code)]
    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_each_role_sees_what_it_may_and_nothing_else(role, client_of):
    wrong = []
    for page in PAGES:
        for answer in answers(client_of(role), page.path):
            if page.admission.is_open:
                is_right = answer.status_code < 500
            elif page.admission.allows(role):
                is_right = answer.status_code < 500 and answer.status_code != 403 and not is_sent_to_log_in(answer)
            else:
                is_right = answer.status_code == (404 if page.admission.is_closed else 403)
            wrong += [] if is_right else [(page.path, answer.status_code)]
    assert wrong == []


@pytest.mark.django_db
def test_a_page_that_says_nothing_is_seen_by_nobody(client_of, rf):
    from django.core.exceptions import PermissionDenied

    request = rf.get("/")
    request.user = client_of(Role.ADMIN).get("/").wsgi_request.user
    request.resolver_match = None
    with pytest.raises(PermissionDenied):
        admission.AdmissionMiddleware(lambda _: None).process_view(request, lambda _: None, (), {})


@pytest.mark.django_db
def test_what_was_searched_for_does_not_come_along_to_the_log_in_page(client):
    assert client.get("/audit/?subject_id=planted")["Location"] == "/account/login/?next=/audit/"


@pytest.mark.django_db
def test_pages_are_kept_nowhere_on_the_way(client_of):
    assert "no-store" in client_of(Role.REP).get("/")["Cache-Control"]


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused(user_of):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(Role.ADMIN), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/users/", {"email": "x@y.example", "role": "rep"}).status_code == 403


@pytest.mark.django_db
def test_browsers_are_told_to_run_nothing_that_stands_in_a_page(client):
    policy = client.get("/account/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.django_db
def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own(client_of):
    for page in PAGES:
        text = client_of(Role.ADMIN).get(page.path).content.decode()
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", text), page.path
