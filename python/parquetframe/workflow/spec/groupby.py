"""The step ``groupby`` and the forms of its aggregates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe, shorten
from parquetframe.workflow.names import nearest
from parquetframe.workflow.spec.expressions import GroupKeys, SortKeys
from parquetframe.workflow.spec.kinds import Bool, Name, Sql, text_key
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["FUNCTIONS", "GROUPBY", "function_name"]

FUNCTIONS = (
    *("sum", "mean", "avg", "min", "max", "count", "size", "nunique", "median", "std", "var"),
    *("first", "last", "any", "all", "list"),
)
_ORDERED = frozenset(("first", "last", "list"))
_QUANTILE = re.compile(r"quantile\(\s*([0-9]*\.?[0-9]+|[0-9]+\.)\s*\)")
_TUPLE = re.compile(r"""\(\s*(['"])(.+?)\1\s*,\s*(['"])(.+?)\3\s*\)""")
_PAIR = 2


def function_name(text: str) -> str | None:
    """The aggregate function a text names, in its canonical spelling, or None.

    Examples:
        >>> function_name("mean"), function_name("quantile( .9 )"), function_name("sum(x)")
        ('mean', 'quantile(0.9)', None)
    """
    if text in FUNCTIONS:
        return text
    match = _QUANTILE.fullmatch(text.strip())
    if match and 0 <= float(match[1]) <= 1:
        return f"quantile({float(match[1])})"
    return None


class _Function:
    """The name of an aggregate function."""

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        found = function_name(filled) if isinstance(filled, str) else None
        if found is None:
            raise _no_function(filled)
        return found

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(FUNCTIONS)}, {"type": "string", "pattern": "quantile|\\$"}]}


def _no_function(value: Any) -> Reject:
    near = nearest(value, FUNCTIONS) if isinstance(value, str) else None
    hint = f"functions: {', '.join(FUNCTIONS)}, quantile(q); or SQL such as sum(distance) / 1000"
    hint = f"did you mean '{near}'? {hint}" if near else hint
    return Reject("E109", f"{describe(value)} is no aggregate function", hint)


@dataclass(frozen=True)
class Aggregates:
    """A function name for all columns, or ``{out: form}``."""

    def parse(self, place: Field, value: Any) -> list[dict[str, Any]]:
        filled = place.plain(value)
        if not isinstance(filled, dict):
            if isinstance(filled, str) and function_name(filled) is None and "(" in filled:
                hint = f"name the result: agg: {{total: {shorten(filled)}}}"
                raise Reject("E109", "an aggregate expression needs a name", hint)
            return [{"kind": "all", "fn": _Function().parse(place, filled)}]
        if not filled:
            raise Reject("E109", f"'{place.key}' is empty")
        items = []
        for raw, form in filled.items():
            items.append(place.at(raw).read(_Form(raw), form))
        if any(item is INVALID for item in items):
            raise Reject
        return items

    def schema(self) -> dict[str, Any]:
        function = _Function().schema()
        named = {"type": "object", "properties": {"column": {"type": "string"}, "fn": function}}
        forms = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, named]
        mapping = {"type": "object", "additionalProperties": {"anyOf": forms}, "minProperties": 1}
        return {"anyOf": [function, mapping]}


class _Form:
    """What stands behind one output name."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def parse(self, place: Field, value: Any) -> dict[str, Any]:
        name = text_key(place, self.raw)
        if isinstance(value, list):
            return self._list(place, name, value)
        if isinstance(value, dict):
            return self._named(place, name, value)
        if not isinstance(value, str):
            raise _no_function(value)
        return self._text(place, name, value)

    def _text(self, place: Field, name: str, value: str) -> dict[str, Any]:
        if value.startswith("${") and value.endswith("}") and value.count("${") == 1:
            return {"kind": "fn", "key": name, "fn": _Function().parse(place, value)}
        function = function_name(value)
        if function is not None:
            return {"kind": "fn", "key": name, "fn": function}
        pair = _TUPLE.fullmatch(value.strip())
        if pair:
            function = _Function().parse(place, pair[4])
            return {"kind": "named", "name": name, "column": pair[2], "fn": function}
        if value.strip() and "(" not in value:
            raise _no_function(value)
        return {"kind": "expr", "name": name, "expr": Sql().parse(place, value)}

    def _list(self, place: Field, name: str, value: list[Any]) -> dict[str, Any]:
        items = [place.plain(item) for item in value]
        functions = [function_name(item) if isinstance(item, str) else None for item in items]
        if items and None not in functions:
            return {"kind": "list", "key": name, "items": functions}
        if len(items) == _PAIR and isinstance(items[0], str) and items[0]:
            if functions[1] is None:
                raise _no_function(items[1])
            return {"kind": "list", "key": name, "items": [str(items[0]), functions[1]]}
        bad = next((i for i, f in zip(items, functions, strict=True) if f is None), None)
        raise _no_function(bad)

    def _named(self, place: Field, name: str, value: dict[Any, Any]) -> dict[str, Any]:
        if set(value) == {"expr"}:
            expression = place.at("expr").read(Sql(), value["expr"])
            if expression is INVALID:
                raise Reject
            return {"kind": "expr", "name": name, "expr": expression}
        spelled = "function" if "function" in value else "fn"
        if set(value) != {"column", spelled}:
            raise Reject("E108", f"'{shorten(name)}' must be {{column: c, fn: f}}")
        column = place.at("column").read(Name(), value["column"])
        function = place.at(spelled).read(_Function(), value[spelled])
        if column is INVALID or function is INVALID:
            raise Reject
        return {"kind": "named", "name": name, "column": column, "fn": function}

    def schema(self) -> dict[str, Any]:
        return {}


def _functions(aggregate: dict[str, Any]) -> list[str]:
    items: list[str] = aggregate.get("items", [])
    return [*items, aggregate["fn"]] if "fn" in aggregate else items


def _finish(draft: Draft) -> None:
    by, aggregates, order = (draft.config[key] for key in ("by", "agg", "order_by"))
    if by is INVALID or aggregates is INVALID or order is INVALID:
        return
    used = {function for aggregate in aggregates for function in _functions(aggregate)}
    if not order:
        for function in sorted(used & {"first", "last"}):
            hint = "order_by: [column] says which row is first"
            draft.reject("agg", "E109", f"'{function}' needs 'order_by'", hint)
    elif not used & _ORDERED and all(item["kind"] != "expr" for item in aggregates):
        message = "'order_by' has no effect without first, last or list in 'agg'"
        draft.reject("order_by", "E109", message, "to order the result, add a sort step")
    taken = {item["name"] for item in by}
    for aggregate in aggregates:
        name = aggregate.get("name") or (
            aggregate.get("key") if aggregate["kind"] == "fn" else None
        )
        if name in taken:
            message = (
                f"'agg' makes the column '{shorten(str(name))}', which is in 'by' or made before"
            )
            draft.reject("agg", "E109", message)
        if name is not None:
            taken.add(name)


GROUPBY = StepSpec(
    "groupby",
    "One row per group.",
    (
        Key(
            "by",
            GroupKeys(),
            "Columns or {new: expression}; [] makes one row.",
            REQUIRED,
            ("groupby", "group_by"),
        ),
        Key(
            "agg",
            Aggregates(),
            "Aggregates: count, {col: sum}, {out: 'sum(x) / 2'} and more.",
            ({"kind": "all", "fn": "count"},),
        ),
        Key("having", Sql(), "Keep groups where this SQL is true."),
        Key("order_by", SortKeys(empty=True), "Order within groups, for first, last and list.", ()),
        Key("sort", Bool(), "Order the result by its keys.", False),
        Key("drop_null_keys", Bool(), "Leave out groups with a null key.", False),
    ),
    aliases=("aggregate",),
    open_order=True,
    finish=_finish,
)
