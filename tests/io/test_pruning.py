"""Statistics, page index, bloom filters and folders leave work out, never rows."""

from __future__ import annotations

import datetime as dt
import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_tables import relaxed, stored
from hypothesis import given
from hypothesis import strategies as st

import parquetframe as pf

DAY = dt.date(2020, 1, 1)
NOON = dt.datetime(2020, 1, 1, 12)
# type: values near each other, so that bounds are often met exactly
KINDS = {
    "int64": (pa.int64(), st.integers(-3, 3)),
    "int8": (pa.int8(), st.sampled_from([-128, -1, 0, 127])),
    "uint64": (pa.uint64(), st.sampled_from([0, 1, 2**63, 2**64 - 1])),
    "float64": (pa.float64(), st.sampled_from([-1.5, -0.0, 0.0, 2.5, float("nan"), float("inf")])),
    "float32": (pa.float32(), st.sampled_from([-1.5, -0.0, 0.0, 2.5, float("nan")])),
    "text": (pa.large_string(), st.sampled_from(["", "a", "ab", "b", "é", "a" * 70, "a" * 69 + "b"])),
    "bool": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), st.integers(-2, 2).map(lambda n: DAY + dt.timedelta(n))),
    "timestamp": (pa.timestamp("us"), st.integers(-2, 2).map(lambda n: NOON + dt.timedelta(hours=n))),
    "zoned": (
        pa.timestamp("us", "UTC"),
        st.integers(-2, 2).map(lambda n: (NOON + dt.timedelta(hours=n)).replace(tzinfo=dt.UTC)),
    ),
    "decimal": (pa.decimal128(20, 2), st.integers(-2, 2).map(lambda n: decimal.Decimal(n) / 4)),
}  # fmt: skip
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"]


def literal(draw, operator, dtype_values):
    if operator.startswith("is"):
        return None
    if operator.endswith("in"):
        return draw(st.lists(dtype_values, min_size=1, max_size=3))
    return draw(dtype_values)


def written(table, how, group):
    """The file by pyarrow or by us, with all that a reader can prune by."""
    if how == "pyarrow":
        return stored(table, row_group_size=group, write_page_index=True, data_page_size=1,
                      write_batch_size=2)  # fmt: skip
    buffer = io.BytesIO()
    bloom = [name for name in table.column_names if not pa.types.is_boolean(table[name].type)]
    pf.write_parquet(table, buffer, row_group_rows=group, bloom=bloom, page_bytes=1024)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["pyarrow", "ours"])
@relaxed
@given(data=st.data())
def test_pruned_is_unpruned(backend, kind, how, data):
    dtype, some = KINDS[kind]
    items = data.draw(st.lists(st.none() | some, max_size=24))
    operator = data.draw(st.sampled_from(OPERATORS))
    bound = literal(data.draw, operator, some)
    table = pa.table({"x": pa.array(items, dtype), "row": range(len(items))})
    if how == "ours" and backend == "python":
        how = "pyarrow"  # pyarrow's writer knows no bloom filters
    condition = [("x", operator, bound)]
    # One row group without statistics: nothing can be left out.
    bare = stored(table, write_statistics=False)
    whole = pf.read_parquet(bare, filters=condition)["row"].to_pylist()
    pruned = pf.read_parquet(written(table, how, data.draw(st.integers(1, 8))), filters=condition)
    assert pruned["row"].to_pylist() == whole
    n = data.draw(st.integers(0, 5))
    first = pf.read_parquet(bare, filters=condition, n_rows=n)["row"].to_pylist()
    assert first == whole[:n]


@relaxed
@given(
    a=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=20),
    group=st.integers(1, 6),
    limits=st.lists(st.integers(-1, 4), min_size=3, max_size=3),
    shape=st.sampled_from(
        ["a > {} AND b < {} OR a = {}", "NOT (a > {} OR b = {}) AND b <> {}",
         "(a = {} OR a IS NULL) AND NOT b > {} AND a <> {}", "a BETWEEN {} AND {} OR b IN ({})",
         "NOT (a = {} AND b = {}) AND a IS NOT NULL OR b < {}"],
    ),
)  # fmt: skip
def test_combined_conditions(backend, a, group, limits, shape):
    table = pa.table({"a": pa.array(a, pa.int64()), "b": a[::-1], "row": range(len(a))})
    table = table.set_column(1, "b", pa.array(a[::-1], pa.int64()))
    condition = shape.format(*limits)
    whole = pf.read_parquet(stored(table, write_statistics=False), filters=condition)
    pruned = pf.read_parquet(written(table, "ours", group), filters=condition)
    assert pruned["row"].to_pylist() == whole["row"].to_pylist()
    pieces = pf.iter_batches(written(table, "pyarrow", group), filters=condition, batch_rows=3)
    rows = [row for batch in pieces for row in batch["row"].to_pylist()]
    assert rows == whole["row"].to_pylist()


def test_wrong_bounds_of_other_writers_are_not_trusted(backend):
    """Text that was cut, all-null groups and NaN: bounds that say less than they seem to."""
    table = pa.table(
        {
            "s": ["a" * 100, "a" * 100 + "b", None, None],
            "f": [float("nan"), 1.0, float("nan"), float("nan")],
            "row": range(4),
        }
    )
    for group in (1, 2, 4):
        data = written(table, "ours", group)
        read = lambda c, data=data: pf.read_parquet(data, filters=c)["row"].to_pylist()  # noqa: E731
        assert read(f"s > '{'a' * 100}'") == [1]
        assert read(f"s = '{'a' * 100}'") == [0]
        assert read("s IS NULL") == [2, 3]
        assert read("f > 1") == [0, 2, 3]  # NaN is the largest number
        assert read("f < 2") == [1]


def test_bloom_filters_leave_out_no_row_that_is_there(backend):
    """Values between the bounds that are not there: only the bloom filter knows."""
    if backend == "python":
        pytest.skip("pyarrow's reader knows no bloom filters")
    table = pa.table(
        {"x": [k * 2 for k in range(1000)], "s": [f"s{k * 2:04}" for k in range(1000)]}
    )
    buffer = io.BytesIO()
    pf.write_parquet(table, buffer, row_group_rows=100, bloom={"x": 1e-6, "s": 1e-6})
    assert pq.ParquetFile(io.BytesIO(buffer.getvalue())).metadata.num_row_groups == 10
    for condition in ("x = 1001", "s = 's1001'", "x IN (1001, 3)"):
        assert pf.read_parquet(buffer.getvalue(), filters=condition).num_rows == 0
    assert pf.read_parquet(buffer.getvalue(), filters="x = 1000").num_rows == 1
    assert pf.read_parquet(buffer.getvalue(), filters="s IN ('s1000', 's0001')").num_rows == 1
