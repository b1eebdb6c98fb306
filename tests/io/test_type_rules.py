"""Types of several files, nested leaves, literals of filters, and what pandas notes in a footer."""

from __future__ import annotations

import datetime as dt
import decimal
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from arrow_tables import stored

import parquetframe as pf
from parquetframe.errors import ExpressionError, SchemaError
from parquetframe.io.evolve import is_lossless, is_same, wide_text

D = decimal.Decimal


def files(*columns):
    return [stored(pa.table({"c": column})) for column in columns]


WIDENED = [
    (pa.array([1], pa.int8()), pa.array([300], pa.int16())),
    (pa.array([255], pa.uint8()), pa.array([-1], pa.int16())),
    (pa.array([2**24 - 1], pa.int32()).cast(pa.int16(), safe=False), pa.array([0.5], pa.float32())),
    (pa.array([7], pa.int32()), pa.array([D("1.50")], pa.decimal128(12, 2))),
    (pa.array([D("1.5")], pa.decimal128(5, 1)), pa.array([D("1.25")], pa.decimal128(9, 3))),
    (pa.array([1.5], pa.float32()), pa.array([0.1], pa.float64())),
    (pa.array([dt.date(2020, 1, 2)]), pa.array([dt.datetime(2020, 1, 2)], pa.timestamp("us"))),
    (pa.array([1], pa.timestamp("ms")), pa.array([1], pa.timestamp("ns"))),
    (pa.array([1], pa.int32()).cast(pa.time32("ms")), pa.array([1], pa.time64("us"))),
    (pa.array([1], pa.duration("s")), pa.array([1], pa.duration("us"))),
    (pa.array([b"abc"], pa.binary(3)), pa.array([b"abcdef"], pa.large_binary())),
    (pa.array([[1]], pa.list_(pa.int32())), pa.array([[2]], pa.list_(pa.int64()))),
    (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), pa.array([[1, 2]], pa.list_(pa.int64(), 2))),
    (pa.array([{"x": 1}], pa.struct([("x", pa.int32())])),
     pa.array([{"x": 2}], pa.struct([("x", pa.int64())]))),
    (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
     pa.array([[("b", 2)]], pa.map_(pa.string(), pa.int64()))),
    (pa.nulls(1), pa.array([5])),
]  # fmt: skip


@pytest.mark.parametrize(("narrow", "wide"), WIDENED, ids=lambda a: str(a.type))
def test_widening_keeps_every_value(backend, narrow, wide):
    found = pf.read_parquet(list(reversed(files(narrow, wide))), cast="widen")["c"]
    assert found.type == pf.read_parquet(files(wide)[0])["c"].type
    assert found.slice(1).to_pylist() == narrow.cast(wide.type).to_pylist()
    with pytest.raises(SchemaError, match="column 'c'"):
        pf.read_parquet(files(wide, narrow))


REFUSED = [
    (pa.array([2**40]), pa.array([0.5])),
    (pa.array([1], pa.int32()), pa.array([0.5], pa.float32())),
    (pa.array([1], pa.uint64()), pa.array([1], pa.int64())),
    (pa.array([7]), pa.array([D("1.5")], pa.decimal128(12, 2))),
    (pa.array([D("1.25")], pa.decimal128(9, 2)), pa.array([1.5])),
    (pa.array([D("1.25")], pa.decimal128(9, 2)), pa.array([D("1.2")], pa.decimal128(9, 1))),
    (pa.array([dt.date(2020, 1, 2)]), pa.array([1], pa.timestamp("us", "UTC"))),
    (pa.array([1], pa.timestamp("us")), pa.array([1], pa.timestamp("us", "UTC"))),
    (pa.array([1], pa.timestamp("ns")), pa.array([1], pa.timestamp("us"))),
    (pa.array(["1"]), pa.array([1])),
    (pa.array([b"a"]), pa.array(["a"])),
    (pa.array([[1]]), pa.array([{"x": 1}])),
    (pa.array([{"x": 1}]), pa.array([{"y": 1}])),
    (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), pa.array([[1]], pa.list_(pa.int32(), 1))),
    (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
     pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), REFUSED, ids=lambda a: str(a.type))
def test_casts_that_could_lose_something_are_refused(backend, source, target):
    with pytest.raises(SchemaError, match="column 'c'") as caught:
        pf.read_parquet(files(target, source), cast="widen")
    assert "could change values" in caught.value.hint


def test_the_hint_names_the_option_only_where_it_helps(backend):
    with pytest.raises(SchemaError) as caught:
        pf.read_parquet(files(pa.array([1]), pa.array([1], pa.int8())))
    assert 'cast="widen"' in caught.value.hint


def test_dates_out_of_the_range_of_the_wider_type(backend):
    target = pa.schema([("c", pa.timestamp("ns"))])
    with pytest.raises(SchemaError, match="does not fit"):
        pf.read_parquet(files(pa.array([dt.date(9999, 1, 1)])), schema=target, cast="widen")


def test_layouts_are_the_same_type():
    text = [pa.string(), pa.large_string(), pa.string_view()]
    assert all(is_same(a, b) for a in text for b in text)
    coded = pa.dictionary(pa.int8(), pa.string())
    assert is_same(coded, pa.dictionary(pa.int32(), pa.large_string()))
    assert is_lossless(coded, pa.string()) and not is_same(pa.binary(3), pa.binary())
    assert is_same(pa.list_(pa.string()), pa.large_list(pa.large_string()))
    assert not is_lossless(pa.float64(), pa.float32())
    nested = pa.struct([("m", pa.map_(pa.string(), pa.list_(pa.binary(), 2)))])
    wide = pa.struct([("m", pa.map_(pa.large_string(), pa.list_(pa.large_binary(), 2)))])
    assert wide_text(nested, "large") == wide and wide_text(wide, "utf8") == nested


# Leaves.

DEEP = pa.table(
    {
        "m": pa.array([[("k", {"x": 1, "y": 2})]], pa.map_(pa.string(), pa.struct([("x", pa.int64()), ("y", pa.int64())]))),
        "f": pa.array([[{"a": 1, "b": 2}]], pa.list_(pa.struct([("a", pa.int64()), ("b", pa.int64())]), 1)),
        "a.b": pa.array([{"c": 5, "d": 6}]),
        "n": pa.array([[[{"p": 1, "q": 2}]]]),
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b.c", [{"c": 5}]),
        (("a.b", "d"), [{"d": 6}]),
        ("n.q", [[[{"q": 2}]]]),
        (("n", "list", "element", "list", "element", "p"), [[[{"p": 1}]]]),
    ],
)
def test_leaves_below_lists_and_dotted_names(backend, path, values):
    found = pf.read_parquet(stored(DEEP), [path])
    assert found.num_columns == 1 and found.column(0).to_pylist() == values


@pytest.mark.parametrize("path", ["m.key_value.z", "a.b.e", ("a", "b", "c"), "n.list.r", "f.c"])
def test_leaves_that_are_not_there(backend, path):
    with pytest.raises(SchemaError, match="no column"):
        pf.read_parquet(stored(DEEP), [path])


def test_leaves_have_types_and_statistics(backend, tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(stored(DEEP))
    info = {tuple(str(row["path"]).split(".")): row["type"] for row in pf.io.get_column_info(path)}
    assert info["m", "key_value", "value", "x"] == "int64"
    assert info["m", "key_value", "key"] == "string"
    assert info["n", "list", "element", "list", "element", "q"] == "int64"
    stats = pf.io.get_column_statistics(path, ["a.b.c"])
    assert [(row["min"], row["max"]) for row in stats] == [(5, 5)]


def test_one_name_for_two_columns_is_no_name(backend):
    data = stored(pa.table([[1], [2]], names=["x", "x"]))
    with pytest.raises(SchemaError, match="more than once"):
        pf.read_parquet(data, ["x"])


# Literals.

VALUES = pa.table(
    {
        "i": pa.array([1, 2, 3], pa.int16()),
        "f": pa.array([0.5, float("inf"), float("-inf")]),
        "g": pa.array([0.5, 1.5, 2.5], pa.float32()),
        "b": pa.array([b"a", b"b", b"c"]),
        "m": pa.array([D("1.10"), D("2.20"), D("3.30")], pa.decimal128(9, 2)),
        "d": pa.array([dt.date(2020, 1, k) for k in (1, 2, 3)]),
        "t": pa.array([dt.datetime(2020, 1, k) for k in (1, 2, 3)], pa.timestamp("ms")),
        "c": pa.array(["x", "y", "z"]).dictionary_encode(),
        "row": range(3),
    }
)


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ([("i", "=", np.int64(2))], [1]),
        ([("f", ">", np.float32(1))], [1]),
        ([("f", "=", float("-inf"))], [2]),
        ([("g", "<", 0.6)], [0]),
        ([("g", "=", 0.1)], []),
        ([("b", "=", b"b")], [1]),
        ([("b", "in", [b"a", b"c"])], [0, 2]),
        ([("m", "=", D("2.2"))], [1]),
        ([("m", "<", D("2.205"))], [0, 1]),
        ([("m", ">", 2)], [1, 2]),
        ([("m", "in", [D("1.1"), D("3.30"), D("1E+3")])], [0, 2]),
        ([("d", ">=", dt.date(2020, 1, 2))], [1, 2]),
        ([("t", "<", dt.datetime(2020, 1, 2))], [0]),
        ([("t", "=", dt.datetime(2020, 1, 2, 0, 0, 0, 1))], []),
        ([("c", "=", "y")], [1]),
        ([("c", "not in", ["y"])], [0, 2]),
        ([("i", "!=", 2), ("d", "is not", None)], [0, 2]),
        ("'2020-01-02' <= d", [1, 2]),
        ("2.5 >= i", [0, 1]),
        ("i BETWEEN 2 AND 2.5", [1]),
        ("d BETWEEN '2020-01-01' AND '2020-01-02'", [0, 1]),
        ("((i = 1)) OR ((i = 3))", [0, 2]),
        ("t BETWEEN '2020-01-02T00:00:00' AND '2020-01-03T00:00:00'", [1, 2]),
        ("i = 99999", []),
        ("i IN (1, 99999)", [0]),
        ("i + 0 = 2", [1]),
        ("length(c) = 1 AND i < 2", [0]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("group", [1, 3])
def test_literals_of_every_type(backend, filters, rows, group):
    data = stored(VALUES, row_group_size=group)
    assert pf.read_parquet(data, ["row"], filters=filters)["row"].to_pylist() == rows


@pytest.mark.parametrize("value", [b"\xff", object(), D("NaN"), {"a": 1}])
def test_values_that_no_filter_compares_with(backend, value):
    with pytest.raises((TypeError, ExpressionError)):
        pf.read_parquet(stored(VALUES), filters=[("b", "=", value)])


# What pandas noted.


def frame_of(frame, **noted):
    table = pa.Table.from_pandas(frame)
    if noted:
        found = json.loads(table.schema.metadata[b"pandas"]) | noted
        table = table.replace_schema_metadata({"pandas": json.dumps(found)})
    return pf.read_parquet(stored(table), output="pandas")


def test_labels_of_several_levels_come_back(backend):
    columns = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=columns)
    pd.testing.assert_frame_equal(frame_of(frame), frame)


def test_names_of_labels_and_of_the_index_come_back(backend):
    frame = pd.DataFrame({"v": [1.5, 2.5]}, index=pd.RangeIndex(10, 14, 2, name="k"))
    frame.columns.name = "label"
    pd.testing.assert_frame_equal(frame_of(frame), frame)
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["p", None])
    frame = pd.DataFrame({"v": [1, 2]}, index=index)
    pd.testing.assert_frame_equal(frame_of(frame), frame)


@pytest.mark.parametrize(
    "noted",
    [
        {"index_columns": ["gone"]},
        {"index_columns": [{"kind": "range", "start": 0, "stop": 9, "step": 1}]},
        {"column_indexes": [{"pandas_type": "int64", "name": None}]},
        {"column_indexes": [{"name": "a"}, {"name": "b"}]},
        {"columns": []},
    ],
    ids=str,
)
def test_notes_that_do_not_fit_are_left_alone(backend, noted):
    found = frame_of(pd.DataFrame({"v": [1, 2]}), **noted)
    assert found["v"].tolist() == [1, 2] and list(found.columns) == ["v"]


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_notes_that_are_no_notes(backend, text):
    table = pa.table({"v": [1, 2]}).replace_schema_metadata({"pandas": text})
    assert pf.read_parquet(stored(table), output="pandas")["v"].tolist() == [1, 2]
