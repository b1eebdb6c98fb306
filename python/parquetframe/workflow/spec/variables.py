"""Keys of a variable's declaration, and the types a variable can have."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.spec.model import Key, KeyTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from parquetframe.workflow.field import Field

__all__ = ["DECLARATION", "TYPES"]


def _is_date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


TYPES: dict[str, Callable[[Any], tuple[Any] | None]] = {
    "int": lambda v: (v,) if isinstance(v, int) and not isinstance(v, bool) else None,
    "float": lambda v: (
        (float(v),) if isinstance(v, float) or (type(v) is int and v.bit_length() < 1000) else None
    ),
    "bool": lambda v: (v,) if isinstance(v, bool) else None,
    "str": lambda v: (v,) if isinstance(v, str) else None,
    "date": lambda v: (v,) if isinstance(v, str) and _is_date(v) else None,
    "list": lambda v: (v,) if isinstance(v, list) else None,
}


class _Literal:
    """A value without variables in it, of some Python types."""

    def __init__(self, what: str, types: tuple[type, ...], schema: dict[str, Any]) -> None:
        self.what, self.types, self._schema = what, types, schema

    def parse(self, place: Field, value: Any) -> Any:
        if self.types and not isinstance(value, self.types):
            raise place.wrong(self.what, value)
        return value

    def schema(self) -> dict[str, Any]:
        return self._schema


class _TypeWord:
    """The name of a variable's type."""

    def parse(self, place: Field, value: Any) -> Any:
        if not isinstance(value, str) or value not in TYPES:
            raise place.wrong(" | ".join(TYPES), value)
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(TYPES)}


_BOOL = _Literal("true or false", (bool,), {"type": "boolean"})
_SCALAR_OR_LIST = {"type": ["string", "number", "boolean", "null", "array"]}

DECLARATION = KeyTable(
    "a variable",
    (
        Key("default", _Literal("a value", (), {}), "Value when none is given.", aliases=()),
        Key("type", _TypeWord(), "int, float, bool, str, date or list."),
        Key("required", _BOOL, "A value must be given; so without a default."),
        Key("choices", _Literal("a list", (list,), {"type": "array"}), "The allowed values."),
        Key("description", _Literal("a text", (str,), {"type": "string"}), "Shown in help."),
        Key("secret", _BOOL, "The value is never shown."),
    ),
)
