"""JSON Schema of workflow files, made from the table that validation uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parquetframe.workflow.spec import (
    COMMON,
    DECLARATION,
    REQUIRED,
    SETTINGS,
    STEP_TYPES,
    TOP_LEVEL,
    TRANSFORMS,
    TYPE_ALIASES,
)  # fmt: skip

if TYPE_CHECKING:
    from parquetframe.workflow.spec import Key, KeyTable, StepSpec

__all__ = ["json_schema"]

Schema = dict[str, Any]

_SPECIAL = ("input", "inputs", "output")


def json_schema() -> Schema:
    """A JSON Schema (draft 2020-12) for editors.

    It accepts every valid file; relations between keys, names and SQL are for validation.
    """
    types = [*STEP_TYPES, *TYPE_ALIASES]
    step = _mapping(COMMON)
    step["properties"]["type"] = {"enum": types, "description": COMMON.by_name["type"].doc}
    del step["additionalProperties"]  # each type adds its own keys
    for name in ("config", "params"):
        step["properties"][name] = {"type": "object"}
    for name in _SPECIAL:  # what they are depends on the type
        step["properties"][name] = {"description": COMMON.by_name[name].doc}
    step["allOf"] = [_case(spec) for spec in STEP_TYPES.values()]
    top = _mapping(TOP_LEVEL)
    top["patternProperties"] = {"^x-": {}}
    declaration = {
        "anyOf": [{"type": ["string", "number", "boolean", "null", "array"]}, _mapping(DECLARATION)]
    }
    properties = top["properties"]
    properties["variables"] = {"type": "object", "additionalProperties": declaration}
    properties["settings"] = _mapping(SETTINGS)
    properties["config"] = {
        "type": "object",
        "properties": {"stop_on_failure": {"type": "boolean"}},
        "additionalProperties": False,
    }
    properties["steps"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "parquetframe workflow",
        **top,
        "$defs": {"step": step, "variable": {"type": "string", "pattern": r"\$\{"}},
    }


def _mapping(table: KeyTable) -> Schema:
    properties: Schema = {}
    for key in table.keys:
        if not key.planned:
            properties.update(_spellings(key))
    required = [key.name for key in table.keys if key.default is REQUIRED]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _spellings(key: Key) -> Schema:
    schema = {**_nullable(key), "description": key.doc}
    if key.default is not REQUIRED and key.default is not None:
        schema["default"] = _plain(key.default)
    if key.ignored:
        schema["deprecated"] = True
    other = {**schema, "description": f"Same as '{key.name}'. {key.doc}"}
    return {key.name: schema, **dict.fromkeys(key.aliases, other)}


def _nullable(key: Key) -> Schema:
    schema = key.kind.schema()
    if key.default is None and not key.ignored and schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return dict(schema)


def _plain(default: Any) -> Any:
    return [_plain(item) for item in default] if isinstance(default, tuple) else default


def _case(spec: StepSpec) -> Schema:
    """What a step of one type may hold."""
    tables = [spec.table]
    if spec.type == "transform":
        tables += [TRANSFORMS.table, STEP_TYPES["python"].table]
    own: Schema = {}
    for table in tables:
        own.update(_mapping(table)["properties"])
    common = [name for key in COMMON.keys if not key.planned for name in (key.name, *key.aliases)]
    allowed: Schema = {**dict.fromkeys(common, True), **own}
    for name in _SPECIAL:
        allowed[name] = _nullable(COMMON.by_name[name])
    config: Schema = {"type": "object", "properties": own, "additionalProperties": False}
    allowed["config"] = allowed["params"] = config
    if spec.input_key is not None:
        allowed["input"] = allowed["inputs"] = own[spec.input_key]
        config["properties"] = {**own, "input": own[spec.input_key]}
    if spec.output_key is not None:
        allowed["output"] = own[spec.output_key]
        config["properties"] = {**config["properties"], "output": own[spec.output_key]}
    names = [spec.type, *spec.aliases]
    then: Schema = {"properties": allowed, "additionalProperties": False}
    required = [key for key in spec.keys if key.default is REQUIRED]
    if required and len(tables) == 1:
        then["allOf"] = [
            {"anyOf": [{"required": [name]} for name in _places(spec, key)]} for key in required
        ]
    return {"if": {"properties": {"type": {"enum": names}}, "required": ["type"]}, "then": then}


def _places(spec: StepSpec, key: Key) -> list[str]:
    """Keys of which one must be there for ``key`` to be given."""
    places = [key.name, *key.aliases, "config", "params"]
    if key.name == spec.input_key:
        places += ["input", "inputs"]
    if key.name == spec.output_key:
        places.append("output")
    return places
