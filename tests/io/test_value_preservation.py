"""The values that other tools lose, in every kind of result and through both writers."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import math
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from arrow_tables import bits, stored

import parquetframe as pf

BIG = 2**53 + 1
DIGITS = decimal.Decimal("1234567890123456789012345678.0123456789")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MOMENT = dt.datetime(2024, 7, 1, 12, 30, 0, 123456, tzinfo=BERLIN)
COLUMNS = {
    "int": (pa.int64(), [BIG, None, -BIG, 2**63 - 1, -(2**63)]),
    "uint": (pa.uint64(), [BIG, None, 2**64 - 1, 0, 1]),
    "full": (pa.int64(), [BIG, BIG + 1, -BIG, 2**63 - 1, -(2**63)]),
    "float": (pa.float64(), [-0.0, None, math.nan, 5e-324, math.inf]),
    "text": (pa.large_string(), ["007", None, "", "NA", "nan"]),
    "decimal": (pa.decimal128(38, 10), [DIGITS, None, -DIGITS, decimal.Decimal(0), DIGITS]),
    "zone": (pa.timestamp("us", "Europe/Berlin"), [MOMENT, None, MOMENT, MOMENT, MOMENT]),
    "flag": (pa.bool_(), [True, None, False, True, False]),
}
TABLE = pa.table({name: pa.array(items, dtype) for name, (dtype, items) in COLUMNS.items()})


def by_parquet(table, **options):
    return pf.read_parquet(stored(table), **options)


def by_our_parquet(table, **options):
    buffer = io.BytesIO()
    pf.write_parquet(table, buffer)
    return pf.read_parquet(buffer.getvalue(), **options)


def by_avro(table, **options):
    buffer = io.BytesIO()
    pf.write_avro(table, buffer)
    return pf.read_avro(buffer.getvalue(), **options)


every_way = pytest.mark.parametrize("way", [by_parquet, by_our_parquet, by_avro])
every_column = pytest.mark.parametrize("name", COLUMNS)


def one(name, way):
    """One column; Avro's integers end at 63 bits and its instants have no zone of their own."""
    if way is by_avro and name == "uint":
        pytest.skip("Avro holds no 64-bit integers without a sign")
    return TABLE.select([name])


@every_way
@every_column
def test_table(backend, way, name):
    found = way(one(name, way))
    expected = TABLE[name]
    if way is by_avro and name == "zone":
        assert found.schema.field(name).type == pa.timestamp("us", "UTC")
        expected = expected.cast(pa.timestamp("us", "UTC"))
    assert found.schema.field(name).type == expected.type
    assert bits(found[name].to_pylist()) == bits(expected.to_pylist())


@every_way
@every_column
@pytest.mark.filterwarnings("ignore:column:UserWarning")
@pytest.mark.parametrize("dtype_backend", [None, "numpy_nullable", "pyarrow"])
def test_pandas(backend, way, name, dtype_backend):
    column = way(one(name, way), output="pandas", dtype_backend=dtype_backend)[name]
    found = [None if item is pd.NaT or item is pd.NA else item for item in column.tolist()]
    expected = list(COLUMNS[name][1])
    if name == "float":
        if dtype_backend is None:  # where NaN is the only null there is
            expected[1] = math.nan
        elif dtype_backend == "numpy_nullable":
            found[2] = math.nan if found[2] is None else found[2]
        assert math.copysign(1, found[0]) == -1
    if name == "zone":
        assert str(column.dt.tz) == ("UTC" if way is by_avro else "Europe/Berlin")
        found = [None if item is None else item.to_pydatetime() for item in found]
    if dtype_backend is None and name == "text":
        found = [None if isinstance(item, float) else item for item in found]
    same = [a == b if b is not None and b == b else bits(a) == bits(b)
            for a, b in zip(found, expected, strict=True)]  # fmt: skip
    assert all(same), (found, expected)


@every_way
@every_column
def test_polars(backend, way, name):
    column = way(one(name, way), output="polars")[name]
    expected = list(COLUMNS[name][1])
    if name == "zone":
        assert column.dtype == pl.Datetime("us", "UTC" if way is by_avro else "Europe/Berlin")
    found = column.to_list()
    same = [a == b if b is not None and b == b else bits(a) == bits(b)
            for a, b in zip(found, expected, strict=True)]  # fmt: skip
    assert all(same), (found, expected)
    if name == "float":
        assert math.copysign(1, found[0]) == -1


@every_way
@every_column
def test_pieces(backend, way, name, tmp_path):
    table = one(name, way)
    path = tmp_path / ("a.avro" if way is by_avro else "a.parquet")
    (pf.write_avro if way is by_avro else pf.write_parquet)(table, path)
    found = [v for batch in pf.iter_batches(path, batch_rows=2) for v in batch[name].to_pylist()]
    expected = COLUMNS[name][1]
    same = [a == b if b is not None and b == b else bits(a) == bits(b)
            for a, b in zip(found, expected, strict=True)]  # fmt: skip
    assert all(same), (found, expected)


def test_exact_floats_are_used_only_where_they_are_exact(backend):
    small = pa.table({"x": pa.array([1, None, 2**53], pa.int64())})
    frame = by_parquet(small, output="pandas")
    assert frame["x"].dtype == np.float64 and frame["x"][2] == 2.0**53
    with pytest.warns(UserWarning, match="'x'"):
        frame = by_parquet(pa.table({"x": pa.array([1, None, BIG])}), output="pandas")
    assert frame["x"].dtype == pd.Int64Dtype() and frame["x"][2] == BIG
    floats = by_parquet(pa.table({"x": [1, None, BIG]}), output="pandas", null_ints="float64")
    assert floats["x"][2] == float(BIG)  # a loss that was asked for by name
    with pytest.raises(pf.errors.ParquetFrameError, match="'x'"):
        by_parquet(pa.table({"x": [1, None, BIG]}), output="pandas", null_ints="error")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_zones_stay_in_every_unit(backend, unit):
    table = pa.table({"t": pa.array([0, None, 1_700_000_000], pa.timestamp(unit, "Asia/Tokyo"))})
    for way in (by_parquet, by_our_parquet):
        dtype = way(table).schema.field("t").type
        assert dtype.tz == "Asia/Tokyo", way
        assert dtype.unit == ("ms" if unit == "s" else unit)
