"""What somebody hostile tries. THREAT_MODEL.md says which promise each of these shows."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from tests.node.access.test_admission import addresses
from tests.node.api.conftest import program as program
from tests.node.known import PASSWORD
from tests.node.leads.conftest import arrive as arrive
from tests.node.leads.knowing import NOON, acme, enter, works_at
from tests.node.rulebook import world

from assay.core.engine.results import CountedEvent
from assay.node.access.actions import Machine
from assay.node.access.models import AuditRow, User
from assay.node.access.permissions import Role
from assay.node.api import tokens
from assay.node.intake.models import WriteKey
from assay.node.leads import actions, stories
from assay.node.leads.models import Lead, Note, SavedView
from assay.node.rulebook.importing import import_folder

pytestmark = pytest.mark.django_db

#: Runs where it is written into a page unescaped, be that as text, in an attribute or in a template.
MARK = "zq7"
SCRIPT = f"\"'><img src=x onerror=alert({MARK})><script>alert({MARK})</script>{{{{7*191}}}}{{% debug %}}"


def log_in(client, email="rep@acme.example", password=PASSWORD, **where):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **where)


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_session_from_before_the_log_in_is_good_for_nothing_after_it(client, user_of):
    user_of(Role.REP)
    client.get(reverse("account_login"))
    client.session["planted"] = 1
    session = client.session
    session.save()
    client.cookies["assay"] = session.session_key
    log_in(client)
    assert client.cookies["assay"].value != session.session_key
    thief = Client()
    thief.cookies["assay"] = session.session_key
    assert thief.get("/").status_code == 302


def test_a_session_that_somebody_made_up_is_none(client, user_of):
    client.cookies["assay"] = "x" * 32
    assert client.get("/").status_code == 302


def test_after_logging_out_the_old_cookie_is_good_for_nothing(client, user_of):
    user_of(Role.REP)
    log_in(client)
    kept = client.cookies["assay"].value
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies["assay"] = kept
    assert thief.get("/").status_code == 302


def test_a_new_password_ends_the_sessions_of_the_old_one(client, user_of):
    user = user_of(Role.REP)
    log_in(client)
    user.set_password("another horse battery staple")
    user.save()
    assert client.get("/").status_code == 302


def test_a_cookie_is_neither_for_scripts_nor_for_other_sites(client, user_of):
    user_of(Role.REP)
    log_in(client)
    cookie = client.cookies["assay"]
    assert (bool(cookie["httponly"]), cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_who_claims_to_come_from_elsewhere_is_still_stopped(header, client, user_of):
    user_of(Role.REP)
    for n in range(5):
        log_in(client, password="wrong", headers={header: f"192.0.2.{n}"})
    assert log_in(client, headers={header: "192.0.2.99"}).status_code == 429


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:8000@evil.example"])
def test_a_link_to_choose_a_password_never_names_somebody_elses_host(host, client, user_of, mailoutbox):
    user_of(Role.REP)
    client.post(reverse("account_reset_password"), {"email": "rep@acme.example"}, headers={"Host": host})
    assert not any("evil" in mail.body for mail in mailoutbox)


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_logging_in_leads_to_our_own_pages_alone(next_page, client, user_of):
    user_of(Role.REP)
    answer = client.post(
        reverse("account_login"), {"login": "rep@acme.example", "password": PASSWORD, "next": next_page}
    )
    assert "evil" not in answer.get("Location", "")
    assert "javascript" not in answer.get("Location", "")


def test_no_form_is_taken_from_another_site(user_of, arrive):
    arrive(enter())
    lead = Lead.objects.get().pk
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(Role.REVOPS), backend="allauth.account.auth_backends.AuthenticationBackend")
    tried = [page for page in addresses(get_resolver().url_patterns) if page.admission and not page.admission.is_open]
    wrong = [
        page.path
        for page in tried
        if client.post(page.path, headers={"Origin": "https://evil.example"}).status_code not in {403, 404, 405}
    ]
    assert wrong == []
    assert client.post(f"/leads/{lead}/accept/").status_code == 403
    assert Lead.objects.get().is_unanswered


# --- what is somebody else's ------------------------------------------------------------------------------------


def test_nobody_forgets_a_view_that_is_somebody_elses(client_of, user_of):
    view = SavedView.objects.create(user=user_of(Role.CSM), name="of a CSM alone", filters="?tab=all")
    client = client_of(Role.REP)
    client.post("/leads/views/", {"forget": view.pk})
    assert SavedView.objects.filter(pk=view.pk).exists()
    assert "of a CSM alone" not in client.get("/leads/").content.decode()


def test_nobody_answers_a_lead_that_is_offered_to_somebody_else(arrive, user_of, client_of, program):
    arrive(enter())
    lead = Lead.objects.get()
    Lead.objects.update(owner=user_of(Role.CSM), state="offered")
    client_of(Role.REP).post(f"/leads/{lead.pk}/accept/")
    assert program(Role.REP).post(f"/leads/{lead.pk}/decisions", {"do": "accept"}, key="k").status_code == 409
    assert Lead.objects.get().state == "offered"


def test_a_note_is_written_in_ones_own_name_whatever_is_sent(arrive, user_of, program):
    arrive(enter())
    other = user_of(Role.ADMIN).pk
    one = program(Role.REP)
    lead = Lead.objects.get().pk
    body = {"do": "note", "text": "x", "by": other, "user": other}
    assert one.post(f"/leads/{lead}/decisions", body, key="k").status_code == 422
    one.post(f"/leads/{lead}/decisions", {"do": "note", "text": "x"}, key="k")
    assert Note.objects.get().by.role == Role.REP


def test_nobody_gives_themselves_a_role(client_of, user_of):
    me = user_of(Role.REP)
    assert client_of(Role.REP).post(f"/users/{me.pk}/role", {"role": "admin"}).status_code == 403
    assert User.objects.get(pk=me.pk).role == Role.REP


# --- texts that come from elsewhere -----------------------------------------------------------------------------


@pytest.fixture
def hostile(arrive, user_of, tmp_path):
    """A node in which every text that somebody else can choose is a script."""
    describe = works_at(SCRIPT)
    stories.plug(
        describe=lambda asked, at: {
            key: stories.About(
                name=SCRIPT, account_id=SCRIPT[:100], account_name=SCRIPT, summary=SCRIPT, lean=SCRIPT[:100]
            )
            for key in describe(asked, at)
        },
        tell=lambda kind, one, at: stories.Story(
            subject_type=kind,
            subject_id=one,
            as_of=at,
            definitions=acme(),
            verdicts=(),
            events=(CountedEvent(source=SCRIPT, id=SCRIPT, event=SCRIPT, at=at),),
            people=(stories.Colleague(person_id=SCRIPT, rules=(), last_seen_at=at),),
        ),
    )
    arrive(enter(who=SCRIPT))
    lead, rep = Lead.objects.get(), user_of(Role.REVOPS, SCRIPT.replace("@", "")[:60].replace(" ", ""))
    User.objects.filter(pk=rep.pk).update(name=SCRIPT[:100])
    actions.write_note(rep, lead.pk, SCRIPT, NOON)
    actions.write_evidence(rep, lead.pk, "need", SCRIPT, NOON)
    actions.plan_task(rep, lead.pk, SCRIPT, NOON, NOON)
    actions.assign(user_of(Role.REVOPS), lead.pk, rep.pk, NOON)
    SavedView.objects.create(user=user_of(Role.REVOPS), name=SCRIPT[:60], filters="?tab=all")
    SavedView.objects.create(user=user_of(Role.ADMIN), name=SCRIPT[:60], filters="?tab=all")
    WriteKey.objects.create(name=SCRIPT[:100], digest=b"1" * 32, events_source=SCRIPT[:100])
    tokens.make(user_of(Role.REVOPS), SCRIPT[:60], ["leads:read"], 1)
    folder = world.write(tmp_path)
    rules = folder / "qualifications" / "builds.yml"
    told = json.dumps(SCRIPT.partition("{{")[0])  # templates are refused there
    rules.write_text(rules.read_text("utf-8").replace("purpose: Somebody who builds.", f"purpose: {told}"), "utf-8")
    import_folder(Machine("a test"), folder)
    yield lead
    stories.plug()


def test_texts_from_events_and_people_are_shown_and_never_run(hostile, client_of):
    pages = {page.path for page in addresses(get_resolver().url_patterns) if page.admission}
    pages |= {
        f"/leads/{hostile.pk}/",
        "/leads/?tab=all",
        "/rules/rule/builds/",
        "/rules/file/qualifications/builds.yml",
    }
    pages |= {reverse("account", args=[hostile.account_id])}
    shown = 0
    for role in (Role.REVOPS, Role.ADMIN):
        client = client_of(role)
        for path in sorted(pages):
            answer = client.get(path)
            if "html" not in answer.get("Content-Type", ""):
                continue
            text = answer.content.decode()
            assert "<img src=x" not in text, path
            assert "<script>alert" not in text, path
            assert "'><img" not in text, path
            assert "1337" not in text.split(MARK, 1)[-1][:200], path  # 7*191: a template ran it
            assert answer.status_code < 500, path
            shown += MARK in text
    assert shown >= 8  # they are there, as text


def test_the_api_hands_texts_on_as_json_that_no_browser_takes_for_a_page(hostile, program):
    answer = program().get(f"/leads/{hostile.pk}")
    assert answer["Content-Type"].startswith("application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["notes"][0]["text"] == SCRIPT


@pytest.mark.parametrize(
    "text", ["a\r\nSet-Cookie: x=1", "a\nLocation: //evil.example", "a\x00b", "²", "9" * 40, "\ud800"]
)
def test_no_text_splits_a_header_or_fells_a_page(text, client_of, arrive):
    arrive(enter())
    lead, client = Lead.objects.get().pk, client_of(Role.REVOPS)
    tried = [
        lambda: client.post("/leads/search/", {"words": text}),
        lambda: client.post("/leads/views/", {"name": text, "back": text}),
        lambda: client.post("/leads/views/", {"forget": text}),
        lambda: client.post("/leads/bulk/", {"lead": text, "do": "accept", "back": text}),
        lambda: client.post(f"/leads/{lead}/note/", {"text": text}),
        lambda: client.post(f"/leads/{lead}/evidence/", {"letter": "need", "text": text}),
        lambda: client.get("/leads/", {"tab": text, "page": text, "owner": text, "state": text, "order": text}),
        lambda: client.get("/leads/?found=1"),
        lambda: client.get("/audit/", {"subject": text, "before": text, "actor": text}),
        lambda: client.post("/tokens/", {"name": text, "scopes": [text], "days": text}),
    ]
    wrong = []
    for number, one in enumerate(tried):
        try:
            answer = one()
        except UnicodeEncodeError:  # not even this client can send it
            continue
        if answer.status_code >= 500 or "Set-Cookie" in answer.headers or "evil" in answer.get("Location", ""):
            wrong.append((number, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "path", ["/accounts/%00/", "/accounts/%ff/", "/rules/rule/%00/", "/rules/file/%00", "/api/%00"]
)
def test_no_address_fells_a_page(path, client_of):
    assert client_of(Role.REVOPS).get(f"/{path}").status_code < 500


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "..%2f..%2fetc%2fpasswd", "qualifications/../../x.yml"]
)
def test_no_file_beside_the_rules_is_read_or_written(path, client_of, tmp_path):
    import_folder(Machine("a test"), world.write(tmp_path))
    client = client_of(Role.REVOPS)
    answer = client.get(f"/rules/file/{path}")
    assert "root:" not in answer.content.decode()
    assert client.post(f"/rules/file/{path}", {"text": "list: x\nvalues: [y]\n"}).status_code < 500
    assert not (tmp_path.parent / "x.yml").exists()


@pytest.mark.parametrize("text", ["'; DROP TABLE leads_lead; --", "%", "_", "\\", "x' OR '1'='1", "$1", "{0}", "%s"])
def test_no_text_is_taken_for_sql(text, client_of, arrive, program):
    arrive(enter(), enter(who="bob-whom-nobody-seeks"))
    client, one = client_of(Role.REVOPS), program()
    client.post("/leads/search/", {"words": text})
    assert "bob-whom" not in client.get("/leads/?tab=all&found=1").content.decode().split("<tbody>")[-1]
    assert one.post("/spells", {"type": "person", "id": text}).json()["spells"] == []
    assert (
        one.get("/accounts")
        and one.client.get(
            "/api/v1/accounts", {"after": text}, headers={"Authorization": f"Bearer {one.secret}"}
        ).status_code
        == 200
    )
    assert Lead.objects.count() == 2


def test_the_audit_cannot_be_changed_by_the_role_that_the_web_has(user_of, client_of):
    from django.db import Error, transaction

    client_of(Role.ADMIN).post("/users/", {"email": "new@acme.example", "role": "rep"})
    for attempt in (AuditRow.objects.all().delete, lambda: AuditRow.objects.update(action="nothing")):
        with pytest.raises(Error), transaction.atomic():
            attempt()
    assert AuditRow.objects.filter(action="invite a user").exists()


@pytest.mark.parametrize("column", ["a'b", 'a"b', "a'; DROP TABLE lake; --", "a') OR ('1'='1", "$.a", "a.b[0]", "%s"])
def test_sql_of_sources_takes_no_column_for_sql(column, tmp_path):
    import pyarrow as pa

    from assay.core import definitions, identity, sources
    from assay.core.io.store import Store
    from assay.node.lake.reading import lake_sources
    from assay.node.lake.rows import LAKE

    folder = world.write(tmp_path)
    told = json.dumps(column)
    product = folder / "sources" / "product.yml"
    text = product.read_text("utf-8").replace("person: person}", f"person: person, properties: {{plan: {told}}}}}", 1)
    product.write_text(text.replace("{seniority: seniority}", f"{{seniority: {told}}}"), "utf-8")
    rule = folder / "qualifications" / "builds.yml"
    counted = "{count: project_created, where: {plan: pro}, at_least: 1, within: 7 days}"
    plain = "{count: project_created, at_least: 2, within: 7 days}"
    written = rule.read_text("utf-8").replace(plain, counted).replace("status: live", "status: shadow")
    rule.write_text(written, "utf-8")
    (folder / "qualifications" / "builds.examples.yml").unlink()
    known = definitions.load(folder)
    row = {"received_at": NOON, "at": NOON, "user_id": "ann", "anonymous_id": None, "group_id": None}
    body = json.dumps({column: "pro", "b": "no"})
    rows = [
        {**row, "seq": 1, "source": "product", "kind": "track", "id": "1", "event": "project_created", "body": body},
        {**row, "seq": 2, "source": "crm", "kind": "identify", "id": "2", "event": None, "body": body},
    ]
    with Store(on_disk=False) as store:
        store.register("lake", pa.Table.from_pylist(rows, LAKE))
        own, relations = lake_sources(known, "lake")
        sources.read(store, own, relations)
        identity.resolve(store, own)
        assert store.rows("SELECT value FROM prepared.attributes WHERE name = 'seniority'") == [("pro",)]
        assert store.rows("SELECT count(*) FROM lake") == [(2,)]


@pytest.mark.parametrize("name", ["a'b", "a; DROP TABLE lake", 'a"b', "a b", "../a"])
def test_a_source_has_no_name_that_is_more_than_a_name(name, tmp_path):
    from assay.core import definitions
    from assay.core.errors import BadDefinitions

    folder = world.write(tmp_path)
    product = folder / "sources" / "product.yml"
    product.write_text(product.read_text("utf-8").replace("source: product", f"source: {json.dumps(name)}"), "utf-8")
    with pytest.raises(BadDefinitions):
        definitions.load(folder)
