"""What thresholds and conditions mean, written out once more from the language's page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from assay.core.definitions.model import Condition, Scalar, Threshold

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def number(text: str | None) -> Decimal | None:
    """Return the finite decimal that a text is, or None."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text)


def boolean(text: str | None) -> bool | None:
    """Return the truth value that a text is, or None."""
    return {"true": True, "false": False}.get((text or "").lower())


def millionths(value: Decimal) -> int | None:
    """Return a value in integer millionths, rounded half to even, or None where 63 bits do not hold it."""
    with localcontext() as context:
        context.prec = 400
        found = int((value * 1_000_000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return found if -(2**63) <= found < 2**63 else None


def low_holds(threshold: Threshold, value: Fraction) -> bool:
    """Return whether a value is not below the threshold's lower end."""
    if threshold.low is None:
        return True
    return value > Fraction(threshold.low) if threshold.low_open else value >= Fraction(threshold.low)


def high_holds(threshold: Threshold, value: Fraction) -> bool:
    """Return whether a value is not above the threshold's upper end."""
    if threshold.high is None:
        return True
    return value < Fraction(threshold.high) if threshold.high_open else value <= Fraction(threshold.high)


def holds(threshold: Threshold, value: Fraction | int) -> bool:
    """Return whether a value is inside the threshold."""
    return low_holds(threshold, Fraction(value)) and high_holds(threshold, Fraction(value))


def _equal(operand: Scalar, text: str) -> bool | None:
    """Return whether the text is the operand, by the operand's type; None: absent to that type."""
    if isinstance(operand, bool):
        truth = boolean(text)
        return None if truth is None else truth == operand
    if isinstance(operand, Decimal):
        found = number(text)
        return None if found is None else found == operand
    return text == operand


def meets(condition: Condition, text: str | None, lists: Mapping[str, tuple[Scalar, ...]]) -> bool:
    """Return whether a value, or its absence, meets a condition."""
    if condition.kind == "exists":
        return (text is not None) == condition.values[0]
    if text is None:
        return False
    if condition.kind == "is":
        return _equal(condition.values[0], text) is True
    if condition.kind == "is_not":
        return _equal(condition.values[0], text) is False
    if condition.kind == "one_of":
        return any(_equal(operand, text) for operand in condition.values)
    if condition.kind == "in_list":
        return any(_equal(operand, text) for operand in lists[condition.list_name])
    assert condition.threshold is not None
    found = number(text)
    return found is not None and holds(condition.threshold, Fraction(found))
