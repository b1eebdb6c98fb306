"""Dictionaries as Avro enums, and as strings where an enum cannot hold them."""

from __future__ import annotations

import io

import fastavro
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe import errors

ENUM = pa.dictionary(pa.int32(), pa.string())


def written(data, **options):
    buffer = io.BytesIO()
    pf.write_avro(data, buffer, **options)
    return buffer.getvalue()


def kind(content, name="c"):
    """The Avro type of a column without null."""
    fields = fastavro.reader(io.BytesIO(content)).writer_schema["fields"]
    found = next(field["type"] for field in fields if field["name"] == name)
    return next(part for part in found if part != "null") if isinstance(found, list) else found


def test_a_dictionary_becomes_an_enum_and_comes_back(backend):
    column = pa.array(["b", None, "a", "b"]).dictionary_encode()
    content = written(pa.table({"c": column, "x": [1, 2, 3, 4]}))
    assert kind(content)["symbols"] == ["b", "a"]
    table = pf.read_avro(content)
    assert table["c"].type == ENUM
    assert table["c"].to_pylist() == ["b", None, "a", "b"]
    assert [row["c"] for row in fastavro.reader(io.BytesIO(content))] == ["b", None, "a", "b"]


def test_chunks_with_dictionaries_of_their_own(backend):
    chunks = [pa.array(values).dictionary_encode() for values in (["b", "a"], ["c", "b"])]
    content = written(pa.table({"c": pa.chunked_array(chunks)}))
    assert kind(content)["symbols"] == ["b", "a", "c"]
    assert pf.read_avro(content)["c"].to_pylist() == ["b", "a", "c", "b"]


def test_a_categorical_of_pandas_and_polars(backend):
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y", "x"], categories=["y", "x", "unused"])})
    content = written(frame)
    assert kind(content)["symbols"] == ["y", "x", "unused"]
    assert pf.read_avro(content, output="pandas")["c"].tolist() == ["x", "y", "x"]
    frame = pl.DataFrame({"c": pl.Series(["x", None, "y"], dtype=pl.Enum(["x", "y"]))})
    content = written(frame)
    assert kind(content)["type"] == "enum"
    assert pf.read_avro(content)["c"].to_pylist() == ["x", None, "y"]


@pytest.mark.parametrize(
    "values",
    [["two words"], ["1st"], ["ä"], [""], [f"v{n}" for n in range(4097)], ["a\n"]],
    ids=["space", "digit", "letter", "empty", "many", "line break"],
)
def test_other_values_are_strings(backend, values):
    content = written(pa.table({"c": pa.array(["a", *values, None]).dictionary_encode()}))
    assert kind(content) == "string"
    assert pf.read_avro(content)["c"].to_pylist() == ["a", *values, None]


def test_what_has_no_symbols_to_list_is_string(backend):
    column = pa.array(["a", "b"]).dictionary_encode()
    table = pa.table({"c": column})
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    assert kind(written(stream)) == "string"
    assert kind(written(pa.table({"c": column.slice(0, 0).cast(pa.string()).dictionary_encode()})))
    numbers = pa.table({"c": pa.array([7, 8, 7]).dictionary_encode()})
    assert pf.read_avro(written(numbers))["c"].to_pylist() == [7, 8, 7]
    nested = pa.table({"c": pa.array([["a"], ["b", "a"]], pa.list_(column.type))})
    assert pf.read_avro(written(nested))["c"].to_pylist() == [["a"], ["b", "a"]]


def test_a_schema_may_have_an_enum(backend):
    colour = {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}
    schema = {"type": "record", "name": "r", "fields": [{"name": "c", "type": colour}]}
    content = written({"c": ["green", "red"]}, schema=schema)
    assert pf.read_avro(content)["c"].to_pylist() == ["green", "red"]
    with pytest.raises(ValueError, match="blue"):
        written({"c": ["blue"]}, schema=schema)


def test_a_schema_that_holds_itself_names_the_field(backend):
    schema = {
        "type": "record",
        "name": "Tree",
        "fields": [
            {"name": "x", "type": "int"},
            {"name": "children", "type": {"type": "array", "items": "Tree"}},
        ],
    }
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, [{"x": 1, "children": [{"x": 2, "children": []}]}])
    with pytest.raises(errors.UnsupportedFeature, match=r"field 'children\[\]'.*recursive"):
        pf.read_avro(buffer.getvalue())
