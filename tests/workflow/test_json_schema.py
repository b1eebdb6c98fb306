"""The JSON Schema is made from the table of keys and agrees with validation."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from parquetframe.workflow.compile import json_schema
from parquetframe.workflow.spec import COMMON, SETTINGS, STEP_TYPES, TYPE_ALIASES

SCHEMA = json_schema()


def case_of(type_: str) -> dict[str, Any]:
    for case in SCHEMA["$defs"]["step"]["allOf"]:
        if type_ in case["if"]["properties"]["type"]["enum"]:
            return case["then"]
    raise AssertionError(type_)


def test_no_list_that_must_hold_something_is_empty() -> None:
    def empty(node: Any) -> list[str]:
        if isinstance(node, dict):
            bad = [k for k in ("allOf", "anyOf", "enum") if node.get(k) == []]
            return bad + [e for value in node.values() for e in empty(value)]
        return [e for item in node for e in empty(item)] if isinstance(node, list) else []

    assert empty(SCHEMA) == []


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


def test_every_type_and_spelling_is_there() -> None:
    types = SCHEMA["$defs"]["step"]["properties"]["type"]["enum"]
    assert set(types) == {*STEP_TYPES, *TYPE_ALIASES}


@pytest.mark.parametrize("type_", STEP_TYPES)
def test_keys_of_a_type_are_those_of_the_table(type_: str) -> None:
    allowed = case_of(type_)["properties"]
    for key in STEP_TYPES[type_].keys:
        for name in (key.name, *key.aliases):
            assert (name in allowed) is not key.planned, name
            assert (name in allowed["config"]["properties"]) is not key.planned, name
    assert set(allowed) >= {k.name for k in COMMON.keys if not k.planned}
    assert case_of(type_)["additionalProperties"] is False


def test_keys_carry_their_doc_and_default() -> None:
    key = case_of("save")["properties"]["row_group_rows"]
    assert (key["description"], key["default"]) == ("Rows in a row group.", 1_048_576)
    settings = SCHEMA["properties"]["settings"]["properties"]
    assert set(settings) == {k.name for k in SETTINGS.keys if not k.planned}


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for item in node for r in references(item)] if isinstance(node, list) else []

    found = references(SCHEMA)
    assert found
    assert {r.removeprefix("#/$defs/") for r in found} <= set(SCHEMA["$defs"])


def test_a_validator_agrees_on_good_and_bad_files() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    read = {"name": "t", "type": "read", "path": "t.csv", "sep": ";", "limit": "${n}"}
    good = [
        {"steps": [read, {"type": "filter", "input": "t", "query": "x"}]},
        {"steps": [read, {"type": "filter", "input": "t", "config": {"where": "x"}}]},
        {"steps": [read, {"type": "save", "input": "t", "output": "x.csv"}], "x-a": 1},
        {"steps": [{"type": "transform", "input": "t", "function": "m:f"}], "variables": {"n": 1}},
    ]
    for data in good:
        assert validator.is_valid(data), list(validator.iter_errors(data))
    bad = [
        {}, {"steps": []}, {"steps": [{"type": "filtr"}]}, {"steps": [read], "nam": 1},
        {"steps": [{"type": "filter", "input": "t"}]}, {"steps": [{**read, "delimeter": 1}]},
        {"steps": [{**read, "limit": "five"}]}, {"steps": [read], "settings": {"max": 1}},
    ]  # fmt: skip
    for data in bad:
        assert not validator.is_valid(data), data
