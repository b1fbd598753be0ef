"""Logic groups: `all_of`, `any_of`, `none_of` and `{at_least, of}`, at most two deep."""

from __future__ import annotations

from typing import Final, Literal, cast

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import Group
from assay.core.definitions.reader import Reader
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, describe
from assay.core.errors import Place

KEYS: Final = ("all_of", "any_of", "none_of", "at_least", "of")
_INNER_KEYS: Final = ("all_of", "any_of", "at_least", "of")

#: The criteria that logic names, each with its place.
Named = list[tuple[str, Place]]


def read_logic(reader: Reader, node: Node | None, what: str, named: Named) -> tuple[Group, ...]:
    """Return the groups of `qualify` or `stay_qualified`, which are ANDed; the names in them are added to `named`."""
    mapping = reader.mapping(node, what)
    if mapping is None:
        return ()
    reader.keys(mapping, KEYS, what)
    groups = _groups(reader, mapping, what, named, depth=1)
    if not mapping.entries:
        reader.complain(codes.WRONG_SHAPE, mapping.place, f"{what} is empty.", mend="Write 'all_of: […]'.")
    return groups


def _groups(reader: Reader, mapping: MappingNode, what: str, named: Named, *, depth: int) -> tuple[Group, ...]:
    groups: list[Group] = []
    for key, value in mapping.entries:
        if key.text in ("all_of", "any_of", "none_of"):
            kind = cast(Literal["all_of", "any_of", "none_of"], key.text)
            members = _members(reader, value, key.text, named, depth=depth)
            if members:
                groups.append(Group(kind=kind, members=members))
    if mapping.get("at_least") is not None or mapping.get("of") is not None:
        group = _at_least(reader, mapping, what, named, depth=depth)
        if group is not None:
            groups.append(group)
    return tuple(groups)


def _at_least(reader: Reader, mapping: MappingNode, what: str, named: Named, *, depth: int) -> Group | None:
    number_node, of = mapping.get("at_least"), mapping.get("of")
    if number_node is None or of is None:
        lacking = "of" if of is None else "at_least"
        mend = "Write '{at_least: 2, of: [a, b, c]}'."
        reader.complain(
            codes.MISSING_KEY,
            mapping.place,
            f"'at_least' and 'of' go together; '{lacking}' is missing.",
            mend=mend,
            value=lacking,
        )
        return None
    number = reader.whole(number_node, "'at_least'", least=1)
    members = _members(reader, of, "of", named, depth=depth)
    if number is None or not members:
        return None
    if number > len(members):
        reader.complain(
            codes.TOO_MANY,
            number_node,
            f"The group asks for {number} of {len(members)} members.",
            mend=f"Ask for at most {len(members)}.",
        )
        return None
    return Group(kind="at_least", members=members, at_least=number)


def _members(reader: Reader, node: Node, key: str, named: Named, *, depth: int) -> tuple[str | Group, ...]:
    items = reader.items(node, f"'{key}'")
    members: list[str | Group] = []
    seen: set[str] = set()
    for item in items or ():
        if isinstance(item, ScalarNode):
            name = reader.text(item, f"a member of '{key}'")
            if name is None:
                continue
            named.append((name, item.place))
            if name in seen:
                reader.complain(codes.REPEATED_MEMBER, item, f"'{key}' names '{name}' twice.", mend="Name it once.")
                continue
            seen.add(name)
            members.append(name)
        elif isinstance(item, MappingNode):
            group = _inner(reader, item, key, named, depth=depth)
            if group is not None and group in members:
                reader.complain(
                    codes.REPEATED_MEMBER, item, f"'{key}' holds the same group twice.", mend="Keep one of them."
                )
            elif group is not None:
                members.append(group)
        else:
            reader.complain(
                codes.WRONG_SHAPE,
                item,
                f"A member of '{key}' must be a criterion's name or a group.",
                mend="Write the members one by one.",
                value=describe(item),
            )
    return tuple(members)


def _inner(reader: Reader, node: MappingNode, outer: str, named: Named, *, depth: int) -> Group | None:
    if depth >= 2:
        reader.complain(
            codes.TOO_DEEP,
            node.place,
            "Groups nest at most two deep.",
            mend="Move this group into a rule of its own and refer to it with 'qualified'.",
            value="",
        )
        for key, value in node.entries:  # what it names is used, even if it cannot stand here
            if key.text in KEYS and key.text != "at_least":
                _members(Reader(), value, key.text, named, depth=depth)
        return None
    if node.get("none_of") is not None:
        key = next(key for key, _ in node.entries if key.text == "none_of")
        reader.complain(
            codes.NEGATION,
            key,
            "'none_of' cannot stand inside another group.",
            mend="Move its members to the outermost 'none_of'.",
        )
        _groups(Reader(), node, "", named, depth=depth + 1)
        return None
    reader.keys(node, _INNER_KEYS, "a group")
    groups = _groups(reader, node, "a group", named, depth=depth + 1)
    heads = [key for key, _ in node.entries if key.text in ("all_of", "any_of", "of")]
    if len(heads) > 1:
        reader.complain(
            codes.CLASHING,
            heads[1],
            "An inner group has one word: all_of, any_of or at_least.",
            mend="Split it into two members.",
        )
        return None
    return groups[0] if len(groups) == 1 else None
