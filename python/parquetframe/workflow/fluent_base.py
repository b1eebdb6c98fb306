"""What the methods of a workflow's steps have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from parquetframe.workflow.stepref import StepRef

__all__ = ["Common", "Expressions", "Input", "Names", "PathLike", "StepBase"]

Names = str | Sequence[str]
PathLike = str | os.PathLike[str]
Input = Any  # a dataset's name or a StepRef; a plain alias, so that signatures stay readable
Expressions = Mapping[str, Any]


class Common(TypedDict, total=False):
    """Keys that every step takes."""

    output: str
    depends_on: Input | Sequence[Input]
    description: str
    tags: Sequence[str]


class StepBase:
    """How a method adds its step."""

    def _add(
        self,
        kind: str,
        name: str,
        input: Any,  # noqa: A002 - the name of the key in the file
        keys: Mapping[str, Any],
        common: Common,
        function: Callable[..., Any] | None = None,
    ) -> StepRef:
        raise NotImplementedError

    def _first(self, input: Any) -> Any:  # noqa: A002
        """The input given, else the step that the method was called on."""
        raise NotImplementedError
