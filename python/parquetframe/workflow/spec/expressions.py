"""Kinds of lists that mix column names and SQL: sort keys, select items, keys of groups."""

# ruff: noqa: D102 - what `parse` and `schema` do is said once, in `field.Kind`

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe, shorten
from parquetframe.workflow.spec.kinds import Sql, checked_sql, text_key
from parquetframe.workflow.sql_scan import split_top_level
from parquetframe.workflow.substitute import Final

__all__ = ["GroupKeys", "NamedExpressions", "SelectColumns", "SortKeys", "named_expressions"]

_DIRECTION = re.compile(r"(.*\S)\s+(asc|desc)", re.IGNORECASE | re.DOTALL)
_NULLS = re.compile(r"\bnulls\s+(?:first|last)\s*$", re.IGNORECASE)
_ONE_REFERENCE = re.compile(r"\$\{[^{}]*\}")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = re.compile(r"[()*/+<>=]")


def named_expressions(place: Field, value: Any) -> list[dict[str, str]]:
    """Read ``{new: expr}``, or a list of such mappings, in order; each name once."""
    items: list[dict[str, str]] = []
    bad = False
    mappings: list[tuple[Field, Any]]
    if isinstance(value, dict):
        mappings = [(place, value)]
    elif isinstance(value, list):
        mappings = [(place.at(index), item) for index, item in enumerate(value)]
    else:
        raise place.wrong("a mapping {new: expression}", place.plain(value))
    for inner, mapping in mappings:
        if not isinstance(mapping, dict):
            inner.error("E108", f"an item of '{place.key}' must be {{new: expression}}")
            bad = True
            continue
        for raw, expression in mapping.items():
            item = _named(inner.at(raw), raw, expression)
            if item is None:
                bad = True
            else:
                items.append(item)
    if bad:
        raise Reject
    if not items:
        raise Reject("E109", f"'{place.key}' is empty")
    return items


def _named(place: Field, raw: Any, expression: Any) -> dict[str, str] | None:
    try:
        name = text_key(place, raw)
    except Reject as reject:
        if reject.code:
            place.error(reject.code, reject.message, hint=reject.hint, key=True)
        return None
    parsed = place.read(Sql(), expression)
    return None if parsed is INVALID else {"name": name, "expr": parsed}


def refuse_repeats(place: Field, items: list[dict[str, Any]]) -> None:
    """Reject a list in which two items make the same column."""
    seen: set[str] = set()
    for item in items:
        name = item.get("name")
        if name in seen:
            raise Reject("E109", f"'{place.key}' makes the column '{shorten(str(name))}' twice")
        if isinstance(name, str):
            seen.add(name)


@dataclass(frozen=True)
class NamedExpressions:
    """``{new: expr}`` in order; a column may be made again by a list with several mappings."""

    def parse(self, place: Field, value: Any) -> list[dict[str, str]]:
        return named_expressions(place, value)

    def schema(self) -> dict[str, Any]:
        mapping = {"type": "object", "additionalProperties": Sql().schema(), "minProperties": 1}
        return {"anyOf": [mapping, {"type": "array", "items": mapping}]}


@dataclass(frozen=True)
class SelectColumns:
    """Names, ``"a, b"``, ``"*"``, ``{new: expr}`` items; a mapping at the top is ``{old: new}``."""

    def parse(self, place: Field, value: Any) -> list[dict[str, Any]]:
        filled = place.plain(value)
        items: list[Any] = []
        if isinstance(filled, dict):
            items = self._renames(place, filled)
        else:
            if isinstance(filled, str):
                filled = split_top_level(filled)
            if not isinstance(filled, list):
                raise place.wrong("a list of columns", filled)
            for index, item in enumerate(filled):
                found = place.at(index).read(_SelectItem(), item)
                items += [INVALID] if found is INVALID else found
            if any(item is INVALID for item in items):
                raise Reject
        if not items:
            raise Reject("E109", f"'{place.key}' names no column")
        refuse_repeats(place, items)
        return items

    def _renames(self, place: Field, mapping: dict[Any, Any]) -> list[dict[str, Any]]:
        items = []
        for raw, value in mapping.items():
            inner = place.at(raw)
            old, new = text_key(inner, raw), inner.plain(value)
            if not isinstance(new, str) or not new or _OPERATORS.search(new):
                hint = f"for expressions use a list: - {{{old}: ...}}"
                message = f"a mapping in '{place.key}' is {{old: new}}, found {describe(new)}"
                inner.error("E109", message, hint=hint)
                raise Reject
            items.append({"name": str(new), "column": old})
        return items

    def schema(self) -> dict[str, Any]:
        mapping = {"type": "object", "additionalProperties": Sql().schema(), "minProperties": 1}
        renames = {"type": "object", "additionalProperties": {"type": "string"}}
        item = {"anyOf": [{"type": "string"}, mapping]}
        return {"anyOf": [{"type": "string"}, renames, {"type": "array", "items": item}]}


class _SelectItem:
    def parse(self, place: Field, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return list(named_expressions(place, value))
        name = text_key(place, value, f"a column in '{place.key}'")
        return [{"all": True}] if name == "*" else [{"name": name, "column": name}]

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class GroupKeys:
    """Names, ``"a, b"`` or ``{new: expr}`` items; may be empty."""

    def parse(self, place: Field, value: Any) -> list[dict[str, Any]]:
        filled = place.plain(value)
        if isinstance(filled, dict):
            return [*named_expressions(place, filled)]
        if isinstance(filled, str):
            filled = split_top_level(filled)
        if not isinstance(filled, list):
            raise place.wrong("a column name or a list of them", filled)
        items: list[Any] = []
        for index, item in enumerate(filled):
            found = place.at(index).read(_SelectItem(), item)
            items += [INVALID] if found is INVALID else found
        if any(item is INVALID for item in items):
            raise Reject
        if any("all" in item for item in items):
            raise Reject("E109", f"'{place.key}' names columns; '*' does not fit here")
        refuse_repeats(place, items)
        return items

    def schema(self) -> dict[str, Any]:
        mapping = {"type": "object", "additionalProperties": Sql().schema(), "minProperties": 1}
        item = {"anyOf": [{"type": "string"}, mapping]}
        return {"anyOf": [{"type": "string"}, mapping, {"type": "array", "items": item}]}


@dataclass(frozen=True)
class SortKeys:
    """Columns or expressions: ``a``, ``"a desc, b"``, ``{a: desc}``, or a list of these."""

    empty: bool = False

    def parse(self, place: Field, value: Any) -> list[dict[str, Any]]:
        items = value if isinstance(value, list) else [value]
        if isinstance(value, str) and _ONE_REFERENCE.fullmatch(value):
            filled = place.plain(value)
            items = filled if isinstance(filled, list) else [filled]
        keys: list[dict[str, Any]] = []
        bad = False
        for index, item in enumerate(items):
            inner = place.at(index) if isinstance(value, list) else place
            found = inner.read(_SortItem(), item)
            if found is INVALID:
                bad = True
            else:
                keys += found
        if bad:
            raise Reject
        if not keys and not self.empty:
            raise Reject("E109", f"'{place.key}' names no column")
        return keys

    def schema(self) -> dict[str, Any]:
        mapping = {"type": "object", "additionalProperties": {"enum": ["asc", "desc"]}}
        item = {"anyOf": [{"type": "string"}, mapping]}
        return {"anyOf": [*item["anyOf"], {"type": "array", "items": item}]}


class _SortItem:
    def parse(self, place: Field, value: Any) -> list[dict[str, Any]]:
        if isinstance(value, dict):
            if not value:
                raise place.wrong("a column name", value)
            return [self._directed(place.at(raw), raw, word) for raw, word in value.items()]
        if isinstance(value, Final):
            return [{"expr": _as_column(str(value)), "desc": False}]
        if not isinstance(value, str):
            raise place.wrong("a column name or 'column desc'", value)
        return [self._part(place, part) for part in split_top_level(value)]

    def _directed(self, place: Field, raw: Any, word: Any) -> dict[str, Any]:
        direction = place.plain(word)
        if not isinstance(direction, str) or direction.lower() not in ("asc", "desc"):
            raise Reject("E109", f"the direction must be asc or desc, found {describe(direction)}")
        expression = self._expression(place, text_key(place, raw) if "${" not in str(raw) else raw)
        return {"expr": expression, "desc": direction.lower() == "desc"}

    def _part(self, place: Field, text: str) -> dict[str, Any]:
        if _NULLS.search(text):
            hint = "it holds for all columns of the step"
            raise Reject("E109", "write 'nulls: first' or 'nulls: last' as a key", hint)
        match = _DIRECTION.fullmatch(text)
        expression, word = (match[1], match[2]) if match else (text, "asc")
        return {"expr": self._expression(place, expression), "desc": word.lower() == "desc"}

    def _expression(self, place: Field, text: str) -> str:
        if not text.strip():
            raise Reject("E304", f"'{place.key}' holds an empty expression")
        if _ONE_REFERENCE.fullmatch(text) and not text.startswith("${raw:"):
            name = place.plain(text)
            if not isinstance(name, str) or not name:
                raise place.wrong("the name of a column", name)
            return _as_column(str(name))
        return checked_sql(place, place.sql(text))

    def schema(self) -> dict[str, Any]:
        return {}


def _as_column(name: str) -> str:
    """A name from a variable, quoted if it could be read as more than a name."""
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'
