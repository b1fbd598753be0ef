"""Publishing a rule: writing down what it means, so that it cannot change in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from assay.core.definitions.fingerprint import with_fingerprints
from assay.core.definitions.folder import FolderDraft, read_folder
from assay.core.definitions.formatting import format_text
from assay.core.definitions.loading import definitions_of, load, sorted_complaints, sound_parts
from assay.core.definitions.model import Definitions
from assay.core.definitions.published import fingerprints_of, published_path, read_published
from assay.core.definitions.references import check_references
from assay.core.definitions.yaml_nodes import MappingNode, ScalarNode, read_yaml
from assay.core.errors import BadDefinitions, BadRequest, Place, did_you_mean

_HEADS = {"qualification": "rule", "score": "score", "list": "list"}


def publish(folder: Path, rule: str) -> Path:
    """Write `published/<rule>@<version>.yml` and return its path; an equal file that is there already stays.

    BadDefinitions where the folder has complaints, among them that this version was published with another meaning;
    BadRequest where there is no such rule.
    """
    from assay.core.io.writing import write_folder

    folder = Path(folder)
    definitions = load(folder)
    names = [r.name for r in definitions.rules]
    if rule not in names:
        mend = did_you_mean(rule, names, "The rules are: " + ", ".join(names) + ".")
        raise BadRequest("There is no such rule", where=folder.as_posix(), value=rule, mend=mend)
    found = definitions.rule(rule)
    path = published_path(folder, rule, found.version)
    if not path.is_file():
        write_folder(path.parent, {path.name: published_texts(folder, definitions, [rule])[rule]})
    return path


def published_texts(folder: Path, definitions: Definitions, rules: Sequence[str]) -> dict[str, str]:
    """Return what `publish` writes, by rule: a head, the rule and all that it refers to.

    `definitions` are those of the folder, checked already.
    """
    draft = read_folder(Path(folder))
    texts = {}
    for rule in rules:
        found = definitions.rule(rule)
        head = f"published: {rule}\nversion: {found.version}\nfingerprint: '{found.fingerprint}'\n"
        texts[rule] = "---\n".join([head, *(_text(draft, kind, name) for kind, name in behind(draft, rule))])
    return texts


def load_published(folder: Path, rule: str, version: int) -> Definitions:
    """Return the definitions of one published version, over the folder's present sources.

    BadRequest where that version was never published; BadDefinitions where it no longer fits the sources.
    """
    path = published_path(Path(folder), rule, version)
    if not path.is_file():
        raise BadRequest("This version was never published", where=path.as_posix(), value=f"{rule}@{version}",
                         mend=f"Run 'assay publish {rule}' while it is the present one.")  # fmt: skip
    draft, _, _ = read_published(path)
    present = read_folder(Path(folder))
    draft.sources = present.sources
    draft.unread = {"examples"} | (present.unread & {"source"})  # a published version has none of its own
    check_references(draft)
    if draft.reader.complaints:
        raise BadDefinitions(sorted_complaints(draft.reader.complaints))
    rules, scores, lists = sound_parts(draft)
    rules, scores = with_fingerprints(rules, scores, fingerprints_of(draft))
    return definitions_of(draft, rules, scores, lists)


def behind(draft: FolderDraft, rule: str) -> list[tuple[str, str]]:
    """Return a rule and all that it refers to, as (kind, name): rules first, then scores and lists."""
    waiting, found = [("rule", rule)], {("rule", rule)}
    while waiting:
        holder = waiting.pop()
        for reference in draft.reader.references:
            if reference.holder != holder or reference.kind in ("event", "property", "attribute"):
                continue
            kind = {"people_rule": "rule", "ranking": "score"}.get(reference.kind, reference.kind)
            target = (kind, reference.name)
            if target not in found and (kind != "list" or reference.name in draft.lists):
                found.add(target)
                waiting.append(target)
    ranks = {"rule": 0, "score": 1, "list": 2}
    return sorted(found, key=lambda t: (t != ("rule", rule), ranks[t[0]], t[1]))


def _place(draft: FolderDraft, kind: str, name: str) -> Place:
    if kind == "rule":
        return draft.rules[name].place
    return draft.scores[name].place if kind == "score" else draft.lists[name].place


def _text(draft: FolderDraft, kind: str, name: str) -> str:
    """Return the canonical text of one definition out of its file."""
    file = Path(_place(draft, kind, name).file)
    text = format_text(file.read_text("utf-8-sig"))
    for place, document in _documents(text):
        if place == (kind, name):
            return document
    raise BadRequest(f"The {kind} is not in its file", where=file.as_posix(), value=name, mend="Run it again.")


def _documents(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    # In canonical text a line of three dashes stands between documents and nowhere else.
    for document in text.split("\n---\n"):
        for node in read_yaml(document.encode(), "").documents:
            if isinstance(node, MappingNode):
                for key, value in node.entries:
                    if key.text in _HEADS and isinstance(value, ScalarNode):
                        yield (_HEADS[key.text], value.text), document.rstrip("\n") + "\n"
                        break
