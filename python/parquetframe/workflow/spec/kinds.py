"""How values of the usual sorts are read: texts, numbers, choices, names, lists, expressions."""

# ruff: noqa: D102 - what `parse` and `schema` do is said once, in `field.Kind`

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from parquetframe.types import TYPE_PATTERN, canonical_type, known_types
from parquetframe.workflow.field import INVALID, Field, Kind, Reject, describe, shorten
from parquetframe.workflow.names import nearest, suggestion
from parquetframe.workflow.resolver import resolve_plain
from parquetframe.workflow.spec.model import PLANNED_TEXT
from parquetframe.workflow.sql_scan import is_blank, pandas_syntax, unclosed
from parquetframe.workflow.substitute import EnvText, Value, sql_literal

__all__ = [
    "Anything", "Bool", "Choice", "Int", "ListOf", "MapOf", "Name", "Names", "Number", "ScalarId",
    "Sql", "Text", "TypeName", "or_variable", "scalar", "text_key",
]  # fmt: skip

_QUOTE = "put it in quotes to make it text"


def or_variable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or a text with ``${...}``."""
    return {"anyOf": [schema, {"$ref": "#/$defs/variable"}]}


def scalar(place: Field, value: Any) -> Any:
    """The value with variables put in; texts of the environment are parsed."""
    filled = place.plain(value)
    return resolve_plain(str(filled)) if isinstance(filled, EnvText) else filled


def text_key(place: Field, key: Any, what: str = "a column name") -> str:
    """A key of a mapping as text, with variables put in."""
    filled = place.plain(key)
    if not isinstance(filled, str) or not filled:
        hint = _QUOTE if isinstance(key, (int, float)) or key is None else None
        raise Reject("E108", f"{what} must be a text, found {describe(filled)}", hint)
    return str(filled)


@dataclass(frozen=True)
class Text:
    """A text; empty only if ``empty``."""

    what: str = "a text"
    empty: bool = False
    max_chars: int | None = None

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        if not isinstance(filled, str):
            raise place.wrong(self.what, filled, _QUOTE if type(filled) in (int, float) else None)
        if not filled and not self.empty:
            raise place.wrong(self.what, filled)
        if self.max_chars is not None and len(filled) > self.max_chars:
            raise place.wrong(self.what, filled)
        return str(filled)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"} if self.empty else {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Bool:
    """true or false."""

    def parse(self, place: Field, value: Any) -> bool:
        filled = scalar(place, value)
        if not isinstance(filled, bool):
            raise place.wrong("true or false", filled)
        return filled

    def schema(self) -> dict[str, Any]:
        return or_variable({"type": "boolean"})


@dataclass(frozen=True)
class Int:
    """A whole number within the range of int64."""

    least: int = 0
    most: int = 2**63 - 1

    def parse(self, place: Field, value: Any) -> int:
        filled = scalar(place, value)
        if isinstance(filled, bool) or not isinstance(filled, int):
            raise place.wrong("a whole number", filled)
        if not self.least <= filled <= self.most:
            range_ = self._range(filled)
            raise Reject("E109", f"'{place.key}' must be {range_}, found {describe(filled)}")
        return filled

    def _range(self, value: int) -> str:
        if self.most == 2**63 - 1 and value < self.least:
            return f"at least {self.least}"
        return f"between {self.least} and {self.most}"

    def schema(self) -> dict[str, Any]:
        return or_variable({"type": "integer", "minimum": self.least})


@dataclass(frozen=True)
class Number:
    """A finite number between ``least`` and ``most``; ``above`` excludes ``least``."""

    least: float = -math.inf
    most: float = math.inf
    above: bool = False

    def parse(self, place: Field, value: Any) -> float:
        filled = scalar(place, value)
        if isinstance(filled, bool) or not isinstance(filled, (int, float)):
            raise place.wrong("a number", filled)
        number = float(filled) if abs(filled) < 2**1000 else math.inf
        low = number > self.least if self.above else number >= self.least
        if not (math.isfinite(number) and low and number <= self.most):
            bounds = (
                [] if math.isinf(self.least) else [f"{'>' if self.above else '>='} {self.least:g}"]
            )
            bounds += [] if math.isinf(self.most) else [f"<= {self.most:g}"]
            wanted = " and ".join(bounds) or "finite"
            raise Reject("E109", f"'{place.key}' must be {wanted}, found {describe(filled)}")
        return number

    def schema(self) -> dict[str, Any]:
        bounds: dict[str, Any] = {"type": "number"}
        if not math.isinf(self.least):
            bounds["exclusiveMinimum" if self.above else "minimum"] = self.least
        if not math.isinf(self.most):
            bounds["maximum"] = self.most
        return or_variable(bounds)


@dataclass(frozen=True)
class Choice:
    """One of some words.

    Attributes:
        values: The words.
        planned: Words of a later version.
        spellings: Other words and what they stand for.
    """

    values: tuple[str, ...]
    planned: tuple[str, ...] = ()
    spellings: dict[str, str] = field(default_factory=dict, hash=False)

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        if isinstance(filled, str):
            word = self.spellings.get(str(filled), str(filled))
            if word in self.values:
                return word
            if word in self.planned:
                raise Reject("E106", f"'{place.key}: {word}' {PLANNED_TEXT}", self._listing())
        found = nearest(str(filled), self.values) if isinstance(filled, str) else None
        hint = f"did you mean '{found}'?" if found else None
        allowed = " | ".join(self.values)
        raise Reject("E109", f"'{place.key}' must be {allowed}; found {describe(filled)}", hint)

    def _listing(self) -> str:
        return f"there is: {', '.join(self.values)}"

    def schema(self) -> dict[str, Any]:
        return or_variable({"enum": [*self.values, *self.spellings]})


@dataclass(frozen=True)
class Name:
    """The name of one column."""

    def parse(self, place: Field, value: Any) -> str:
        return text_key(place, value, f"a column name in '{place.key}'")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Names:
    """Column names: a list, or one text with commas. Each name once."""

    empty: bool = False

    def parse(self, place: Field, value: Any) -> list[str]:
        filled = place.plain(value)
        if isinstance(filled, str):
            filled = [part.strip() for part in filled.split(",")] if filled.strip() else []
        if not isinstance(filled, list):
            raise place.wrong("a column name or a list of them", filled)
        names = place.read_all(Name(), filled)
        if not names and not self.empty:
            raise Reject("E109", f"'{place.key}' names no column")
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Reject("E109", f"'{place.key}' names '{shorten(name)}' twice")
        return names

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


@dataclass(frozen=True)
class ListOf:
    """A list of one kind; with ``single`` also one value without brackets."""

    item: Kind
    single: bool = False
    empty: bool = True

    def parse(self, place: Field, value: Any) -> list[Any]:
        filled = place.plain(value)
        if not isinstance(filled, list):
            if not self.single or filled is None:
                raise place.wrong("a list", filled)
            return [self.item.parse(place, filled)]
        if not filled and not self.empty:
            raise Reject("E109", f"'{place.key}' is an empty list")
        return place.read_all(self.item, filled)

    def schema(self) -> dict[str, Any]:
        items: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if not self.empty:
            items["minItems"] = 1
        return {"anyOf": [self.item.schema(), items]} if self.single else or_variable(items)


@dataclass(frozen=True)
class MapOf:
    """A mapping from names to values of one kind."""

    item: Kind
    what: str = "a mapping"
    empty: bool = False

    def parse(self, place: Field, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise place.wrong(self.what, place.plain(value))
        if not value and not self.empty:
            raise Reject("E109", f"'{place.key}' is empty")
        result: dict[str, Any] = {}
        bad = False
        for raw, item in value.items():
            inner = place.at(raw)
            name = inner.read(Name(), raw)
            parsed = inner.read(self.item, item)
            if not isinstance(name, str) or parsed is INVALID:
                bad = True
            elif name in result:
                inner.error("E109", f"'{shorten(name)}' is given twice", key=True)
                bad = True
            else:
                result[name] = parsed
        if bad:
            raise Reject
        return result

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": self.item.schema()}
        if not self.empty:
            schema["minProperties"] = 1
        return schema


@dataclass(frozen=True)
class ScalarId:
    """A vertex id: a whole number or a text."""

    def parse(self, place: Field, value: Any) -> int | str:
        filled = scalar(place, value)
        if isinstance(filled, bool) or not isinstance(filled, (int, str)):
            raise place.wrong("a vertex id (a whole number or a text)", filled)
        return str(filled) if isinstance(filled, str) else filled

    def schema(self) -> dict[str, Any]:
        return {"type": ["integer", "string"]}


@dataclass(frozen=True)
class Anything:
    """Any plain data, with variables put in."""

    mapping: bool = False

    def parse(self, place: Field, value: Any) -> Any:
        filled = place.plain(value)
        if self.mapping and not isinstance(filled, dict):
            raise place.wrong("a mapping", filled)
        if isinstance(filled, dict):
            entries = [(place.at(k), k, v) for k, v in filled.items()]
            return {text_key(at, k, "a key"): self._inner(at, v) for at, k, v in entries}
        if isinstance(filled, list):
            return [self._inner(place.at(i), item) for i, item in enumerate(filled)]
        return str(filled) if isinstance(filled, str) else filled

    def _inner(self, place: Field, value: Any) -> Any:
        return Anything().parse(place, value)

    def schema(self) -> dict[str, Any]:
        return {"type": "object"} if self.mapping else {}


@dataclass(frozen=True)
class Sql:
    """An SQL expression. Its grammar is the engine's business; that it is one is checked here."""

    def parse(self, place: Field, value: Any) -> str:
        if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
            return sql_literal(Value(value))
        if value is None or (isinstance(value, str) and is_blank(value)):
            raise Reject("E304", f"'{place.key}' is an empty expression")
        if not isinstance(value, str):
            raise place.wrong("an SQL expression", value)
        return checked_sql(place, place.sql(value))

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "boolean", "number"]}


def checked_sql(place: Field, text: str) -> str:
    """The text, unless something in it never ends or it is pandas syntax."""
    trouble = unclosed(text)
    if trouble is not None:
        raise Reject("E303", f"'{place.key}' holds {trouble}")
    idiom = pandas_syntax(text)
    if idiom is not None:
        message = f"'{place.key}' is an SQL expression, this is pandas syntax"
        raise Reject("E305", message, f"instead of {idiom[0]} write {idiom[1]}")
    return text


@dataclass(frozen=True)
class TypeName:
    """A type of a column, such as ``int64`` or ``timestamp(us, UTC)``."""

    def parse(self, place: Field, value: Any) -> str:
        filled = place.plain(value)
        if not isinstance(filled, str):
            raise place.wrong("a type name", filled)
        found = canonical_type(filled)
        if found is None:
            hint = suggestion(str(filled), known_types(), "types")
            raise Reject("E109", f"no type '{shorten(filled)}'", hint)
        return found

    def schema(self) -> dict[str, Any]:
        return or_variable({"type": "string", "pattern": TYPE_PATTERN})
