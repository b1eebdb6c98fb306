"""Unions of several types: as Arrow unions, structs of branches, and JSON text."""

from __future__ import annotations

import io
import json

import fastavro
import pyarrow as pa
import pytest

import parquetframe as pf

BRANCHES = [
    "null",
    "boolean",
    "double",
    "string",
    "bytes",
    {"type": "fixed", "name": "two", "size": 2},
    {"type": "array", "items": ["null", "long"]},
    {"type": "map", "values": "double"},
    {"type": "record", "name": "point", "fields": [
        {"name": "x", "type": "int"}, {"name": "note", "type": ["null", "string"]},
        {"name": "inner", "type": ["int", "string"]},
    ]},
]  # fmt: skip
VALUES = [
    None,
    True,
    1.5,
    'te"xt\n',
    b"\x01\xff",
    ("two", b"ab"),
    [1, None],
    {"k": 2.5, "l": float("inf")},
    {"x": 1, "note": None, "inner": "deep"},
    {"x": 2, "note": "n", "inner": 3},
]


@pytest.fixture
def data(native):
    schema = {"type": "record", "name": "r", "fields": [{"name": "u", "type": BRANCHES}]}
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, [{"u": value} for value in VALUES])
    return buffer.getvalue()


def read(data, **options):
    table = pf.read_avro(data, engine="rust", **options)
    table.validate(full=True)
    return table["u"]


@pytest.mark.parametrize("string_type", ["large", "utf8", "view"])
def test_as_arrow_unions(data, string_type):
    found = read(data, string_type=string_type)
    assert pa.types.is_union(found.type)
    values = [v.as_py() for chunk in found.chunks for v in chunk]
    assert values[:4] == VALUES[:4] and values[4:7] == [b"\x01\xff", b"ab", [1, None]]
    assert values[7] == [("k", 2.5), ("l", float("inf"))]
    assert values[8:] == VALUES[8:]


@pytest.mark.parametrize("string_type", ["large", "utf8", "view"])
def test_as_structs_each_row_has_one_branch(data, string_type):
    found = read(data, unions="struct", string_type=string_type).to_pylist()
    filled = [{k: v for k, v in (row or {}).items() if v is not None} for row in found]
    assert [len(row) for row in filled] == [0, *[1] * (len(VALUES) - 1)]
    inner = [next(iter(row.values())) for row in filled[8:]]
    assert [row["x"] for row in inner] == [1, 2] and inner[1]["note"] == "n"


@pytest.mark.parametrize("string_type", ["large", "utf8", "view"])
def test_as_json(data, string_type):
    found = read(data, unions="json", string_type=string_type).to_pylist()
    assert found[0] is None
    plain = [json.loads(text) for text in found[1:]]
    assert plain[:3] == [True, 1.5, 'te"xt\n']
    assert plain[5] == [1, None] and plain[6]["k"] == 2.5
    assert plain[7] == {"x": 1, "note": None, "inner": "deep"}
    assert plain[8] == {"x": 2, "note": "n", "inner": 3}


def test_they_need_one_of_the_two_for_frames(data):
    for output in ("pandas", "polars"):
        frame = pf.read_avro(data, unions="json", output=output)
        assert len(frame) == len(VALUES)
