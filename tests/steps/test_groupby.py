"""The step `groupby` against pandas and duckdb."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from parquetframe import errors

NAN = float("nan")
RNG = np.random.default_rng(7)
TABLE = pa.table(
    {
        "k": ["a", "b", "a", None, "b", "a", None, "c"],
        "j": pa.array([1, 1, 2, 2, None, 1, 2, 3], pa.int64()),
        "v": pa.array([1, 2, None, 4, 5, 6, 7, None], pa.int64()),
        "x": [1.5, 2.5, 3.5, None, -1.0, 0.25, 8.0, None],
        "s": ["p", "q", None, "p", "q", "r", "p", None],
        "ok": [True, False, True, None, True, True, False, None],
    }
)
WIDE = pa.table(
    {
        "g": pa.array(RNG.integers(0, 37, 20_000), pa.int64()),
        "h": pa.array([f"n{i}" for i in RNG.integers(0, 11, 20_000)]),
        "v": pa.array(RNG.integers(-(10**9), 10**9, 20_000), pa.int64()),
        "x": pa.array(RNG.normal(size=20_000)),
    }
)


def oracle(query: str, **tables: pa.Table) -> pa.Table:
    """The answer of duckdb, with the column types of the query's casts."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(query).to_arrow_table()


def test_every_function(flow):
    functions = ["sum", "mean", "avg", "min", "max", "count", "nunique", "median", "std", "var"]
    found = flow.one(
        TABLE, type="groupby", by="k", agg={f"v_{f}": {"column": "v", "fn": f} for f in functions}
    )
    frame = TABLE.to_pandas(types_mapper=pd.ArrowDtype).astype({"v": "Int64"})
    groups = frame.groupby("k", dropna=False)["v"]
    expected = {"k": ["a", "b", None, "c"]}
    named = {"avg": "mean", "nunique": "nunique"}
    for f in functions:
        values = groups.agg(named.get(f, f)).reindex(
            pd.Index(["a", "b", None, "c"], dtype=frame["k"].dtype)
        )
        values = [None if pd.isna(value) else value for value in values]
        if f == "sum":
            values[3] = None  # SQL: the sum over no value is NULL; pandas says 0
        whole = f in {"sum", "min", "max", "count", "nunique"}
        dtype = pa.int64() if whole else pa.float64()
        expected[f"v_{f}"] = pa.array(
            [v if v is None else (int(v) if whole else float(v)) for v in values], dtype
        )
    flow.same(found, expected, ordered=False, tolerance=1e-12)


def test_sums_over_many_rows(flow):
    agg = {
        "n": "count",
        "v": ["sum", "min", "max", "nunique"],
        "x": ["sum", "mean", "std", "var", "median"],
    }
    found = flow.one(WIDE, type="groupby", by=["g", "h"], agg=agg)
    expected = oracle(
        "SELECT g, h, count(*) AS n, sum(v)::BIGINT AS v_sum, min(v) AS v_min, max(v) AS v_max,"
        " count(DISTINCT v) AS v_nunique, sum(x) AS x_sum, avg(x) AS x_mean, stddev_samp(x) AS x_std,"
        " var_samp(x) AS x_var, median(x) AS x_median FROM t GROUP BY g, h",
        t=WIDE,
    )
    flow.same(found, expected, ordered=False, tolerance=1e-9)


def test_boolean_functions(flow):
    found = flow.one(
        TABLE, type="groupby", by="k", agg={"some": ["ok", "any"], "every": ["ok", "all"]}
    )
    expected = {
        "k": ["a", "b", "c", None],
        "some": [True, True, None, False],
        "every": [True, False, None, False],
    }
    flow.same(found, expected, ordered=False)


def test_quantile_interpolates(flow):
    agg = {
        "q": {"column": "x", "fn": "quantile(0.3)"},
        "lo": ["x", "quantile(0)"],
        "hi": ["x", "quantile(1)"],
    }
    found = flow.one(WIDE, type="groupby", by="h", agg=agg)
    groups = WIDE.to_pandas().groupby("h")["x"]
    expected = pd.DataFrame(
        {"q": groups.quantile(0.3), "lo": groups.min(), "hi": groups.max()}
    ).reset_index()
    flow.same(found, pa.table(expected).cast(found.schema), ordered=False, tolerance=1e-9)


def test_list_first_and_last_follow_order_by(flow):
    agg = {"vs": ["v", "list"], "first": ["v", "first"], "last": ["v", "last"]}
    found = flow.one(TABLE, type="groupby", by="k", agg=agg, order_by=["x desc"])
    expected = {
        "k": ["a", "b", "c", None],
        # x descending, NULL last: a 3.5, 1.5, .25; b 2.5, -1; None 8, NULL
        "vs": pa.array([[None, 1, 6], [2, 5], [None], [7, 4]], pa.list_(pa.int64())),
        "first": pa.array([None, 2, None, 7], pa.int64()),
        "last": pa.array([6, 5, None, 4], pa.int64()),
    }
    assert found.schema.field("vs").type.value_type == pa.int64()
    flow.same(found.drop(["vs"]), {k: v for k, v in expected.items() if k != "vs"}, ordered=False)
    lists = dict(zip(found["k"].to_pylist(), found["vs"].to_pylist(), strict=True))
    assert lists == {"a": [None, 1, 6], "b": [2, 5], "c": [None], None: [7, 4]}


@pytest.mark.parametrize("function", ["first", "last"])
def test_first_without_order_is_refused(flow, function):
    error = flow.invalid(
        {"t": TABLE}, {"type": "groupby", "input": "t", "by": "k", "agg": {"v": function}}
    )
    assert "order_by" in str(error)


class TestForms:
    """Each way to write `agg`."""

    def test_default_counts(self, flow):
        table = TABLE.select(["k", "v"])
        flow.same(
            flow.one(table, type="groupby", by="k"),
            {"k": ["a", "b", None, "c"], "v": [2, 2, 2, 0]},
            ordered=False,
        )

    def test_count_of_keys_only(self, flow):
        found = flow.one(TABLE.select(["k"]), type="groupby", by="k", agg="count")
        flow.same(found, {"k": ["a", "b", None, "c"], "count": [3, 2, 2, 1]}, ordered=False)

    def test_one_function_over_every_column(self, flow):
        found = flow.one(TABLE.select(["k", "v", "x"]), type="groupby", by="k", agg="max")
        expected = {
            "k": ["a", "b", None, "c"],
            "v": pa.array([6, 5, 7, None], pa.int64()),
            "x": [3.5, 2.5, 8.0, None],
        }
        flow.same(found, expected, ordered=False)

    def test_column_and_function(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"v": "sum"})
        flow.same(
            found,
            {"k": ["a", "b", None, "c"], "v": pa.array([7, 7, 11, None], pa.int64())},
            ordered=False,
        )

    def test_row_count_under_a_new_name(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"n": "count", "m": "size"})
        flow.same(
            found, {"k": ["a", "b", None, "c"], "n": [3, 2, 2, 1], "m": [3, 2, 2, 1]}, ordered=False
        )

    def test_count_of_a_column_skips_nulls(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"v": "count"})
        flow.same(found, {"k": ["a", "b", None, "c"], "v": [2, 2, 2, 0]}, ordered=False)

    def test_size_of_a_column_counts_rows(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"v": "size"})
        flow.same(found, {"k": ["a", "b", None, "c"], "v": [3, 2, 2, 1]}, ordered=False)

    def test_several_functions(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"v": ["min", "max"]})
        expected = {
            "k": ["a", "b", None, "c"],
            "v_min": pa.array([1, 2, 4, None], pa.int64()),
            "v_max": pa.array([6, 5, 7, None], pa.int64()),
        }
        flow.same(found, expected, ordered=False)

    def test_named(self, flow):
        agg = {"total": {"column": "v", "fn": "sum"}, "top": ["v", "max"]}
        found = flow.one(TABLE, type="groupby", by="k", agg=agg)
        expected = {
            "k": ["a", "b", None, "c"],
            "total": pa.array([7, 7, 11, None], pa.int64()),
            "top": pa.array([6, 5, 7, None], pa.int64()),
        }
        flow.same(found, expected, ordered=False)

    def test_text_form_of_two(self, flow):
        found = flow.one(TABLE, type="groupby", by="k", agg={"total": '("v", "sum")'})
        flow.same(
            found,
            {"k": ["a", "b", None, "c"], "total": pa.array([7, 7, 11, None], pa.int64())},
            ordered=False,
        )

    def test_sql_aggregate(self, flow):
        agg = {
            "half": "sum(v) / 2",
            "n": "count(*)",
            "spread": "max(x) - min(x)",
            "kinds": "count(DISTINCT s)",
            "big": "sum(CASE WHEN v > 4 THEN 1 ELSE 0 END)",
        }
        found = flow.one(TABLE, type="groupby", by="k", agg=agg)
        expected = oracle(
            "SELECT k, (sum(v) // 2)::BIGINT AS half, count(*) AS n, max(x) - min(x) AS spread, count(DISTINCT s) AS kinds,"
            " sum(CASE WHEN v > 4 THEN 1 ELSE 0 END)::BIGINT AS big FROM t GROUP BY k",
            t=TABLE,
        )
        flow.same(found, expected, ordered=False)

    def test_keys_as_text(self, flow):
        found = flow.one(TABLE, type="groupby", by="k, j", agg={"n": "count"})
        flow.same(
            found, oracle("SELECT k, j, count(*) AS n FROM t GROUP BY k, j", t=TABLE), ordered=False
        )

    def test_keys_as_expressions(self, flow):
        found = flow.one(TABLE, type="groupby", by=["k", {"even": "v % 2 = 0"}], agg={"n": "count"})
        expected = oracle("SELECT k, v % 2 = 0 AS even, count(*) AS n FROM t GROUP BY ALL", t=TABLE)
        flow.same(found, expected, ordered=False)

    @pytest.mark.parametrize("alias", ["groupby", "group_by"])
    def test_names_of_2_0(self, flow, alias):
        found = flow.one(TABLE, type="aggregate", agg={"n": "count"}, **{alias: ["k"]})
        flow.same(found, {"k": ["a", "b", None, "c"], "n": [3, 2, 2, 1]}, ordered=False)


def test_no_keys_give_one_row(flow):
    found = flow.one(TABLE, type="groupby", by=[], agg={"n": "count", "v": "sum", "x": "max"})
    flow.same(found, {"n": [8], "v": [25], "x": [8.0]})


def test_no_keys_over_no_rows(flow):
    found = flow.one(
        TABLE.slice(0, 0), type="groupby", by=[], agg={"n": "count", "v": "sum", "m": "avg(x)"}
    )
    flow.same(
        found, {"n": [0], "v": pa.array([None], pa.int64()), "m": pa.array([None], pa.float64())}
    )


def test_keys_over_no_rows(flow):
    found = flow.one(
        TABLE.slice(0, 0),
        type="groupby",
        by="k",
        agg={"n": "count", "v": "sum", "m": ["x", "mean"]},
    )
    empty = {
        "k": pa.array([], pa.string()),
        "n": pa.array([], pa.int64()),
        "v": pa.array([], pa.int64()),
        "m": pa.array([], pa.float64()),
    }
    flow.same(found, empty)


def test_drop_null_keys(flow):
    found = flow.one(TABLE, type="groupby", by=["k", "j"], agg={"n": "count"}, drop_null_keys=True)
    expected = oracle(
        "SELECT k, j, count(*) AS n FROM t WHERE k IS NOT NULL AND j IS NOT NULL GROUP BY k, j",
        t=TABLE,
    )
    flow.same(found, expected, ordered=False)


def test_sort_orders_by_keys_with_null_last(flow):
    found = flow.one(TABLE, type="groupby", by=["k", "j"], agg={"n": "count"}, sort=True)
    expected = oracle(
        "SELECT k, j, count(*) AS n FROM t GROUP BY k, j ORDER BY k NULLS LAST, j NULLS LAST",
        t=TABLE,
    )
    flow.same(found, expected)


def test_having_sees_results_and_keys(flow):
    found = flow.one(
        TABLE, type="groupby", by="k", agg={"n": "count", "v": "sum"}, having="n > 1 AND v < 11"
    )
    flow.same(found, {"k": ["a", "b"], "n": [3, 2], "v": [7, 7]}, ordered=False)
    found = flow.one(TABLE, type="groupby", by="k", agg={"n": "count"}, having="k = 'a'")
    flow.same(found, {"k": ["a"], "n": [3]})


def test_having_drops_null(flow):
    found = flow.one(TABLE, type="groupby", by="k", agg={"total": ["v", "sum"]}, having="total > 0")
    flow.same(found, {"k": ["a", "b", None], "total": [7, 7, 11]}, ordered=False)


def test_nan_is_one_group_and_minus_zero_is_zero(flow):
    table = {"x": [NAN, 1.0, NAN, 0.0, -0.0, None], "v": [1, 2, 3, 4, 5, 6]}
    found = flow.one(table, type="groupby", by="x", agg={"v": "sum"})
    groups = {
        ("nan" if key is not None and math.isnan(key) else key): v
        for key, v in zip(found["x"].to_pylist(), found["v"].to_pylist(), strict=True)
    }
    assert groups == {"nan": 4, 1.0: 2, 0.0: 9, None: 6}
    assert found.num_rows == 4


def test_nan_in_values(flow):
    table = {"k": [1, 1, 2], "x": [1.0, NAN, 2.0]}
    found = flow.one(
        table,
        type="groupby",
        by="k",
        agg={"hi": ["x", "max"], "lo": ["x", "min"], "sum": ["x", "sum"], "n": ["x", "nunique"]},
        sort=True,
    )
    flow.same(
        found, {"k": [1, 2], "hi": [NAN, 2.0], "lo": [1.0, 2.0], "sum": [NAN, 2.0], "n": [2, 1]}
    )


def test_other_types(flow):
    table = pa.table(
        {
            "k": pa.array([dt.date(2020, 1, 1), dt.date(2020, 1, 1), None], pa.date32()),
            "t": pa.array(
                [dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1), None], pa.timestamp("us")
            ),
            "d": pa.array([Decimal("1.10"), Decimal("2.20"), None], pa.decimal128(10, 2)),
            "u": pa.array([1, 2**63, 5], pa.uint64()),
            "i": pa.array([1, 2, 3], pa.int16()),
            "s": ["b", "a", None],
        }
    )
    agg = {
        "t": ["min", "max"],
        "s": ["min", "max"],
        "i": ["min", "sum"],
        "u": ["max"],
        "lo": ["d", "min"],
    }
    found = flow.one(table, type="groupby", by="k", agg=agg, sort=True)
    expected = pa.table(
        {
            "k": table["k"].slice(1),
            "t_min": pa.array([dt.datetime(2020, 1, 1), None], pa.timestamp("us")),
            "t_max": pa.array([dt.datetime(2021, 1, 1), None], pa.timestamp("us")),
            "s_min": ["a", None],
            "s_max": ["b", None],
            "i_min": pa.array([1, 3], pa.int16()),
            "i_sum": pa.array([3, 3], pa.int64()),
            "u_max": pa.array([2**63, 5], pa.uint64()),
            "lo": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
        }
    )
    flow.same(found, expected)


def test_sum_overflow_is_an_error(flow):
    error = flow.one_fails(
        {"k": [1, 1], "v": [2**63 - 1, 1]}, type="groupby", by="k", agg={"v": "sum"}
    )
    assert error.code == "E601"


def test_mean_of_wide_integers_does_not_overflow(flow):
    found = flow.one(
        {"k": [1, 1], "v": [2**63 - 1, 2**63 - 1]}, type="groupby", by="k", agg={"v": "mean"}
    )
    flow.same(found, {"k": [1], "v": [float(2**63)]})


def test_std_of_one_value_is_null(flow):
    found = flow.one({"k": [1], "x": [2.0]}, type="groupby", by="k", agg={"x": ["std", "var"]})
    flow.same(
        found,
        {
            "k": [1],
            "x_std": pa.array([None], pa.float64()),
            "x_var": pa.array([None], pa.float64()),
        },
    )


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"by": "nope", "agg": "count"}, "E301"),
        ({"by": "k", "agg": {"nope": "sum"}}, "E301"),
        ({"by": "k", "agg": {"out": {"column": "nope", "fn": "sum"}}}, "E301"),
        ({"by": "k", "agg": {"out": "sum(nope)"}}, "E301"),
        ({"by": "k", "agg": {"s": "sum"}}, "E302"),
        ({"by": "k", "agg": {"s": "mean"}}, "E302"),
        ({"by": "k", "agg": {"v": "any"}}, "E302"),
        ({"by": "k", "agg": {"out": "sum(v) + x"}}, "E302"),
        ({"by": "k", "agg": {"n": "count"}, "having": "nope > 1"}, "E301"),
    ],
    ids=str,
)  # fmt: skip
def test_error_code(flow, step, code):
    error = flow.one_fails(TABLE, type="groupby", **step)
    assert error.code == code, str(error)
    assert type(error.__cause__) is (
        errors.SchemaError if code == "E301" else type(error.__cause__)
    )


@pytest.mark.parametrize(
    "agg",
    ["smu", {"v": "smu"}, {"v": ["sum", "smu"]}, {"out": "v + 1"}, {"out": ["v", "smu"]}, {}],
    ids=str,
)
def test_what_is_no_aggregate_is_invalid(flow, agg):
    flow.invalid({"t": TABLE}, {"type": "groupby", "input": "t", "by": "k", "agg": agg})
