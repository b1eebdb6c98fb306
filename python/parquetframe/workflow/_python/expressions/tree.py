"""The typed tree of an SQL expression: what `bind` builds and `evaluate` walks.

Invariant: `dtype` is the Arrow type of every value the node yields, known before any data is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Value = Any  # pa.Array | pa.ChunkedArray | pa.Scalar: pyarrow ships no common base for them
Kernel = Callable[..., Value]


@dataclass(frozen=True)
class Node:
    """Any expression of type `dtype`; `text` is its SQL, for messages."""

    dtype: pa.DataType
    text: str

    @property
    def can_fail(self) -> bool:
        """Whether some row's value can make the evaluation raise."""
        return False

    def columns(self) -> set[str]:
        """Names of the table columns that the expression reads."""
        return set()


@dataclass(frozen=True)
class Column(Node):
    """A column of the table under evaluation."""

    name: str

    def columns(self) -> set[str]:
        return {self.name}


@dataclass(frozen=True)
class Literal(Node):
    """A constant."""

    scalar: pa.Scalar


@dataclass(frozen=True)
class Call(Node):
    """A kernel over its arguments' values; `fails` if it can raise on some input."""

    kernel: Kernel
    args: tuple[Node, ...]
    fails: bool = False

    @property
    def can_fail(self) -> bool:
        return self.fails or any(arg.can_fail for arg in self.args)

    def columns(self) -> set[str]:
        return set().union(*(arg.columns() for arg in self.args))


@dataclass(frozen=True)
class Logic(Node):
    """``AND`` or ``OR``; the right side is not evaluated on rows that the left side decides."""

    conjunction: bool
    left: Node
    right: Node

    @property
    def can_fail(self) -> bool:
        return self.left.can_fail or self.right.can_fail

    def columns(self) -> set[str]:
        return self.left.columns() | self.right.columns()


@dataclass(frozen=True)
class Case(Node):
    """``CASE``; each value is evaluated only on the rows that choose it."""

    branches: tuple[tuple[Node, Node], ...]
    default: Node = field(kw_only=True)

    def _parts(self) -> list[Node]:
        return [node for branch in self.branches for node in branch] + [self.default]

    @property
    def can_fail(self) -> bool:
        return any(node.can_fail for node in self._parts())

    def columns(self) -> set[str]:
        return set().union(*(node.columns() for node in self._parts()))
