"""Several files, one schema: which casts lose nothing, and how a file's table becomes the result's.

Text and binary columns differ in layout only (32-bit, 64-bit offsets, views), so those convert
without being asked for.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError
from parquetframe.types import format_type
from parquetframe.workflow._python import arrow_types

__all__ = ["convert", "family", "is_lossless", "is_same", "wide_text"]

_UNITS = ("s", "ms", "us", "ns")
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def family(dtype: pa.DataType) -> str:
    """As the expressions' families, with binary views among ``binary``."""
    return "binary" if pa.types.is_binary_view(dtype) else arrow_types.family(dtype)


def is_same(a: pa.DataType, b: pa.DataType) -> bool:
    """Whether two types hold the same values, whatever their layout."""
    t = pa.types
    if a == b:
        return True
    if t.is_dictionary(a) and t.is_dictionary(b):
        return is_same(a.value_type, b.value_type)
    kinds = family(a), family(b)
    if kinds[0] == kinds[1] and kinds[0] in {"text", "binary"}:
        return bool(t.is_fixed_size_binary(a) == t.is_fixed_size_binary(b))
    return _nested(a, b, is_same)


def is_lossless(source: pa.DataType, target: pa.DataType) -> bool:
    """Whether every value of ``source`` has exactly one value of ``target`` that equals it."""
    t = pa.types
    if is_same(source, target) or t.is_null(source):
        return True
    if t.is_dictionary(source):
        return is_lossless(source.value_type, target)
    if t.is_integer(source):
        return _integer_fits(source, target)
    if t.is_floating(source):
        return bool(t.is_floating(target) and target.bit_width >= source.bit_width)
    if t.is_decimal(source):
        whole = source.precision - source.scale, _whole(target)
        return whole[1] >= whole[0] and bool(target.scale >= source.scale)
    if t.is_date(source):
        return (t.is_timestamp(target) and target.tz is None) or t.is_date64(target)
    if t.is_timestamp(source):
        return t.is_timestamp(target) and source.tz == target.tz and _finer(source, target)
    if t.is_duration(source):
        return bool(t.is_duration(target)) and _finer(source, target)
    if t.is_time(source):
        return bool(t.is_time(target)) and _finer(source, target)
    if t.is_fixed_size_binary(source):
        return family(target) == "binary" and not t.is_fixed_size_binary(target)
    return _nested(source, target, is_lossless)


def convert(column: pa.ChunkedArray, field: pa.Field, rule: str, where: str) -> pa.ChunkedArray:
    """A file's column as the type of the result.

    Args:
        column: The values.
        field: Name and type of the result's column.
        rule: ``"error"`` allows other layouts only, ``"widen"`` lossless casts too.
        where: The file, for errors.

    Raises:
        SchemaError: The types differ, the cast could lose something, or a value does not fit.
    """
    source, target = column.type, field.type
    if source == target:
        return column
    same = is_same(source, target)
    if not same and (rule != "widen" or not is_lossless(source, target)):
        names = format_type(source), format_type(target)
        hint = (
            'cast="widen" converts it without loss'
            if rule != "widen" and is_lossless(source, target)
            else "that cast could change values; read the files apart, or give schema="
        )
        raise SchemaError(
            f"column '{field.name}' is {names[0]} in {where}, not {names[1]}",
            column=field.name, path=where, hint=hint,
        )  # fmt: skip
    try:
        return pc.cast(column, target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        text = str(error).splitlines()[0]
        raise SchemaError(
            f"column '{field.name}' of {where} does not fit {format_type(target)}: {text}",
            column=field.name, path=where,
        ) from error  # fmt: skip


def wide_text(dtype: pa.DataType, flavour: str) -> pa.DataType:
    """The type with its text and binary parts in one layout: ``large``, ``view`` or ``utf8``."""
    t = pa.types
    kind = family(dtype)
    if kind == "text":
        return {"large": pa.large_string(), "view": pa.string_view(), "utf8": pa.string()}[flavour]
    if kind == "binary" and not t.is_fixed_size_binary(dtype):
        layouts = {"large": pa.large_binary(), "view": pa.binary_view(), "utf8": pa.binary()}
        return layouts[flavour]
    if t.is_struct(dtype):
        return pa.struct([f.with_type(wide_text(f.type, flavour)) for f in dtype])
    if t.is_map(dtype):
        key, item = dtype.key_field, dtype.item_field
        return pa.map_(
            key.with_type(wide_text(key.type, flavour)),
            item.with_type(wide_text(item.type, flavour)),
            dtype.keys_sorted,
        )
    if t.is_fixed_size_list(dtype):
        inner = dtype.value_field
        return pa.list_(inner.with_type(wide_text(inner.type, flavour)), dtype.list_size)
    if t.is_list(dtype) or t.is_large_list(dtype):
        inner = dtype.value_field
        make = pa.list_ if t.is_list(dtype) else pa.large_list
        return make(inner.with_type(wide_text(inner.type, flavour)))
    return dtype


def _nested(a: pa.DataType, b: pa.DataType, rule: Any) -> bool:
    t = pa.types
    if t.is_struct(a) and t.is_struct(b):
        names = [f.name for f in a], [f.name for f in b]
        return names[0] == names[1] and all(rule(x.type, y.type) for x, y in zip(a, b, strict=True))
    lists = (t.is_list, t.is_large_list)
    if any(is_kind(a) for is_kind in lists) and any(is_kind(b) for is_kind in lists):
        return bool(rule(a.value_type, b.value_type))
    if t.is_fixed_size_list(a) and t.is_fixed_size_list(b):
        return a.list_size == b.list_size and bool(rule(a.value_type, b.value_type))
    if t.is_map(a) and t.is_map(b):
        return bool(rule(a.key_type, b.key_type) and rule(a.item_type, b.item_type))
    return False


def _integer_fits(source: pa.DataType, target: pa.DataType) -> bool:
    t = pa.types
    signed = t.is_signed_integer(source)
    if t.is_integer(target):
        if t.is_signed_integer(target) == signed:
            return bool(target.bit_width >= source.bit_width)
        return not signed and bool(target.bit_width > source.bit_width)
    if t.is_floating(target):
        exact = {16: 11, 32: 24, 64: 53}[target.bit_width]
        return bool(source.bit_width - int(signed) <= exact)
    return t.is_decimal(target) and _whole(target) >= _DIGITS[source.bit_width]


def _whole(dtype: pa.DataType) -> int:
    return int(dtype.precision - dtype.scale) if pa.types.is_decimal(dtype) else -1


def _finer(source: pa.DataType, target: pa.DataType) -> bool:
    return _UNITS.index(target.unit) >= _UNITS.index(source.unit)
