"""The steps filter, select, transform, rename, drop and cast."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from parquetframe import errors

NAN = float("nan")
TABLE = pa.table(
    {
        "a": pa.array([3, 1, None, 2], pa.int64()),
        "b": [0.5, NAN, 2.5, None],
        "s": ["x", None, "", "y"],
        "odd name": [1, 2, 3, 4],
    }
)


class TestFilter:
    @pytest.mark.parametrize(
        ("where", "rows"),
        [
            ("a > 1", [0, 3]),
            ("a > 1 OR s = ''", [0, 2, 3]),
            ("NOT a > 1", [1]),
            ("s IS NULL", [1]),
            ("TRUE", [0, 1, 2, 3]),
            ("FALSE", []),
            ("NULL", []),
            ("b > 1", [1, 2]),
            ('"odd name" % 2 = 0', [1, 3]),
            ("a = a", [0, 1, 3]),
        ],
    )
    def test_rows_that_are_true_in_order(self, flow, where, rows):
        flow.same(
            flow.one(TABLE, type="filter", where=where), TABLE.take(pa.array(rows, pa.int64()))
        )

    @pytest.mark.parametrize("alias", ["query", "expr", "condition"])
    def test_names_of_2_0(self, flow, alias):
        flow.same(flow.one(TABLE, type="filter", **{alias: "a > 1"}), TABLE.take([0, 3]))

    def test_variable_is_a_typed_literal(self, flow):
        workflow = flow.workflow(
            {"t": TABLE}, {"type": "filter", "input": "t", "where": "s = ${name} AND a > ${low}"}
        )
        data = {**workflow.to_dict(), "variables": {"name": "x' OR 'a' = 'a", "low": 0}}
        found = type(workflow).from_dict(data).run().outputs["out"]
        assert found.num_rows == 0
        found = type(workflow).from_dict(data).run({"name": "x"}).outputs["out"]
        flow.same(found, TABLE.take([0]))

    @pytest.mark.parametrize("where", ["a", "s", "a + 1", "'yes'"])
    def test_what_is_not_boolean_is_an_error(self, flow, where):
        assert flow.one_fails(TABLE, type="filter", where=where).code == "E302"

    def test_many_rows_keep_their_order(self, flow):
        table = pa.table({"n": range(50_000), "m": [i * 7919 % 1000 for i in range(50_000)]})
        expected = table.to_pandas().query("m < 100")
        flow.same(
            flow.one(table, type="filter", where="m < 100"),
            pa.Table.from_pandas(expected, preserve_index=False),
        )

    def test_empty_input(self, flow):
        flow.same(flow.one(TABLE.slice(0, 0), type="filter", where="a > 1"), TABLE.slice(0, 0))


class TestSelect:
    def test_names_in_order(self, flow):
        flow.same(flow.one(TABLE, type="select", columns=["s", "a"]), TABLE.select(["s", "a"]))

    def test_text(self, flow):
        flow.same(flow.one(TABLE, type="select", columns="s, a"), TABLE.select(["s", "a"]))

    def test_star(self, flow):
        flow.same(flow.one(TABLE, type="select", columns="*"), TABLE)

    def test_star_and_more(self, flow):
        found = flow.one(TABLE.select(["a"]), type="select", columns=["*", {"twice": "a * 2"}])
        flow.same(found, {"a": TABLE["a"], "twice": pa.array([6, 2, None, 4], pa.int64())})

    def test_exclude(self, flow):
        found = flow.one(TABLE, type="select", columns="*", exclude=["odd name", "b"])
        flow.same(found, TABLE.select(["a", "s"]))

    def test_expressions(self, flow):
        found = flow.one(TABLE, type="select", columns=["s", {"n": "a + 1"}, {"k": "'c'"}])
        flow.same(
            found, {"s": TABLE["s"], "n": pa.array([4, 2, None, 3], pa.int64()), "k": ["c"] * 4}
        )

    def test_expressions_see_only_the_input(self, flow):
        error = flow.one_fails(TABLE, type="select", columns=[{"n": "a + 1"}, {"m": "n + 1"}])
        assert error.code == "E301"

    def test_mapping_renames_as_in_2_0(self, flow):
        found = flow.one(TABLE, type="select", columns={"a": "n", "s": "text"})
        flow.same(found, {"n": TABLE["a"], "text": TABLE["s"]})

    def test_odd_name_is_a_name(self, flow):
        flow.same(flow.one(TABLE, type="select", columns=["odd name"]), TABLE.select(["odd name"]))

    def test_unknown_column(self, flow):
        error = flow.one_fails(TABLE, type="select", columns=["a", "odd nam"])
        assert error.code == "E301"
        assert "did you mean 'odd name'" in error.hint
        assert type(error.__cause__) is errors.SchemaError

    def test_unknown_column_to_exclude(self, flow):
        assert flow.one_fails(TABLE, type="select", columns="*", exclude=["nope"]).code == "E301"

    def test_name_given_twice(self, flow):
        with pytest.raises((errors.StepError, errors.ValidationError)):
            flow.one(TABLE, type="select", columns=["a", {"a": "b"}])

    def test_constant_over_no_rows(self, flow):
        found = flow.one(TABLE.slice(0, 0), type="select", columns=[{"k": "1"}])
        flow.same(found, {"k": pa.array([], pa.int64())})


class TestTransform:
    def test_new_columns_stand_last(self, flow):
        found = flow.one(TABLE, type="transform", columns={"n": "a * 10", "m": "length(s)"})
        expected = TABLE.append_column("n", pa.array([30, 10, None, 20], pa.int64())).append_column(
            "m", pa.array([1, None, 0, 1], pa.int32())
        )
        flow.same(found, expected)

    def test_later_ones_see_earlier_ones(self, flow):
        found = flow.one(
            TABLE.select(["a"]), type="transform", columns={"n": "a + 1", "m": "n * n"}
        )
        frame = TABLE.select(["a"]).to_pandas().astype({"a": "Int64"})
        frame["n"] = frame.a + 1
        frame["m"] = frame.n * frame.n
        flow.same(found, pa.Table.from_pandas(frame, preserve_index=False))

    def test_replaced_column_keeps_its_place(self, flow):
        found = flow.one(TABLE, type="transform", columns={"a": "a + 0.5", "z": "a"})
        halves = pa.array([3.5, 1.5, None, 2.5])
        flow.same(found, TABLE.set_column(0, "a", halves).append_column("z", halves))

    def test_old_form_of_2_0(self, flow):
        rename = [{"column": "a", "operation": "rename", "to": "n"}]
        flow.same(
            flow.one(TABLE, type="transform", transforms=rename),
            TABLE.rename_columns(["n", "b", "s", "odd name"]),
        )
        drop = [{"column": "b", "operation": "drop"}]
        flow.same(flow.one(TABLE, type="transform", transforms=drop), TABLE.drop(["b"]))

    def test_error_names_the_column(self, flow):
        error = flow.one_fails(TABLE, type="transform", columns={"n": "a + 1", "bad": "aa + 1"})
        assert (error.code, error.key) == ("E301", "columns.bad")
        assert ":steps[1].columns.bad: " in str(error)

    def test_runtime_error(self, flow):
        error = flow.one_fails({"a": [1, 0]}, type="transform", columns={"n": "1 / a"})
        assert (error.code, error.kind) == ("E601", "data")
        assert type(error.__cause__) is errors.ExpressionError
        assert "division by zero" in str(error).lower()

    def test_wrong_name_is_found_before_a_wrong_value(self, flow):
        columns = {"n": "1 / a", "m": "nope + 1"}
        error = flow.one_fails({"a": [1, 0]}, type="transform", columns=columns)
        assert (error.code, error.key) == ("E301", "columns.m")


class TestRename:
    def test_place_and_values_stay(self, flow):
        found = flow.one(TABLE, type="rename", columns={"s": "text", "a": "n"})
        flow.same(found, TABLE.rename_columns(["n", "b", "text", "odd name"]))

    def test_swap(self, flow):
        found = flow.one(TABLE.select(["a", "b"]), type="rename", columns={"a": "b", "b": "a"})
        flow.same(found, TABLE.select(["a", "b"]).rename_columns(["b", "a"]))

    def test_unknown(self, flow):
        error = flow.one_fails(TABLE, type="rename", columns={"nope": "x"})
        assert error.code == "E301"

    def test_clash(self, flow):
        error = flow.one_fails(TABLE, type="rename", columns={"a": "b"})
        assert "'b'" in str(error)
        assert type(error.__cause__) is errors.SchemaError


class TestDrop:
    def test_drop(self, flow):
        flow.same(flow.one(TABLE, type="drop", columns=["b", "odd name"]), TABLE.select(["a", "s"]))

    def test_missing_is_an_error(self, flow):
        error = flow.one_fails(TABLE, type="drop", columns=["b", "nope"])
        assert error.code == "E301"

    def test_missing_may_be_ignored(self, flow):
        flow.same(
            flow.one(TABLE, type="drop", columns=["b", "nope"], missing="ignore"), TABLE.drop(["b"])
        )


SOURCE = pa.table(
    {
        "i": pa.array([1, -2, None], pa.int64()),
        "f": [1.9, -1.9, None],
        "s": ["12", "-3", None],
        "fs": ["1.5", "-2e1", None],
        "ds": ["2020-02-29", "1969-12-31", None],
        "ts": ["2020-02-29 10:00:00", "1969-12-31T23:59:59.5", None],
        "bs": ["true", "false", None],
        "ok": [True, False, None],
        "t": pa.array(
            [dt.datetime(2020, 2, 29, 10, 0, 0, 123456), dt.datetime(1969, 12, 31, 23), None],
            pa.timestamp("us"),
        ),
        "d": pa.array([dt.date(2020, 2, 29), dt.date(1969, 12, 31), None]),
    }
)
CASTS = [
    ("i", "int8", pa.int8(), [1, -2, None]),
    ("i", "float64", pa.float64(), [1.0, -2.0, None]),
    ("i", "float32", pa.float32(), [1.0, -2.0, None]),
    ("i", "string", pa.string(), ["1", "-2", None]),
    ("i", "bool", pa.bool_(), [True, True, None]),
    ("i", "decimal(10,2)", pa.decimal128(10, 2), [Decimal("1.00"), Decimal("-2.00"), None]),
    ("f", "int64", pa.int64(), [1, -1, None]),
    ("f", "int32", pa.int32(), [1, -1, None]),
    ("f", "decimal(5,1)", pa.decimal128(5, 1), [Decimal("1.9"), Decimal("-1.9"), None]),
    ("s", "int64", pa.int64(), [12, -3, None]),
    ("s", "int16", pa.int16(), [12, -3, None]),
    ("s", "float64", pa.float64(), [12.0, -3.0, None]),
    ("fs", "float64", pa.float64(), [1.5, -20.0, None]),
    ("ds", "date", pa.date32(), [dt.date(2020, 2, 29), dt.date(1969, 12, 31), None]),
    ("ts", "timestamp(us)", pa.timestamp("us"), [dt.datetime(2020, 2, 29, 10), dt.datetime(1969, 12, 31, 23, 59, 59, 500000), None]),
    ("bs", "bool", pa.bool_(), [True, False, None]),
    ("ok", "int64", pa.int64(), [1, 0, None]),
    ("ok", "string", pa.string(), ["true", "false", None]),
    ("t", "date", pa.date32(), [dt.date(2020, 2, 29), dt.date(1969, 12, 31), None]),
    ("t", "timestamp(ms)", pa.timestamp("ms"), [dt.datetime(2020, 2, 29, 10, 0, 0, 123000), dt.datetime(1969, 12, 31, 23), None]),
    ("t", "timestamp(s)", pa.timestamp("s"), [dt.datetime(2020, 2, 29, 10), dt.datetime(1969, 12, 31, 23), None]),
    ("t", "timestamp(us, UTC)", pa.timestamp("us", "UTC"), [dt.datetime(2020, 2, 29, 10, 0, 0, 123456, tzinfo=dt.UTC), dt.datetime(1969, 12, 31, 23, tzinfo=dt.UTC), None]),
    ("d", "timestamp(us)", pa.timestamp("us"), [dt.datetime(2020, 2, 29), dt.datetime(1969, 12, 31), None]),
    ("d", "string", pa.string(), ["2020-02-29", "1969-12-31", None]),
    ("s", "binary", pa.binary(), [b"12", b"-3", None]),
]  # fmt: skip


class TestCast:
    @pytest.mark.parametrize(
        ("column", "name", "dtype", "values"), CASTS, ids=[f"{c[0]}-{c[1]}" for c in CASTS]
    )
    def test_values(self, flow, column, name, dtype, values):
        found = flow.one(SOURCE, type="cast", columns={column: name})
        place = SOURCE.column_names.index(column)
        flow.same(found, SOURCE.set_column(place, column, pa.array(values, dtype)))

    @pytest.mark.parametrize(
        ("column", "name"),
        [
            ("i", "uint8"),
            ("s", "date"),
            ("fs", "int64"),
            ("ds", "int64"),
            ("bs", "float64"),
            ("s", "bool"),
        ],
    )
    def test_value_that_does_not_fit(self, flow, column, name):
        error = flow.one_fails(SOURCE, type="cast", columns={column: name})
        assert (error.code, error.kind) == ("E601", "data")
        assert error.key == f"columns.{column}"
        assert type(error.__cause__) is errors.ExpressionError

    @pytest.mark.parametrize(
        ("data", "name", "dtype", "values"),
        [
            (
                pa.array(["1", "x", None, "-3", "9" * 30]),
                "int64",
                pa.int64(),
                [1, None, None, -3, None],
            ),
            (pa.array([1, 300, -1]), "uint8", pa.uint8(), [1, None, None]),
            (pa.array([1.9, NAN, 1e300]), "int64", pa.int64(), [1, None, None]),
            (
                pa.array(["2020-02-29", "2021-02-29"]),
                "date",
                pa.date32(),
                [dt.date(2020, 2, 29), None],
            ),
            (
                pa.array([123.456, 1e9]),
                "decimal(5,2)",
                pa.decimal128(5, 2),
                [Decimal("123.46"), None],
            ),
        ],
    )
    def test_null_instead_of_an_error(self, flow, data, name, dtype, values):
        found = flow.one({"v": data}, type="cast", columns={"v": name}, on_error="null")
        flow.same(found, {"v": pa.array(values, dtype)})

    def test_error_names_value(self, flow):
        error = flow.one_fails({"v": ["1", "oops"]}, type="cast", columns={"v": "int64"})
        assert "oops" in str(error)

    def test_unknown_column(self, flow):
        assert flow.one_fails(SOURCE, type="cast", columns={"nope": "int64"}).code == "E301"

    @pytest.mark.parametrize("name", ["int65", "decimal(50,1)", "timestamp(min)", "list", ""])
    def test_unknown_type_is_invalid(self, flow, name):
        flow.invalid({"t": SOURCE}, {"type": "cast", "input": "t", "columns": {"i": name}})

    def test_casts_that_cannot_be(self, flow):
        error = flow.one_fails(SOURCE, type="cast", columns={"d": "bool"})
        assert error.code in {"E302", "E601"}


@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("bad", ["CAST(f AS BIGINT)", "1 / n", "w + 1", "CAST(s AS BIGINT)"])
@pytest.mark.parametrize(
    "later",
    [
        {"type": "filter", "where": "n > 0"},
        {"type": "select", "columns": ["n"]},
        {"type": "drop", "columns": ["v"]},
        {"type": "groupby", "by": "n", "agg": {"rows": "count"}},
        {"type": "sql", "sql": "SELECT n FROM x WHERE n > 0"},
    ],
    ids=lambda step: step["type"],
)
def test_error_in_a_row_that_a_later_step_drops(flow, fuse, bad, later):
    """Each step runs to its end: what a later one needs decides nothing about its errors."""
    table = {"n": [1, 0], "f": [1.0, float("inf")], "w": [1, 2**63 - 1], "s": ["1", "x"]}
    steps = [
        {"name": "x", "type": "transform", "input": "t", "columns": {"v": bad}},
        {"name": "out", **({} if later["type"] == "sql" else {"input": "x"}), **later},
    ]
    with pytest.raises(errors.StepError) as caught:
        flow.run({"t": table}, *steps, settings={"fuse": fuse})
    assert (caught.value.step, caught.value.code) == ("x", "E601")


def test_chain_against_pandas(flow):
    frame = pd.DataFrame({"k": ["a", "b", "a", "c"], "v": [1, 2, 3, 4]})
    found = flow.table(
        {"t": pa.Table.from_pandas(frame)},
        {"name": "f", "type": "filter", "input": "t", "where": "k <> 'c'"},
        {"name": "x", "type": "transform", "input": "f", "columns": {"w": "v * v"}},
        {"name": "r", "type": "rename", "input": "x", "columns": {"k": "key"}},
        {"name": "d", "type": "drop", "input": "r", "columns": ["v"]},
        {"name": "c", "type": "cast", "input": "d", "columns": {"w": "float64"}},
    )
    expected = (
        frame[frame.k != "c"]
        .assign(w=lambda f: (f.v * f.v).astype(float))
        .rename(columns={"k": "key"})[["key", "w"]]
    )
    flow.same(found, {"key": expected.key.to_list(), "w": expected.w.to_list()})
