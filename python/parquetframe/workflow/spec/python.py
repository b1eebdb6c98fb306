"""The step ``python``: a function of the user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from parquetframe.workflow.field import Field, Reject, describe
from parquetframe.workflow.spec.kinds import Anything, Choice
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec, planned

__all__ = ["PYTHON"]

_CALL = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_DOTTED = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\.([^\W\d]\w*)")


@dataclass(frozen=True)
class _Call:
    """``module:function``; a function itself where the workflow is made in Python."""

    def parse(self, place: Field, value: Any) -> Any:
        filled = place.plain(value)
        if callable(filled):
            return filled
        if not isinstance(filled, str):
            raise place.wrong("'module:function'", filled)
        if _CALL.fullmatch(filled):
            return str(filled)
        dotted = _DOTTED.fullmatch(filled)
        if dotted:
            return f"{dotted[1]}:{dotted[2]}"
        message = f"'{place.key}' must be 'module:function', found {describe(filled)}"
        raise Reject("E109", message, "such as my_package.scores:score")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 3}


PYTHON = StepSpec(
    "python",
    "Call a Python function with the inputs as tables.",
    (
        Key("call", _Call(), "module:function.", REQUIRED, ("function",)),
        Key("args", Anything(mapping=True), "Keyword arguments.", {}),
        Key("format", Choice(("arrow", "pandas", "polars")), "What the inputs are.", "arrow"),
        planned("batches", "Call once per record batch."),
        planned("isolation", "Run in a process of its own."),
        planned("schema", "Columns of the result."),
        planned("code_version", "Part of the step's identity."),
    ),
    min_inputs=0,
    max_inputs=None,
)
