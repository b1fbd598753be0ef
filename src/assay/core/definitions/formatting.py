"""The canonical text of definition files: one order of keys, one way to write, comments kept."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from assay.core.definitions import cases, criteria, rules, source_places, sources
from assay.core.definitions.comments import Entry, with_comments
from assay.core.definitions.conditions import CONDITIONS, THRESHOLDS, WINDOW
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, read_yaml
from assay.core.errors import BadDefinitions, InternalError

WIDTH: Final = 110
STEP: Final = "  "

_CRITERION: Final = (
    "of", "where", "distinct", *CONDITIONS, *THRESHOLDS, "share_at_least", "people_at_least", "each_meets_any_of",
    "independent", "fresh_within", "confidence_at_least", *WINDOW, "of_people_active_within", "each", "once", "up_to",
    "fades",
)  # fmt: skip

#: The order of keys by kind of mapping; what is not named keeps its order, behind.
_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "rule": rules.KEYS,
    "score": ("score", "version", "subject", "owner", "purpose", "dimensions", "points", "caps"),
    "source": ("source", "time_zone", *sources.KINDS, "event_names"),
    "list": ("list", "owner", "purpose", "values"),
    "published": ("published", "version", "fingerprint"),
    "examples": cases.KEYS,
    "case": cases.CASE_KEYS,
    "expect": cases.EXPECT_KEYS,
    "handoff": rules.HANDOFF_KEYS,
    "logic": ("all_of", "any_of", "at_least", "of", "none_of"),
    **{f"{name} body": (*source_places.PLACE_KEYS, *kind.keys) for name, kind in sources.KINDS.items()},
    "dated": ("column", "constant", "at", "rename"),
}
_HEADS: Final = {
    "qualification": "rule", "score": "score", "source": "source", "list": "list", "examples_for": "examples",
    "published": "published",
}  # fmt: skip

#: Kinds of mapping that always stand as a block, a line an entry.
_BLOCKS: Final = {
    "rule",
    "score",
    "source",
    "list",
    "examples",
    "published",
    "case",
    "criteria",
    "points",
    "cases",
    "top logic",
}

_SAFE = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=<][^\n\t]*|-?[0-9][\w.%+-]*")


def format_text(text: str, *, file: str = "") -> str:
    """Return the canonical text of a definition file; BadDefinitions where it is not YAML of definitions.

    Keys stand in one order, short mappings and lists on one line, comments where they belong. Formatting again
    changes nothing, and the meaning never changes.
    """
    read = read_yaml(text.encode("utf-8", errors="surrogatepass"), file)
    if read.complaints:
        raise BadDefinitions(read.complaints)
    if not read.documents:
        return text
    roots, head = with_comments(text.removeprefix("\ufeff"), read.documents)
    parts = ["\n".join(_document(root)) for root in roots]
    out = "\n---\n".join(parts) + "\n"
    if head:
        out = "\n".join(head) + "\n\n" + out
    again = read_yaml(out.encode(), file)
    if again.complaints or [_plain(d) for d in again.documents] != [_plain(d) for d in read.documents]:
        raise InternalError("formatting would have changed a definition")
    return out


def _plain(node: Node) -> object:
    """Return what a node says, without order of keys, places and style."""
    if isinstance(node, ScalarNode):
        return (type(node.value).__name__, node.text if isinstance(node.value, str) else str(node.value))
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.items]
    return {key.text: _plain(value) for key, value in node.entries}


def _document(root: Entry) -> list[str]:
    kind = "other"
    if isinstance(root.value, MappingNode):
        kind = next((_HEADS[key] for key in root.value.keys() if key in _HEADS), "other")  # noqa: SIM118
    lines = _block(root, kind, "") if root.children else [_flow(root, kind)]
    return [*root.lead, *lines, *root.after]


def _inner_kind(kind: str, key: str) -> str:
    """Return what kind of mapping the value of `key` is, inside a mapping of `kind`."""
    if kind in ("criteria", "points", "cases"):
        return {"criteria": "criterion", "points": "criterion", "cases": "case"}[kind]
    if kind == "rule":
        return {"criteria": "criteria", "qualify": "top logic", "stay_qualified": "top logic"}.get(key, key)
    if kind in ("top logic", "logic"):
        return "logic"
    if kind == "score":
        return "points" if key == "points" else "other"
    if kind == "examples":
        return "cases" if key == "cases" else "other"
    if kind == "case":
        return "expect" if key == "expect" else "other"
    if kind == "source":
        return f"{key} body" if key in sources.KINDS else "other"
    if kind.endswith(" body"):
        return "attributes" if key == "attributes" else "dated" if key in ("event", "account") else "other"
    return "dated" if kind == "attributes" else "other"


def _ordered(entry: Entry, kind: str) -> list[Entry]:
    """Return the entries of a mapping in canonical order; a list stays as it is."""
    if not isinstance(entry.value, MappingNode):
        return entry.children
    keys = [child.key.text for child in entry.children if child.key]
    order: Sequence[str] = _ORDERS.get("logic" if kind == "top logic" else kind, ())
    if kind == "criterion":
        forms = [key for key in keys if key in criteria.FORMS]
        if not forms or (len(forms) > 1 and keys[0] != forms[0] and "dimension" not in keys):
            return entry.children  # wrong as it stands; its order is what the complaint is about
        form = forms[0]
        order = ("dimension", form, *(key for key in _CRITERION if key != form))
    if not order:
        return entry.children
    ranks = {key: rank for rank, key in enumerate(order)}
    return sorted(entry.children, key=lambda child: ranks.get(child.key.text if child.key else "", len(ranks)))


def _block(entry: Entry, kind: str, indent: str) -> list[str]:
    """Return the lines of a mapping or list as a block."""
    lines: list[str] = []
    for index, child in enumerate(_ordered(entry, kind)):
        if child.blank and (index or indent):
            lines.append("")
        lines += [indent + comment for comment in child.lead]
        inner = _inner_kind(kind, child.key.text) if child.key else ("logic" if kind == "logic" else kind)
        lines += _entry(child, inner, indent)
        lines += [indent + comment for comment in child.after]
    return lines


def _entry(child: Entry, kind: str, indent: str) -> list[str]:
    start = indent + (f"{_scalar(child.key, flow=False)}:" if child.key else "-")
    if isinstance(child.value, ScalarNode):
        written = _long_text(child, start, indent) or [f"{start} {_scalar(child.value, flow=False)}".rstrip()]
        return _with_beside(child, written)
    one_line = f"{start} {_flow(child, kind)}"
    if not child.children or (_may_flow(child, kind) and len(one_line) <= WIDTH):
        return _with_beside(child, [one_line])
    if child.key is None:  # a member of a list: its first line stands beside the dash
        inner = _block(child, kind, indent + STEP)
        beside = [indent + comment for comment in child.beside]
        lead = next(number for number, line in enumerate(inner) if line.strip() and not line.lstrip().startswith("#"))
        above = [indent + line.strip() for line in inner[:lead] if line.strip()]
        return [*beside, *above, f"{start} {inner[lead].lstrip()}", *inner[lead + 1 :]]
    return [*_with_beside(child, [start]), *_block(child, kind, indent + STEP)]


def _may_flow(entry: Entry, kind: str) -> bool:
    if kind in _BLOCKS or entry.has_comments_inside():
        return False
    if isinstance(entry.value, SequenceNode) and any(child.children for child in entry.children):
        return False
    if entry.key is None and len(entry.children) == 1:  # `- any_of: [a, b]` needs no braces
        return False
    return not any(_has_line_break(child) for child in entry.children)


def _has_line_break(entry: Entry) -> bool:
    if isinstance(entry.value, ScalarNode):
        return "\n" in entry.value.text
    return any(_has_line_break(child) for child in entry.children)


def _with_beside(entry: Entry, lines: list[str]) -> list[str]:
    if not entry.beside:
        return lines
    first = f"{lines[0]}  {entry.beside[0]}"
    column = len(lines[0]) + 2
    return [first, *(" " * column + comment for comment in entry.beside[1:]), *lines[1:]]


def _flow(entry: Entry, kind: str) -> str:
    """Return a value on one line."""
    if isinstance(entry.value, ScalarNode):
        return _scalar(entry.value, flow=True)
    if isinstance(entry.value, SequenceNode):
        return "[" + ", ".join(_flow(child, kind) for child in entry.children) + "]"
    parts = []
    for child in _ordered(entry, kind):
        key = _scalar(child.key, flow=True) if child.key else ""
        inner = _inner_kind(kind, child.key.text) if child.key else kind
        parts.append(f"{key}: {_flow(child, inner)}".rstrip())
    return "{" + ", ".join(parts) + "}"


def _scalar(node: ScalarNode | None, *, flow: bool) -> str:
    """Return one value, quoted only where it must be."""
    if node is None:
        return ""
    if node.plain and not isinstance(node.value, str):
        return node.text if node.text or not flow else "null"
    text = node.text
    like = ScalarNode(place=node.place, text=text, plain=True)
    if isinstance(like.value, str) and _is_safe(text, flow=flow):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return (
        json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\u2028", "\\L").replace("\u2029", "\\P")
    )


def _is_safe(text: str, *, flow: bool) -> bool:
    if not text.isprintable() or text.strip() != text or text.startswith(("---", "...")):
        return False
    if not _SAFE.fullmatch(text) or re.search(r": |:$| #|:(?![\w/])", text):
        return False
    return not (flow and re.search(r"[,\[\]{}]", text))


def _long_text(child: Entry, start: str, indent: str) -> list[str] | None:
    """Return the lines of a text with line breaks, or too long for a line, as a block; None where it is neither."""
    node = child.value
    if not isinstance(node, ScalarNode) or (node.plain and not isinstance(node.value, str)) or child.key is None:
        return None
    body = node.text.removesuffix("\n")
    ending = "" if body != node.text else "-"
    if not body or any(not line.isprintable() or line != line.rstrip() for line in body.split("\n")):
        return None
    if "\n" in body:
        if body.startswith(("\n", " ")) or body.endswith("\n"):
            return None
        return [f"{start} |{ending}", *((indent + STEP + line).rstrip() for line in body.split("\n"))]
    if body != " ".join(body.split()) or (ending and len(start) + 1 + len(body) <= WIDTH):
        return None
    return [f"{start} >{ending}", *_wrapped(body, indent + STEP)]


def _wrapped(text: str, indent: str) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return lines
