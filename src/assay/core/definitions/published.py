"""Published files: what a rule meant when it was made public, complete with all that it refers to.

A published file holds a head (rule, version, fingerprint) and then, as documents of their own, the rule and every rule,
score and list behind it, in canonical text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assay.core.definitions import complaints as codes
from assay.core.definitions.fingerprint import Fingerprints
from assay.core.definitions.folder import BUILT_IN_LISTS, FolderDraft, read_list
from assay.core.definitions.rules import RuleDraft, read_rule
from assay.core.definitions.scores import read_score
from assay.core.definitions.yaml_nodes import MappingNode, ScalarNode, read_yaml
from assay.core.errors import Place

HEAD_KEYS: Final = ("published", "version", "fingerprint")


def published_path(folder: Path, rule: str, version: int) -> Path:
    """Return where a version of a rule is published."""
    return folder / "published" / f"{rule}@{version}.yml"


def read_published(path: Path) -> tuple[FolderDraft, str, Place]:
    """Return what a published file holds, the fingerprint that it states and the place of that."""
    draft = FolderDraft(folder=path.parent.parent)
    reader = draft.reader
    text = read_yaml(path.read_bytes(), path.as_posix())
    reader.complaints += text.complaints
    stated, place = "", Place(file=path.as_posix(), line=1, column=1)
    for document in text.documents:
        node = reader.mapping(document, "a published document")
        if node is None:
            continue
        if node.get("published") is not None:
            reader.keys(node, HEAD_KEYS, "a published file's head", required=HEAD_KEYS)
            fingerprint = node.get("fingerprint")
            if isinstance(fingerprint, ScalarNode):
                stated, place = fingerprint.text, fingerprint.place
        else:
            _keep(draft, node)
    return draft, stated, place


def _keep(draft: FolderDraft, node: MappingNode) -> None:
    if node.get("qualification") is not None:
        rule = read_rule(draft.reader, node)
        draft.rules |= {rule.name: rule} if rule else {}
    elif node.get("score") is not None:
        score = read_score(draft.reader, node)
        draft.scores |= {score.name: score} if score else {}
    else:
        named = read_list(draft.reader, node)
        draft.lists |= {named.name: named} if named else {}


def fingerprints_of(draft: FolderDraft) -> Fingerprints:
    """Return the fingerprints of what could be read without a complaint."""
    return Fingerprints(
        {name: d.rule for name, d in draft.rules.items() if d.rule is not None},
        {name: d.score for name, d in draft.scores.items() if d.score is not None},
        {name: d.values for name, d in draft.lists.items() if d.values is not None},
        built_in=BUILT_IN_LISTS,
    )


def check_published(draft: FolderDraft, fingerprints: Fingerprints) -> None:
    """Complain of each rule whose meaning changed under an unchanged version, and of files edited since."""
    if any(c.code == codes.CYCLE for c in draft.reader.complaints):
        return  # what refers to itself has no fingerprint
    for name, rule in sorted(draft.rules.items()):
        if rule.version is None:
            continue
        path = published_path(draft.folder, name, rule.version)
        if path.is_file():
            _check_one(draft, fingerprints, rule, path)


def _check_one(draft: FolderDraft, fingerprints: Fingerprints, rule: RuleDraft, path: Path) -> None:
    old, stated, place = read_published(path)
    before = fingerprints_of(old)
    try:
        as_published = before.rule(rule.name)
    except KeyError:
        as_published = ""
    if as_published != stated or old.reader.complaints:
        draft.reader.complain(
            codes.TAMPERED,
            place,
            f"The published file does not hold what its fingerprint {stated} says.",
            mend="Restore the file as it was published.",
            value=stated,
        )
        return
    try:
        now, parts = fingerprints.rule(rule.name), fingerprints.parts(rule.name)
    except KeyError:
        return  # something that it refers to is wrong, and complained of
    if now == stated:
        return
    was = before.parts(rule.name)
    changed = sorted(part for part in {*parts, *was} if parts.get(part) != was.get(part))
    draft.reader.complain(
        codes.CHANGED,
        rule.version_place,
        f"Version {rule.version} of '{rule.name}' was published with another meaning; changed: {', '.join(changed)}.",
        mend=f"Write 'version: {(rule.version or 0) + 1}', or undo the change.",
        value=str(rule.version),
    )
