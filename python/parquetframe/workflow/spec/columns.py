"""Steps that change columns: ``select``, ``transform``, ``rename``, ``drop``, ``cast``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe, shorten
from parquetframe.workflow.spec.expressions import NamedExpressions, SelectColumns
from parquetframe.workflow.spec.kinds import Choice, MapOf, Name, Names, TypeName
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["CAST", "DROP", "RENAME", "SELECT", "TRANSFORM", "TRANSFORMS"]


def _finish_select(draft: Draft) -> None:
    columns, exclude = draft.config["columns"], draft.config["exclude"]
    if exclude is INVALID or columns is INVALID:
        return
    if columns is None:
        draft.config["columns"] = [{"all": True}]
        if not exclude:
            hint = "columns: [a, b], or exclude: [c]"
            draft.field.error("E107", "a select step needs 'columns' or 'exclude'", hint=hint)
    elif exclude and {"all": True} not in columns:
        hint = "name '*' in columns, or leave the column out of the list"
        draft.reject("exclude", "E109", "'exclude' takes columns from '*' only", hint)


def _finish_rename(draft: Draft) -> None:
    columns = draft.config["columns"]
    if columns is INVALID:
        return
    seen: set[str] = set()
    for new in columns.values():
        if new in seen:
            draft.reject("columns", "E109", f"two columns would be named '{shorten(new)}'")
        seen.add(new)


SELECT = StepSpec(
    "select",
    "Choose, order and compute columns.",
    (
        Key(
            "columns",
            SelectColumns(),
            "Names, '*' and {new: expression} items; a mapping is {old: new}.",
        ),
        Key("exclude", Names(empty=True), "Columns that '*' leaves out.", ()),
    ),
    finish=_finish_select,
)

TRANSFORM = StepSpec(
    "transform",
    "Compute columns in order; later ones see earlier ones.",
    (Key("columns", NamedExpressions(), "{new: expression}.", REQUIRED),),
)

RENAME = StepSpec(
    "rename",
    "Rename columns.",
    (Key("columns", MapOf(Name(), "a mapping {old: new}"), "{old: new}.", REQUIRED),),
    finish=_finish_rename,
)

DROP = StepSpec(
    "drop",
    "Remove columns.",
    (
        Key("columns", Names(), "Columns to remove.", REQUIRED),
        Key("missing", Choice(("error", "ignore")), "What to do if one is not there.", "error"),
    ),
)

CAST = StepSpec(
    "cast",
    "Convert columns to other types.",
    (
        Key("columns", MapOf(TypeName(), "a mapping {column: type}"), "{column: type}.", REQUIRED),
        Key(
            "on_error",
            Choice(("error", "null")),
            "What a value that does not fit becomes.",
            "error",
        ),
    ),
)


@dataclass(frozen=True)
class _Operations:
    """2.0's list of ``{column, operation: rename|drop, to}``."""

    def parse(self, place: Field, value: Any) -> list[tuple[str, str, str | None]]:
        filled = place.plain(value)
        if not isinstance(filled, list) or not filled:
            raise place.wrong("a list of {column, operation, to}", filled)
        return place.read_all(_Operation(), filled)

    def schema(self) -> dict[str, Any]:
        properties = {
            "column": {"type": "string"},
            "operation": {"enum": ["rename", "drop"]},
            "to": {"type": "string"},
        }
        item = {"type": "object", "properties": properties, "required": ["column", "operation"]}
        return {"type": "array", "items": {**item, "additionalProperties": False}}


class _Operation:
    def parse(self, place: Field, value: Any) -> tuple[str, str, str | None]:
        if not isinstance(value, dict) or not {"column", "operation"} <= set(value):
            raise Reject("E108", "an item must be {column, operation: rename|drop, to}")
        operation = place.plain(value["operation"])
        if operation not in ("rename", "drop"):
            hint = "compute columns with columns: {new: expression}"
            message = f"'operation' must be rename or drop, found {describe(operation)}"
            raise Reject("E109", message, hint)
        allowed = (
            {"column", "operation", "to"} if operation == "rename" else {"column", "operation"}
        )
        for extra in value.keys() - allowed:
            raise Reject("E104", f"unknown key '{shorten(str(extra))}' in a {operation} operation")
        column = place.read(Name(), value["column"])
        target = place.read(Name(), value.get("to")) if operation == "rename" else None
        if column is INVALID or target is INVALID:
            raise Reject
        return str(operation), column, target

    def schema(self) -> dict[str, Any]:
        return {}


def _finish_transforms(draft: Draft) -> None:
    """Make a rename or a drop step of 2.0's form."""
    operations = draft.config.pop("transforms")
    if operations is INVALID:
        return
    kinds = {operation for operation, _, _ in operations}
    columns = [column for _, column, _ in operations]
    if len(kinds) > 1 or len(set(columns)) < len(columns):
        hint = "use one rename step and one drop step, each column once"
        draft.reject("transforms", "E109", "this mix of renames and drops is ambiguous", hint)
    elif kinds == {"drop"}:
        draft.type = "drop"
        draft.config.update(columns=columns, missing="error")
    else:
        draft.type = "rename"
        draft.config.update(columns={column: target for _, column, target in operations})
        draft.given["columns"] = draft.given["transforms"]
        _finish_rename(draft)


TRANSFORMS = StepSpec(
    "transform",
    "Renames and drops in the form of 2.0.",
    (Key("transforms", _Operations(), "List of {column, operation: rename|drop, to}.", REQUIRED),),
    finish=_finish_transforms,
)
