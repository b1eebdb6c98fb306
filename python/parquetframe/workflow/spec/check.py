"""The step ``check`` and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe, shorten
from parquetframe.workflow.names import suggestion
from parquetframe.workflow.spec.kinds import (
    Choice,
    Int,
    MapOf,
    Name,
    Names,
    Sql,
    Text,
    TypeName,
    scalar,
    text_key,
)  # fmt: skip
from parquetframe.workflow.spec.model import REQUIRED, Entry, Key, KeyTable, StepSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from parquetframe.workflow.steps import Draft

__all__ = ["CHECK", "RULES"]

Rule = dict[str, Any]
_PAIR = 2

_ROWS = KeyTable(
    "the rule 'rows'",
    (Key("min", Int(), "Fewest rows."), Key("max", Int(), "Most rows.")),
)


def _rows(place: Field, value: Any) -> list[Rule]:
    if not isinstance(value, dict):
        raise place.wrong("{min: n, max: n}", place.plain(value))
    before = len(place.scope.problems)
    entries = [Entry(name, item, (*place.path, name)) for name, item in value.items()]
    read = _ROWS.read(place, entries).values
    if len(place.scope.problems) > before:
        raise Reject
    if read["min"] is None and read["max"] is None:
        raise Reject("E107", "the rule 'rows' needs 'min' or 'max'")
    if None not in read.values() and read["min"] > read["max"]:
        raise Reject("E109", "'min' is above 'max'")
    return [{"rule": "rows", **read}]


def _columns(rule: str) -> Callable[[Field, Any], list[Rule]]:
    return lambda place, value: [{"rule": rule, "columns": Names().parse(place, value)}]


def _by_column(rule: str, read: Callable[[Field, Any], Rule]) -> Callable[[Field, Any], list[Rule]]:
    """Rules of the form ``{column: bound}``; each column makes one rule."""

    def parse(place: Field, value: Any) -> list[Rule]:
        if not isinstance(value, dict) or not value:
            raise place.wrong("a mapping {column: bound}", place.plain(value))
        rules = []
        for raw, bound in value.items():
            inner = place.at(raw)
            column = text_key(inner, raw)
            rules.append({"rule": rule, "column": column, **read(inner, bound)})
        return rules

    return parse


def _bound(place: Field, value: Any) -> Any:
    filled = scalar(place, value)
    if not isinstance(filled, (int, float, str)) or isinstance(filled, bool) or filled != filled:  # noqa: PLR0124 - NaN
        raise place.wrong("[low, high]: numbers or texts", filled)
    return str(filled) if isinstance(filled, str) else filled


def _between(place: Field, value: Any) -> Rule:
    filled = place.plain(value)
    if not isinstance(filled, list) or len(filled) != _PAIR:
        raise place.wrong("[low, high]", filled)
    low, high = (_bound(place.at(index), item) for index, item in enumerate(filled))
    if isinstance(low, str) != isinstance(high, str):
        raise Reject("E108", "both bounds must be numbers, or both texts")
    if low > high:
        raise Reject("E109", f"the lower bound {low!r} is above the upper bound {high!r}")
    return {"min": low, "max": high}


def _in(place: Field, value: Any) -> Rule:
    filled = place.plain(value)
    if not isinstance(filled, list) or not filled:
        raise place.wrong("a list of values", filled)
    values = [scalar(place.at(index), item) for index, item in enumerate(filled)]
    for item in values:
        if not isinstance(item, (int, float, str)):
            raise place.wrong("a list of numbers, texts, true and false", item)
    return {"values": [str(item) if isinstance(item, str) else item for item in values]}


def _matches(place: Field, value: Any) -> Rule:
    return {"pattern": Text("a regular expression").parse(place, value)}


def _schema(place: Field, value: Any) -> list[Rule]:
    columns = MapOf(TypeName(), "a mapping {column: type}").parse(place, value)
    return [{"rule": "schema", "columns": columns}]


def _foreign_key(place: Field, value: Any) -> list[Rule]:
    if not isinstance(value, dict) or set(value) != {"columns", "references"}:
        raise Reject("E108", "'foreign_key' must be {columns: [..], references: dataset.column}")
    columns = place.at("columns").read(Names(), value["columns"])
    references = place.plain(value["references"])
    if columns is INVALID:
        raise Reject
    if isinstance(references, dict) and set(references) == {"dataset", "columns"}:
        dataset = Name().parse(place, references["dataset"])
        others = Names().parse(place, references["columns"])
    else:
        texts = references if isinstance(references, list) else [references]
        pairs = [str(place.plain(text)).partition(".") for text in texts if isinstance(text, str)]
        datasets = {pair[0] for pair in pairs}
        if (
            len(pairs) < len(texts)
            or not all(pair[0] and pair[2] for pair in pairs)
            or len(datasets) != 1
        ):
            hint = "references: dataset.column; for several columns a list, or {dataset, columns}"
            raise Reject("E108", f"'references' cannot be {describe(references)}", hint)
        dataset, others = datasets.pop(), [pair[2] for pair in pairs]
    if len(others) != len(columns):
        message = f"'foreign_key' has {len(columns)} columns and references {len(others)}"
        raise Reject("E109", message)
    rule = {"rule": "foreign_key", "columns": columns, "dataset": dataset, "ref_columns": others}
    return [rule]


def _expr(place: Field, value: Any) -> list[Rule]:
    return [{"rule": "expr", "expr": Sql().parse(place, value)}]


RULES: dict[str, Callable[[Field, Any], list[Rule]]] = {
    "rows": _rows,
    "not_null": _columns("not_null"),
    "unique": _columns("unique"),
    "between": _by_column("between", _between),
    "in": _by_column("in", _in),
    "matches": _by_column("matches", _matches),
    "schema": _schema,
    "foreign_key": _foreign_key,
    "expr": _expr,
}


@dataclass(frozen=True)
class _Rules:
    """A list of ``{rule: what}``. The result pairs each rule with its place in the document."""

    def parse(self, place: Field, value: Any) -> list[tuple[Rule, Field]]:
        if not isinstance(value, list):
            hint = "rules:\n  - not_null: [a]" if isinstance(value, dict) else None
            raise place.wrong("a list of rules", place.plain(value), hint)
        if not value:
            raise Reject("E109", f"'{place.key}' is an empty list")
        found: list[Any] = []
        for index, item in enumerate(value):
            rules = place.at(index).read(_Rule(), item)
            found += [INVALID] if rules is INVALID else rules
        if any(item is INVALID for item in found):
            raise Reject
        return found

    def schema(self) -> dict[str, Any]:
        properties: dict[str, Any] = {name: {} for name in RULES}
        item = {"type": "object", "properties": properties, "additionalProperties": False}
        return {
            "type": "array",
            "minItems": 1,
            "items": {**item, "minProperties": 1, "maxProperties": 1},
        }


class _Rule:
    def parse(self, place: Field, value: Any) -> list[tuple[Rule, Field]]:
        if not isinstance(value, dict) or len(value) != 1:
            raise Reject("E108", f"a rule is one {{rule: what}}, found {describe(value)}")
        [(name, what)] = value.items()
        reader = RULES.get(name) if isinstance(name, str) else None
        if reader is None:
            shown = shorten(name) if isinstance(name, str) else describe(name)
            raise Reject("E104", f"no rule '{shown}'", suggestion(shown, RULES, "rules"))
        inner = Field(place.scope, (*place.path, name), place.step, name)
        rules = inner.read(_Reader(reader), what)
        if rules is INVALID:
            raise Reject
        return [(rule, place) for rule in rules]

    def schema(self) -> dict[str, Any]:
        return {}


class _Reader:
    def __init__(self, read: Callable[[Field, Any], list[Rule]]) -> None:
        self.read = read

    def parse(self, place: Field, value: Any) -> list[Rule]:
        return self.read(place, value)

    def schema(self) -> dict[str, Any]:
        return {}


def _finish(draft: Draft) -> None:
    found = draft.config["rules"]
    if found is INVALID:
        return
    draft.config["rules"] = [rule for rule, _ in found]
    for index, (rule, place) in enumerate(found):
        draft.places[f"rules.{index}"] = place.path
        if rule["rule"] == "foreign_key":
            draft.extra_input(rule["dataset"], (*place.path, "foreign_key", "references"), rule)


CHECK = StepSpec(
    "check",
    "Test rows against rules; passes its input on.",
    (
        Key(
            "rules",
            _Rules(),
            "List of rules such as not_null: [a] or between: {b: [0, 9]}.",
            REQUIRED,
        ),
        Key("severity", Choice(("error", "warn")), "What a broken rule does.", "error"),
        Key("sample", Int(0, 1000), "Offending rows to show.", 5),
    ),
    finish=_finish,
)
