"""Vertex ids as messages show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["cycle_text", "label"]

_SHOWN = 10


def label(value: Any) -> str:
    """One id; text in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return f"'{value}'" if isinstance(value, str) else str(value)


def cycle_text(ids: Sequence[Any]) -> str:
    """At most ten ids, then the first again.

    Examples:
        >>> cycle_text(["a", "b"])
        "'a'->'b'->'a'"
    """
    shown = [label(value) for value in ids[:_SHOWN]]
    if len(ids) > _SHOWN:
        shown.append("...")
    return "->".join([*shown, label(ids[0])])
