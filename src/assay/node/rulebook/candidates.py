"""What would be decided if a draft, or a version in shadow, took effect; and what the core says to it.

Nothing here changes anything: a candidate is worked out and checked before anybody is kept waiting by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assay.core.definitions import complaints as codes
from assay.core.definitions.folder import FolderDraft, read_folder
from assay.core.definitions.loading import load
from assay.core.definitions.publishing import behind, published_texts
from assay.core.errors import BadDefinitions, BadRequest, Complaint
from assay.node.rulebook import current, editions
from assay.node.rulebook.models import Draft, Edition, RuleVersion, Status
from assay.node.rulebook.texts import (
    Texts,
    check,
    examples_path,
    laid_out,
    rule_of,
    rule_path,
    says_the_same,
    with_statuses,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Files laid over those of an edition: `files` are what is laid, `texts` the whole."""

    edition: int
    files: Texts
    texts: Texts
    complaints: tuple[Complaint, ...] = ()

    @property
    def seen(self) -> str:
        """Return the digest of what it lays over which edition: who approves it approves exactly that."""
        return hashlib.sha256(json.dumps([self.edition, sorted(self.files.items()), self._more()]).encode()).hexdigest()

    def _more(self) -> list[str]:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion(Candidate):
    """A draft of a rule as it would be published."""

    rule: str
    version: int
    fingerprint: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingLive(Candidate):
    """Versions in shadow that would go live together, as one changes what another one reads."""

    versions: tuple[RuleVersion, ...] = field(default=())

    def _more(self) -> list[str]:
        return [text for one in self.versions for text in (str(one), one.published)]


def latest() -> Edition:
    """Return the latest edition; an empty one of number 0 before the first."""
    return Edition.objects.order_by("-number").first() or Edition(number=0, texts={}, shadows={})


def of_draft(rule: str, *, instead: Texts | None = None, run_examples: bool = True) -> Candidate:
    """Return what a rule's draft would bring, with every complaint; with `instead`, as if those files were written so.

    Lists and scores that the rule reads come along as they are being written, and rules that it reads as they are in
    shadow; sources do not.
    """
    last = latest()
    drafts = {**dict(Draft.objects.values_list("path", "text")), **(instead or {})}
    # A version beside a live one will stand in its place: it is held to what is asked of live rules now.
    status = "shadow" if editions.version_in(rule, Status.LIVE) is None else "live"
    files = with_statuses(_files(rule, last.texts, drafts), status)
    texts = {**last.texts, **files}
    # Whom else the lists and scores concern is asked when it goes live; in shadow it has its own.
    found = check(texts, _published_of(rule), run_examples_of=[rule] if run_examples else [])
    return Candidate(edition=last.number, files=files, texts=texts, complaints=tuple(found))


def of_shared(path: str, *, instead: str | None = None) -> Candidate:
    """Return what a draft of a source, list or score would bring, with every complaint, also of rules."""
    last = latest()
    text = Draft.objects.filter(path=path).values_list("text", flat=True).first() if instead is None else instead
    files = {} if text is None else {path: text}
    texts = {**last.texts, **files}
    return Candidate(
        edition=last.number, files=files, texts=texts, complaints=tuple(check(texts, editions.published()))
    )


def new_version(rule: str) -> NewVersion:
    """Return a rule's draft as it would be published; BadDefinitions where there are complaints."""
    found = of_draft(rule)
    if found.complaints:
        raise BadDefinitions(found.complaints)
    return as_version(found, rule)


def as_version(found: Candidate, rule: str) -> NewVersion:
    """Return a candidate without complaints as a version of a rule."""
    with laid_out(found.texts) as folder:
        definitions = load(folder)
        one = definitions.rule(rule)
        text = published_texts(folder, definitions, [rule])[rule]
    return NewVersion(
        edition=found.edition,
        files=found.files,
        texts=found.texts,
        rule=rule,
        version=one.version,
        fingerprint=one.fingerprint,
        published=text,
    )


def going_live(version: RuleVersion) -> GoingLive:
    """Return what would be decided if a version in shadow went live, with every complaint.

    Where it changes a list, score or rule that other live rules read, their versions in shadow go live with it; so do
    versions in shadow that it reads.
    """
    last = latest()
    together = [version]
    while True:
        files = {path: text for one in together for path, text in with_statuses(one.files, "live").items()}
        texts = {**last.texts, **files}
        complaints = check(texts, editions.published())
        wanted = {rule_of(c.place.file) for c in complaints if c.code == codes.CHANGED} | {*map(rule_of, files)}
        known = {one.rule for one in together}
        more = RuleVersion.objects.filter(
            rule__in=[rule for rule in wanted if rule and rule not in known], status=Status.SHADOW
        )
        found = list(more.order_by("rule"))
        if not found:
            break
        together += found
    _demand_unchanged(together, last)
    return GoingLive(
        edition=last.number, files=files, texts=texts, complaints=tuple(complaints), versions=tuple(together)
    )


def amendment(paths: Iterable[str]) -> Candidate:
    """Return what drafts would bring that change no rule's meaning: sources, purposes, handoffs, examples."""
    last = latest()
    asked = written(paths, last)
    files, texts = asked.files, asked.texts
    for path in files:
        rule = rule_of(path)
        if rule is not None and rule_path(rule) not in last.texts:
            raise BadRequest(f"{rule} is not live", mend="Decide it in shadow first.")
    found = check(texts, editions.published())
    if not found:
        _demand_same_meaning(texts, last)
    return replace(asked, complaints=tuple(found))


def written(paths: Iterable[str], last: Edition | None = None) -> Candidate:
    """Return what drafts would bring as they are, unchecked."""
    last = last or latest()
    files = with_statuses(dict(Draft.objects.filter(path__in=list(paths)).values_list("path", "text")), "live")
    return Candidate(edition=last.number, files=files, texts={**last.texts, **files})


def _demand_same_meaning(texts: Texts, last: Edition) -> None:
    """Raise BadRequest where a rule that is decided would mean something else, or bear another version."""
    before, after = (current.read(editions.Contents(texts=one)) for one in (last.texts, texts))
    kept = {rule.name: (rule.version, rule.fingerprint) for rule in after.rules}
    for rule in before.rules:
        if kept.get(rule.name) != (rule.version, rule.fingerprint):
            raise BadRequest(
                f"This changes what {rule.name} means, or its version", mend="Decide the new version in shadow first."
            )


def without(version: RuleVersion) -> Candidate:
    """Return what would be decided if a version were decided no more; complaints where a live rule reads it."""
    last = latest()
    if version.status != Status.LIVE:
        return Candidate(edition=last.number, files={}, texts=last.texts)
    own = (rule_path(version.rule), examples_path(version.rule))
    tried = {**last.texts, **with_statuses({own[0]: last.texts.get(own[0], "")}, "retired")}
    texts = {path: text for path, text in last.texts.items() if path not in own}
    return Candidate(edition=last.number, files={}, texts=texts, complaints=tuple(check(tried, editions.published())))


def _files(rule: str, decided: Texts, drafts: Texts) -> dict[str, str]:
    """Return the files that go with a rule: its own, drafts of what it reads, and rules that it reads in shadow."""
    shadows = {one.rule: one for one in RuleVersion.objects.filter(status=Status.SHADOW)}
    before = {**decided, **(shadows[rule].files if rule in shadows else {})}
    own = {p: t for p in (rule_path(rule), examples_path(rule)) if (t := drafts.get(p, before.get(p))) is not None}
    if rule_path(rule) not in own:
        raise BadRequest("There is no such rule", value=rule, mend="Look for it in the list of rules.")
    # What is in shadow is read as it stands there, and what is being written of lists and scores comes on top.
    others = {name: one.files for name, one in shadows.items() if name != rule}
    shared = {path: text for path, text in drafts.items() if path.startswith(("lists/", "scores/"))}
    in_shadow = {path: text for files in others.values() for path, text in files.items()}
    if not shared and not in_shadow:
        return own
    with laid_out({**decided, **in_shadow, **shared, **own}) as folder:
        draft = read_folder(folder)
        read = _paths(draft, behind(draft, rule)) if rule in draft.rules else set()
    along: dict[str, str] = {}
    for name, files in others.items():
        along |= files if rule_path(name) in read else {}
    return {**along, **{path: text for path, text in shared.items() if path in read}, **own}


def _paths(draft: FolderDraft, parts: Iterable[tuple[str, str]]) -> set[str]:
    """Return the paths of the files that define these parts, as far as they are known."""
    kinds: Mapping[str, Mapping[str, object]] = {"rule": draft.rules, "score": draft.scores, "list": draft.lists}
    places = (getattr(kinds[kind].get(name), "place", None) for kind, name in parts if kind in kinds)
    prefix = f"{draft.folder.as_posix()}/"
    return {place.file.removeprefix(prefix) for place in places if place is not None}


def _demand_unchanged(together: Iterable[RuleVersion], last: Edition) -> None:
    """Raise BadRequest where a file that a version brings was changed by somebody else since it was written."""
    for version in together:
        base = Edition.objects.filter(number=version.edition or 0).values_list("texts", flat=True).first() or {}
        for path, text in sorted(version.files.items()):
            now = last.texts.get(path)
            if now is None or says_the_same(path, now, base.get(path)) or says_the_same(path, now, text):
                continue
            raise BadRequest(
                f"{path} was changed since version {version.version} of {version.rule} was written",
                mend="Open the rule, put both changes together, and publish that as the next version.",
            )


def _published_of(rule: str) -> Texts:
    rows = RuleVersion.objects.filter(rule=rule).values_list("version", "published")
    return {editions.published_path(rule, version): text for version, text in rows}
