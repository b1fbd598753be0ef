"""Thresholds, conditions, windows and filters: the parts that criterion forms share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final, Literal

from assay.core.definitions import complaints as codes
from assay.core.definitions.model import Condition, Threshold, Window
from assay.core.definitions.reader import Reader
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from assay.core.values import EMPTY_RANGE, millionths_range, whole_range

THRESHOLDS: Final = ("at_least", "at_most", "above", "below", "between", "exactly")
CONDITIONS: Final = ("is", "is_not", "one_of", "in_list", "exists")
WINDOW: Final = ("within", "since")
_WORDS: Final = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below", "exactly": "exactly"}

Measure = Literal["count", "amount", "value"]


def read_threshold(reader: Reader, node: MappingNode, what: str, *, measure: Measure) -> Threshold | None:
    """Return the threshold whose keys stand in `node`; None where there is none or it is wrong.

    `measure` says what is compared: a count (whole, from 0), an amount in millionths, or any decimal value.
    """
    entries = [(key, value) for key, value in node.entries if key.text in THRESHOLDS]
    if not entries:
        return None
    threshold: Threshold | None = Threshold()
    for key, value in entries:
        part = _one(reader, key.text, value)
        if part is None or threshold is None:
            threshold = None
            continue
        if _clash(threshold, part):
            reader.complain(
                codes.CLASHING,
                key,
                f"'{key.text}' sets the same end as the threshold before it.",
                mend="Keep one of the two.",
            )
            return None
        threshold = _both(threshold, part)
    if threshold is not None and _is_empty(threshold, measure):
        reader.complain(
            codes.NEVER_MET,
            entries[0][1],
            f"{what} can never be {threshold.text}.",
            mend=_reachable(threshold, measure),
            value=threshold.text,
        )
        return None
    return threshold


def _one(reader: Reader, key: str, value: Node) -> Threshold | None:
    if key == "between":
        if not isinstance(value, SequenceNode) or len(value.items) != 2:
            reader.complain(
                codes.WRONG_SHAPE, value, "'between' must be a list of two numbers.", mend="Write '[50, 2000]'."
            )
            return None
        low, high = (reader.number(item, "a member of 'between'") for item in value.items)
        if low is None or high is None:
            return None
        return Threshold(low=low, high=high, text=f"between {low} and {high}")
    number = reader.number(value, f"'{key}'")
    if number is None:
        return None
    text = f"{_WORDS[key]} {number}"
    if key == "exactly":
        return Threshold(low=number, high=number, text=text)
    if key in ("at_least", "above"):
        return Threshold(low=number, low_open=key == "above", text=text)
    return Threshold(high=number, high_open=key == "below", text=text)


def _clash(one: Threshold, other: Threshold) -> bool:
    return (one.low is not None and other.low is not None) or (one.high is not None and other.high is not None)


def _both(one: Threshold, other: Threshold) -> Threshold:
    if not one.text:
        return other
    lower, upper = (one, other) if other.low is None else (other, one)
    return replace(lower, high=upper.high, high_open=upper.high_open, text=f"{lower.text} and {upper.text}")


def _is_empty(threshold: Threshold, measure: Measure) -> bool:
    if measure == "count":
        low, high = whole_range(threshold)
        return low > high or high < 0
    if measure == "amount":
        return millionths_range(threshold) == EMPTY_RANGE
    low_, high_ = threshold.low, threshold.high
    if low_ is None or high_ is None:
        return False
    return low_ > high_ or (low_ == high_ and (threshold.low_open or threshold.high_open))


def _reachable(threshold: Threshold, measure: Measure) -> str:
    low, high = threshold.low, threshold.high
    if measure == "count" and threshold.text.startswith("exactly") and low is not None and low >= 0:
        return f"Counts are whole: write {int(low)} or {int(low) + 1}."
    if low is not None and high is not None and low > high:
        return f"Write the smaller number first: between {high} and {low}."
    return "A count is never below 0." if measure == "count" else "Leave room between the two ends."


def read_condition(reader: Reader, node: MappingNode, what: str) -> Condition | None:
    """Return the one condition whose keys stand in `node`."""
    given = [(key, value) for key, value in node.entries if key.text in CONDITIONS]
    ranged = [key for key, _ in node.entries if key.text in THRESHOLDS]
    if len(given) + bool(ranged) > 1:
        second = sorted([key for key, _ in given] + ranged, key=lambda key: key.place)[1]
        reader.complain(
            codes.CLASHING,
            second,
            f"{what} has more than one condition.",
            mend="Keep one; write a second criterion for the other.",
        )
        return None
    if ranged:
        threshold = read_threshold(reader, node, what, measure="value")
        return Condition(kind="range", threshold=threshold) if threshold else None
    if not given and not reader.lacks(node, *CONDITIONS, *THRESHOLDS):
        return None
    if not given:
        reader.complain(
            codes.MISSING_KEY,
            node.place,
            f"{what} has no condition.",
            value="",
            mend="Add 'is', 'is_not', 'one_of', 'in_list', 'exists' or a threshold such as 'at_least'.",
        )
        return None
    return _condition(reader, given[0][0].text, given[0][1])


def _condition(reader: Reader, key: str, value: Node) -> Condition | None:
    if key == "exists":
        truth = reader.boolean(value, "'exists'")
        return None if truth is None else Condition(kind="exists", values=(truth,))
    if key == "one_of":
        values = reader.scalars(value, "'one_of'")
        return Condition(kind="one_of", values=values) if values else None
    if key == "in_list":
        name = reader.name(value, "'in_list'")
        if name is None:
            return None
        reader.refer("list", name, value.place)
        return Condition(kind="in_list", list_name=name)
    if isinstance(value, SequenceNode) and key == "is":
        reader.complain(codes.WRONG_SHAPE, value, "'is' must be one value.", mend="Write 'one_of' for several.")
        return None
    operand = reader.scalar(value, f"'{key}'")
    if operand is None:
        return None
    return Condition(kind="is" if key == "is" else "is_not", values=(operand,))


def read_where(reader: Reader, node: Node | None, events: tuple[str, ...]) -> tuple[tuple[str, Condition], ...]:
    """Return the filters of `where`, by property, and note the properties that `events` must offer."""
    mapping = reader.mapping(node, "'where'")
    if mapping is None:
        return ()
    found: list[tuple[str, Condition]] = []
    for key, value in mapping.entries:
        reader.refer("property", key.text, key.place, events=events)
        if isinstance(value, MappingNode):
            reader.keys(value, (*CONDITIONS, *THRESHOLDS), f"the filter on '{key.text}'")
            condition = read_condition(reader, value, f"The filter on '{key.text}'")
        elif isinstance(value, SequenceNode):
            reader.complain(
                codes.WRONG_SHAPE,
                value,
                f"The filter on '{key.text}' must be one value or a condition.",
                mend="Write '{one_of: [a, b]}'.",
            )
            condition = None
        else:
            operand = reader.scalar(value, f"the filter on '{key.text}'")
            condition = None if operand is None else Condition(kind="is", values=(operand,))
        if condition is not None:
            found.append((key.text, condition))
    return tuple(found)


def read_window(reader: Reader, node: MappingNode) -> Window:
    """Return the window of `within` and `since`."""
    since_node = node.get("since")
    since = reader.text(since_node, "'since'")
    if since is not None and since_node is not None:
        reader.refer("event", since, since_node.place)
    return Window(within=reader.duration(node.get("within"), "'within'"), since=since)


def default_threshold() -> Threshold:
    """Return `at_least: 1`, which counts of partners have where nothing is said."""
    return Threshold(low=Decimal(1), text="at least 1")


def has_threshold(node: MappingNode) -> bool:
    """Return whether any threshold key stands in `node`."""
    return any(isinstance(key, ScalarNode) and key.text in THRESHOLDS for key, _ in node.entries)
