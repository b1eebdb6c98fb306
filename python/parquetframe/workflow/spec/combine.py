"""Steps with several inputs: ``join``, ``union``, ``sql``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject
from parquetframe.workflow.spec.kinds import Bool, Choice, Name, Names, Sql, Text, checked_sql
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec, planned
from parquetframe.workflow.sql_scan import find_tables, is_blank, statement_problem

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["JOIN", "SQL", "UNION"]


@dataclass(frozen=True)
class _JoinKeys:
    """A column, ``"a, b"``, a list of columns and ``{left: right}`` items, or ``{left: right}``."""

    def parse(self, place: Field, value: Any) -> list[list[str]]:
        filled = place.plain(value)
        if isinstance(filled, str):
            filled = [part.strip() for part in filled.split(",")]
        if isinstance(filled, dict):
            filled = [filled]
        if not isinstance(filled, list):
            raise place.wrong("a column, a list of columns or {left: right}", filled)
        pairs: list[Any] = []
        for index, item in enumerate(filled):
            found = place.at(index).read(_JoinKey(), item)
            pairs += [INVALID] if found is INVALID else found
        if INVALID in pairs:
            raise Reject
        if not pairs:
            raise Reject("E109", f"'{place.key}' names no column")
        if len({tuple(pair) for pair in pairs}) < len(pairs):
            raise Reject("E109", f"'{place.key}' names a pair of columns twice")
        return pairs

    def schema(self) -> dict[str, Any]:
        mapping = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
        item = {"anyOf": [{"type": "string"}, mapping]}
        return {"anyOf": [*item["anyOf"], {"type": "array", "items": item}]}


class _JoinKey:
    def parse(self, place: Field, value: Any) -> list[list[str]]:
        if not isinstance(value, dict):
            name = Name().parse(place, value)
            return [[name, name]]
        pairs = [
            [Name().parse(place.at(k), k), Name().parse(place.at(k), v)] for k, v in value.items()
        ]
        if not pairs:
            raise place.wrong("a column name", value)
        return pairs

    def schema(self) -> dict[str, Any]:
        return {}


def _finish_join(draft: Draft) -> None:
    config = draft.config
    right = config.pop("right")
    if right is not None and right is not INVALID:
        draft.broken = draft.broken or draft.inputs is None or len(draft.inputs) != 1
        if draft.inputs is not None and len(draft.inputs) != 1:
            draft.reject("right", "E110", "give both inputs in 'input', or one there and 'right'")
        elif draft.inputs is None:
            hint = "input: [left, right]"
            draft.reject("right", "E107", "'right' needs 'input', the left dataset", hint)
        draft.add_input(right, draft.given["right"])
    _join_keys(draft)


def _join_keys(draft: Draft) -> None:
    config = draft.config
    left, right = config.pop("left_on"), config.pop("right_on")
    if INVALID in (left, right, config["on"], config["how"]):
        return
    if (left is None) != (right is None):
        missing = "right_on" if right is None else "left_on"
        draft.field.error("E107", f"a join step needs '{missing}' too", hint="or use 'on'")
        return
    if left is not None:
        if config["on"] is not None:
            draft.reject("on", "E110", "'on' is given, and 'left_on' too: one of them")
            return
        if len(left) != len(right):
            message = f"'left_on' names {len(left)} columns and 'right_on' {len(right)}"
            draft.reject("right_on", "E109", message)
            return
        config["on"] = [list(pair) for pair in zip(left, right, strict=True)]
    if config["how"] == "cross":
        for key in ("on", "left_on", "condition"):
            if key in draft.given and config.get(key, True) is not None:
                hint = "for a condition use how: inner, or a filter step behind it"
                draft.reject(key, "E109", f"a cross join takes no '{key}'", hint)
        config["on"] = []
    elif config["on"] is None:
        hint = "on: column, on: {left: right}, or how: cross"
        draft.field.error("E107", "a join step needs 'on'", hint=hint)


_VALIDATE = ("many_to_many", "one_to_one", "one_to_many", "many_to_one")

JOIN = StepSpec(
    "join",
    "Combine two datasets by keys.",
    (
        Key("on", _JoinKeys(), "Column, list of columns, or {left: right}."),
        Key("left_on", Names(), "Columns of the left dataset, instead of 'on'.", derived=True),
        Key("right_on", Names(), "Columns of the right dataset, instead of 'on'.", derived=True),
        Key(
            "right",
            Text("the name of a dataset"),
            "The right dataset, if 'input' is the left one only.",
            derived=True,
        ),
        Key(
            "how",
            Choice(
                ("inner", "left", "right", "full", "semi", "anti", "cross"),
                spellings={"outer": "full"},
            ),
            "Which rows stay.",
            "inner",
        ),
        Key("condition", Sql(), "SQL that pairs must fulfil too."),
        Key("suffix", Text(), "For right columns whose name exists on the left.", "_right"),
        Key("coalesce_keys", Bool(), "One column for each pair of keys.", True),
        Key("nulls_equal", Bool(), "Whether NULL matches NULL.", False),
        Key(
            "validate",
            Choice(_VALIDATE),
            "How many rows a key may have on each side.",
            "many_to_many",
        ),
        Key("algorithm", Choice(("auto", "hash", "sort_merge")), "How the join is done.", "auto"),
    ),
    aliases=("merge",),
    min_inputs=2,
    max_inputs=2,
    open_order=True,
    finish=_finish_join,
)

UNION = StepSpec(
    "union",
    "Put datasets one below the other.",
    (
        Key("mode", Choice(("by_name", "by_position")), "How columns are matched.", "by_name"),
        Key("missing", Choice(("error", "null")), "What to do if one lacks a column.", "error"),
        Key("distinct", Bool(), "Keep one of equal rows.", False),
        planned("missing_inputs", "What to do if an input was skipped."),
    ),
    min_inputs=2,
    max_inputs=None,
)


@dataclass(frozen=True)
class _Statement:
    """One SELECT."""

    def parse(self, place: Field, value: Any) -> str:
        if value is None or (isinstance(value, str) and is_blank(value)):
            raise Reject("E304", f"'{place.key}' is empty")
        if not isinstance(value, str):
            raise place.wrong("an SQL query", value)
        text = checked_sql(place, place.sql(value))
        trouble = statement_problem(text)
        if trouble is not None:
            raise Reject("E303", trouble)
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


def _finish_sql(draft: Draft) -> None:
    text = draft.config["sql"]
    draft.config["tables"] = {}
    if text is INVALID:
        draft.inputs = draft.inputs or []
        return
    tables = find_tables(text)
    if draft.inputs is None:
        draft.inputs = []
        for table in tables:
            draft.add_input(table.name, draft.given["sql"], alias=table.name, needle=table.name)
        return
    for ref in draft.inputs:
        ref.alias = ref.alias or ref.name
    draft.sql_tables = [table.name for table in tables]


SQL = StepSpec(
    "sql",
    "One SELECT over datasets; its inputs are the tables that it names.",
    (
        Key(
            "sql",
            _Statement(),
            "The query; common table expressions are fine.",
            REQUIRED,
            ("query",),
        ),
    ),
    aliases=("datafusion.sql",),
    min_inputs=0,
    max_inputs=None,
    open_order=True,
    finish=_finish_sql,
)
