"""The step `join` against duckdb and pandas: kinds, keys, names, checks."""

from __future__ import annotations

import itertools

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from parquetframe import errors

LEFT = pa.table(
    {"id": pa.array([1, 2, 2, 3, None], pa.int64()), "a": ["l1", "l2", "l2b", "l3", "ln"]}
)
RIGHT = pa.table(
    {"id": pa.array([2, 2, 3, 4, None], pa.int64()), "b": ["r2", "r2b", "r3", "r4", "rn"]}
)
OTHER = RIGHT.rename_columns(["key", "b"])
I64 = pa.int64()
TEXT = pa.string()


def sql(query: str, left: pa.Table = LEFT, right: pa.Table = RIGHT) -> pa.Table:
    with duckdb.connect() as connection:
        connection.register("l", left)
        connection.register("r", right)
        return connection.sql(query).to_arrow_table()


def join(flow, left=LEFT, right=RIGHT, **step):
    return flow.table({"l": left, "r": right}, {"type": "join", "input": ["l", "r"], **step})


def fails(flow, left=LEFT, right=RIGHT, **step):
    return flow.fails({"l": left, "r": right}, {"type": "join", "input": ["l", "r"], **step})


KINDS = {
    "inner": "SELECT l.id, a, b FROM l JOIN r ON l.id = r.id",
    "left": "SELECT l.id, a, b FROM l LEFT JOIN r ON l.id = r.id",
    "right": "SELECT r.id, a, b FROM l RIGHT JOIN r ON l.id = r.id",
    "full": "SELECT coalesce(l.id, r.id) AS id, a, b FROM l FULL JOIN r ON l.id = r.id",
    "semi": "SELECT * FROM l WHERE EXISTS (SELECT 1 FROM r WHERE r.id = l.id)",
    "anti": "SELECT * FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE r.id = l.id)",
}


@pytest.mark.parametrize("algorithm", ["auto", "hash", "sort_merge"])
@pytest.mark.parametrize("how", KINDS)
def test_how(flow, how, algorithm):
    found = join(flow, on="id", how=how, algorithm=algorithm)
    flow.same(found, sql(KINDS[how]), ordered=False)


@pytest.mark.parametrize("how", KINDS)
def test_how_with_other_key_name(flow, how):
    """The key takes the left name, and the value of the side that has one."""
    found = join(flow, right=OTHER, on={"id": "key"}, how=how)
    flow.same(found, sql(KINDS[how]), ordered=False)


def test_cross(flow):
    found = join(flow, how="cross")
    pairs = itertools.product(LEFT.to_pylist(), RIGHT.to_pylist())
    rows = [{"id": l["id"], "a": l["a"], "id_right": r["id"], "b": r["b"]} for l, r in pairs]  # noqa: E741
    flow.same(found, pa.Table.from_pylist(rows), ordered=False)


def test_inner_is_the_default(flow):
    flow.same(join(flow, on="id"), sql(KINDS["inner"]), ordered=False)


def test_left_on_and_right_on(flow):
    found = join(flow, right=OTHER, left_on="id", right_on="key")
    flow.same(found, sql(KINDS["inner"]), ordered=False)


def test_right_as_its_own_key(flow):
    step = {"type": "join", "input": "l", "right": "r", "on": "id"}
    flow.same(flow.table({"l": LEFT, "r": RIGHT}, step), sql(KINDS["inner"]), ordered=False)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
def test_keys_stay_apart_without_coalesce(flow, how):
    found = join(flow, on="id", how=how, coalesce_keys=False)
    expected = sql(f"SELECT l.id, a, r.id AS id_right, b FROM l {how} JOIN r ON l.id = r.id")
    flow.same(found, expected, ordered=False)
    found = join(flow, right=OTHER, on={"id": "key"}, how=how, coalesce_keys=False)
    expected = sql(f"SELECT l.id, a, r.key, b FROM l {how} JOIN r ON l.id = r.key", right=OTHER)
    flow.same(found, expected, ordered=False)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_two_keys_with_nulls(flow, how):
    left = pa.table(
        {"k": [1, 1, 2, None, 3], "j": ["x", None, "x", "x", "z"], "v": [1, 2, 3, 4, 5]}
    )
    right = pa.table(
        {"k": [1, 1, None, 2, 4], "j": ["x", None, "x", "y", "q"], "w": [10, 20, 30, 40, 50]}
    )
    found = join(flow, left, right, on=["k", "j"], how=how)
    on = "l.k = r.k AND l.j = r.j"
    queries = {
        "semi": f"SELECT * FROM l WHERE EXISTS (SELECT 1 FROM r WHERE {on})",
        "anti": f"SELECT * FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE {on})",
    }
    default = (
        f"SELECT coalesce(l.k, r.k) AS k, coalesce(l.j, r.j) AS j, v, w FROM l {how} JOIN r ON {on}"
    )
    flow.same(found, sql(queries.get(how, default), left, right), ordered=False)


@pytest.mark.parametrize("how", KINDS)
def test_nulls_equal(flow, how):
    found = join(flow, on="id", how=how, nulls_equal=True)
    query = (
        KINDS[how]
        .replace("l.id = r.id", "l.id IS NOT DISTINCT FROM r.id")
        .replace("r.id = l.id", "l.id IS NOT DISTINCT FROM r.id")
    )
    flow.same(found, sql(query), ordered=False)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_condition_is_part_of_the_match(flow, how):
    """A row that fails the condition is unmatched, not dropped."""
    left = pa.table({"id": [1, 1, 2, 3], "lo": [1, 5, 1, 1]})
    right = pa.table({"id": [1, 2, 2, 4], "hi": [3, 0, 9, 1]})
    found = join(flow, left, right, on="id", how=how, condition="lo < hi")
    on = "l.id = r.id AND lo < hi"
    queries = {
        "semi": f"SELECT * FROM l WHERE EXISTS (SELECT 1 FROM r WHERE {on})",
        "anti": f"SELECT * FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE {on})",
    }
    default = f"SELECT coalesce(l.id, r.id) AS id, lo, hi FROM l {how} JOIN r ON {on}"
    flow.same(found, sql(queries.get(how, default), left, right), ordered=False)


def test_suffix_for_names_on_both_sides(flow):
    left = pa.table({"id": [1], "v": ["left"], "w": [1]})
    right = pa.table({"id": [1], "v": ["right"], "z": [2]})
    flow.same(
        join(flow, left, right, on="id"),
        {"id": [1], "v": ["left"], "w": [1], "v_right": ["right"], "z": [2]},
    )
    found = join(flow, left, right, on="id", suffix="_2")
    flow.same(found, {"id": [1], "v": ["left"], "w": [1], "v_2": ["right"], "z": [2]})


def test_suffix_that_clashes_is_an_error(flow):
    left = pa.table({"id": [1], "v": [1], "v_right": [2]})
    error = fails(flow, left, pa.table({"id": [1], "v": [3]}), on="id")
    assert "v_right" in str(error)
    assert error.code == "E301"
    assert type(error.__cause__) is errors.SchemaError


@pytest.mark.parametrize("how", ["semi", "anti"])
def test_no_clash_with_columns_that_are_left_out(flow, how):
    left = pa.table({"id": [1, 2], "v": [1, 2], "v_right": [3, 4]})
    found = join(flow, left, pa.table({"id": [1], "v": [3]}), on="id", how=how)
    flow.same(found, left.slice(0 if how == "semi" else 1, 1))


def test_key_types_of_two_families_are_an_error(flow):
    error = fails(flow, LEFT, pa.table({"id": ["1"], "b": [1]}), on="id")
    assert error.code == "E302"
    assert "id" in str(error)


@pytest.mark.parametrize(
    ("left", "right"),
    [(pa.int32(), pa.int64()), (pa.int64(), pa.int16()), (pa.uint8(), pa.int64()), (pa.int64(), pa.float64()), (pa.float32(), pa.float64())],
)  # fmt: skip
def test_keys_of_two_number_types_match(flow, left, right):
    found = join(
        flow,
        pa.table({"id": pa.array([1, 2, 3], left), "a": [1, 2, 3]}),
        pa.table({"id": pa.array([3, 2, 9], right), "b": [30, 20, 90]}),
        on="id",
    )
    assert sorted(
        zip(found["id"].to_pylist(), found["a"].to_pylist(), found["b"].to_pylist(), strict=True)
    ) == [(2, 2, 20), (3, 3, 30)]
    assert found.column_names == ["id", "a", "b"]


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
@pytest.mark.parametrize(("left", "right"), [(pa.float64(), I64), (I64, pa.float64()), (pa.int32(), I64)], ids=str)  # fmt: skip
def test_key_has_the_type_of_the_side_that_fills_it(flow, how, left, right):
    a = pa.table({"id": pa.array([1, 2], left), "a": [1, 2]})
    b = pa.table({"id": pa.array([2, 3], right), "b": [1, 2]})
    found = join(flow, a, b, on="id", how=how)["id"]
    wide = pa.float64() if pa.float64() in {left, right} else I64
    assert found.type == {"right": right, "full": wide}.get(how, left)
    expected = {"inner": [2], "left": [1, 2], "right": [2, 3], "full": [1, 2, 3]}
    assert sorted(found.to_pylist()) == expected[how]


def test_unknown_key_names_its_side(flow):
    error = fails(flow, on="idd")
    assert error.code == "E301"
    assert "did you mean 'id'" in error.hint
    assert fails(flow, right=OTHER, on="id").code == "E301"


def test_float_keys_nan_matches_nan(flow):
    nan = float("nan")
    found = join(
        flow,
        pa.table({"x": [nan, 1.0, -0.0], "a": [1, 2, 3]}),
        pa.table({"x": [nan, 0.0], "b": [10, 20]}),
        on="x",
    )
    assert sorted(zip(found["a"].to_pylist(), found["b"].to_pylist(), strict=True)) == [
        (1, 10),
        (3, 20),
    ]


UNIQUE = pa.table({"id": [1, 2, 3], "u": [1, 2, 3]})
TWICE = pa.table({"id": [1, 1, 3], "w": [1, 2, 3]})


@pytest.mark.parametrize(
    ("left", "right", "validate", "passes"),
    [
        (UNIQUE, UNIQUE, "one_to_one", True),
        (UNIQUE, TWICE, "one_to_one", False),
        (TWICE, UNIQUE, "one_to_one", False),
        (UNIQUE, TWICE, "one_to_many", True),
        (TWICE, UNIQUE, "one_to_many", False),
        (TWICE, UNIQUE, "many_to_one", True),
        (UNIQUE, TWICE, "many_to_one", False),
        (TWICE, TWICE, "many_to_many", True),
    ],
)
def test_validate(flow, left, right, validate, passes):
    right = right.rename_columns(["id", "right"])
    if passes:
        found = join(flow, left, right, on="id", validate=validate)
        plain = sql(
            f"SELECT l.id, l.{left.column_names[1]}, r.right FROM l JOIN r ON l.id = r.id",
            left,
            right,
        )
        flow.same(found, plain, ordered=False)
    else:
        error = fails(flow, left, right, on="id", validate=validate)
        assert error.kind == "data"
        assert "1" in str(error) and "id" in str(error)


def test_validate_does_not_count_nulls_as_equal(flow):
    left = pa.table({"id": pa.array([1, None, None], I64), "a": [1, 2, 3]})
    right = pa.table({"id": pa.array([1, None, None], I64), "b": [1, 2, 3]})
    flow.same(
        join(flow, left, right, on="id", validate="one_to_one"), {"id": [1], "a": [1], "b": [1]}
    )


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
@pytest.mark.parametrize("empty", ["left", "right", "both"])
def test_empty_side(flow, how, empty):
    left = LEFT.slice(0, 0) if empty != "right" else LEFT
    right = RIGHT.slice(0, 0) if empty != "left" else RIGHT
    flow.same(
        join(flow, left, right, on="id", how=how), sql(KINDS[how], left, right), ordered=False
    )


@pytest.mark.parametrize("how", ["inner", "left", "full", "anti"])
def test_many_rows(flow, how):
    rng = np.random.default_rng(3)
    left = pa.table({"id": rng.integers(0, 3000, 10_000), "a": rng.integers(0, 99, 10_000)})
    right = pa.table({"id": rng.integers(1500, 4500, 2_000), "b": rng.normal(size=2_000)})
    flow.same(
        join(flow, left, right, on="id", how=how), sql(KINDS[how], left, right), ordered=False
    )


def test_self_join(flow):
    people = pa.table(
        {"id": [1, 2, 3], "boss": pa.array([None, 1, 1], I64), "name": ["ann", "bob", "cy"]}
    )
    step = {"type": "join", "input": ["p", "p"], "left_on": "boss", "right_on": "id", "how": "left"}
    found = flow.table({"p": people}, step)
    flow.same(
        found,
        {
            "id": [1, 2, 3],
            "boss": pa.array([None, 1, 1], I64),
            "name": ["ann", "bob", "cy"],
            "boss_right": pa.array([None] * 3, I64),
            "name_right": [None, "ann", "ann"],
        },
        ordered=False,
    )


@pytest.mark.parametrize(
    "step",
    [
        {"how": "inner"},
        {"how": "outer?", "on": "id"},
        {"how": "cross", "on": "id"},
        {"on": "id", "left_on": "id"},
        {"left_on": ["id"], "right_on": ["id", "b"]},
        {"on": "id", "algorithm": "nested"},
        {"on": "id", "validate": "1:1"},
    ],
    ids=str,
)
def test_invalid_keys(flow, step):
    flow.invalid({"l": LEFT, "r": RIGHT}, {"type": "join", "input": ["l", "r"], **step})
