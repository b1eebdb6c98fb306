"""What is written comes back: values, types, order."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import math

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_tables import AVRO, FLAT, TYPES, array, assert_same, bits, relaxed, stored, tables
from hypothesis import given
from hypothesis import strategies as st

import parquetframe as pf

CODECS = ["snappy", "zstd", "gzip", "lz4", "brotli", "none"]
ENCODINGS = ["PLAIN", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
             "BYTE_STREAM_SPLIT"]  # fmt: skip


@relaxed
@given(
    table=tables(),
    codec=st.sampled_from(CODECS),
    group=st.sampled_from([1, 3, 1000]),
    page=st.sampled_from(["1.0", "2.0"]),
    page_bytes=st.sampled_from([1, 64, 1 << 20]),
    dictionary=st.booleans(),
    checksum=st.booleans(),
)
def test_reads_what_pyarrow_writes(
    backend, table, codec, group, page, page_bytes, dictionary, checksum
):
    data = stored(
        table, compression=codec, row_group_size=group, data_page_version=page,
        data_page_size=page_bytes, write_batch_size=2, use_dictionary=dictionary,
        write_page_checksum=checksum,
    )  # fmt: skip
    assert_same(pf.read_parquet(data), table)


def takes(dtype, encoding):
    """Whether pyarrow can write the type in the encoding."""
    try:
        encoded(pa.table({"c": array([], dtype)}), encoding)
    except (OSError, pa.ArrowException):
        return False
    return True


def encoded(table, encoding, **options):
    return stored(
        table, use_dictionary=False, column_encoding=dict.fromkeys(table.column_names, encoding),
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@relaxed
@given(data=st.data())
def test_reads_every_encoding(backend, encoding, data):
    # pyarrow itself cannot decode some dictionary columns that it encoded this way.
    able = [d for d in FLAT if takes(d, encoding) and not pa.types.is_dictionary(d)]
    assert len(able) > 2
    table = data.draw(tables(able, max_rows=300 if encoding.startswith("DELTA") else 12))
    version = data.draw(st.sampled_from(["1.0", "2.0"]))
    file = encoded(table, encoding, data_page_version=version, write_batch_size=100,
                   data_page_size=200)  # fmt: skip
    assert_same(pf.read_parquet(file), table)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_pyarrow_reads_each_type_that_we_write(backend, dtype):
    """Not left to chance: a type that comes back as another one is a changed value."""
    item = value_of(dtype)
    table = pa.table({"c": array([None, item, None, item], dtype)})
    buffer = io.BytesIO()
    pf.write_parquet(table, buffer)
    assert_same(pq.read_table(io.BytesIO(buffer.getvalue())), table)
    assert_same(pf.read_parquet(buffer.getvalue()), table)


def value_of(dtype):
    t = pa.types
    if t.is_struct(dtype):
        return {field.name: value_of(field.type) for field in dtype}
    if t.is_map(dtype):
        return [(value_of(dtype.key_type), value_of(dtype.item_type))]
    if t.is_nested(dtype) and not t.is_dictionary(dtype):
        return [value_of(dtype.value_type)] * 2
    if t.is_decimal(dtype):
        return decimal.Decimal("1.5")
    if t.is_boolean(dtype):
        return True
    if t.is_date(dtype):
        return dt.date(2020, 2, 29)
    if t.is_fixed_size_binary(dtype):
        return b"abc"
    if t.is_dictionary(dtype) or "string" in str(dtype):
        return "text"
    if "binary" in str(dtype):
        return b"bytes"
    return None if t.is_null(dtype) else 7


@relaxed
@given(table=tables(), codec=st.sampled_from(CODECS), group=st.sampled_from([1, 5, 1 << 20]))
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
    found = list(pf.iter_batches(stored(table, row_group_size=4), batch_rows=rows))
    assert all(0 < batch.num_rows <= rows for batch in found)
    if found:
        assert_same(pa.Table.from_batches(found), table)
    else:
        assert table.num_rows == 0


AVRO_CODECS = ["null", "deflate", "bzip2", "xz"]  # others need packages of their own in fastavro


@relaxed
@given(
    table=tables(AVRO),
    codec=st.sampled_from(AVRO_CODECS),
    block=st.sampled_from([1, 262_144]),
)
def test_avro_round_trip(backend, table, codec, block):
    buffer = io.BytesIO()
    report = pf.write_avro(table, buffer, codec=codec, block_bytes=block)
    assert report.rows == table.num_rows
    assert_same(pf.read_avro(buffer.getvalue()), table)
    rows = list(fastavro.reader(io.BytesIO(buffer.getvalue())))
    assert [bits(row) for row in rows] == [bits(row) for row in as_fastavro(table)]


def as_fastavro(table):
    """Rows as fastavro gives them: maps are dicts."""
    maps = {field.name for field in table.schema if pa.types.is_map(field.type)}
    for row in table.to_pylist():
        yield {k: dict(v) if k in maps and v is not None else v for k, v in row.items()}


@relaxed
@given(
    table=tables(AVRO),
    codec=st.sampled_from(AVRO_CODECS),
    interval=st.sampled_from([1, 16_000]),
)
def test_reads_what_fastavro_writes(backend, table, codec, interval):
    ours = io.BytesIO()
    pf.write_avro(table, ours, codec="null")
    schema = fastavro.reader(io.BytesIO(ours.getvalue())).writer_schema
    theirs = io.BytesIO()
    fastavro.writer(theirs, schema, as_fastavro(table), codec=codec, sync_interval=interval)
    assert_same(pf.read_avro(theirs.getvalue()), table)


BIG = 2**53 + 1


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
