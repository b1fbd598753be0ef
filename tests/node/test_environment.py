"""Settings come from the environment alone, and each error says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import BadRequest
from assay.node import environment

SECRET = "s" * 40
URL = "postgres://web:hunter2%2Fx@db.example/assay"


def test_what_is_not_said_has_a_default():
    given = environment.read({})
    assert given.address == "http://localhost:8000"
    assert given.working_hours is None
    assert given.data_folder == Path.cwd() / "assay-data"
    assert not given.is_https


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"ASSAY_ADRESS": "http://x"}, "ASSAY_ADRESS: There is no such setting. Did you mean 'ASSAY_ADDRESS'?"),
        ({"ASSAY_ADDRESS": "leads.example.com"}, "ASSAY_ADDRESS: It is not a URL that Assay can use. Write http://"),
        ({"DATABASE_URL": "mysql://db/assay"}, "DATABASE_URL: It is not a URL that Assay can use. Write postgres://"),
        ({"ASSAY_MAIL_URL": "mail.example.com"}, "ASSAY_MAIL_URL: It is not a URL that Assay can use. Write smtp://"),
        ({"ASSAY_BEHIND_PROXY": "yes"}, "ASSAY_BEHIND_PROXY: It is either 1 or 0"),
        ({"ASSAY_WEB_THREADS": "0"}, "ASSAY_WEB_THREADS: It is a whole number from 1 to 999"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_setting_that_cannot_be_used_is_refused_with_a_mend(variables, complaint):
    with pytest.raises(BadRequest) as raised:
        environment.read(variables)
    assert raised.value.text().startswith(complaint)


def test_what_others_set_for_reasons_of_their_own_is_no_mistake():
    environment.read({"ASSAY_PORT_8000_TCP": "tcp://10.0.0.1:8000", "ASSAY_SERVICE_HOST": "10.0.0.1"})


def test_every_setting_is_told_to_who_runs_the_node():
    told = (Path(__file__).resolve().parents[2] / "docs/operate.md").read_text("utf-8")
    assert [name for name in environment.VARIABLES if f"`{name}`" not in told] == []


def test_a_complaint_about_a_url_does_not_show_its_password():
    with pytest.raises(BadRequest) as raised:
        environment.read({"DATABASE_URL": URL.replace("postgres", "mysql")})
    assert "hunter2" not in raised.value.text()


@pytest.mark.parametrize(
    ("variables", "where"),
    [({"ASSAY_SECRET_KEY": SECRET}, "DATABASE_URL"), ({"DATABASE_URL": URL}, "ASSAY_SECRET_KEY")],
)
def test_a_running_node_demands_a_database_and_a_secret(variables, where):
    with pytest.raises(BadRequest) as raised:
        environment.demand(environment.read(variables))
    assert raised.value.where == where
    assert "assay serve" in raised.value.mend


def test_an_encoded_password_reaches_the_database_as_it_is():
    from assay.node.settings import databases

    known = databases(environment.read({"DATABASE_URL": URL}))["default"]
    assert (known["USER"], known["PASSWORD"], known["HOST"], known["NAME"]) == (
        "web",
        "hunter2/x",
        "db.example",
        "assay",
    )


def test_over_tls_cookies_are_for_tls_alone(monkeypatch):
    import importlib

    from assay.node import settings

    with monkeypatch.context() as changed:
        changed.setenv("ASSAY_ADDRESS", "https://leads.example.com")
        read = importlib.reload(settings)
        assert read.SESSION_COOKIE_SECURE
        assert read.CSRF_COOKIE_SECURE
        assert read.SESSION_COOKIE_NAME.startswith("__Host-")
        assert read.SECURE_HSTS_SECONDS > 0
        assert "leads.example.com" in read.ALLOWED_HOSTS
    importlib.reload(settings)
