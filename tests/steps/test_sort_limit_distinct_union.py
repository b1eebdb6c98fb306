"""The steps sort, limit, distinct and union."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from parquetframe import errors

NAN = float("nan")
TABLE = pa.table(
    {
        "k": ["b", "a", None, "b", "a", "c"],
        "x": [2.0, NAN, 1.0, None, -1.0, 2.0],
        "n": [1, 2, 3, 4, 5, 6],
    }
)
RNG = np.random.default_rng(11)
MANY = pa.table(
    {"g": RNG.integers(0, 50, 30_000), "x": RNG.normal(size=30_000), "n": np.arange(30_000)}
)


def order(found):
    return found["n"].to_pylist()


class TestSort:
    @pytest.mark.parametrize(
        ("step", "expected"),
        [
            ({"by": ["k", "n"]}, [2, 5, 1, 4, 6, 3]),
            ({"by": ["k desc", "n"]}, [6, 1, 4, 2, 5, 3]),
            ({"by": ["k", "n desc"]}, [5, 2, 4, 1, 6, 3]),
            ({"by": [{"k": "desc"}, {"n": "asc"}]}, [6, 1, 4, 2, 5, 3]),
            ({"by": "n desc"}, [6, 5, 4, 3, 2, 1]),
            # NaN is above every number; NULL is last in both directions.
            ({"by": ["x", "n"]}, [5, 3, 1, 6, 2, 4]),
            ({"by": ["x desc", "n"]}, [2, 1, 6, 3, 5, 4]),
            ({"by": ["x", "n"], "nulls": "first"}, [4, 5, 3, 1, 6, 2]),
            ({"by": ["x desc", "n"], "nulls": "first"}, [4, 2, 1, 6, 3, 5]),
            ({"by": ["n % 2", "n desc"]}, [6, 4, 2, 5, 3, 1]),
            ({"by": ["n"], "limit": 2}, [1, 2]),
            ({"by": ["k desc", "n desc"], "limit": 3}, [6, 4, 1]),
            ({"by": ["n"], "limit": 0}, []),
            ({"by": ["n"], "limit": 99}, [1, 2, 3, 4, 5, 6]),
        ],
        ids=str,
    )
    def test_order(self, flow, step, expected):
        found = flow.one(TABLE, type="sort", **step)
        flow.same(found, TABLE.take(pa.array([n - 1 for n in expected], pa.int64())))

    def test_many_rows(self, flow):
        found = flow.one(MANY, type="sort", by=["g", "x desc"])
        expected = duckdb.from_arrow(MANY).order("g, x DESC").to_arrow_table()
        flow.same(found, expected)

    def test_top_k_of_many_rows(self, flow):
        found = flow.one(MANY, type="sort", by=["x desc"], limit=25)
        flow.same(found, duckdb.from_arrow(MANY).order("x DESC").limit(25).to_arrow_table())

    def test_text_sorts_by_code_point(self, flow):
        table = pa.table({"s": ["b", "B", "a", "ä", "Z", "", "🦀"]})
        assert flow.one(table, type="sort", by="s")["s"].to_pylist() == sorted(
            table["s"].to_pylist()
        )

    def test_unknown_column(self, flow):
        error = flow.one_fails(TABLE, type="sort", by=["nope desc"])
        assert error.code == "E301"

    def test_deterministic_ties_keep_input_order(self, flow):
        found = flow.table(
            {"t": MANY},
            {"type": "sort", "input": "t", "by": ["g"]},
            settings={"deterministic": True},
        )
        expected = MANY.take(pa.array(np.argsort(MANY["g"].to_numpy(), kind="stable")))
        flow.same(found, expected)

    def test_empty(self, flow):
        flow.same(flow.one(TABLE.slice(0, 0), type="sort", by=["k"]), TABLE.slice(0, 0))


class TestLimit:
    @pytest.mark.parametrize(
        ("n", "offset"), [(2, 0), (2, 3), (0, 0), (9, 0), (9, 4), (1, 6), (3, 99)]
    )
    def test_first_rows(self, flow, n, offset):
        flow.same(flow.one(TABLE, type="limit", n=n, offset=offset), TABLE.slice(offset, n))

    def test_after_sort(self, flow):
        steps = [
            {"name": "s", "type": "sort", "input": "t", "by": ["x desc"]},
            {"type": "limit", "input": "s", "n": 5, "offset": 7},
        ]
        expected = duckdb.from_arrow(MANY).order("x DESC").limit(5, offset=7).to_arrow_table()
        flow.same(flow.table({"t": MANY}, *steps), expected)

    def test_many_rows_in_order(self, flow):
        steps = [
            {"name": "f", "type": "filter", "input": "t", "where": "g < 25"},
            {"type": "limit", "input": "f", "n": 1000, "offset": 3000},
        ]
        kept = MANY.filter(pa.compute.less(MANY["g"], 25))
        flow.same(flow.table({"t": MANY}, *steps), kept.slice(3000, 1000))

    def test_negative_is_invalid(self, flow):
        flow.invalid({"t": TABLE}, {"type": "limit", "input": "t", "n": -1})


class TestDistinct:
    def test_whole_rows(self, flow):
        table = pa.table(
            {
                "a": [1, 1, None, None, 2, 1],
                "b": [NAN, NAN, None, None, 0.0, 1.0],
                "s": ["x", "x", None, None, "", "x"],
            }
        )
        expected = pa.table(
            {"a": [1, None, 2, 1], "b": [NAN, None, 0.0, 1.0], "s": ["x", None, "", "x"]}
        )
        flow.same(flow.one(table, type="distinct"), expected, ordered=False)

    def test_on_keeps_the_first_by_order(self, flow):
        found = flow.one(TABLE, type="distinct", on=["k"], order_by=["n desc"])
        flow.same(found, TABLE.take([3, 4, 2, 5]), ordered=False)

    def test_on_with_order_and_nulls(self, flow):
        found = flow.one(TABLE, type="distinct", on=["k"], order_by=["x"])
        flow.same(found, TABLE.take([0, 4, 2, 5]), ordered=False)

    def test_on_gives_one_row_each(self, flow):
        found = flow.one(TABLE, type="distinct", on="k")
        rows = {tuple(map(repr, row.values())) for row in TABLE.to_pylist()}
        assert sorted(found["k"].to_pylist(), key=repr) == ["a", "b", "c", None]
        assert all(tuple(map(repr, row.values())) in rows for row in found.to_pylist())
        assert found.column_names == TABLE.column_names

    def test_many_rows(self, flow):
        expected = duckdb.sql(
            "SELECT DISTINCT ON (g) g, x, n FROM MANY ORDER BY g, x DESC"
        ).to_arrow_table()
        flow.same(
            flow.one(MANY, type="distinct", on=["g"], order_by=["x desc"]), expected, ordered=False
        )

    def test_unknown_column(self, flow):
        assert flow.one_fails(TABLE, type="distinct", on=["nope"]).code == "E301"

    def test_empty(self, flow):
        flow.same(flow.one(TABLE.slice(0, 0), type="distinct"), TABLE.slice(0, 0))


A = pa.table({"i": [1, 2], "s": ["x", None]})
B = pa.table({"s": ["y", "x"], "i": [3, 1]})


def union(flow, *tables, **step):
    named = {f"t{number}": table for number, table in enumerate(tables)}
    return flow.table(named, {"type": "union", "input": list(named), **step})


def union_fails(flow, *tables, **step):
    named = {f"t{number}": table for number, table in enumerate(tables)}
    return flow.fails(named, {"type": "union", "input": list(named), **step})


class TestUnion:
    def test_by_name_in_order_of_inputs(self, flow):
        flow.same(
            union(flow, A, B, A), {"i": [1, 2, 3, 1, 1, 2], "s": ["x", None, "y", "x", "x", None]}
        )

    def test_by_position(self, flow):
        other = pa.table({"p": [7], "q": ["z"]})
        flow.same(
            union(flow, A, other, mode="by_position"), {"i": [1, 2, 7], "s": ["x", None, "z"]}
        )

    def test_by_position_needs_equal_widths(self, flow):
        assert union_fails(flow, A, pa.table({"i": [1]}), mode="by_position").code in {
            "E301",
            "E302",
        }

    def test_by_position_needs_equal_types(self, flow):
        assert union_fails(flow, A, B, mode="by_position").code == "E302"

    def test_missing_column_is_an_error(self, flow):
        error = union_fails(flow, A, pa.table({"i": [5]}))
        assert error.code == "E301"
        assert "'s'" in str(error)
        assert type(error.__cause__) is errors.SchemaError

    def test_extra_column_is_an_error(self, flow):
        assert union_fails(flow, A, pa.table({"i": [5], "s": ["a"], "z": [1]})).code == "E301"

    def test_missing_as_null(self, flow):
        found = union(flow, A, pa.table({"z": [1.5], "i": [5]}), missing="null")
        flow.same(found, {"i": [1, 2, 5], "s": ["x", None, None], "z": [None, None, 1.5]})

    def test_distinct(self, flow):
        flow.same(
            union(flow, A, B, distinct=True), {"i": [1, 2, 3], "s": ["x", None, "y"]}, ordered=False
        )

    @pytest.mark.parametrize(
        ("first", "second", "wide"),
        [
            (pa.int32(), pa.int64(), pa.int64()),
            (pa.int64(), pa.float64(), pa.float64()),
            (pa.float32(), pa.float64(), pa.float64()),
            (pa.int8(), pa.int16(), pa.int16()),
        ],
    )
    def test_number_types_widen(self, flow, first, second, wide):
        found = union(
            flow, pa.table({"v": pa.array([1], first)}), pa.table({"v": pa.array([2], second)})
        )
        flow.same(found, {"v": pa.array([1, 2], wide)})

    def test_type_families_do_not_mix(self, flow):
        error = union_fails(flow, pa.table({"v": [1]}), pa.table({"v": ["1"]}))
        assert error.code == "E302"
        assert "'v'" in str(error)

    def test_many_rows_keep_order(self, flow):
        flow.same(union(flow, MANY, MANY.slice(0, 5)), pa.concat_tables([MANY, MANY.slice(0, 5)]))

    def test_empty_input(self, flow):
        flow.same(union(flow, A.slice(0, 0), A), A)

    def test_one_input_is_invalid(self, flow):
        flow.invalid({"t": A}, {"type": "union", "input": ["t"]})


class TestMinusZero:
    """-0.0 and 0.0 are one value: they tie, and only one of them stays."""

    TABLE = pa.table({"f": [0.0, -0.0, 0.0], "n": [3, 1, 2]})

    @pytest.mark.parametrize("by", ["f", "f desc"])
    def test_sort_ties(self, flow, by):
        assert order(flow.one(self.TABLE, type="sort", by=[by, "n"])) == [1, 2, 3]

    def test_distinct_on(self, flow):
        found = flow.one(self.TABLE, type="distinct", on=["f"], order_by=["n"])
        assert order(found) == [1]

    def test_distinct(self, flow):
        assert flow.one(self.TABLE.select(["f"]), type="distinct").num_rows == 1

    def test_union_distinct(self, flow):
        assert (
            union(flow, self.TABLE.select(["f"]), self.TABLE.select(["f"]), distinct=True).num_rows
            == 1
        )

    def test_nunique(self, flow):
        found = flow.one(self.TABLE, type="groupby", by=[], agg={"f": "nunique"})
        flow.same(found, {"f": [1]})


class TestNanOfEitherSign:
    """0/0 sets the sign bit on some processors; a NaN is a NaN, and the largest number."""

    TABLE = pa.table(
        {"f": np.array([0xFFF8 << 48, 0x3FF0 << 48, 0x7FF8 << 48], "u8").view("f8"), "n": [1, 2, 3]}
    )

    @pytest.mark.parametrize(("by", "expected"), [("f", [2, 1, 3]), ("f desc", [1, 3, 2])])
    def test_sort(self, flow, by, expected):
        assert order(flow.one(self.TABLE, type="sort", by=[by, "n"])) == expected

    @pytest.mark.parametrize(
        "step",
        [
            {"type": "distinct", "on": ["f"]},
            {"type": "distinct"},
            {"type": "groupby", "by": ["f"], "agg": {"f": "count"}},
        ],
    )
    def test_one_kind(self, flow, step):
        table = self.TABLE.select(["f"]) if step == {"type": "distinct"} else self.TABLE
        if step["type"] == "groupby":
            step = {"type": "groupby", "by": ["f"], "agg": {"rows": "count(*)"}}
        assert flow.one(table, **step).num_rows == 2

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ("f > 1.5", [1, 3]),
            ("f < 1.5", [2]),
            ("f = f", [1, 2, 3]),
            ("f BETWEEN 0 AND 5", [2]),
            ("NOT (f <= 1)", [1, 3]),
        ],
    )
    def test_comparison(self, flow, where, expected):
        assert sorted(order(flow.one(self.TABLE, type="filter", where=where))) == expected

    def test_subquery(self, flow):
        text = "SELECT n FROM t WHERE f IN (SELECT f FROM t WHERE n = 3) ORDER BY n"
        assert order(flow.one(self.TABLE, type="sql", sql=text)) == [1, 3]

    def test_join(self, flow):
        other = self.TABLE.slice(2).rename_columns(["f", "m"])
        step = {"type": "join", "input": ["t", "u"], "on": "f"}
        found = flow.table({"t": self.TABLE, "u": other}, step)
        assert sorted(order(found)) == [1, 3]


@pytest.mark.parametrize("fuse", [True, False])
class TestOrderSurvives:
    """Steps that keep the order of rows keep that of a sort, fused or not."""

    @pytest.mark.parametrize(
        "later",
        [
            {"type": "filter", "where": "n <> 3"},
            {"type": "select", "columns": ["n", "x", "k"]},
            {"type": "transform", "columns": {"m": "n + 1"}},
            {"type": "cast", "columns": {"x": "float32"}},
            {"type": "rename", "columns": {"k": "key"}},
            {"type": "drop", "columns": ["k"]},
            {"type": "limit", "n": 4},
            {"type": "limit", "n": 3, "offset": 1},
            {"type": "union", "input": ["s", "u"]},
            {"type": "union", "input": ["u", "s"]},
            {"type": "check", "rules": [{"unique": ["n"]}]},
        ],
        ids=str,
    )
    def test_after(self, flow, fuse, later):
        steps = [
            {"name": "s", "type": "sort", "input": "t", "by": ["n desc"]},
            {"name": "out", "input": "s", **later},
        ]
        other = TABLE.slice(0, 2).set_column(2, "n", pa.array([70, 60]))
        found = flow.table({"t": TABLE, "u": other}, *steps, settings={"fuse": fuse})
        expected = [6, 5, 4, 3, 2, 1]
        if later["type"] == "filter":
            expected.remove(3)
        elif later["type"] == "limit":
            expected = expected[later.get("offset", 0) :][: later["n"]]
        elif later["type"] == "union":
            expected = [70, 60, *expected] if later["input"][0] == "u" else [*expected, 70, 60]
        assert order(found) == expected

    def test_union_of_two_sorts_and_a_limit(self, flow, fuse):
        steps = [
            {"name": "a", "type": "sort", "input": "t", "by": ["n desc"]},
            {"name": "b", "type": "sort", "input": "t", "by": ["n"]},
            {"name": "c", "type": "union", "input": ["a", "b"]},
            {"name": "out", "type": "limit", "input": "c", "n": 5, "offset": 4},
        ]
        found = flow.table({"t": TABLE}, *steps, settings={"fuse": fuse})
        assert order(found) == [2, 1, 1, 2, 3]
