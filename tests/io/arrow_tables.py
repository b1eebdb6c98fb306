"""Random Arrow tables for hypothesis, of every type that the formats hold, and their comparison."""

from __future__ import annotations

import decimal
import io
import math
import struct

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

relaxed = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

FLAT = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.large_string(), pa.string(), pa.string_view()),
    *(pa.large_binary(), pa.binary(), pa.binary_view(), pa.binary(3)),
    *(pa.date32(), pa.decimal128(5, 2), pa.decimal128(9, 2), pa.decimal128(18, 4)),
    *(pa.decimal128(38, 10), pa.decimal256(76, 20), pa.decimal32(9, 2), pa.decimal64(18, 2)),
    *(pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns")),
    *(pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/Berlin")),
    *(pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")),
    *(pa.duration("s"), pa.duration("ms"), pa.duration("us"), pa.duration("ns")),
    pa.dictionary(pa.int32(), pa.string()),
]
NESTED = [
    pa.list_(pa.int32()),
    pa.large_list(pa.string()),
    pa.list_(pa.int16(), 2),
    pa.struct([("x", pa.int64()), ("y", pa.large_string())]),
    pa.map_(pa.large_string(), pa.int32()),
    pa.list_(pa.struct([("x", pa.float64()), ("z", pa.timestamp("s"))])),
    pa.struct([("l", pa.list_(pa.decimal128(38, 3))), ("s", pa.struct([("b", pa.bool_())]))]),
]
TYPES = [*FLAT, *NESTED]

AVRO = [
    *(pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.large_string()),
    *(pa.large_binary(), pa.binary(5), pa.date32(), pa.decimal128(9, 2), pa.decimal128(38, 10)),
    *(pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC"), pa.timestamp("us")),
    *(pa.timestamp("ms"), pa.time32("ms"), pa.time64("us"), pa.list_(pa.int64())),
    pa.struct([("x", pa.int64()), ("y", pa.large_string())]),
    pa.map_(pa.large_string(), pa.float64()),
    pa.list_(pa.struct([("d", pa.decimal128(20, 5)), ("t", pa.timestamp("us", "UTC"))])),
]


def values(dtype):
    t = pa.types
    if t.is_null(dtype):
        return st.none()
    if t.is_dictionary(dtype):
        return values(dtype.value_type)
    if t.is_integer(dtype):
        bits = dtype.bit_width
        if t.is_signed_integer(dtype):
            return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return st.integers(0, 2**bits - 1)
    if t.is_floating(dtype):
        return st.floats(width=dtype.bit_width)
    if t.is_boolean(dtype):
        return st.booleans()
    if t.is_large_string(dtype) or t.is_string(dtype) or t.is_string_view(dtype):
        return st.text(st.characters(codec="utf-8"), max_size=20)
    if t.is_fixed_size_binary(dtype):
        return st.binary(min_size=dtype.byte_width, max_size=dtype.byte_width)
    if t.is_large_binary(dtype) or t.is_binary(dtype) or t.is_binary_view(dtype):
        return st.binary(max_size=20)
    if t.is_date(dtype):
        return st.dates()
    if t.is_decimal(dtype):
        limit = 10**dtype.precision - 1
        digits = st.integers(-limit, limit)
        return digits.map(lambda n: decimal.Decimal(n).scaleb(-dtype.scale, decimal.Context(99)))
    if t.is_timestamp(dtype):
        # Years 385 to 3554; Python's datetimes, in which they are compared, end at 9999.
        return st.integers(-5 * 10**10, 5 * 10**10).map(
            lambda n: n * (10**3 if _fine(dtype) else 1)
        )
    if t.is_time(dtype):
        return st.integers(0, 86_399)
    if t.is_duration(dtype):
        return st.integers(-(10**12), 10**12)
    if t.is_struct(dtype):
        parts = {f.name: st.none() | values(f.type) for f in dtype}
        return st.fixed_dictionaries(parts)
    if t.is_map(dtype):
        return st.dictionaries(
            values(dtype.key_type), st.none() | values(dtype.item_type), max_size=3
        ).map(lambda d: list(d.items()))
    size = {"max_size": 3}
    if t.is_fixed_size_list(dtype):
        size = {"min_size": dtype.list_size, "max_size": dtype.list_size}
    return st.lists(st.none() | values(dtype.value_type), **size)


def _fine(dtype):
    return dtype.unit != "s"


@st.composite
def columns(draw, dtype, rows):
    """Plain, all null, without nulls, or repetitive: each takes another way through an encoder."""
    kind = draw(st.sampled_from(["mixed", "full", "nulls", "few"]))
    some = st.none() if kind == "nulls" else values(dtype)
    if kind == "few":
        some = st.sampled_from(draw(st.lists(values(dtype), min_size=1, max_size=2)))
    items = st.lists(some if kind == "full" else st.none() | some, min_size=rows, max_size=rows)
    return array(draw(items), dtype)


def array(items, dtype):
    """An array, also of types that pyarrow does not make from Python's numbers."""
    t = pa.types
    if t.is_null(dtype):
        return pa.nulls(len(items))
    if t.is_dictionary(dtype):
        return pa.array(items, dtype.value_type).dictionary_encode()
    if t.is_timestamp(dtype) or t.is_time(dtype) or t.is_duration(dtype):
        width = pa.int32() if t.is_time32(dtype) else pa.int64()
        return pa.array(items, width).cast(dtype)
    return pa.array(items, dtype)


@st.composite
def tables(draw, types=None, max_rows=12, max_columns=4):
    rows = draw(st.integers(0, max_rows))
    chosen = draw(st.lists(st.sampled_from(types or TYPES), min_size=1, max_size=max_columns))
    arrays = [draw(columns(dtype, rows)) for dtype in chosen]
    return pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])


def stored(table, **options):
    """The bytes of a Parquet file by pyarrow."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def assert_same(found, expected):
    """Names, order, types up to layout, and values, each float to its bits."""
    assert found.column_names == expected.column_names
    assert found.num_rows == expected.num_rows
    found.validate(full=True)
    for name in expected.column_names:
        a, b = found.column(name), expected.column(name)
        assert plain(a.type) == plain(b.type), name
        unit = normal(b.type)
        assert bits(a.cast(unit).to_pylist()) == bits(b.cast(unit).to_pylist()), name


def bits(value):
    """A value that equals another one only if both are the same, NaN and -0.0 included."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    return value


def plain(dtype):
    """The type as both sides of a round trip have it: without the names of list items,
    nullability, the layout of text, and with milliseconds for the seconds that Parquet lacks."""
    t = pa.types
    if t.is_string(dtype) or t.is_string_view(dtype):
        return pa.large_string()
    if t.is_binary(dtype) or t.is_binary_view(dtype):
        return pa.large_binary()
    if t.is_timestamp(dtype) and dtype.unit == "s":
        return pa.timestamp("ms", dtype.tz)
    if dtype == pa.time32("s"):
        return pa.time32("ms")
    if t.is_list(dtype):
        return pa.list_(plain(dtype.value_type))
    if t.is_large_list(dtype):
        return pa.large_list(plain(dtype.value_type))
    if t.is_fixed_size_list(dtype):
        return pa.list_(plain(dtype.value_type), dtype.list_size)
    if t.is_map(dtype):
        return pa.map_(plain(dtype.key_type), plain(dtype.item_type))
    if t.is_struct(dtype):
        return pa.struct([(f.name, plain(f.type)) for f in dtype])
    if t.is_dictionary(dtype):
        return pa.dictionary(dtype.index_type, plain(dtype.value_type))
    return dtype


def normal(dtype):
    """The type in which values are compared: nanoseconds have no Python object of their own."""
    t = pa.types
    if (t.is_timestamp(dtype) or t.is_duration(dtype)) and not t.is_nested(dtype):
        return pa.int64() if dtype.unit == "ns" else plain(dtype)
    if dtype == pa.time64("ns"):
        return pa.int64()
    if t.is_float16(dtype):
        return pa.float32()
    return plain(dtype)
