"""Writing definitions: texts that decide nothing yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.utils import timezone

from assay.core.errors import BadRequest
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.rulebook import editions
from assay.node.rulebook.models import Draft, Edition, Status
from assay.node.rulebook.texts import Texts, demand_bounded, is_path, rule_of, says_the_same


def digest(text: str) -> str:
    """Return what tells one text from another; of none, an empty one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else ""


def latest_texts() -> Texts:
    """Return the files of the latest edition."""
    return Edition.objects.order_by("-number").values_list("texts", flat=True).first() or {}


def text_of(path: str) -> str:
    """Return a file as it is being written, or else as it was last published; empty where there is none."""
    draft = Draft.objects.filter(path=path).values_list("text", flat=True).first()
    return published_text_of(path) if draft is None else draft


def published_text_of(path: str) -> str:
    """Return a file as it was last published: what is in shadow comes before what is live."""
    rule = rule_of(path)
    if rule is not None:
        shadow = editions.version_in(rule, Status.SHADOW)
        if shadow is not None and path in shadow.files:
            return str(shadow.files[path])
    return latest_texts().get(path, "")


@action("write a definition", Permission.EDIT_RULES)
def save(audit: Audit, path: str, text: str, seen: str) -> bool:
    """Keep a file's text as a draft; `seen` is the digest of the text that the change was made to.

    Return whether there is a draft now: there is none where the text is what is decided already. BadRequest where
    somebody else changed the file meanwhile, or where no file can be.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    demand_bounded({path: text})
    editions.held()
    before = text_of(path)
    if digest(before) != seen:
        raise BadRequest(
            "Somebody changed this file since you opened it",
            where=path,
            mend="Keep your text somewhere, open the file again, and put both together.",
        )
    audit.write("definition", path, before={"text": digest(before)}, after={"text": digest(text)})
    if not text or says_the_same(path, text, published_text_of(path)):
        Draft.objects.filter(path=path).delete()
        return False
    now, by = timezone.now(), editions.user(audit.actor)
    Draft.objects.update_or_create(
        path=path, defaults={"text": text, "changed_at": now, "changed_by": by, "asked_at": None, "asked_by": None}
    )
    return True


@action("drop a draft", Permission.EDIT_RULES)
def drop(audit: Audit, paths: Iterable[str]) -> None:
    """Forget what was being written in these files."""
    editions.held()
    for draft in Draft.objects.filter(path__in=[path for path in paths if is_path(path)]):
        audit.write("definition", draft.path, before={"text": digest(draft.text)}, after={"text": ""})
        draft.delete()
    if not audit.rows:
        raise BadRequest("There is nothing being written here", mend="Open the rule again.")


def settle(edition: Edition) -> None:
    """Forget drafts that say what is decided now."""
    for draft in Draft.objects.all():
        if says_the_same(draft.path, draft.text, edition.texts.get(draft.path)):
            draft.delete()
