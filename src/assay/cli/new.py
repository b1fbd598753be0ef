"""Ready-made rules: what `assay new KIND` writes.

A template is plain YAML beside this module, in `templates/`; `{name}` in it becomes the rule's name, and nothing else
is replaced. `templates/kinds.yml` says what there is and what each kind refers to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from assay.core.errors import BadRequest, Complaint, did_you_mean

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RULES: Final = "qualifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateKind:
    """A kind of rule: its usual name, one line on it, and the lists, scores ("scores/x") and kinds it refers to."""

    kind: str
    name: str
    says: str
    needs: tuple[str, ...] = ()


@cache
def template_kinds() -> Mapping[str, TemplateKind]:
    """Return what `assay new` can write, by kind, in the order in which it is offered."""
    from ruamel.yaml import YAML

    rows = YAML(typ="safe").load(_template("kinds.yml").read_text(encoding="utf-8"))
    return {
        kind: TemplateKind(kind=kind, name=row["name"], says=row["says"], needs=tuple(row.get("needs", ())))
        for kind, row in rows.items()
    }


def write_template(kind: str, folder: Path, *, name: str | None = None) -> list[Path]:
    """Write a rule of that kind, its examples, and what it refers to where `folder` lacks it; return the paths.

    Nothing that exists is overwritten: BadRequest for a rule that is there already, an unknown kind or a bad name.
    """
    chosen = _kind(kind)
    rule = chosen.name if name is None else name
    _check_name(chosen, rule)
    there = [path for path in _rule_paths(folder, rule) if path.exists()]
    if there:
        raise BadRequest(
            "There is such a rule already, and nothing was written",
            where="--name",
            value=str(there[0]),
            mend="Give another name with --name, or edit the rule that is there.",
        )
    texts = _rule_texts(folder, chosen, rule)
    there_already = _definitions_in(folder)
    waiting = list(chosen.needs)
    while waiting:
        need = waiting.pop(0)
        upstream = template_kinds().get(need)
        if upstream is None and need not in there_already:
            texts[folder / f"{need}.yml"] = _template(f"{need}.yml").read_text(encoding="utf-8")
        elif upstream is not None and f"{_RULES}/{upstream.name}" not in there_already:
            texts |= _rule_texts(folder, upstream, upstream.name)
            waiting += upstream.needs
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def names_to_edit(folder: Path, written: list[Path]) -> list[Complaint]:
    """Return what `assay check` says of the written files: names that this folder's sources do not have.

    Each complaint holds its place, the name, and a near miss where there is one.
    """
    from assay.core.definitions import check

    places = {path.as_posix() for path in written}
    return [complaint for complaint in check(folder) if complaint.place.file in places]


def _kind(kind: str) -> TemplateKind:
    kinds = template_kinds()
    if kind in kinds:
        return kinds[kind]
    offered = f"There are {', '.join(kinds)}."
    raise BadRequest(
        "There is no such kind of rule",
        where="KIND",
        value=kind,
        mend=f"{did_you_mean(kind, kinds)} {offered}".lstrip(),
    )


def _check_name(kind: TemplateKind, name: str) -> None:
    if not _NAME.fullmatch(name):
        mended = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or kind.name
        raise BadRequest(
            "A rule's name is made of letters, digits and '_'",
            where="--name",
            value=name,
            mend=f"Write '{mended if _NAME.fullmatch(mended) else kind.name}'.",
        )
    upstream = {template_kinds()[need].name for need in kind.needs if need in template_kinds()}
    if name in upstream:
        raise BadRequest(
            "This rule refers to another one that bears the name",
            where="--name",
            value=name,
            mend=f"Leave --name out, and it is called '{kind.name}'.",
        )


def _definitions_in(folder: Path) -> frozenset[str]:
    """Return what the folder defines, as "lists/own_domains": a list may stand in a file of any name."""
    from assay.core.definitions.folder import read_folder

    draft = read_folder(folder)
    named = (("lists", [*draft.lists]), ("scores", [*draft.scores]), (_RULES, [*draft.rules]))
    return frozenset(f"{kind}/{name}" for kind, names in named for name in names)


def _rule_paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / _RULES / f"{name}.yml", folder / _RULES / f"{name}.examples.yml"


def _rule_texts(folder: Path, kind: TemplateKind, name: str) -> dict[Path, str]:
    sources = (_template(f"{kind.kind}.yml"), _template(f"{kind.kind}.examples.yml"))
    return {
        path: source.read_text(encoding="utf-8").replace("{name}", name)
        for path, source in zip(_rule_paths(folder, name), sources, strict=True)
    }


def _template(name: str) -> Traversable:
    return files("assay.cli") / "templates" / name
