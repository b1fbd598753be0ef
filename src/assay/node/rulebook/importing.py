"""Taking a folder of definitions in, and giving one out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils import timezone

from assay.core.definitions.as_published import versions
from assay.core.definitions.loading import read_checked
from assay.core.definitions.model import Definitions
from assay.core.definitions.publishing import published_texts
from assay.core.errors import BadDefinitions, BadRequest
from assay.core.io.writing import write_folder
from assay.core.pipeline import DECIDED
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.rulebook import editions
from assay.node.rulebook.drafting import text_of
from assay.node.rulebook.editions import Contents
from assay.node.rulebook.models import Draft, Edition, RuleVersion, Status, Step
from assay.node.rulebook.texts import (
    LARGEST_FILE,
    MOST_FILES,
    Texts,
    check,
    demand_bounded,
    examples_path,
    laid_out,
    rule_path,
    says_the_same,
    told,
    with_statuses,
)

_PUBLISHED: Final = "published/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a folder: the edition that was made, or, where there was one already, the drafts."""

    edition: int | None
    rules: int
    drafts: tuple[str, ...] = ()


@action("take in a folder of definitions", Permission.PUBLISH_RULES)
def import_folder(audit: Audit, folder: Path) -> Imported:
    """Take in a folder of definitions: the first one is decided at once, each rule with the status of its text.

    Later ones become drafts, which are published rule by rule. BadDefinitions where the core complains, BadRequest
    where there is more than definitions need.
    """
    texts = read_folder(Path(folder))
    with laid_out(texts) as aside:
        definitions, complaints = read_checked(aside)
        if definitions is None:
            raise BadDefinitions(told(complaints, aside))
        last = editions.held()
        if last is not None:
            return _drafts(audit, last, texts, definitions)
        found = _versions(aside, definitions, texts)
    RuleVersion.objects.bulk_create(found)
    _write_drafts(audit, {path: text for rule in definitions.rules if rule.status == "draft"
                          for path, text in _own(rule.name, texts).items()})  # fmt: skip
    others = {path for rule in definitions.rules if rule.status != "live" for path in _own(rule.name, texts)}
    own = {path: text for path, text in texts.items() if not path.startswith(_PUBLISHED) and path not in others}
    shadows = {str(one): one.published for one in found if one.status == Status.SHADOW}
    edition = editions.made(None, Contents(texts=own, shadows=shadows), Step.IMPORT, "", by=audit.actor)
    decided = sum(rule.status in DECIDED for rule in definitions.rules)
    audit.write("edition", edition.number, before={}, after={"files": len(own), "rules": decided})
    return Imported(edition=edition.number, rules=decided)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the definition files of a folder, text by path; BadRequest where there are none, or too much."""
    if not folder.is_dir():
        raise BadRequest("There is no such folder", value=str(folder), mend="Name a folder of definitions.")
    texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        if len(texts) == MOST_FILES or path.stat().st_size > LARGEST_FILE:
            raise BadRequest("This is more than definitions need", where=path.as_posix(), mend="Split or remove it.")
        try:
            texts["/".join(parts)] = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise BadRequest("The file is not UTF-8 text", where=path.as_posix(), mend="Save it as UTF-8.") from None
    demand_bounded(texts)
    if not texts:
        raise BadRequest("The folder holds no definitions", value=str(folder), mend="Name a folder of definitions.")
    return texts


def export_folder(folder: Path) -> int:
    """Write what is decided now and every published version into a folder; return how many files that were."""
    last = Edition.objects.order_by("-number").first()
    if last is None:
        return 0
    parts: dict[str, dict[str, str]] = {}
    for path, text in export_texts(last).items():
        part, _, name = path.partition("/")
        parts.setdefault(part, {})[name] = text
    for part, files in parts.items():
        write_folder(folder / part, files)
    return sum(map(len, parts.values()))


def export_texts(last: Edition) -> Texts:
    """Return an edition as a folder that `assay run` reads: rules that are only in shadow are left out where they read
    what has changed since."""
    live = {**last.texts, **editions.published()}
    shadows = RuleVersion.objects.filter(status=Status.SHADOW).order_by("rule")
    alone = [with_statuses(_own(one.rule, one.files), "shadow") for one in shadows if rule_path(one.rule) not in live]
    whole = {**live, **{path: text for files in alone for path, text in files.items()}}
    return live if alone and check(whole, {}) else whole


def _versions(folder: Path, definitions: Definitions, texts: Texts) -> list[RuleVersion]:
    """Return a version for each rule that is decided, and for each that was published before."""
    now = timezone.now()
    decided = [rule for rule in definitions.rules if rule.status in DECIDED]
    written = published_texts(folder, definitions, [rule.name for rule in decided])
    found = [
        RuleVersion(
            rule=rule.name,
            version=rule.version,
            fingerprint=rule.fingerprint,
            status=rule.status,
            published=written[rule.name],
            files=_own(rule.name, texts),
            edition=1,
            published_at=now,
            live_at=now if rule.status == "live" else None,
        )
        for rule in decided
    ]
    known = {(one.rule, one.version) for one in found}
    names = {path.removeprefix(_PUBLISHED).rpartition("@")[0] for path in texts if path.startswith(_PUBLISHED)}
    for name in sorted(names):
        for version in versions(folder, name):
            if (name, version) not in known:
                text = texts[editions.published_path(name, version)]
                found.append(_old(name, version, text))
    return found


def _own(rule: str, texts: Texts) -> dict[str, str]:
    """Return a rule's own files."""
    return {path: texts[path] for path in (rule_path(rule), examples_path(rule)) if path in texts}


def _old(rule: str, version: int, text: str) -> RuleVersion:
    now = timezone.now()
    stated = next((line for line in text.split("\n") if line.startswith("fingerprint:")), "")
    return RuleVersion(
        rule=rule,
        version=version,
        fingerprint=stated.partition(":")[2].strip(" '\""),
        status=Status.RETIRED,
        published=text,
        published_at=now,
        retired_at=now,
    )


def _drafts(audit: Audit, last: Edition, texts: Texts, definitions: Definitions) -> Imported:
    """Keep what differs from the latest edition as drafts; what was being written under the same paths is replaced."""
    own = {path: text for path, text in texts.items() if not path.startswith(_PUBLISHED)}
    changed = {path: text for path, text in own.items() if not says_the_same(path, text, text_of(path))}
    _write_drafts(audit, changed)
    audit.write("edition", last.number, before={}, after={"drafts": len(changed)})
    return Imported(edition=None, rules=len(definitions.rules), drafts=tuple(sorted(changed)))


def _write_drafts(audit: Audit, files: Texts) -> None:
    who = {"changed_at": timezone.now(), "changed_by": editions.user(audit.actor), "asked_at": None, "asked_by": None}
    for path, text in files.items():
        Draft.objects.update_or_create(path=path, defaults={"text": text, **who})
