"""From a folder of YAML to checked, frozen definitions, or to every complaint at once."""

from __future__ import annotations

from pathlib import Path

from assay.core.definitions import complaints as codes
from assay.core.definitions.fingerprint import with_fingerprints
from assay.core.definitions.folder import FREE_MAIL, FolderDraft, free_mail_domains, read_folder
from assay.core.definitions.model import Definitions, Rule, Scalar, Score
from assay.core.definitions.published import check_published, fingerprints_of
from assay.core.definitions.references import check_references
from assay.core.errors import BadDefinitions, Complaint


def load(folder: Path, *, against_published: bool = True) -> Definitions:
    """Return the checked definitions of a folder; BadDefinitions carries every complaint.

    With `against_published`, a rule whose meaning differs from what was published as the same version is refused.
    """
    definitions, complaints = read_checked(folder, against_published=against_published)
    if definitions is None:
        raise BadDefinitions(complaints)
    return definitions


def check(folder: Path) -> list[Complaint]:
    """Return every complaint about a folder, sorted by place. Examples are read, not run."""
    return read_checked(folder)[1]


def read_checked(folder: Path, *, against_published: bool = True) -> tuple[Definitions | None, list[Complaint]]:
    """Return the definitions and no complaint, or None and all complaints, sorted by place."""
    draft = read_folder(Path(folder))
    check_references(draft)
    rules, scores, lists = sound_parts(draft)
    fingerprints = fingerprints_of(draft)
    if against_published:
        check_published(draft, fingerprints)
    if draft.reader.complaints:
        return None, sorted_complaints(draft.reader.complaints)
    rules, scores = with_fingerprints(rules, scores, fingerprints)
    return definitions_of(draft, rules, scores, lists), []


def sound_parts(draft: FolderDraft) -> tuple[dict[str, Rule], dict[str, Score], dict[str, tuple[Scalar, ...]]]:
    """Return the rules, scores and lists (with the built-in ones) that could be read without a complaint."""
    rules = {name: d.rule for name, d in sorted(draft.rules.items()) if d.rule is not None}
    scores = {name: d.score for name, d in sorted(draft.scores.items()) if d.score is not None}
    lists = {name: d.values for name, d in sorted(draft.lists.items()) if d.values is not None}
    # A list of the user's own under a built-in name adds to it.
    lists[FREE_MAIL] = tuple(dict.fromkeys((*free_mail_domains(), *lists.get(FREE_MAIL, ()))))
    return rules, scores, lists


def definitions_of(
    draft: FolderDraft, rules: dict[str, Rule], scores: dict[str, Score], lists: dict[str, tuple[Scalar, ...]]
) -> Definitions:
    """Return what was read, as one value; rules, scores, lists and sources in the order of their names."""
    sources = tuple(d.source for _, d in sorted(draft.sources.items()) if d.source is not None)
    return Definitions(
        folder=draft.folder.as_posix(),
        rules=tuple(rules.values()),
        scores=tuple(scores.values()),
        lists=lists,
        sources=sources,
        event_names=frozenset(name for d in draft.sources.values() for name in d.event_names),
        examples=tuple(e for examples in draft.examples for e in examples.examples),
    )


def sorted_complaints(complaints: list[Complaint]) -> list[Complaint]:
    """Return the complaints by place and code, each once, without those that follow from another at the same value."""
    unique = sorted(set(complaints), key=lambda c: (c.place, c.code, c.message))
    torn = {c.place.file for c in unique if c.code in (codes.BAD_YAML, codes.NOT_UTF8, codes.TOO_BIG)}
    # What YAML itself got wrong on a line explains whatever else is wrong there.
    lines = {(c.place.file, c.place.line) for c in unique if c.code.startswith("A1")}
    return [
        c
        for c in unique
        if c.code.startswith("A1") or (c.place.file not in torn and (c.place.file, c.place.line) not in lines)
    ]
