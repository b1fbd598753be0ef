"""YAML as nodes that know their place; whatever definitions may not hold is refused here.

Scalars are typed by their looks alone: quoted text is text, plain `true` and `false` are booleans, plain decimals are
numbers, an empty value is nothing, and everything else (`on`, `off`, `yes`, `no`, dates, …) is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import Scalar
from assay.core.errors import Complaint, Place
from assay.core.values import parse_number

LARGEST_FILE: Final = 1_000_000
DEEPEST: Final = 12

#: Offsets in lines and columns from 0: (line, column).
Spot = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """One value; `text` as read, `plain` where it stood without quotes."""

    place: Place
    text: str
    plain: bool
    block: bool = False
    start: Spot = (0, 0)
    end: Spot = (0, 0)

    @property
    def value(self) -> Scalar | None:
        """Return the typed value; None for an empty one."""
        if not self.plain:
            return self.text
        if self.text in ("", "~", "null", "Null", "NULL"):
            return None
        if self.text in ("true", "True", "TRUE"):
            return True
        if self.text in ("false", "False", "FALSE"):
            return False
        number = parse_number(self.text)
        return self.text if number is None else number


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNode:
    """A list of values."""

    place: Place
    items: tuple[Node, ...]
    flow: bool = False
    start: Spot = (0, 0)
    end: Spot = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingNode:
    """Keys and values in the order of the file; keys are unique text."""

    place: Place
    entries: tuple[tuple[ScalarNode, Node], ...]
    flow: bool = False
    start: Spot = (0, 0)
    end: Spot = (0, 0)

    def get(self, key: str) -> Node | None:
        """Return the value of `key`, if it is there."""
        return next((value for name, value in self.entries if name.text == key), None)

    def keys(self) -> list[str]:
        """Return the keys in order."""
        return [name.text for name, _ in self.entries]


Node = ScalarNode | SequenceNode | MappingNode


@dataclass(slots=True)
class Text:
    """What was read of one file: its documents, and what is wrong with it. `broken` where reading had to stop."""

    documents: list[Node] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    broken: bool = False


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    start: Spot
    place: Place
    is_mapping: bool
    flow: bool
    items: list[Node] = field(default_factory=list)


class _Stop(Exception):
    """Reading cannot go on."""


def describe(node: Node) -> str:
    """Return the value as a complaint shows it."""
    if isinstance(node, ScalarNode):
        return node.text if len(node.text) <= 80 else node.text[:77] + "…"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"


def read_yaml(data: bytes, file: str) -> Text:
    """Return the documents of a file as nodes, with every complaint about its YAML; never raises."""
    out = Text()
    try:
        if len(data) > LARGEST_FILE:
            raise _stop(
                out,
                codes.TOO_BIG,
                Place(file=file, line=1, column=1),
                f"The file has {len(data):,} bytes; a definition has at most {LARGEST_FILE:,}.",
                "Split it; keep data out of definitions.",
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            raise _stop(
                out,
                codes.NOT_UTF8,
                Place(file=file, line=line, column=column),
                "The file is not UTF-8 text.",
                "Save it as UTF-8.",
            ) from None
        _read_events(text, file, out)
    except _Stop:
        out.broken = True
    return out


def _stop(out: Text, code: str, place: Place, message: str, mend: str, *, value: str = "") -> _Stop:
    out.complaints.append(Complaint(code=code, place=place, message=message, mend=mend, value=value))
    return _Stop()


def _read_events(text: str, file: str, out: Text) -> None:
    opened: list[_Open] = []
    events = _events(text, file, out)
    for event in events:
        node: Node | None = None
        if isinstance(event, DocumentStartEvent):
            _refuse_directives(event, file, out)
        elif isinstance(event, AliasEvent):
            raise _stop(
                out,
                codes.ANCHOR,
                _place(file, event),
                f"Aliases such as '*{event.anchor}' are refused.",
                "Write the value out where it is used.",
                value=f"*{event.anchor}",
            )
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            _refuse_decoration(event, file, out)
            opened.append(
                _Open(
                    (event.start_mark.line, event.start_mark.column),
                    _place(file, event),
                    isinstance(event, MappingStartEvent),
                    bool(event.flow_style),
                )
            )
            if len(opened) > DEEPEST:
                raise _stop(
                    out,
                    codes.TOO_BIG,
                    _place(file, event),
                    "The file is nested too deep.",
                    f"No definition needs more than {DEEPEST} levels.",
                )
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            node = _close(opened.pop(), (event.end_mark.line, event.end_mark.column), out)
        elif isinstance(event, ScalarEvent):
            node = _scalar(event, file, out)
        if node is not None:
            (opened[-1].items if opened else out.documents).append(node)


def _events(text: str, file: str, out: Text) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (
            Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file, line=1, column=1)
        )
        raise _yaml_trouble(text, place, str(error.problem or error.context or "unreadable"), out) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        before = text[:position]
        place = Place(file=file, line=before.count("\n") + 1, column=position - before.rfind("\n"))
        raise _stop(
            out, codes.BAD_YAML, place, "The file holds a character that YAML does not allow.", "Remove it."
        ) from None
    except Exception:  # the scanner lets slips of Python's own through, such as OverflowError for "\\U99999999"
        raise _stop(
            out,
            codes.BAD_YAML,
            Place(file=file, line=1, column=1),
            "The file is not YAML.",
            "Check its quotes, brackets and escapes.",
        ) from None


def _yaml_trouble(text: str, place: Place, problem: str, out: Text) -> _Stop:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[place.column - 1 : place.column] == "\t" or line.lstrip(" ").startswith("\t"):
        return _stop(out, codes.BAD_YAML, place, "A tab stands where YAML wants spaces.", "Indent with spaces.")
    if "{{" in line or "{%" in line:
        return _stop(
            out, codes.TEMPLATE, place, "Templates are refused.", "Write the value itself.", value=line.strip()
        )
    if "duplicate anchor" in problem:
        return _stop(out, codes.ANCHOR, place, "Anchors are refused.", "Write the value out where it is used.")
    if "undefined tag handle" in problem:
        return _stop(out, codes.TAG, place, "Tags are refused.", "Remove the tag.", value=line.strip())
    if line[place.column - 1 : place.column] in ("@", "`", "%"):
        return _stop(
            out,
            codes.BAD_YAML,
            place,
            "This character cannot begin a value.",
            "Put the value in quotes.",
            value=line.strip(),
        )
    if "mapping values are not allowed" in problem:
        return _stop(
            out,
            codes.BAD_YAML,
            place,
            "A second ': ' stands in this value.",
            "Put the value in quotes.",
            value=line.strip(),
        )
    return _stop(
        out,
        codes.BAD_YAML,
        place,
        f"The file is not YAML here: {problem}.",
        "Check indentation, quotes and brackets just before.",
        value=line.strip(),
    )


def _place(file: str, event: Any) -> Place:
    return Place(file=file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)


def _refuse_directives(event: Any, file: str, out: Text) -> None:
    if event.version or event.tags:
        raise _stop(
            out, codes.TAG, _place(file, event), "Directives are refused.", "Remove the line that begins with %."
        )


def _refuse_decoration(event: Any, file: str, out: Text) -> None:
    if event.anchor is not None:
        out.complaints.append(
            Complaint(
                code=codes.ANCHOR,
                place=_place(file, event),
                value=f"&{event.anchor}",
                message=f"Anchors such as '&{event.anchor}' are refused.",
                mend="Write the value out where it is used.",
            )
        )
    tag = event.tag
    if tag is not None:
        out.complaints.append(
            Complaint(
                code=codes.TAG,
                place=_place(file, event),
                value=str(tag),
                message="Tags are refused.",
                mend="Remove the tag; put text in quotes.",
            )
        )


def _scalar(event: Any, file: str, out: Text) -> ScalarNode:
    _refuse_decoration(event, file, out)
    place = _place(file, event)
    plain = event.style is None or event.style == ""
    if "{{" in event.value or "{%" in event.value or "${" in event.value:
        out.complaints.append(
            Complaint(
                code=codes.TEMPLATE,
                place=place,
                value=event.value,
                message="Templates are refused.",
                mend="Write the value itself.",
            )
        )
    return ScalarNode(
        place=place,
        text=str(event.value),
        plain=plain,
        block=event.style in ("|", ">"),
        start=(event.start_mark.line, event.start_mark.column),
        end=(event.end_mark.line, event.end_mark.column),
    )


def _close(opened: _Open, end: Spot, out: Text) -> Node:
    if not opened.is_mapping:
        return SequenceNode(
            place=opened.place, items=tuple(opened.items), flow=opened.flow, start=opened.start, end=end
        )
    entries: list[tuple[ScalarNode, Node]] = []
    first: dict[str, Place] = {}
    for key, value in zip(opened.items[::2], opened.items[1::2], strict=True):
        if _is_template(key, opened):
            out.complaints.append(
                Complaint(
                    code=codes.TEMPLATE,
                    place=opened.place,
                    message="Templates are refused.",
                    value="{{ … }}",
                    mend="Write the value itself.",
                )
            )
        elif not isinstance(key, ScalarNode) or key.value is None:
            out.complaints.append(
                Complaint(
                    code=codes.WRONG_SHAPE,
                    place=key.place,
                    value=describe(key),
                    message="A key must be a word.",
                    mend="Write a plain word and a colon.",
                )
            )
        elif key.text == "<<" and key.plain:
            out.complaints.append(
                Complaint(
                    code=codes.ANCHOR,
                    place=key.place,
                    value="<<",
                    message="Merges are refused.",
                    mend="Write the keys out.",
                )
            )
        elif key.text in first:
            other = first[key.text]
            out.complaints.append(
                Complaint(
                    code=codes.DUPLICATE_KEY,
                    place=key.place,
                    value=key.text,
                    mend="Keep one of the two.",
                    message=f"The key '{key.text}' stands twice; first at {other.line}:{other.column}.",
                )
            )
        else:
            first[key.text] = key.place
            entries.append((key, _at_key(key, value)))
    return MappingNode(place=opened.place, entries=tuple(entries), flow=opened.flow, start=opened.start, end=end)


def _at_key(key: ScalarNode, value: Node) -> Node:
    """Return the value; where nothing stands there, at its key, which is the better place to look."""
    nothing = isinstance(value, ScalarNode) and value.plain and value.start == value.end
    return replace(value, place=key.place) if nothing else value


def _is_template(key: Node, opened: _Open) -> bool:
    """Return whether this is `{{ name }}`, which YAML reads as a mapping with a mapping for its key."""
    return (
        isinstance(key, MappingNode)
        and key.flow
        and opened.flow
        and key.start == (opened.start[0], opened.start[1] + 1)
    )
