"""Columns and rows that are asked for: projection, nested leaves, filters, pruning."""

from __future__ import annotations

import datetime as dt
import decimal
import io

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import ExpressionError, SchemaError


def stored(table, **options):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


NESTED = pa.table(
    {
        "id": [1, 2, 3],
        "a": [{"b": 1, "c": {"d": "x", "e": 1.5}}, None, {"b": 2, "c": None}],
        "l": [[{"x": 1, "y": "p"}], [], None],
        "a.b": [10, 20, 30],
    }
)


def test_columns_come_in_the_order_asked(backend):
    found = pf.read_parquet(stored(NESTED), ["a.b", "id"])
    assert found.column_names == ["a.b", "id"]
    assert found["a.b"].to_pylist() == [10, 20, 30]  # the exact name wins over the path


def test_nested_leaves(backend):
    data = stored(NESTED)
    found = pf.read_parquet(data, [("a", "b"), "a.c.d", "id"])
    assert found.column_names == ["a", "id"]
    assert found["a"].to_pylist() == [
        {"b": 1, "c": {"d": "x"}}, None, {"b": 2, "c": None},
    ]  # fmt: skip
    found = pf.read_parquet(data, ["l.x"])
    assert found["l"].to_pylist() == [[{"x": 1}], [], None]


@pytest.mark.parametrize(
    ("columns", "near"),
    [(["idd"], "id"), (["a.z"], None), ([("a", "c", "zz")], None), (["nothing"], None)],
)
def test_unknown_columns_are_errors(backend, columns, near):
    with pytest.raises(SchemaError, match="no column") as caught:
        pf.read_parquet(stored(NESTED), columns)
    if near:
        assert f"'{near}'" in f"{caught.value.hint} {caught.value}"


@pytest.mark.parametrize("columns", [[], "id", ["id", "id"], [3], [()]])
def test_columns_must_be_a_list_of_names(backend, columns):
    with pytest.raises((TypeError, ValueError)):
        pf.read_parquet(stored(NESTED), columns)


D = decimal.Decimal
ROWS = pa.table(
    {
        "i": pa.array([1, 2, None, 4, 5, -6, 7], pa.int32()),
        "u": pa.array([0, 2**64 - 1, 5, None, 7, 8, 9], pa.uint64()),
        "f": [1.0, float("nan"), None, -0.0, 0.0, float("inf"), 2.5],
        "s": ["a", "b", None, "", "it's", "é", "b"],
        "b": [True, False, None, True, False, True, None],
        "d": pa.array([dt.date(2020, 1, k) for k in range(1, 7)] + [None], pa.date32()),
        "t": pa.array([dt.datetime(2020, 1, 1, k) for k in range(6)] + [None], pa.timestamp("us")),
        "z": pa.array(
            [dt.datetime(2020, 1, 1, k) for k in range(6)] + [None], pa.timestamp("ms", "UTC")
        ),
        "m": pa.array(
            [D("1.10"), D("2.20"), None, D("-3.30"), D("0.00"), D("9.99"), D("2.20")],
            pa.decimal128(9, 2),
        ),
        "row": range(7),
    }
)
FILTERS = [
    "i > 2", "i <= 2", "i = 4", "i <> 4", "2 < i", "NOT i > 2", "i IS NULL", "i IS NOT NULL",
    "i IN (1, 4, 99)", "i NOT IN (1, 4)", "i BETWEEN 2 AND 5", "i NOT BETWEEN 2 AND 5",
    "i > 1.5", "i = 4.0", "i > 9999999999", "i IN (1, NULL)", "i NOT IN (1, NULL)", "i = NULL",
    "u > 18446744073709551614", "u = 5", "u > -1",
    "f > 1", "f = 0", "f < 0.5", "f >= 2.5", "f IN (0, 2.5)", "f <> 0",
    "s = 'b'", "s > 'a'", "s IN ('b', '')", "s = 'it''s'", "s LIKE 'i%'", "s = 'é'", "s < 'b'",
    "b", "NOT b", "b = TRUE", "b IS TRUE", "b IS NOT TRUE",
    "d > '2020-01-03'", "d = DATE '2020-01-03'", "d < CAST('2020-01-02' AS date)",
    "t >= '2020-01-01T03:00:00'", "t = CAST('2020-01-01 02:00:00' AS timestamp(us))",
    "z > CAST('2020-01-01T02:00:00Z' AS timestamp(ms, UTC))",
    "m = 2", "m > 2", "m IN (CAST('2.20' AS decimal(9,2)))", "m < 0",
    "i > 2 AND s = 'b'", "i > 2 OR s = 'b'", "(i > 2 OR i IS NULL) AND NOT b", "i + 1 > 4",
    "i > 2 AND f > 1 AND s <> 'x' AND row < 6", "i = row", "NOT (i = 4 OR s = 'b')", "TRUE", "1 = 2",
]  # fmt: skip


@pytest.mark.parametrize("condition", FILTERS)
@pytest.mark.parametrize("group", [1, 2, 100])
def test_filters_agree_with_duckdb(backend, condition, group):
    rows = ROWS  # noqa: F841 - duckdb reads it by name
    sql = condition.replace("timestamp(us)", "timestamp").replace(
        "timestamp(ms, UTC)", "timestamptz"
    )
    expected = duckdb.sql(f"SELECT row FROM rows WHERE {sql} ORDER BY row").fetchall()
    found = pf.read_parquet(stored(ROWS, row_group_size=group), ["row"], filters=condition)
    assert [(row,) for row in found["row"].to_pylist()] == expected


def test_nan_is_the_largest_number_and_equals_itself(backend):
    data = stored(ROWS)
    assert pf.read_parquet(data, ["row"], filters="f > 1e300")["row"].to_pylist() == [1, 5]
    assert pf.read_parquet(data, ["row"], filters=[("f", "=", float("nan"))])[
        "row"
    ].to_pylist() == [1]


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ([("i", ">", 2)], [3, 4, 6]),
        ([("i", ">", 2), ("s", "==", "b")], [6]),
        ([[("i", "=", 1)], [("s", "in", ["b"])]], [0, 1, 6]),
        ([("s", "not in", ["b", "it's"])], [0, 3, 5]),
        ([("i", "is", None)], [2]),
        ([("i", "is not", None), ("i", "<", 0)], [5]),
        ([("d", "<", dt.date(2020, 1, 3))], [0, 1]),
        ([("t", ">=", dt.datetime(2020, 1, 1, 4))], [4, 5]),
        ([("z", "<=", dt.datetime(2020, 1, 1, 1, tzinfo=dt.UTC))], [0, 1]),
        ([("m", "=", D("2.20"))], [1, 6]),
        ([("b", "=", True)], [0, 3, 5]),
        (("i", "!=", 1), [1, 3, 4, 5, 6]),
    ],
)
def test_filters_as_tuples(backend, filters, rows):
    assert pf.read_parquet(stored(ROWS), ["row"], filters=filters)["row"].to_pylist() == rows


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        ("i >", ExpressionError), ("nope > 1", SchemaError), ("i + 1", ExpressionError),
        ("s > 1 AND", ExpressionError), ([("i", "~", 1)], ValueError), ([("i", "=", None)], ValueError),
        ([("i", "in", [])], ValueError), ([], TypeError), ([1], TypeError), (3, TypeError),
        ([("i", "=")], TypeError), ([("i", "in", "abc")], TypeError), ([("nope", "=", 1)], SchemaError),
    ],
)  # fmt: skip
def test_bad_filters_are_errors(backend, filters, error):
    with pytest.raises(error):
        pf.read_parquet(stored(ROWS), filters=filters)


def test_filter_columns_need_not_be_in_the_result(backend):
    found = pf.read_parquet(stored(ROWS), ["s"], filters="i > 2 AND f + 1 > 1")
    assert found.column_names == ["s"]
    assert found["s"].to_pylist() == ["b"]


def test_a_filter_on_a_nested_table_keeps_the_parts_asked_for(backend):
    found = pf.read_parquet(stored(NESTED), ["a.c.e"], filters="id <> 2")
    assert found["a"].to_pylist() == [{"c": {"e": 1.5}}, {"c": None}]
    found = pf.read_parquet(stored(NESTED), [("a", "b")], filters="a IS NOT NULL")
    assert found["a"].to_pylist() == [{"b": 1}, {"b": 2}]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(st.none() | st.integers(-5, 5), max_size=30),
    operator=st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
    bound=st.integers(-6, 6),
    group=st.integers(1, 8),
)
def test_pruned_is_unpruned(backend, values, operator, bound, group):
    table = pa.table({"x": pa.array(values, pa.int64()), "row": range(len(values))})
    data = stored(table, row_group_size=group, write_page_index=True)
    found = pf.read_parquet(data, filters=f"x {operator} {bound}")
    test = {"=": int.__eq__, "<>": int.__ne__, "<": int.__lt__, "<=": int.__le__,
            ">": int.__gt__, ">=": int.__ge__}[operator]  # fmt: skip
    rows = [row for row, x in enumerate(values) if x is not None and test(x, bound)]
    assert found["row"].to_pylist() == rows


@pytest.mark.parametrize(
    ("condition", "rows", "pruned"),
    [
        ("x >= 8", [8, 9], 4), ("x = 3", [3], 4), ("x IN (0, 9)", [0, 9], 3), ("x < 0", [], 5),
        ("s = 'v4' AND x > 1", [4], 4), ("n IS NOT NULL", [8, 9], 4), ("n = 9", [9], 4),
        ("x = 1 OR s = 'v9'", [1, 9], 3), ("NOT x = 1", [0, *range(2, 10)], 0),
    ],
)  # fmt: skip
def test_row_groups_are_left_out(backend, condition, rows, pruned):
    table = pa.table(
        {
            "x": range(10), "s": [f"v{k}" for k in range(10)],
            "n": pa.array([None] * 8 + [8, 9], pa.int64()),
        }
    )  # fmt: skip
    report = pf.ReadReport()
    found = pf.read_parquet(
        stored(table, row_group_size=2), ["x"], filters=condition, report=report
    )
    assert found["x"].to_pylist() == rows
    assert report.row_groups == 5
    assert report.row_groups_pruned == pruned


def test_a_failing_conjunct_sees_only_rows_that_the_others_keep(backend):
    data = stored(pa.table({"a": [1, 2], "b": [0, 1]}))
    assert pf.read_parquet(data, filters="a / b > 1 AND b <> 0")["a"].to_pylist() == [2]
    with pytest.raises(ExpressionError, match="division by zero"):
        pf.read_parquet(data, filters="a / b > 1")
