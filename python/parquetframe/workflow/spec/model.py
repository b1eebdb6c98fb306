"""The form of the tables that say which keys there are; validation and JSON Schema read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from parquetframe.workflow.field import INVALID, Field, Kind, Scope, describe, shorten
from parquetframe.workflow.names import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from parquetframe.workflow.steps import Draft
    from parquetframe.workflow.yaml_nodes import Path

__all__ = [
    "PLANNED_TEXT", "REQUIRED", "Entry", "Key", "KeyTable", "Reading", "StepSpec", "ignored",
    "planned",
]  # fmt: skip

PLANNED_TEXT = "is planned, this version does not have it yet"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


class _Anything:
    """Kind of keys whose values are not looked at."""

    def parse(self, field: Field, value: Any) -> Any:  # noqa: ARG002 - protocol
        return value

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Key:
    """One key of a mapping.

    Attributes:
        name: As in the canonical form.
        kind: How its value is read.
        doc: One line for editors and the reference.
        default: Canonical value when it is not given; ``REQUIRED`` if it must be.
        aliases: Other spellings.
        only: Formats or algorithms that it belongs to; empty for all.
        planned: Reserved: refused with a clear text.
        ignored: Accepted from 2.0 without effect, with a warning.
        derived: Read, but not a key of the canonical form.
        instead_of_null: What to write where null makes no sense.
    """

    name: str
    kind: Kind
    doc: str
    default: Any = None
    aliases: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    planned: bool = False
    ignored: bool = False
    derived: bool = False
    instead_of_null: str = "leave the key out instead"


def planned(name: str, doc: str, aliases: tuple[str, ...] = ()) -> Key:
    """A key that a later version will have."""
    return Key(name, _Anything(), doc, aliases=aliases, planned=True, derived=True)


def ignored(name: str, doc: str) -> Key:
    """A key of 2.0 that has no meaning here."""
    return Key(name, _Anything(), doc, ignored=True, derived=True)


@dataclass(frozen=True)
class Entry:
    """A key as it stands in the document."""

    name: Any
    value: Any
    path: Path


@dataclass
class Reading:
    """What a table made of a mapping.

    Attributes:
        values: Canonical values of all keys, defaults filled in.
        given: Where the given keys stand, by canonical name.
        spelled: How the given keys were spelled.
    """

    values: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Path] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)


class KeyTable:
    """Keys of one sort of mapping.

    Args:
        what: What the mapping is, for messages: ``settings``, ``a filter step``.
        keys: The keys, in canonical order.
    """

    def __init__(self, what: str, keys: Iterable[Key]) -> None:
        self.what = what
        self.keys = tuple(keys)
        self.by_name = {name: key for key in self.keys for name in (key.name, *key.aliases)}

    def names(self) -> list[str]:
        """Names to suggest."""
        return [key.name for key in self.keys if not (key.planned or key.ignored)]

    def check(self, scope: Scope, path: Path, mapping: Mapping[Any, Any]) -> Reading:
        """Read a mapping that stands at ``path``."""
        entries = [Entry(name, value, (*path, name)) for name, value in mapping.items()]
        return self.read(Field(scope, path), entries)

    def read(
        self, owner: Field, entries: Iterable[Entry], also_known: Iterable[str] = ()
    ) -> Reading:
        """Read entries and fill in defaults; every problem is reported.

        Args:
            owner: Place of the mapping, for keys that are missing.
            entries: Its keys.
            also_known: Names that are read elsewhere, for suggestions.
        """
        reading = Reading()
        for entry in entries:
            place = Field(owner.scope, entry.path, owner.step, str(entry.name))
            key = self.by_name.get(entry.name) if isinstance(entry.name, str) else None
            if key is None:
                self._unknown(place, entry.name, also_known)
            elif key.planned:
                place.error("E106", f"'{entry.name}' {PLANNED_TEXT}", hint=key.doc, key=True)
            elif key.ignored:
                place.warn("W701", f"'{entry.name}' has no effect here", hint=key.doc, key=True)
            elif key.name in reading.given:
                self._twice(place, key, reading)
            else:
                reading.given[key.name] = entry.path
                reading.spelled[key.name] = entry.name
                reading.values[key.name] = self._value(place, key, entry.value)
        self._fill(owner, reading)
        return reading

    def _unknown(self, place: Field, name: Any, also_known: Iterable[str]) -> None:
        if not isinstance(name, str):
            text = f"{describe(name)} is no key of {self.what}: keys are texts"
            quoted = '"null": in quotes' if name is None and "null" in self.by_name else None
            place.error("E104", text, hint=quoted, key=True)
            return
        hint = suggestion(name, [*self.names(), *also_known], "keys")
        place.error("E104", f"unknown key '{shorten(name)}' in {self.what}", hint=hint, key=True)

    def _twice(self, place: Field, key: Key, reading: Reading) -> None:
        first = place.scope.document.locate(reading.given[key.name], value=False)
        spelled = reading.spelled[key.name]
        other = f" (as '{spelled}')" if spelled != place.key else ""
        place.error("E110", f"'{place.key}' is given twice, first at {first}{other}", key=True)

    def _value(self, place: Field, key: Key, value: Any) -> Any:
        if value is None and key.default is not REQUIRED:
            if key.default is None:
                return None
            place.error("E108", f"'{place.key}' has no value", hint=key.instead_of_null)
            return INVALID
        return place.read(key.kind, value)

    def _fill(self, owner: Field, reading: Reading) -> None:
        for key in self.keys:
            if key.name in reading.values or key.planned or key.ignored:
                continue
            if key.default is REQUIRED:
                owner.error("E107", f"{self.what} needs '{key.name}'", hint=key.doc)
                reading.values[key.name] = INVALID
            else:
                reading.values[key.name] = _fresh(key.default)
        order = {key.name: index for index, key in enumerate(self.keys)}
        reading.values = dict(sorted(reading.values.items(), key=lambda pair: order[pair[0]]))


def _fresh(default: Any) -> Any:
    """A default that the caller may change: tables hold tuples, plans hold lists."""
    if isinstance(default, tuple):
        return [_fresh(item) for item in default]
    return dict(default) if isinstance(default, dict) else default


@dataclass(frozen=True)
class StepSpec:
    """One step type.

    Attributes:
        type: Name in the canonical form.
        doc: One line.
        keys: Its own keys.
        aliases: Other names of the type.
        min_inputs: Fewest datasets it takes.
        max_inputs: Most datasets it takes; None for any number.
        input_key: Own key that ``input:`` stands for, where the step reads no dataset.
        output_key: Own key that ``output:`` stands for if that key is not given itself.
        open_order: Whether the order of its rows is not defined.
        finish: Checks across keys, and keys made from others.
    """

    type: str
    doc: str
    keys: tuple[Key, ...]
    aliases: tuple[str, ...] = ()
    min_inputs: int = 1
    max_inputs: int | None = 1
    input_key: str | None = None
    output_key: str | None = None
    open_order: bool = False
    finish: Callable[[Draft], None] | None = None
    table: KeyTable = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        article = "an" if self.type[0] in "aeiou" else "a"
        table = KeyTable(f"{article} {self.type} step", self.keys)
        object.__setattr__(self, "table", table)
