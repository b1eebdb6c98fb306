"""Compact thrift as trees: Parquet's footer and page headers, read, changed and written again.

A struct is a list of ``[field id, type, value]``, a list is ``(type, values)``.
"""

from __future__ import annotations

import struct

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
NUMBERS = (I16, I32, I64)


def varint(number):
    """An unsigned number, seven bits a byte."""
    out = bytearray()
    while True:
        if number < 0x80:
            out.append(number)
            return bytes(out)
        out.append(number & 0x7F | 0x80)
        number >>= 7


def zigzag(number):
    """A signed 64-bit number, small ones in few bytes; Avro writes its numbers the same way."""
    return varint((number << 1 ^ number >> 63) & 0xFFFF_FFFF_FFFF_FFFF)


def read_varint(data, at):
    """The number at an offset, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def read_zigzag(data, at):
    """The signed number at an offset, and where it ends."""
    number, at = read_varint(data, at)
    return number >> 1 ^ -(number & 1), at


def read_struct(data, at=0):
    """The struct at an offset, and where it ends."""
    fields, last = [], 0
    while data[at]:
        kind, delta = data[at] & 0x0F, data[at] >> 4
        at += 1
        if delta:
            last += delta
        else:
            last, at = read_zigzag(data, at)
        if kind in (TRUE, FALSE):
            value = kind == TRUE
        else:
            value, at = _read_value(data, at, kind)
        fields.append([last, kind, value])
    return fields, at + 1


def _read_value(data, at, kind):
    if kind in (TRUE, FALSE, BYTE):
        return data[at], at + 1
    if kind in NUMBERS:
        return read_zigzag(data, at)
    if kind == DOUBLE:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == BINARY:
        length, at = read_varint(data, at)
        return data[at : at + length], at + length
    if kind in (LIST, SET):
        length, kind, at = data[at] >> 4, data[at] & 0x0F, at + 1
        if length == 15:
            length, at = read_varint(data, at)
        values = []
        for _ in range(length):
            value, at = _read_value(data, at, kind)
            values.append(value)
        return (kind, values), at
    if kind == STRUCT:
        return read_struct(data, at)
    raise ValueError(f"thrift type {kind}")


def write_struct(fields):
    """The bytes of a struct."""
    out, last = bytearray(), 0
    for number, kind, value in fields:
        if kind in (TRUE, FALSE):  # a boolean field has its value in its type
            kind = TRUE if value else FALSE  # noqa: PLW2901
        if 0 < number - last < 16:
            out.append(number - last << 4 | kind)
        else:
            out.append(kind)
            out += zigzag(number)
        last = number
        if kind not in (TRUE, FALSE):
            out += _write_value(kind, value)
    return bytes(out) + b"\0"


def _write_value(kind, value):
    if kind in (TRUE, FALSE, BYTE):
        return bytes([value])
    if kind in NUMBERS:
        return zigzag(value)
    if kind == DOUBLE:
        return struct.pack("<d", value)
    if kind == BINARY:
        return varint(len(value)) + value
    if kind in (LIST, SET):
        kind, values = value
        head = bytes([len(values) << 4 | kind]) if len(values) < 15 else bytes([0xF0 | kind])
        head += b"" if len(values) < 15 else varint(len(values))
        return head + b"".join(_write_value(kind, item) for item in values)
    return write_struct(value)


def numbers_in(fields):
    """Every place of a number: the container and the index in it."""
    for field in fields:
        _, kind, value = field
        if kind in NUMBERS:
            yield field, 2
        elif kind == STRUCT:
            yield from numbers_in(value)
        elif kind in (LIST, SET):
            item, values = value
            for index, inner in enumerate(values):
                if item in NUMBERS:
                    yield values, index
                elif item == STRUCT:
                    yield from numbers_in(inner)


def find(fields, *path):
    """The value under field ids (of structs) and indices (of lists), or ``None``."""
    value = fields
    for step in path:
        if isinstance(value, tuple):
            value = value[1][step]
        else:
            value = next((inner for number, _, inner in value if number == step), None)
        if value is None:
            return None
    return value
