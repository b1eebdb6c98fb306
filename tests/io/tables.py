"""Random Arrow tables for hypothesis."""

from __future__ import annotations

import decimal

import pyarrow as pa
from hypothesis import strategies as st

TYPES = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float32(), pa.float64(), pa.bool_(), pa.large_string(), pa.large_binary()),
    *(pa.binary(3), pa.date32(), pa.decimal128(9, 2), pa.decimal128(38, 10)),
    *(pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("us", "UTC")),
    *(pa.timestamp("us", "Europe/Berlin"), pa.time32("ms"), pa.time64("us")),
    pa.list_(pa.int32()),
    pa.struct([("x", pa.int64()), ("y", pa.large_string())]),
    pa.map_(pa.large_string(), pa.int32()),
    pa.list_(pa.struct([("x", pa.float64())])),
]


def values(dtype):
    t = pa.types
    if t.is_integer(dtype):
        bits = dtype.bit_width
        if t.is_signed_integer(dtype):
            return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return st.integers(0, 2**bits - 1)
    if t.is_floating(dtype):
        return st.floats(width=dtype.bit_width, allow_nan=False)
    if t.is_boolean(dtype):
        return st.booleans()
    if t.is_large_string(dtype):
        return st.text(st.characters(codec="utf-8"), max_size=6)
    if t.is_fixed_size_binary(dtype):
        return st.binary(min_size=dtype.byte_width, max_size=dtype.byte_width)
    if t.is_large_binary(dtype):
        return st.binary(max_size=6)
    if t.is_date(dtype):
        return st.dates()
    if t.is_decimal(dtype):
        limit = 10**dtype.precision - 1
        digits = st.integers(-limit, limit)
        return digits.map(lambda n: decimal.Decimal(n).scaleb(-dtype.scale, decimal.Context(60)))
    if t.is_timestamp(dtype):
        return st.integers(-5 * 10**13, 5 * 10**13)  # years 385 to 3554 in ms
    if t.is_time(dtype):
        return st.integers(0, 86_399_000)
    if t.is_struct(dtype):
        parts = {f.name: st.none() | values(f.type) for f in dtype}
        return st.fixed_dictionaries(parts)
    if t.is_map(dtype):
        return st.dictionaries(
            values(dtype.key_type), st.none() | values(dtype.item_type), max_size=3
        ).map(lambda d: list(d.items()))
    return st.lists(st.none() | values(dtype.value_type), max_size=3)


@st.composite
def columns(draw, dtype, rows):
    items = draw(st.lists(st.none() | values(dtype), min_size=rows, max_size=rows))
    if pa.types.is_timestamp(dtype) or pa.types.is_time(dtype):
        width = pa.int32() if pa.types.is_time32(dtype) else pa.int64()
        return pa.array(items, width).cast(dtype)
    return pa.array(items, dtype)


@st.composite
def tables(draw, types=None, max_rows=12, max_columns=4):
    rows = draw(st.integers(0, max_rows))
    chosen = draw(st.lists(st.sampled_from(types or TYPES), min_size=1, max_size=max_columns))
    arrays = [draw(columns(dtype, rows)) for dtype in chosen]
    return pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])
