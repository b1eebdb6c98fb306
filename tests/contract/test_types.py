"""The one grammar of type names."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from parquetframe.errors import SchemaError
from parquetframe.types import TYPE_PATTERN, canonical_type, format_type, parse_type

NAMES = {
    "int8": pa.int8(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(38,38)": pa.decimal128(38, 38),
    "timestamp(s)": pa.timestamp("s"),
    "timestamp(ns)": pa.timestamp("ns"),
    "timestamp(us, UTC)": pa.timestamp("us", tz="UTC"),
    "timestamp(ms, Europe/Berlin)": pa.timestamp("ms", tz="Europe/Berlin"),
    "timestamp(us, +05:30)": pa.timestamp("us", tz="+05:30"),
}


@pytest.mark.parametrize(("name", "dtype"), NAMES.items())
def test_names_and_types_are_inverse(name, dtype):
    assert parse_type(name) == dtype
    assert format_type(dtype) == name
    assert canonical_type(name) == name
    assert re.fullmatch(TYPE_PATTERN, name)


def test_spaces_around_parts_do_not_matter():
    assert parse_type(" decimal ( 10 , 0 ) ") == pa.decimal128(10, 0)
    assert parse_type("timestamp(us,UTC)") == pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("int", "int64"),
        ("integer", "int64"),
        ("double", "float64"),
        ("VARCHAR", "string"),
        ("flaot64", "float64"),
        ("datetime", "timestamp(us)"),
        ("timestamp", "timestamp(us)"),
        ("timestamp(min)", "timestamp(us)"),
        ("decimal(39,2)", "decimal(18,2)"),
        ("decimal(5,6)", "decimal(18,2)"),
    ],
)
def test_unknown_name_suggests_the_nearest(name, nearest):
    with pytest.raises(SchemaError, match="unknown type") as caught:
        parse_type(name)
    assert f"did you mean '{nearest}'?" in caught.value.hint
    assert "types: int8" in caught.value.hint


@pytest.mark.parametrize("name", ["", "string(3)", "decimal(٣,1)", "list<int64>"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(SchemaError, match="unknown type"):
        parse_type(name)


def test_encodings_are_not_types():
    assert format_type(pa.dictionary(pa.int32(), pa.string())) == "string"
    assert format_type(pa.large_string()) == "string"
    assert format_type(pa.string_view()) == "string"
    assert format_type(pa.list_(pa.int64())) == "list<item: int64>"
