"""Checks of the settings of algorithms, with one text for each mistake."""

from __future__ import annotations

import math
from typing import Any

from parquetframe.errors import GraphError
from parquetframe.io.request import choice, count

__all__ = ["at_least", "integer", "one_of", "real"]


def one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    """``value``, if it is one of the known texts.

    Raises:
        ValueError: It is not.
    """
    if value.__class__ is str and value in known:
        return str(value)
    found: str = choice(name, value, known)
    return found


def real(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: bool = False,
    infinite: bool = False,
) -> float:
    """A number between bounds; ``above`` excludes the lower one.

    Raises:
        TypeError: Not a number.
        GraphError: Out of bounds.
    """
    if value.__class__ is float and least < value < most:
        return float(value)
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    number = float(value)
    inside = (number > least if above else number >= least) and number <= most
    if math.isnan(number) or not inside or (math.isinf(number) and not infinite):
        if math.isfinite(most):
            raise GraphError(f"{name}: {number:g} is not between {least:g} and {most:g}")
        bound = f" {'>' if above else '>='} {least:g}" if math.isfinite(least) else ""
        raise GraphError(f"{name}: {number:g} is not a {'' if bound else 'finite '}number{bound}")
    return number


def at_least(name: str, value: Any, least: int) -> int:
    """An integer that is large enough.

    Raises:
        TypeError: Not an integer.
        ValueError: Too small.
    """
    if value is None:
        raise TypeError(f"{name} must be an int, not NoneType")
    return count(name, value, least=least) or 0


def integer(name: str, value: Any) -> int:
    """Any integer.

    Raises:
        TypeError: It is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return int(value.__index__())
