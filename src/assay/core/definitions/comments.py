"""Comments and blank lines of a definition file, each with the entry that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, Spot


@dataclass(slots=True, kw_only=True)
class Entry:
    """A key with its value, or (without a key) a member of a list or a whole document.

    `lead` are the comments on lines of their own before it, `beside` those on its own line (and their continuation
    below), `after` those behind all that it holds; `blank` says that an empty line stands before it.
    """

    key: ScalarNode | None
    value: Node
    start: Spot
    children: list[Entry] = field(default_factory=list)
    lead: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    blank: bool = False

    def has_comments_inside(self) -> bool:
        """Return whether anything below this entry bears a comment."""
        return any(c.lead or c.beside or c.after or c.has_comments_inside() for c in self.children)

    def last_line(self) -> int:
        """Return the last line, from 0, on which this entry has anything."""
        line, column = self.value.end
        if isinstance(self.value, ScalarNode):
            if self.value.block and column == 0:
                line -= 1
        elif not self.value.flow:
            line = max((child.last_line() for child in self.children), default=self.value.start[0])
        return max(line, self.start[0])


@dataclass(frozen=True, slots=True)
class _Comment:
    line: int
    column: int
    text: str
    own_line: bool


def entry_of(node: Node, key: ScalarNode | None = None) -> Entry:
    """Return the tree of entries of a document or a value, without comments."""
    children: list[Entry] = []
    if isinstance(node, MappingNode):
        children = [entry_of(value, name) for name, value in node.entries]
    elif isinstance(node, SequenceNode):
        children = [entry_of(item) for item in node.items]
    return Entry(key=key, value=node, start=key.start if key else node.start, children=children)


def with_comments(text: str, documents: list[Node]) -> tuple[list[Entry], list[str]]:
    """Return an entry a document, with all comments of the text, and the comments that head the whole file."""
    roots = [entry_of(document) for document in documents]
    lines = text.splitlines()
    found = list(_comments(lines, roots))
    entries = [entry for root in roots for entry in _below(root)]
    for entry in entries:
        above = entry.start[0] - 1
        while above >= 0 and lines[above].lstrip().startswith("#"):
            above -= 1
        entry.blank = above >= 0 and not lines[above].strip() and not _starts_same_line(entry, entries)
    for root in roots:
        if root.children:
            root.children[0].blank = False  # what stands above a whole document parts it from nothing
    head = _head(found, lines, entries)
    _attach(found[len(head) :], entries, roots)
    return roots, [comment.text for comment in head]


def _starts_same_line(entry: Entry, entries: list[Entry]) -> bool:
    return any(e is not entry and e.start[0] == entry.start[0] and e.start < entry.start for e in entries)


def _below(entry: Entry) -> Iterator[Entry]:
    for child in entry.children:
        yield child
        yield from _below(child)


def _comments(lines: list[str], roots: list[Entry]) -> Iterator[_Comment]:
    spans = sorted(_spans(roots))
    for number, line in enumerate(lines):
        at = line.find("#")
        while at >= 0:
            inside = any(start <= (number, at) < end for start, end in spans if start[0] <= number <= end[0])
            if not inside and (at == 0 or line[at - 1] in " \t"):
                yield _Comment(number, at, line[at:].rstrip(), not line[:at].strip())
                break
            at = line.find("#", at + 1)


def _spans(entries: list[Entry]) -> Iterator[tuple[Spot, Spot]]:
    for entry in entries:
        for node in (entry.key, entry.value):
            if isinstance(node, ScalarNode):
                yield ((node.start[0] + 1, 0) if node.block else node.start), node.end
        yield from _spans(entry.children)


def _head(found: list[_Comment], lines: list[str], entries: list[Entry]) -> list[_Comment]:
    """Return the comments at the top that an empty line parts from the first entry."""
    first = entries[0].start[0] if entries else len(lines)
    top = [c for c in found if c.own_line and c.line < first]
    while top and all(lines[n].strip() for n in range(top[-1].line + 1, min(first, len(lines)))):
        last = top[-1].line
        top = [c for c in top if any(not lines[n].strip() for n in range(c.line, last))]
    return top


def _attach(found: list[_Comment], entries: list[Entry], roots: list[Entry]) -> None:
    previous: tuple[_Comment, Entry] | None = None
    for comment in found:
        if comment.own_line:
            if previous and (comment.line, comment.column) == (previous[0].line + 1, previous[0].column):
                previous[1].beside.append(comment.text)
                previous = (comment, previous[1])
            else:
                _place_own_line(comment, entries, roots)
                previous = None
        else:
            owner = _beside(comment, entries) or roots[0]
            owner.beside.append(comment.text)
            previous = (comment, owner)


def _beside(comment: _Comment, entries: list[Entry]) -> Entry | None:
    """Return the entry on whose line a comment stands: the outermost that begins and ends there, else the last."""
    begun = [e for e in entries if e.start[0] == comment.line and e.start[1] < comment.column]
    whole = [e for e in begun if e.last_line() == comment.line or (isinstance(e.value, ScalarNode) and e.value.block)]
    if whole:
        # The members of one line `{a: 1, b: 2}  # why` share the comment of the whole.
        return min(whole, key=lambda e: e.start)
    ended = [e for e in entries if e.last_line() == comment.line and e.value.end[1] <= comment.column]
    return (begun or sorted(ended, key=lambda e: e.start))[-1] if begun or ended else None


def _place_own_line(comment: _Comment, entries: list[Entry], roots: list[Entry]) -> None:
    following = [e for e in entries if e.start[0] > comment.line]
    first = min(following, key=lambda e: e.start, default=None)
    before = [e for e in entries if e.start[0] < comment.line and e.start[1] <= comment.column]
    last = max((e for e in before if e.last_line() < comment.line), key=lambda e: e.start, default=None)
    if first is not None and (first.start[1] >= comment.column or last is None):
        first.lead.append(comment.text)
    elif last is not None:
        last.after.append(comment.text)
    else:
        roots[-1].after.append(comment.text)
