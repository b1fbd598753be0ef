"""Definition files as texts by path: within bounds, and checked by the core as the folder that they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from assay.core import examples
from assay.core.definitions import yaml_nodes
from assay.core.definitions.loading import read_checked
from assay.core.definitions.model import Definitions
from assay.core.definitions.yaml_nodes import MappingNode, ScalarNode
from assay.core.errors import BadRequest, Complaint

#: A file that is longer takes the core longer to read than a page may take.
LARGEST_FILE: Final = 200_000
LARGEST_FOLDER: Final = 4_000_000
MOST_FILES: Final = 1_000

_PATH: Final = re.compile(r"(sources|lists|qualifications|scores)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.yml")
_PUBLISHED: Final = re.compile(r"published/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}@[1-9][0-9]{0,8}\.yml")
_EXAMPLES: Final = ".examples.yml"

Texts = Mapping[str, str]


def rule_path(rule: str) -> str:
    """Return the path of a rule's file."""
    return f"qualifications/{rule}.yml"


def examples_path(rule: str) -> str:
    """Return the path of the examples of a rule."""
    return f"qualifications/{rule}{_EXAMPLES}"


def rule_of(path: str) -> str | None:
    """Return the rule whose file or examples stand under a path; None for what several rules share."""
    folder, _, name = path.partition("/")
    if folder != "qualifications":
        return None
    return name.removesuffix(".yml").removesuffix(".examples")


def is_path(path: str) -> bool:
    """Tell whether definitions are read from a file of that path."""
    return _PATH.fullmatch(path) is not None


def demand_bounded(texts: Texts) -> None:
    """Raise BadRequest where there is more text than definitions need, or a file where none is read from."""
    for path, text in texts.items():
        if not is_path(path) and not _PUBLISHED.fullmatch(path):
            raise BadRequest(
                "Definitions are not read from here",
                where=path[:150],
                mend="They stand in sources, lists, qualifications or scores, in files that end in .yml.",
            )
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
            raise BadRequest(
                f"The file has more than {LARGEST_FILE:,} bytes",
                where=path,
                mend="Split it; data belongs into a source.",
            )
    if len(texts) > MOST_FILES or sum(map(len, texts.values())) > LARGEST_FOLDER:
        raise BadRequest(
            f"The definitions have more than {MOST_FILES:,} files or {LARGEST_FOLDER:,} characters",
            mend="Remove what nothing reads.",
        )


@contextmanager
def laid_out(texts: Texts, published: Texts | None = None) -> Iterator[Path]:
    """Give a folder that holds these files for as long as the context lasts."""
    demand_bounded({**texts, **(published or {})})
    with TemporaryDirectory(prefix="assay-rules-") as made:
        folder = Path(made)
        for path, text in {**texts, **(published or {})}.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8", "surrogatepass"))
        yield folder


def check(texts: Texts, published: Texts, *, run_examples_of: Iterable[str] = ()) -> list[Complaint]:
    """Return every complaint about these files, sorted by place; places name files by their path in the folder.

    Where the text is right, the examples of the rules named are decided too.
    """
    with laid_out(texts, published) as folder:
        definitions, complaints = read_checked(folder)
        wanted = frozenset(run_examples_of)
        if definitions is not None and wanted:
            cases = tuple(case for case in definitions.examples if case.rule in wanted)
            complaints = examples.disagreements(replace(definitions, examples=cases))
        return told(complaints, folder)


def told(complaints: Sequence[Complaint], folder: Path) -> list[Complaint]:
    """Return complaints about a folder as people know it: by paths within it."""
    prefix = f"{folder.as_posix()}/"
    return [
        replace(
            one,
            place=replace(one.place, file=one.place.file.removeprefix(prefix)),
            message=one.message.replace(prefix, ""),
            mend=one.mend.replace(prefix, ""),
        )
        for one in complaints
    ]


def named(definitions: Definitions) -> Definitions:
    """Return definitions that were read from a folder that is gone, without its name."""
    return replace(definitions, folder="")


def with_status(text: str, status: str) -> str:
    """Return a rule's text with another status; as it is where it has none that could be read."""
    for document in yaml_nodes.read_yaml(text.encode("utf-8", "surrogatepass"), "").documents:
        node = document.get("status") if isinstance(document, MappingNode) else None
        if isinstance(node, ScalarNode) and node.start[0] == node.end[0]:
            lines = text.removeprefix("\ufeff").split("\n")
            line = lines[node.start[0]]
            lines[node.start[0]] = f"{line[: node.start[1]]}{status}{line[node.end[1] :]}"
            return "\n".join(lines)
    return text


def with_statuses(files: Texts, status: str) -> dict[str, str]:
    """Return files with another status in each that is a rule's."""
    return {
        path: with_status(text, status) if path == rule_path(rule_of(path) or "") else text
        for path, text in files.items()
    }


def says_the_same(path: str, one: str | None, other: str | None) -> bool:
    """Tell whether two texts of a file are the same but for a rule's status, which is not changed by writing."""
    if one is None or other is None or rule_of(path) is None:
        return one == other
    return with_status(one, "draft") == with_status(other, "draft")
