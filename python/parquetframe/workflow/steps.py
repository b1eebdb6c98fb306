"""Reading the steps of a document, one by one, into drafts of the canonical form."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Scope, describe, shorten
from parquetframe.workflow.names import suggestion
from parquetframe.workflow.spec import COMMON, STEP_TYPES, TRANSFORMS, TYPE_ALIASES, StepSpec
from parquetframe.workflow.spec.kinds import Anything, Bool
from parquetframe.workflow.spec.model import Entry, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parquetframe.workflow.yaml_nodes import Path

__all__ = ["Draft", "InputRef", "read_steps"]

_FORMAT_TYPES = {"parquet": "parquet", "csv": "csv", "avro": "avro"}


@dataclass
class InputRef:
    """A dataset that a step reads.

    Attributes:
        name: Step or dataset, as written.
        path: Where it is written.
        alias: Table name in a sql step.
        needle: Text to underline.
        dataset: The dataset it turned out to be.
        rule: Check rule that names the dataset.
    """

    name: str
    path: Path
    alias: str | None = None
    needle: str | None = None
    dataset: str | None = None
    rule: dict[str, Any] | None = None


@dataclass
class Draft:
    """A step on its way to the canonical form.

    Attributes:
        index: Position in the list.
        name: Name, or ``step_<index>``.
        type: Canonical type.
        spec: Its keys.
        field: Its place.
        config: Values of its own keys.
        given: Where its keys stand, by canonical name.
        spelled: How they were spelled.
        inputs: What it reads; None where ``input`` is omitted.
        extra: Datasets that it reads besides (foreign keys, vertices).
        output: Name of its dataset.
        depends_on: Names of steps, with their places.
        places: Where canonical keys stand whose path differs from the file's.
        sql_tables: Tables of a query whose inputs were given.
        broken: Whether ``input`` could not be read, so that nothing more is said about it.
    """

    index: int
    name: str
    type: str
    spec: StepSpec
    field: Field
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    given: dict[str, Path] = dataclasses.field(default_factory=dict)
    spelled: dict[str, str] = dataclasses.field(default_factory=dict)
    inputs: list[InputRef] | None = None
    extra: list[InputRef] = dataclasses.field(default_factory=list)
    output: str = ""
    depends_on: list[tuple[str, Path]] = dataclasses.field(default_factory=list)
    places: dict[str, Path] = dataclasses.field(default_factory=dict)
    sql_tables: list[str] | None = None
    broken: bool = False

    def reject(self, key: str, code: str, message: str, hint: str | None = None) -> None:
        """Report an error at the value of one of the step's keys."""
        path = self.given.get(key, self.field.path)
        self.field.scope.report(code, message, path, step=self.name, hint=hint)

    def add_input(
        self, name: str, path: Path, alias: str | None = None, needle: str | None = None
    ) -> None:
        """One more input, in order."""
        self.inputs = [*(self.inputs or []), InputRef(name, path, alias, needle)]

    def extra_input(self, name: str, path: Path, rule: dict[str, Any] | None = None) -> None:
        """A dataset that comes behind the inputs."""
        self.extra.append(InputRef(name, path, rule=rule))

    def all_inputs(self) -> list[InputRef]:
        """Inputs and what comes behind them."""
        return [*(self.inputs or []), *self.extra]


@dataclass(frozen=True)
class Modes:
    """What an entry point allows beyond the format."""

    handlers: bool = False
    noop: bool = False


def read_steps(scope: Scope, steps: Any, modes: Modes) -> list[Draft]:
    """Read all steps; steps that are no mappings are reported and left out."""
    if not isinstance(steps, list):
        message = f"'steps' must be a list, found {describe(steps)}"
        scope.report("E103", message, ("steps",))
        return []
    if not steps and not (modes.handlers or modes.noop):
        scope.report("E107", "'steps' is an empty list", ("steps",))
    drafts = []
    for index, step in enumerate(steps):
        path: Path = ("steps", index)
        if isinstance(step, dict):
            drafts.append(_StepReader(scope, index, step, modes).read())
        else:
            message = f"a step must be a mapping with 'type', found {describe(step)}"
            scope.report("E103", message, path)
    return drafts


class _StepReader:
    """Reads one step."""

    def __init__(self, scope: Scope, index: int, step: dict[Any, Any], modes: Modes) -> None:
        self.scope, self.index, self.step, self.modes = scope, index, step, modes
        self.path: Path = ("steps", index)
        name = step.get("name")
        self.name = name if isinstance(name, str) and name and "${" not in name else f"step_{index}"
        self.name = shorten(self.name)

    def read(self) -> Draft:
        place = Field(self.scope, self.path, self.name)
        spec, original = self._spec(place)
        mine = [Entry(k, v, (*self.path, k)) for k, v in self.step.items()]
        common = [e for e in mine if self._is_common(e.name, spec)]
        own = [e for e in mine if not self._is_common(e.name, spec)]
        reading = COMMON.read(place, common)
        own += self._config_entries(reading)
        draft = self._draft(place, spec, reading)
        if spec is None or self._is_noop(own) or self.modes.handlers:
            self._without_spec(draft, original, own)
            return draft
        self._own_keys(draft, spec, own)
        return draft

    def _spec(self, place: Field) -> tuple[StepSpec | None, str]:
        """The table of the step's type, and the type as written."""
        raw = self.step.get("type")
        at = Field(self.scope, (*self.path, "type"), self.name, "type")
        lenient = self.modes.handlers or self.modes.noop
        if raw is None and "transforms" in self.step:
            raw = "transform"
        if raw is None:
            if not lenient:
                hint = f"types: {', '.join(STEP_TYPES)}"
                place.error("E107", "the step needs a 'type'", hint=hint)
            return None, "noop"
        found = at.read(COMMON.by_name["type"].kind, raw)
        if found is INVALID:
            return None, "noop"
        canonical = TYPE_ALIASES.get(found, found)
        spec = STEP_TYPES.get(canonical)
        if canonical == "transform":
            spec = self._transform_spec()
        unchecked = self.modes.handlers or (lenient and self._is_noop(self._own_guess()))
        if spec is None and not unchecked:
            at.error("E105", f"no step type '{shorten(found)}'", hint=_type_hint(found))
        return spec, found

    def _transform_spec(self) -> StepSpec:
        """2.0 used ``transform`` for functions and for lists of renames too."""
        nested = self.step.get("config", self.step.get("params"))
        keys = {*self.step, *(nested if isinstance(nested, dict) else ())}
        if keys & {"function", "call"}:
            return STEP_TYPES["python"]
        return TRANSFORMS if "transforms" in keys else STEP_TYPES["transform"]

    def _own_guess(self) -> list[Entry]:
        nested = self.step.get("config", self.step.get("params"))
        own = [Entry(k, v, self.path) for k, v in self.step.items() if k not in COMMON.by_name]
        return own + ([Entry("config", nested, self.path)] if nested else [])

    def _is_noop(self, own: list[Entry]) -> bool:
        return self.modes.noop and not own

    def _is_common(self, name: Any, spec: StepSpec | None) -> bool:
        if not isinstance(name, str) or name not in COMMON.by_name:
            return False
        if spec is None:
            return True
        if name in ("input", "inputs") and spec.input_key is not None:
            return False
        stands_in = name == "output" and spec.output_key is not None
        return not (stands_in and not self._has_path(spec))

    def _has_path(self, spec: StepSpec) -> bool:
        nested = self.step.get("config", self.step.get("params"))
        inner = nested if isinstance(nested, dict) else {}
        return spec.output_key in self.step or spec.output_key in inner or "output" in inner

    def _config_entries(self, reading: Reading) -> list[Entry]:
        nested = reading.values.get("config")
        if nested is None or nested is INVALID:
            return []
        path = reading.given["config"]
        if not isinstance(nested, dict):
            at = Field(self.scope, path, self.name, reading.spelled["config"])
            at.error("E103", f"'{at.key}' must be a mapping, found {describe(nested)}")
            return []
        return [Entry(k, v, (*path, k)) for k, v in nested.items()]

    def _draft(self, place: Field, spec: StepSpec | None, reading: Reading) -> Draft:
        values = reading.values
        name = values["name"] if isinstance(values["name"], str) else self.name
        draft = Draft(self.index, name, "noop", spec or STEP_TYPES["filter"], place)
        draft.field = Field(self.scope, self.path, name)
        draft.output = values["output"] if isinstance(values["output"], str) else name
        draft.given = dict(reading.given)
        if isinstance(values["input"], list):
            base = reading.given["input"]
            draft.inputs = [
                InputRef(n, (*base, *inner), alias) for alias, n, inner in values["input"]
            ]
        if values["input"] is INVALID:
            draft.inputs = []
            draft.config["broken_input"] = True
        if isinstance(values["depends_on"], list):
            base = reading.given.get("depends_on", self.path)
            single = not isinstance(self.step.get("depends_on"), list)
            draft.depends_on = [
                (n, base if single else (*base, i)) for i, n in enumerate(values["depends_on"])
            ]
        return draft

    def _without_spec(self, draft: Draft, original: str, own: Iterable[Entry]) -> None:
        """A step that a handler runs, or a placeholder."""
        draft.config.clear()
        draft.inputs = draft.inputs if draft.inputs is not None else []
        if not self.modes.handlers:
            return
        raw: dict[str, Any] = {}
        for entry in own:
            at = Field(self.scope, entry.path, draft.name, str(entry.name))
            value = at.read(Anything(), entry.value)
            if str(entry.name) in raw:
                at.error("E110", f"'{at.key}' is given twice", key=True)
            raw[str(entry.name)] = None if value is INVALID else value
        draft.type = "handler"
        draft.config = {"type": original, "config": raw}

    def _own_keys(self, draft: Draft, spec: StepSpec, own: list[Entry]) -> None:
        broken = draft.config.pop("broken_input", False)
        entries = [self._renamed(entry, spec) for entry in own]
        read = spec.table.read(draft.field, entries, COMMON.names())
        draft.type, draft.spec = spec.type, spec
        draft.config = read.values
        draft.given.update(read.given)
        draft.spelled = read.spelled
        self._format_of_type(draft)
        if spec.finish is not None:
            spec.finish(draft)
        if broken:
            draft.inputs, draft.sql_tables, draft.broken = [], None, True

    def _renamed(self, entry: Entry, spec: StepSpec) -> Entry:
        """2.0's ``input`` on read and ``output`` on save are paths."""
        if entry.name in ("input", "inputs") and spec.input_key is not None:
            return Entry(spec.input_key, entry.value, entry.path)
        if entry.name == "output" and spec.output_key is not None:
            return Entry(spec.output_key, entry.value, entry.path)
        return entry

    def _format_of_type(self, draft: Draft) -> None:
        """``parquet.read`` says the format."""
        written = self.step.get("type")
        prefix = written.partition(".")[0] if isinstance(written, str) and "." in written else ""
        if prefix in _FORMAT_TYPES and "format" in draft.config:
            if draft.config["format"] in ("auto", prefix):
                draft.config["format"] = prefix
            else:
                draft.reject("format", "E110", f"the type '{written}' says another format")


def _type_hint(written: str) -> str:
    return suggestion(written, [*STEP_TYPES, *TYPE_ALIASES], "types")


def stop_on_failure(scope: Scope, section: Any) -> tuple[bool, Path] | None:
    """2.0's top-level ``config.stop_on_failure``, with its place."""
    if section is None:
        return None
    if not isinstance(section, dict):
        scope.report("E103", f"'config' must be a mapping, found {describe(section)}", ("config",))
        return None
    result = None
    for key, value in section.items():
        place = Field(scope, ("config", key), None, str(key))
        if key != "stop_on_failure":
            hint = "only stop_on_failure is taken from 2.0; other settings belong in 'settings'"
            place.error("E104", f"unknown key '{shorten(str(key))}' in config", hint=hint, key=True)
            continue
        found = place.read(Bool(), value)
        if found is not INVALID:
            result = (found, place.path)
    return result
