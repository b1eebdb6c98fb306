"""What is written comes back: values, types, order."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib.util
import io
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import parquetframe as pf

_spec = importlib.util.spec_from_file_location("io_tables", Path(__file__).with_name("tables.py"))
_tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_tables)
tables, TYPES = _tables.tables, _tables.TYPES

relaxed = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_same(found, expected):
    assert found.column_names == expected.column_names
    assert found.num_rows == expected.num_rows
    found.validate(full=True)
    for name in expected.column_names:
        a, b = found.column(name), expected.column(name)
        assert plain(a.type) == plain(b.type), name
        assert a.to_pylist() == b.to_pylist(), name


def plain(dtype):
    """The type without names of list items, and without nullability."""
    t = pa.types
    if t.is_list(dtype):
        return pa.list_(plain(dtype.value_type))
    if t.is_map(dtype):
        return pa.map_(plain(dtype.key_type), plain(dtype.item_type))
    if t.is_struct(dtype):
        return pa.struct([(f.name, plain(f.type)) for f in dtype])
    return dtype


@relaxed
@given(
    table=tables(),
    codec=st.sampled_from(["snappy", "zstd", "gzip", "lz4", "brotli", "none"]),
    group=st.sampled_from([1, 3, 1000]),
    page=st.sampled_from(["1.0", "2.0"]),
    dictionary=st.booleans(),
)
def test_reads_what_pyarrow_writes(backend, table, codec, group, page, dictionary):
    buffer = io.BytesIO()
    pq.write_table(
        table, buffer, compression=codec, row_group_size=group, data_page_version=page,
        use_dictionary=dictionary,
    )  # fmt: skip
    assert_same(pf.read_parquet(buffer.getvalue()), table)


@relaxed
@given(
    table=tables(),
    codec=st.sampled_from(["snappy", "zstd", "gzip", "lz4", "brotli", "none"]),
    group=st.sampled_from([1, 5, 1 << 20]),
)
def test_pyarrow_reads_what_we_write(backend, table, codec, group):
    buffer = io.BytesIO()
    report = pf.write_parquet(table, buffer, compression=codec, row_group_rows=group)
    assert report.rows == table.num_rows
    assert report.bytes == len(buffer.getvalue())
    assert_same(pq.read_table(io.BytesIO(buffer.getvalue())), table)
    file = pq.ParquetFile(io.BytesIO(buffer.getvalue()))
    assert all(
        file.metadata.row_group(i).num_rows <= group for i in range(file.metadata.num_row_groups)
    )


@relaxed
@given(table=tables(), rows=st.integers(1, 5))
def test_batches_join_to_the_table(backend, table, rows):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=4)
    found = list(pf.iter_batches(buffer.getvalue(), batch_rows=rows))
    assert all(0 < batch.num_rows <= rows for batch in found)
    if found:
        assert_same(pa.Table.from_batches(found), table)
    else:
        assert table.num_rows == 0


AVRO = [
    *(pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.large_string()),
    *(pa.large_binary(), pa.date32(), pa.decimal128(9, 2), pa.decimal128(38, 10)),
    *(pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC"), pa.timestamp("us")),
    *(pa.time32("ms"), pa.time64("us"), pa.list_(pa.int64())),
    pa.struct([("x", pa.int64()), ("y", pa.large_string())]),
]


@relaxed
@given(
    table=tables(AVRO),
    codec=st.sampled_from(["null", "deflate", "bzip2", "xz"]),
    block=st.sampled_from([1, 262_144]),
)
def test_avro_round_trip(backend, table, codec, block):
    buffer = io.BytesIO()
    report = pf.write_avro(table, buffer, codec=codec, block_bytes=block)
    assert report.rows == table.num_rows
    assert_same(pf.read_avro(buffer.getvalue()), table)
    import fastavro

    rows = list(fastavro.reader(io.BytesIO(buffer.getvalue())))
    assert len(rows) == table.num_rows


BIG = 2**53 + 1


def stored(table, **options):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def test_large_integers_with_nulls_stay_exact(backend):
    found = pf.read_parquet(stored(pa.table({"x": [BIG, None, -BIG, 2**63 - 1, -(2**63)]})))
    assert found["x"].to_pylist() == [BIG, None, -BIG, 2**63 - 1, -(2**63)]


def test_floats_keep_nan_and_the_sign_of_zero(backend):
    data = stored(pa.table({"x": [-0.0, 0.0, float("nan"), math.inf, -math.inf, 5e-324, None]}))
    found = pf.read_parquet(data)["x"].to_pylist()
    assert [math.copysign(1, v) for v in found[:2]] == [-1, 1]
    assert math.isnan(found[2])
    assert found[3:] == [math.inf, -math.inf, 5e-324, None]


def test_zones_stay(backend):
    dtype = pa.timestamp("us", "America/New_York")
    table = pa.table({"t": pa.array([0, None, 1_700_000_000_000_000], dtype)})
    found = pf.read_parquet(stored(table))
    assert found.schema.field("t").type == dtype
    assert found["t"].to_pylist() == table["t"].to_pylist()


def test_decimals_of_38_digits_stay_exact(backend):
    big = decimal.Decimal("9" * 28 + "." + "9" * 10)
    low = big.copy_negate()
    table = pa.table({"d": pa.array([big, None, low], pa.decimal128(38, 10))})
    assert pf.read_parquet(stored(table))["d"].to_pylist() == [big, None, low]


@pytest.mark.parametrize(
    ("flavour", "text", "binary"),
    [
        ("auto", pa.large_string(), pa.large_binary()),
        ("large", pa.large_string(), pa.large_binary()),
        ("utf8", pa.string(), pa.binary()),
        ("view", pa.string_view(), pa.binary_view()),
    ],
)
def test_string_type(backend, flavour, text, binary):
    data = stored(
        pa.table({"s": ["a", None, "long enough for no inline view"], "b": [b"", b"x", None]})
    )
    found = pf.read_parquet(data, string_type=flavour)
    assert found.schema.types == [text, binary]
    assert found["s"].to_pylist() == ["a", None, "long enough for no inline view"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_int96_unit(backend, unit):
    moment = dt.datetime(2020, 1, 2, 3, 4, 5)
    data = stored(pa.table({"t": [moment, None]}), use_deprecated_int96_timestamps=True)
    found = pf.read_parquet(data, int96_unit=unit)
    assert found.schema.field("t").type == pa.timestamp(unit)
    assert found["t"].cast(pa.timestamp("us")).to_pylist() == [moment, None]


def test_dictionary_columns(backend):
    data = stored(pa.table({"s": ["a", "b", None, "a"], "t": ["x", "y", "z", "x"]}))
    found = pf.read_parquet(data, dictionary_columns=["s"])
    assert pa.types.is_dictionary(found.schema.field("s").type)
    assert found.schema.field("t").type == pa.large_string()
    assert found["s"].to_pylist() == ["a", "b", None, "a"]


def test_dictionary_columns_must_exist_and_be_text(backend):
    data = stored(pa.table({"s": ["a"], "n": [1]}))
    with pytest.raises(pf.errors.SchemaError, match="'q'"):
        pf.read_parquet(data, dictionary_columns=["q"])
    with pytest.raises(pf.errors.SchemaError, match="not text"):
        pf.read_parquet(data, dictionary_columns=["n"])


def test_an_empty_file_keeps_its_schema(backend):
    table = pa.table({"a": pa.array([], pa.int16()), "b": pa.array([], pa.large_string())})
    found = pf.read_parquet(stored(table))
    assert found.schema.types == table.schema.types and found.num_rows == 0


def test_n_rows_and_row_groups(backend):
    data = stored(pa.table({"x": range(10)}), row_group_size=3)
    read = lambda **o: pf.read_parquet(data, **o)["x"].to_pylist()  # noqa: E731
    assert read(n_rows=4) == [0, 1, 2, 3]
    assert read(n_rows=0) == []
    assert read(n_rows=99) == list(range(10))
    assert read(row_groups=[2, 0]) == [6, 7, 8, 0, 1, 2]
    assert read(row_groups=[[1]]) == [3, 4, 5]
    assert read(row_groups=[1, 2], n_rows=4) == [3, 4, 5, 6]
    assert read(filters="x >= 5", n_rows=2) == [5, 6]
    assert read(row_groups=[]) == []
    with pytest.raises(ValueError, match="row group"):
        read(row_groups=[4])
