"""Checks of single values at the public edge: the rule, the value received, the remedy in one line."""

from __future__ import annotations

import math
from numbers import Integral, Real

from tonewright.errors import UsageError


def check_whole(value: object, name: str, low: int, high: float = math.inf) -> int:
    """A whole number within bounds, NumPy's included.

    Args:
        value: What was received.
        name: Its name, for the message.
        low: Smallest that is taken.
        high: Largest that is taken.

    Raises:
        UsageError: Not a whole number, or outside low…high.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise UsageError(f"{name} is a whole number {_reach(low, high)}; got {value!r}")
    return int(value)


def check_number(
    value: object, name: str, low: float = -math.inf, high: float = math.inf, *, above: bool = False
) -> float:
    """A finite number within bounds, NumPy's included.

    Args:
        value: What was received.
        name: Its name, for the message.
        low: Smallest that is taken.
        high: Largest that is taken.
        above: Whether `low` itself is refused.

    Raises:
        UsageError: Not a number, not finite, or outside low…high.
    """
    number = _finite(value)
    if number is None or not (low < number if above else low <= number) or not number <= high:
        raise UsageError(f"{name} is a number {_reach(low, high, above=above)}; got {value!r}")
    return number


def check_range(
    value: object, name: str, low: float = -math.inf, high: float = math.inf, *, above: bool = False
) -> tuple[float, float]:
    """Two finite numbers within bounds, the second no smaller than the first.

    Args:
        value: What was received.
        name: Its name, for the message.
        low: Smallest that is taken.
        high: Largest that is taken.
        above: Whether `low` itself is refused.

    Raises:
        UsageError: Not two numbers, or one of them outside low…high, or in the wrong order.
    """
    ends = [_finite(one) for one in value] if isinstance(value, tuple | list) else []
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
        begin, end = ends[0], ends[1]
        if (low < begin if above else low <= begin) and begin <= end <= high:
            return begin, end
    reach = _reach(low, high, above=above)
    raise UsageError(f"{name} are two numbers {reach}, the smaller one first; got {value!r}")


def _finite(value: object) -> float | None:
    """The value as a float, if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond them all
        return None
    return number if math.isfinite(number) else None


def _reach(low: float, high: float, *, above: bool = False) -> str:
    begin = "" if low == -math.inf else f"above {low:,.12g}" if above else f"from {low:,.12g}"
    if high == math.inf:
        return begin or "that is finite"
    return f"{begin} and up to {high:,.12g}" if above else f"{begin} to {high:,.12g}".lstrip()
