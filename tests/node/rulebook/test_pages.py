"""Pages of rules: what each role finds on them, and what is said when something cannot be done."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from tests.node.rulebook import world
from tests.node.rulebook.conftest import STRICTER

from assay import pictures
from assay.core.errors import BadRequest
from assay.node.access.models import User
from assay.node.access.permissions import MAY, Permission, Role
from assay.node.rulebook import candidates, current, drafting, history, looks, publishing
from assay.node.rulebook.models import Draft, RuleVersion

pytestmark = pytest.mark.django_db
READERS = sorted(set(Role) - MAY[Permission.EDIT_RULES])


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def post(client, path: str, **typed):
    return client.post(path, typed, follow=True)


@pytest.fixture
def waiting(stricter) -> RuleVersion:
    """A version that somebody asked to go live."""
    version = stricter.shadow("builds")
    stricter.ask(version)
    return version


def test_before_the_first_rule_the_page_says_how_to_begin(client_of):
    assert "assay rules import definitions" in text(client_of(Role.REVOPS).get("/rules/"))
    assert "assay rules import" not in text(client_of(Role.REP).get("/rules/"))


def test_a_rule_is_told_in_words(book, client_of):
    told = text(client_of(Role.REP).get("/rules/rule/builds/"))
    assert "Somebody who builds." in told
    assert "Project created at least twice in the last 7 days" in told
    assert "Seniority is one of the list deciders" in told


def test_the_list_says_of_how_many_a_rule_holds(book, client_of):
    history.plug(None, counts=lambda: {"builds": (1234, 5)})
    try:
        assert "PQL trial_to_paid live 1,234 5 growth" in text(client_of(Role.REP).get("/rules/"))
    finally:
        history.plug(None)


@pytest.mark.parametrize("role", [role for role in READERS if role in MAY[Permission.SEE_RULES]])
def test_who_only_reads_finds_no_button_that_changes_anything(role, waiting, stricter, client_of):
    stricter.write("lists/deciders.yml", "list: deciders\nvalues: [vp]\n")
    for path in ("", "rule/builds/", f"version/{waiting.pk}/", "rule/builds/sides", "rule/builds/backtest"):
        page = client_of(role).get(f"/rules/{path}")
        forms = re.findall(r'<form[^>]*action="(/rules/[^"]*)"|<form method="post">', page.content.decode())
        assert (page.status_code, forms) == (200, []), path


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_is_refused_every_change(role, waiting, client_of):
    client = client_of(role)
    for path in (f"file/{world.BUILDS}", f"drop/{world.BUILDS}", f"use/{world.BUILDS}", "new",
                 "rule/builds/shadow", f"version/{waiting.pk}/step", "rule/builds/sides"):  # fmt: skip
        answer = client.post(f"/rules/{path}", {"do": "approve", "edition": 2, "text": "x", "version": 2})
        assert answer.status_code == 403, path
    assert current.edition() == 2


def test_a_mistake_stands_at_its_line(book, client_of):
    page = client_of(Role.REVOPS).post(
        f"/rules/file/{world.BUILDS}", {"do": "check", "text": STRICTER.replace("7 days", "7 daze"), "seen": ""}
    )
    assert re.search(r"two_projects.*?Line 10, column \d+: .*daze", text(page))
    assert not Draft.objects.filter(path=world.BUILDS).exists()


def test_text_of_a_definition_is_shown_as_text(book, client_of):
    nasty = "qualification: </textarea><script>alert(1)</script>\n"
    page = client_of(Role.REVOPS).post(f"/rules/file/{world.BUILDS}", {"do": "check", "text": nasty, "seen": ""})
    assert "<script>alert" not in page.content.decode()


def test_line_ends_of_a_browser_are_no_change(book, client_of):
    kept = world.FILES[world.BUILDS]
    typed = {"do": "save", "text": kept.replace("\n", "\r\n"), "seen": drafting.digest(kept)}
    post(client_of(Role.REVOPS), f"/rules/file/{world.BUILDS}", **typed)
    assert not Draft.objects.filter(path=world.BUILDS).exists()


def test_what_somebody_typed_is_not_lost_when_another_was_quicker(book, client_of):
    client = client_of(Role.REVOPS)
    seen = drafting.digest(world.FILES[world.BUILDS])
    book.write(world.BUILDS, STRICTER)
    page = client.post(f"/rules/file/{world.BUILDS}", {"do": "save", "text": "my own words", "seen": seen})
    assert page.status_code == 422
    assert "Somebody changed this file" in text(page)
    assert "my own words" in text(page)


@pytest.mark.parametrize("path", ["../../etc/passwd", "published/builds@1.yml", "sources/..%2fx.yml", "x.yml"])
def test_there_is_no_file_elsewhere_to_write(path, book, client_of):
    assert client_of(Role.REVOPS).get(f"/rules/file/{path}").status_code == 404


def test_who_asked_is_told_that_somebody_else_approves(waiting, client_of):
    page = text(client_of(Role.REVOPS).get(f"/rules/version/{waiting.pk}/"))
    assert "somebody else must approve it" in page
    assert "Approve: let it go live" not in page
    answer = post(client_of(Role.REVOPS), f"/rules/version/{waiting.pk}/step", do="approve", edition=2,
                  seen=candidates.going_live(waiting).seen)  # fmt: skip
    assert "A second person must approve" in text(answer)
    assert current.edition() == 2


def test_an_approval_of_what_was_seen_before_another_publication_is_refused(waiting, stricter, client_of):
    other = RuleVersion.objects.get(rule="deciders_who_build")
    publishing.retire(stricter.author, other.pk, candidates.without(other))
    answer = post(client_of(Role.ADMIN), f"/rules/version/{waiting.pk}/step", do="approve", edition=2)
    assert "Something else was published meanwhile" in text(answer)
    assert RuleVersion.objects.get(pk=waiting.pk).status == "shadow"


def test_what_is_approved_is_what_the_page_showed(waiting, client_of):
    page = client_of(Role.ADMIN).get(f"/rules/version/{waiting.pk}/").content.decode()
    shown = re.search(r'name="seen" value="(\w+)"', page).group(1)
    RuleVersion.objects.filter(pk=waiting.pk).update(published="another text")
    for seen in (shown, ""):
        answer = post(client_of(Role.ADMIN), f"/rules/version/{waiting.pk}/step", do="approve", edition=2, seen=seen)
        assert "What you saw was changed meanwhile" in text(answer)
    assert RuleVersion.objects.get(pk=waiting.pk).status == "shadow"


@pytest.fixture
def purpose(book) -> str:
    """A file with another purpose, which somebody asked to be taken into use; return how its page shows that."""
    book.write(world.BUILDS, world.edited(world.BUILDS, "Somebody who builds.", "Somebody who builds much."))
    publishing.ask_amendment(book.author, [world.BUILDS])
    return candidates.amendment([world.BUILDS]).seen


def test_a_change_that_is_taken_into_use_is_what_the_page_showed(purpose, book, client_of):
    client = client_of(Role.ADMIN)
    assert purpose in client.get("/rules/rule/builds/").content.decode()
    book.write(world.BUILDS, world.edited(world.BUILDS, "Somebody who builds.", "Something else."))
    publishing.ask_amendment(book.author, [world.BUILDS])
    answer = post(client, f"/rules/use/{world.BUILDS}", do="take", edition=1, seen=purpose)
    assert "What you saw was changed meanwhile" in text(answer)
    assert current.edition() == 1
    seen = re.search(r'name="seen" value="(\w+)"', client.get("/rules/rule/builds/").content.decode()).group(1)
    post(client, f"/rules/use/{world.BUILDS}", do="take", edition=1, seen=seen)
    assert current.definitions().rule("builds").purpose == "Something else."


def test_a_shared_file_that_is_taken_into_use_is_what_the_page_showed(book, client_of):
    path = "lists/deciders.yml"
    book.write(path, candidates.latest().texts[path] + "purpose: Who decides.\n")
    publishing.ask_amendment(book.author, [path])
    page = client_of(Role.ADMIN).get(f"/rules/file/{path}").content.decode()
    seen = re.findall(r'name="seen" value="(\w{64})"', page)
    assert seen == [candidates.written([path]).seen]
    answer = post(client_of(Role.ADMIN), f"/rules/use/{path}", do="take", edition=1, seen=seen[0])
    assert "It is in use from now on" in text(answer)


def test_a_draft_that_changed_between_the_look_and_the_lock_is_not_taken(book):
    book.write(world.BUILDS, world.edited(world.BUILDS, "Somebody who builds.", "Somebody who builds much."))
    publishing.ask_amendment(book.author, [world.BUILDS])
    looked_at = candidates.amendment([world.BUILDS])
    Draft.objects.update(text=world.edited(world.BUILDS, "Somebody who builds.", "Something else."))
    with pytest.raises(BadRequest, match="was changed meanwhile"):
        publishing.amend(book.approver, looked_at)


def test_whoever_is_alone_is_shown_that_there_is_no_second_person(waiting, client_of, monkeypatch):
    monkeypatch.setattr(settings, "ASSAY", replace(settings.ASSAY, allows_self_approval=True))
    User.objects.exclude(role=Role.REVOPS).update(is_active=False)
    client = client_of(Role.REVOPS)
    assert "ASSAY_SELF_APPROVAL is set" in text(client.get("/rules/"))
    page = text(client.get(f"/rules/version/{waiting.pk}/"))
    assert "you approve what is your own" in page
    assert "Approve: let it go live" in page


def test_the_one_who_approves_sees_what_changed(waiting, client_of):
    page = client_of(Role.ADMIN).get(f"/rules/version/{waiting.pk}/").content.decode()
    assert re.search(r'class="minus">-  two_projects: .*at_least: 2', page)
    assert re.search(r'class="plus">\+  two_projects: .*at_least: 3', page)


def test_rules_that_go_live_together_are_named(waiting, stricter, client_of):
    from tests.node.rulebook.test_publishing import LIVE_READER, READER_EXAMPLES

    reader = "qualifications/deciders_who_build.yml"
    stricter.write(reader, LIVE_READER)
    three = READER_EXAMPLES.replace("[2025-06-08, ", "[2025-06-07, 2025-06-08, ")
    stricter.write(reader.replace(".yml", ".examples.yml"), three)
    other = stricter.shadow("deciders_who_build")
    page = text(client_of(Role.ADMIN).get(f"/rules/version/{other.pk}/"))
    assert "These go live with it: builds@2." in page


def test_a_change_of_no_meaning_is_asked_for_and_taken_into_use_on_the_pages(book, client_of):
    path = "sources/product.yml"
    book.write(path, world.edited(path, "signed_up, project_created]", "signed_up, project_created, invited]"))
    shown = {"edition": 1, "seen": candidates.written([path]).seen}
    assert "Asked." in text(post(client_of(Role.REVOPS), f"/rules/use/{path}", do="ask", **shown))
    own = post(client_of(Role.REVOPS), f"/rules/use/{path}", do="take", **shown)
    assert "A second person must approve" in text(own)
    post(client_of(Role.ADMIN), f"/rules/use/{path}", do="take", **shown)
    assert "invited" in current.definitions().event_names


def test_a_list_says_whose_meaning_it_changes(book, client_of):
    typed = {"do": "check", "text": "list: deciders\nvalues: [vp]\n", "seen": ""}
    page = text(client_of(Role.REVOPS).post("/rules/file/lists/deciders.yml", typed))
    assert "This changes what builds means." in page


def test_a_new_rule_begins_with_a_text_that_is_right(book, client_of):
    answer = post(client_of(Role.REVOPS), "/rules/new", kind="qualifications", name="fresh")
    assert "Nothing is wrong here." in text(answer)
    again = client_of(Role.REVOPS).post("/rules/new", {"kind": "qualifications", "name": "builds"})
    assert "There is one of that name already." in text(again)


def test_a_look_shows_its_answer_or_what_went_wrong(book, client_of, monkeypatch):
    monkeypatch.setattr(history._PLUGGED, "replay", None)
    client = client_of(Role.REVOPS)
    post(client, "/rules/rule/someday/sides", version="draft")
    look = looks.latest("sides", "someday", None)
    assert "is being replayed" in text(client.get("/rules/rule/someday/sides"))
    looks.answer(look.pk)
    assert "No history is at hand" in text(client.get("/rules/rule/someday/sides"))


def test_a_look_at_a_draft_that_changed_since_says_so(book, client_of):
    looks.ask(book.author, "sides", "someday", None)
    book.write("qualifications/someday.yml", world.edited("qualifications/someday.yml", "at_least: 1", "at_least: 2"))
    assert "The draft was changed since." in text(client_of(Role.REVOPS).get("/rules/rule/someday/sides"))


def test_the_dark_half_of_pictures_is_what_pictures_say():
    sheet = Path(history.__file__).parent / "static/rulebook/pictures.css"
    assert pictures.style() in sheet.read_text("utf-8")
