"""Keys of the top level and keys that every step has."""

# ruff: noqa: D102 - what `parse` and `schema` do is said once, in `field.Kind`

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from parquetframe.workflow.field import Field, Reject, describe, shorten
from parquetframe.workflow.spec.kinds import ListOf, Text
from parquetframe.workflow.spec.model import REQUIRED, Key, KeyTable, planned

__all__ = ["COMMON", "IDENTIFIER", "TOP_LEVEL", "Identifier"]

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_VERSIONS = ("1", "1.0", "pf/v1", 1)


@dataclass(frozen=True)
class Identifier:
    """A name of a step or dataset."""

    what: str = "a name"

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        if not isinstance(filled, str):
            hint = "put it in quotes" if type(filled) in (int, float) else None
            raise place.wrong(self.what, filled, hint)
        if not IDENTIFIER.fullmatch(filled):
            hint = "letters, digits, _ and -; the first is a letter or _"
            raise Reject("E111", f"'{shorten(filled)}' is not {self.what}", hint)
        return str(filled)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^(?:{IDENTIFIER.pattern})$|\$\{{"}


@dataclass(frozen=True)
class Inputs:
    """A dataset, a list, or ``{alias: dataset}`` for sql; canonical: (alias, name, place)."""

    def parse(self, place: Field, value: Any) -> list[tuple[str | None, str, tuple[Any, ...]]]:
        filled = place.plain(value)
        pairs: list[tuple[Any, Any, tuple[Any, ...]]]
        if isinstance(filled, dict):
            pairs = [(alias, item, (alias,)) for alias, item in filled.items()]
        elif isinstance(filled, list):
            pairs = [(None, item, (index,)) for index, item in enumerate(filled)]
        else:
            pairs = [(None, filled, ())]
        found = []
        bad = False
        for alias, item, inner in pairs:
            at = place.at(*inner)
            name = at.read(Text("the name of a step or dataset"), item)
            if isinstance(filled, dict) and not isinstance(alias, str):
                at.error("E108", f"a table name must be a text, found {describe(alias)}", key=True)
                bad = True
            elif not isinstance(name, str):
                bad = True
            else:
                found.append((alias, name, inner))
        if bad:
            raise Reject
        return found

    def schema(self) -> dict[str, Any]:
        text = {"type": "string"}
        mapping = {"type": "object", "additionalProperties": text}
        return {"anyOf": [text, {"type": "array", "items": text}, mapping]}


@dataclass(frozen=True)
class _Version:
    """Version of the format."""

    def parse(self, place: Field, value: Any) -> str:  # noqa: ARG002 - protocol
        if isinstance(value, bool) or value not in _VERSIONS:
            raise Reject("E109", f"no format version {describe(value)}", "this is version: '1'")
        return "1"

    def schema(self) -> dict[str, Any]:
        return {"enum": [*_VERSIONS, 1.0]}


@dataclass(frozen=True)
class _Raw:
    """Read elsewhere."""

    described: dict[str, Any]

    def parse(self, place: Field, value: Any) -> Any:  # noqa: ARG002 - protocol
        return value

    def schema(self) -> dict[str, Any]:
        return self.described

    def __hash__(self) -> int:
        return id(self)


_MAPPING = _Raw({"type": "object"})
_TEXT = Text(empty=True)

TOP_LEVEL = KeyTable(
    "the workflow",
    (
        Key("name", Text("a text"), "Name of the workflow; the file's by default."),
        Key("description", _TEXT, "Shown in reports."),
        Key("version", _Version(), "Version of the format.", "1"),
        Key("variables", _MAPPING, "Values to be put in as ${name}."),
        Key("settings", _MAPPING, "How the workflow runs."),
        Key("config", _MAPPING, "2.0: only stop_on_failure, which is settings.fail_fast."),
        Key("steps", _Raw({"type": "array"}), "A list of steps.", REQUIRED),
    ),
)

COMMON = KeyTable(
    "a step",
    (
        Key("name", Identifier("a step name"), "Unique name; step_<index> by default."),
        Key("type", Text("the name of a step type"), "What the step does."),
        Key("input", Inputs(), "Step or dataset it reads, or a list.", None, ("inputs",)),
        Key("output", Identifier("a dataset name"), "Name of its dataset; the step's by default."),
        Key(
            "config",
            _MAPPING,
            "The step's own keys, instead of beside the common ones.",
            None,
            ("params",),
        ),
        Key(
            "depends_on",
            ListOf(Text("the name of a step"), single=True),
            "Steps that must be over before.",
            (),
        ),
        Key("description", _TEXT, "Shown in reports."),
        Key("tags", ListOf(Text(), single=True), "Words for the reader.", ()),
        planned("when", "Run the step only if a condition holds."),
        planned("retry", "Attempts after a failure.", ("retry_policy",)),
        planned("timeout_s", "Limit for one attempt.", ("timeout_ms",)),
        planned("resources", "Slots that the step holds."),
        planned("cache", "Keep the result between runs."),
        planned("foreach", "One step per item of a list."),
        planned("use", "Another workflow as a step."),
        planned("run_if", "Run after failures too."),
    ),
)
