"""What pages of rules read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from assay.core.definitions.model import Definitions, Rule
from assay.core.definitions.yaml_nodes import MappingNode, ScalarNode, read_yaml
from assay.core.errors import BadDefinitions
from assay.node.access.models import User
from assay.node.rulebook import candidates, current, history
from assay.node.rulebook.drafting import published_text_of
from assay.node.rulebook.editions import Contents
from assay.node.rulebook.models import Draft, Edition, RuleVersion, Status
from assay.node.rulebook.texts import examples_path, is_path, read, rule_of, rule_path
from assay.node.rulebook.words import Told, told

_ORDER: Final = ("live", "shadow", "draft", "retired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule in the list; `more` says what else is under way."""

    name: str
    stage: str
    motion: str
    owner: str
    status: str
    version: int | None
    more: tuple[str, ...]
    holds: int | None
    entered: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rule's page: how it is told, its versions from the newest on, and what is being written of it."""

    name: str
    status: str
    told: Told | None
    live: RuleVersion | None
    shadow: RuleVersion | None
    versions: Sequence[RuleVersion]
    drafts: Sequence[Draft]
    row: Row | None
    different: Sequence[tuple[str, str]]
    shadow_holds: int | None

    @property
    def path(self) -> str:
        """Return the path of the rule's file."""
        return rule_path(self.name)


def to_approve(user: User) -> int:
    """Return how many changes wait for a second person, and this user is one."""
    versions = RuleVersion.objects.filter(status=Status.SHADOW, asked_at__isnull=False)
    others = versions.exclude(author=user).exclude(asked_by=user)
    return others.count() + Draft.objects.filter(asked_at__isnull=False).exclude(asked_by=user).count()


def rules() -> list[Row]:
    """Return every rule, live ones first."""
    definitions = current.definitions()
    versions = list(RuleVersion.objects.defer("published", "files").order_by("rule", "version"))
    drafts = dict(Draft.objects.filter(path__startswith="qualifications/").values_list("path", "text"))
    written = {str(rule_of(path)) for path in drafts}
    names = {one.rule for one in versions} | written
    counts = history.counts()
    rows = [_row(name, [one for one in versions if one.rule == name], drafts, definitions, counts) for name in names]
    return sorted(rows, key=lambda row: (_ORDER.index(row.status), row.stage, row.name))


def _row(
    name: str,
    versions: Sequence[RuleVersion],
    drafts: Mapping[str, str],
    definitions: Definitions,
    counts: Mapping[str, tuple[int, int]],
) -> Row:
    by_status = {one.status: one for one in versions}
    live, shadow = by_status.get(Status.LIVE), by_status.get(Status.SHADOW)
    has_draft = rule_path(name) in drafts or examples_path(name) in drafts
    status = "live" if live else "shadow" if shadow else "draft" if has_draft else "retired"
    rule = next((one for one in definitions.rules if one.name == name), None) if live or shadow else None
    head = {} if rule is not None else _head(drafts.get(rule_path(name), ""))
    shown = live or shadow
    more = [f"version {shadow.version} in shadow"] if live and shadow else []
    more += ["waits for approval"] if shadow and shadow.asked_at else []
    more += ["being written"] if has_draft and shown else []
    holds, entered = counts.get(name, (None, None)) if shown else (None, None)
    return Row(
        name=name,
        stage=rule.stage if rule else head.get("stage", ""),
        motion=rule.motion if rule else head.get("motion", ""),
        owner=rule.owner if rule else head.get("owner", ""),
        status=status,
        version=shown.version if shown else None,
        more=tuple(more),
        holds=holds,
        entered=entered,
    )


def _head(text: str) -> dict[str, str]:
    """Return what stands at the top of a rule's text, as far as it can be read."""
    for node in read_yaml(text.encode("utf-8", "surrogatepass"), "").documents:
        if isinstance(node, MappingNode):
            return {key.text: value.text for key, value in node.entries if isinstance(value, ScalarNode)}
    return {}


def page(name: str) -> Page | None:
    """Return a rule's page; None where there is no such rule."""
    versions = list(
        RuleVersion.objects.filter(rule=name)
        .select_related("author", "asked_by", "approved_by", "retired_by")
        .order_by("-version")
    )
    drafts = list(
        Draft.objects.filter(path__in=[rule_path(name), examples_path(name)]).select_related("changed_by", "asked_by")
    )
    if not versions and not drafts:
        return None
    live = next((one for one in versions if one.status == Status.LIVE), None)
    shadow = next((one for one in versions if one.status == Status.SHADOW), None)
    row = next((one for one in rules() if one.name == name), None)
    return Page(
        name=name,
        status=row.status if row else "",
        told=_told(name, live or shadow or (None if drafts else versions[0])),
        live=live,
        shadow=shadow,
        versions=versions,
        drafts=drafts,
        row=row,
        shadow_holds=history.counts().get(str(shadow), (None, None))[0] if shadow else None,
        different=[line for one in drafts for line in differences(published_text_of(one.path), one.text, one.path)],
    )


def _told(name: str, version: RuleVersion | None) -> Told | None:
    """Return a version of a rule in words, or its draft; None where that cannot be read."""
    try:
        rule, definitions = _read(name, version)
    except BadDefinitions:
        return None
    return told(rule, name, definitions)


def _read(name: str, version: RuleVersion | None) -> tuple[Rule, Definitions]:
    if version is not None:
        return read_version(version)
    found = candidates.of_draft(name, run_examples=False)
    if found.complaints:
        raise BadDefinitions(found.complaints)
    definitions = read(found.texts)
    return definitions.rule(name), definitions


def read_version(version: RuleVersion) -> tuple[Rule, Definitions]:
    """Return a version's rule, and definitions that have it."""
    definitions = current.definitions()
    found = [one for one in definitions.rules if one.name in (version.rule, str(version))]
    rule = next((one for one in found if one.version == version.version), None)
    if rule is None:
        texts = candidates.latest().texts
        definitions = current.read(Contents(texts=texts, shadows={str(version): version.published}))
        rule = next(
            one
            for one in definitions.rules
            if one.name in (version.rule, str(version)) and one.version == version.version
        )
    return rule, definitions


def told_version(version: RuleVersion) -> Told | None:
    """Return a version in words."""
    return _told(version.rule, version)


def differences(before: str, after: str, name: str = "") -> list[tuple[str, str]]:
    """Return the lines in which two texts differ, with those around them: what kind each is, and its text."""
    kinds = {"+": "plus", "-": "minus", "@": "at"}
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    told = [(kinds.get(line[:1], ""), "…" if line.startswith("@") else line) for line in lines]
    return [("at", name), *told[1:]] if name and told else told[1:]


def differences_from_live(version: RuleVersion) -> list[tuple[str, str]]:
    """Return in which lines a version differs from the live one, with everything that they refer to."""
    live = RuleVersion.objects.filter(rule=version.rule, status=Status.LIVE).first()
    if live is None:
        return []
    return differences(*(_meaning(one.published) for one in (live, version)))


def _meaning(published: str) -> str:
    """Return a published text without its head, which no one reads, and without statuses, which publishing sets."""
    lines = published.partition("---\n")[2].split("\n")
    return "\n".join(line for line in lines if not line.startswith("status:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A file that rules share: a source, list or score."""

    path: str
    draft: Draft | None


def shared() -> list[Shared]:
    """Return the files that rules share, by path."""
    drafts = {one.path: one for one in Draft.objects.exclude(path__startswith="qualifications/")}
    texts = candidates.latest().texts
    paths = {path for path in texts if is_path(path) and not path.startswith("qualifications/")} | set(drafts)
    return [Shared(path=path, draft=drafts.get(path)) for path in sorted(paths)]


def editions(rule: str | None = None, *, most: int = 20) -> list[Edition]:
    """Return the latest editions, or those that were about a rule; without what they hold."""
    found = Edition.objects.defer("texts", "shadows").select_related("made_by", "approved_by").order_by("-number")
    if rule is not None:
        # The rule by itself: another one's name may end or begin like it.
        named, file = f"{re.escape(rule)}@", rf"qualifications/{re.escape(rule)}(\.examples)?\.yml"
        found = found.filter(about__regex=f"(^|, )({named}|{file}(,|$))")
    return list(found[:most])
