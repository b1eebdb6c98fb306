"""pandas and polars results: the same values as pandas' own reader where those are exact."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf

BIG = 2**53 + 1


def stored(table, **options):
    buffer = io.BytesIO()
    if isinstance(table, pd.DataFrame):
        table.to_parquet(buffer)
    else:
        pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def frame(table, **options):
    return pf.read_parquet(stored(table), output="pandas", **options)


D = decimal.Decimal
TABLE = pa.table(
    {
        "i": [1, 2, 3],
        "n": [1, None, 3],
        "u": pa.array([1, 2, 3], pa.uint8()),
        "f": [1.5, None, float("nan")],
        "g": pa.array([1.5, None, 2.0], pa.float32()),
        "b": [True, False, True],
        "c": [True, None, False],
        "s": ["a", None, "ccc"],
        "y": [b"a", None, b"\xff"],
        "d": [dt.date(2020, 1, 1), None, dt.date(1969, 1, 1)],
        "t": pa.array([0, None, 10**15], pa.timestamp("us")),
        "m": pa.array([0, None, 10**12], pa.timestamp("ms")),
        "z": pa.array([0, None, 10**15], pa.timestamp("us", "Europe/Berlin")),
        "w": pa.array([0, None, 10**15], pa.timestamp("ns", "UTC")),
        "e": pa.array([D("1.10"), None, D("2.25")], pa.decimal128(9, 2)),
        "l": [[1, 2], None, []],
        "r": [{"x": 1}, None, {"x": 2}],
        "dur": pa.array([1, None, 3], pa.duration("us")),
        "k": pa.array(["a", None, "a"]).dictionary_encode(),
    }
)


def test_values_are_those_of_pandas(backend):
    ours, theirs = frame(TABLE), pd.read_parquet(io.BytesIO(stored(TABLE)))
    pd.testing.assert_frame_equal(ours, theirs)


def test_empty_tables(backend):
    ours = frame(TABLE.slice(0, 0))
    theirs = pd.read_parquet(io.BytesIO(stored(TABLE.slice(0, 0))))
    assert list(ours.columns) == list(theirs.columns)
    assert len(ours) == 0


def test_columns_are_writable(backend):
    ours = frame(TABLE)
    for block in ours._mgr.blocks:  # what the frame itself writes to
        values = getattr(block.values, "_ndarray", block.values)
        assert not isinstance(values, np.ndarray) or values.flags.writeable, block
    ours.loc[0, "i"] = 100
    ours.loc[0, "f"] = -1.0
    ours.loc[0, "t"] = pd.Timestamp("2000-01-01")
    ours.loc[0, "z"] = pd.Timestamp("2000-01-01", tz="Europe/Berlin")
    ours.loc[0, "s"] = "new"
    assert ours.iloc[0][["i", "f", "s"]].tolist() == [100, -1.0, "new"]


def test_columns_are_not_consolidated(backend):
    ours = frame(pa.table({"i": [1, 2, 3], "j": [4, 5, 6]}))
    assert len(ours._mgr.blocks) == 2


def test_integers_with_nulls_are_exact(backend):
    exact = frame(pa.table({"x": [2**53, None, -(2**60)]}))
    assert exact["x"].dtype == np.float64
    with pytest.warns(UserWarning, match="'x'"):
        masked = frame(pa.table({"x": [BIG, None, 1]}))
    assert masked["x"].dtype == pd.Int64Dtype()
    assert masked["x"].tolist() == [BIG, pd.NA, 1]
    with pytest.warns(UserWarning, match="'x'"):
        wide = frame(pa.table({"x": pa.array([2**64 - 1, None], pa.uint64())}))
    assert wide["x"].dtype == pd.UInt64Dtype() and wide["x"][0] == 2**64 - 1


def test_null_ints(backend):
    table = pa.table({"x": [BIG, None, 1]})
    assert frame(table, null_ints="masked")["x"].tolist() == [BIG, pd.NA, 1]
    floats = frame(table, null_ints="float64")["x"]
    assert floats.dtype == np.float64 and floats[0] == float(BIG)
    with pytest.raises(pf.errors.SchemaError, match="'x'"):
        frame(table, null_ints="error")
    assert frame(pa.table({"x": [1, 2]}), null_ints="error")["x"].tolist() == [1, 2]
    assert frame(pa.table({"x": [1, None]}), null_ints="masked")["x"].dtype == pd.Int64Dtype()


def test_warnings_go_to_the_report_too(backend):
    report = pf.ReadReport()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame(pa.table({"x": [BIG, None]}), report=report)
    assert "'x'" in report.warnings[0]


def test_dates(backend):
    table = pa.table({"d": [dt.date(2020, 1, 1), None]})
    assert frame(table)["d"].tolist() == [dt.date(2020, 1, 1), None]
    fast = frame(table, dates="datetime64")["d"]
    assert fast.dtype == np.dtype("M8[s]") and fast[0] == pd.Timestamp("2020-01-01")
    assert pd.isna(fast[1])
    buffer = io.BytesIO()
    pf.write_avro(table, buffer)
    assert pf.read_avro(buffer.getvalue(), output="pandas")["d"].dtype == np.dtype("M8[s]")
    assert pf.read_avro(buffer.getvalue(), output="pandas", dates="object")["d"].tolist()[
        0
    ] == dt.date(2020, 1, 1)


def test_decimals(backend):
    table = pa.table({"d": pa.array([D("1.10"), None], pa.decimal128(38, 2))})
    assert frame(table)["d"].tolist() == [D("1.10"), None]
    assert frame(table, decimals="arrow")["d"].dtype == pd.ArrowDtype(pa.decimal128(38, 2))
    assert frame(table, decimals="float64")["d"][0] == 1.1


def test_dtype_backends(backend):
    nullable = frame(TABLE.select(["i", "n", "f", "c", "s"]), dtype_backend="numpy_nullable")
    assert [str(t) for t in nullable.dtypes] == ["Int64", "Int64", "Float64", "boolean", "string"]
    arrow = frame(TABLE.select(["i", "n", "l", "d"]), dtype_backend="pyarrow")
    assert all(isinstance(t, pd.ArrowDtype) for t in arrow.dtypes)
    assert arrow["n"].tolist() == [1, pd.NA, 3]


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3), pd.RangeIndex(5, 11, 2, name="r"), pd.Index([3, 1, 2]),
        pd.Index(["a", "b", "c"], name="key"), pd.date_range("2020", periods=3, tz="UTC", name="at").as_unit("us"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_index_comes_back(backend, index, tmp_path):
    before = pd.DataFrame({"v": [1.0, 2.0, 3.0]}, index=index)
    after = pf.read_parquet(stored(before), output="pandas")
    pd.testing.assert_frame_equal(
        after, pd.read_parquet(io.BytesIO(stored(before))), check_freq=False
    )
    pf.write_parquet(before, tmp_path / "a.parquet")
    again = pf.read_parquet(tmp_path / "a.parquet", ["v"], output="pandas")
    pd.testing.assert_frame_equal(again, after, check_freq=False)


def test_a_filter_drops_a_range_index(backend):
    found = frame(pa.Table.from_pandas(pd.DataFrame({"v": [1, 2, 3]})), filters="v > 1")
    assert found.index.tolist() == [0, 1]


def test_labels_that_are_numbers_come_back(backend):
    before = pd.DataFrame({0: [1], 1: [2]})
    assert list(pf.read_parquet(stored(before.rename(columns=str)), output="pandas").columns) == [
        "0",
        "1",
    ]
    table = pa.Table.from_pandas(before)
    assert list(frame(table).columns) == [0, 1]


def test_categories(backend):
    ordered = pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), ["lo", "hi"], ordered=True)
    found = frame(pa.table({"c": ordered}))["c"]
    assert found.cat.ordered and list(found.cat.categories) == ["lo", "hi"]
    assert found.tolist()[:2] == ["hi", "lo"] and pd.isna(found[2])
    found = frame(pa.table({"s": ["a", "b", "a"]}), dictionary_columns=["s"])["s"]
    assert found.dtype.name == "category" and found.tolist() == ["a", "b", "a"]


def test_polars(backend):
    found = pf.read_parquet(stored(TABLE.drop(["dur", "k"])), output="polars")
    assert isinstance(found, pl.DataFrame)
    assert found["i"].to_list() == [1, 2, 3]
    assert found["s"].to_list() == ["a", None, "ccc"]
    assert found["z"].to_list() == TABLE["z"].to_pylist()


def test_polars_with_a_filter(backend):
    table = TABLE.select(["i", "s", "y", "l"])
    found = pf.read_parquet(stored(table), output="polars", filters="i + 0 > 1 AND s LIKE 'c%'")
    assert found.rows() == [(3, "ccc", b"\xff", [])]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_missing_package_names_the_extra(backend, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"parquetframe\[{package}\]"):
        pf.read_parquet(b"", output=package)


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("sign", ["int", "uint"])
def test_integers_of_every_width(backend, bits, sign):
    dtype = getattr(pa, f"{sign}{bits}")()
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "int" else (0, 2**bits - 1)
    some = pa.table({"x": pa.array([low, None, min(high, 2**53)], dtype)})
    floats = frame(some, null_ints="float64")["x"]
    assert floats.dtype == np.float64
    assert floats[0] == low and np.isnan(floats[1]) and floats[2] == min(high, 2**53)
    full = frame(pa.table({"x": pa.array([low, high], dtype)}))["x"]
    assert full.dtype == np.dtype(f"{sign}{bits}") and full.tolist() == [low, high]
    masked = frame(pa.table({"x": pa.array([low, None, high], dtype)}), null_ints="masked")["x"]
    assert masked.dtype.name == f"{'UI' if sign == 'uint' else 'I'}nt{bits}"
    assert masked.tolist()[0] == low and masked.tolist()[2] == high and masked.isna()[1]
