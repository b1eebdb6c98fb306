"""Files below 64 KB, written by hand, that claim far more than any memory holds.

Every builder takes the number it multiplies, so that its honest twin, the same file with a small
number, shows that the file is well formed and is refused for its size alone.
"""

from __future__ import annotations

import itertools
import json
import struct

from corruption.thrift import BINARY, I32, I64, LIST, STRUCT, varint, write_struct, zigzag

INT64, BYTE_ARRAY, FIXED = 2, 6, 7
PLAIN, RLE, DELTA_BINARY, DELTA_LENGTHS, DELTA_BYTES, RLE_DICTIONARY = 0, 3, 5, 6, 7, 8
NONE, ZSTD = 0, 6
REQUIRED, OPTIONAL = 0, 1
MANY = 2**31 - 1  # as much as a page's count can say
FEW = 129  # a first value and one full block of deltas
MAX_BYTES = 64 << 10


def _page(body, count, encoding, *, claimed=None):
    size = len(body) if claimed is None else claimed
    data = [[1, I32, count], [2, I32, encoding], [3, I32, RLE], [4, I32, RLE]]
    return (
        write_struct([[1, I32, 0], [2, I32, size], [3, I32, len(body)], [5, STRUCT, data]]) + body
    )


def _dictionary(body, count):
    head = [[1, I32, count], [2, I32, PLAIN]]
    size = len(body)
    return write_struct([[1, I32, 2], [2, I32, size], [3, I32, size], [7, STRUCT, head]]) + body


def _run(count, value):
    """Levels or indices of one byte, all the same."""
    return varint(count << 1) + bytes([value])


def _levels(count, value):
    runs = _run(count, value)
    return struct.pack("<I", len(runs)) + runs


def _parquet(
    element, chunk, rows, *, groups=1, columns=1, codec=NONE, encodings=(PLAIN, RLE), nested=False
):
    """One chunk of bytes, `(dictionary page, data pages)`, claimed by every column of every group.

    With `nested` the columns lie in an optional struct, one level deeper than they say.
    """
    dictionary, data = chunk
    meta = [
        [1, I32, element[0][2]],
        [2, LIST, (I32, list(encodings))],
        [3, LIST, (BINARY, [b"c"])],
        [4, I32, codec],
        [5, I64, rows],
        [6, I64, len(dictionary + data)],
        [7, I64, len(dictionary + data)],
        [9, I64, 4 + len(dictionary)],
    ]
    if dictionary:
        meta.append([11, I64, 4])
    names = [b"c"] if columns == 1 else [f"c{n}".encode() for n in range(columns)]
    schema = [[[4, BINARY, b"root"], [5, I32, 1 if nested else columns]]]
    if nested:
        schema += [[[3, I32, OPTIONAL], [4, BINARY, b"s"], [5, I32, columns]]]
    schema += [[*element, [4, BINARY, name], *_text(element)] for name in names]
    paths = [[b"s", name] if nested else [name] for name in names]
    chunks = [
        [[2, I64, 4], [3, STRUCT, [*meta[:2], [3, LIST, (BINARY, path)], *meta[3:]]]]
        for path in paths
    ]
    total = columns * len(dictionary + data)
    group = [[1, LIST, (STRUCT, chunks)], [2, I64, total], [3, I64, rows]]
    footer = write_struct(
        [
            [1, I32, 2],
            [2, LIST, (STRUCT, schema)],
            [3, I64, rows * groups],
            [4, LIST, (STRUCT, [group] * groups)],
        ]
    )
    body = b"PAR1" + dictionary + data
    return body + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _text(element):
    return [[6, I32, 0]] if element[0][2] == BYTE_ARRAY else []


def _element(kind, repetition, length=None):
    """A leaf of the schema without its name; fields stand in order of their ids."""
    width = [] if length is None else [[2, I32, length]]
    return [[1, I32, kind], *width, [3, I32, repetition]]


def shared_ranges(n):
    """Row groups and columns that all claim the same page of nulls."""
    many = min(n, 400)
    page = _page(_levels(n, 0), n, PLAIN)
    return _parquet(_element(INT64, OPTIONAL), (b"", page), n, groups=many, columns=2)


def dictionary_text(n):
    """One long text, referenced by a single run."""
    text = b"x" * 30_000
    data = _page(b"\1" + _run(n, 0), n, RLE_DICTIONARY)
    chunk = _dictionary(struct.pack("<I", len(text)) + text, 1), data
    return _parquet(_element(BYTE_ARRAY, REQUIRED), chunk, n, encodings=(PLAIN, RLE_DICTIONARY))


def dictionary_pages(n):
    """The same, in pages that are small each: only their sum is too much."""
    text, per_page = b"x" * 20_000, min(n, 4_000)
    page = _page(b"\1" + _run(per_page, 0), per_page, RLE_DICTIONARY)
    pages = max(1, min(n // per_page, 800))
    chunk = _dictionary(struct.pack("<I", len(text)) + text, 1), page * pages
    rows = per_page * pages
    return _parquet(_element(BYTE_ARRAY, REQUIRED), chunk, rows, encodings=(PLAIN, RLE_DICTIONARY))


def wide_nulls(n):
    """Nulls of a fixed-width type whose single value takes a megabyte."""
    page = _page(_levels(n, 0), n, PLAIN)
    return _parquet(_element(FIXED, OPTIONAL, 1 << 20), (b"", page), n)


def many_columns_of_nulls(n):
    """Hundreds of columns of nulls in the same bytes."""
    page = _page(_levels(n, 0), n, PLAIN)
    return _parquet(_element(INT64, OPTIONAL), (b"", page), n, columns=min(n, 700))


def constant_deltas(n):
    """Equal deltas take no bits at all; the page's own count says how many there are."""
    blocks = max(1, -(-(n - 1) // 128))
    head = varint(128) + varint(4) + varint(n) + zigzag(1)
    body = head + (zigzag(1) + bytes(4)) * min(blocks, 1_000)
    return _parquet(
        _element(INT64, REQUIRED), (b"", _page(body, n, DELTA_BINARY)), n, encodings=(DELTA_BINARY,)
    )


def repeated_prefix(n):
    """Each text is the whole of the one before: prefix lengths 0, L, L, ..., suffixes L, 0, 0, ..."""
    first = b"x" * 30_000
    steps = min(n, 128 * 200 + 1) - 1  # as many as there are blocks for
    head = varint(128) + varint(4) + varint(n)
    prefixes = head + zigzag(0) + _one_step(len(first), steps)
    suffixes = head + zigzag(len(first)) + _one_step(-len(first), steps)
    page = _page(prefixes + suffixes + first, n, DELTA_BYTES)
    return _parquet(_element(BYTE_ARRAY, REQUIRED), (b"", page), n, encodings=(DELTA_BYTES,))


def _one_step(step, count):
    """Full blocks of deltas: the first delta is `step`, all others are 0."""
    least = min(step, 0)
    width = abs(step).bit_length()
    used = bytes([width] * 4) if least else bytes([width, 0, 0, 0])  # distances from the least
    values = [step - least] + [-least] * (127 if least else 31)
    block = zigzag(least) + used + _packed(values, width)
    return block + (zigzag(0) + bytes(4)) * (count // 128 - 1)


def _packed(values, width):
    number = 0
    for index, value in enumerate(values):
        number |= value << index * width
    return number.to_bytes(len(values) * width // 8, "little")


def zstd_zeros(megabytes):
    """A frame of zeros: four bytes for every 128 KiB."""
    frame = b"\x28\xb5\x2f\xfd\x00\x38"  # no content size, a window of 128 KiB
    blocks = megabytes * 8
    for index in range(blocks):
        frame += ((1 << 17) << 3 | 1 << 1 | (index == blocks - 1)).to_bytes(3, "little") + b"\0"
    return frame


def compressed_zeros(n):
    """A page whose header tells the truth about its size, in a chunk that many groups share."""
    megabytes = 1 if n < 1_000 else 1_024
    rows, groups = megabytes << 17, 1 if n < 1_000 else 200
    page = _page(zstd_zeros(megabytes), rows, PLAIN, claimed=megabytes << 20)
    return _parquet(_element(INT64, REQUIRED), (b"", page), rows, groups=groups, codec=ZSTD)


def short_claim(n):
    """A page that claims to be small and inflates to a gigabyte and more."""
    megabytes = 1 if n < 1_000 else 1_800
    rows = 1 << 17
    page = _page(zstd_zeros(megabytes), rows, PLAIN, claimed=1 << 20)
    return _parquet(_element(INT64, REQUIRED), (b"", page), rows, codec=ZSTD)


def nested_lengths(n):
    """Delta-encoded lengths in a struct: their header claims them by the trillion."""
    page = _page(_levels(FEW, 1) + _ones(n) + b"x" * FEW, FEW, DELTA_LENGTHS)
    element = _element(BYTE_ARRAY, REQUIRED)
    return _parquet(element, (b"", page), FEW, encodings=(DELTA_LENGTHS,), nested=True)


def nested_suffixes(n):
    """The same where prefixes are honest, and only the suffixes are not."""
    prefixes = varint(128) + varint(4) + varint(FEW) + zigzag(0) + zigzag(0) + bytes(4)
    page = _page(_levels(FEW, 1) + prefixes + _ones(n) + b"x" * FEW, FEW, DELTA_BYTES)
    element = _element(BYTE_ARRAY, REQUIRED)
    return _parquet(element, (b"", page), FEW, encodings=(DELTA_BYTES,), nested=True)


def _ones(n):
    """Lengths that are all 1: as many as a page has, however many there should be."""
    claimed = n if n < 1_000 else n << 20
    return varint(128) + varint(4) + varint(claimed) + zigzag(1) + zigzag(0) + bytes(4)


def nested_dictionary(n):
    """A dictionary in a struct that claims more values than it has bytes."""
    data = _page(_levels(FEW, 1) + b"\1" + _run(FEW, 0), FEW, RLE_DICTIONARY)
    chunk = _dictionary(bytes(8 * FEW), n), data
    element = _element(INT64, REQUIRED)
    return _parquet(element, chunk, FEW, encodings=(PLAIN, RLE_DICTIONARY), nested=True)


def nested_text(n):
    """One long text of a struct, referenced by a single run."""
    text, rows = b"x" * 20_000, min(n, 3_200_000)
    data = _page(_levels(rows, 1) + b"\1" + _run(rows, 0), rows, RLE_DICTIONARY)
    chunk = _dictionary(struct.pack("<I", len(text)) + text, 1), data
    element = _element(BYTE_ARRAY, REQUIRED)
    return _parquet(element, chunk, rows, encodings=(PLAIN, RLE_DICTIONARY), nested=True)


PARQUET_BOMBS = (
    shared_ranges,
    dictionary_text,
    dictionary_pages,
    wide_nulls,
    many_columns_of_nulls,
    constant_deltas,
    repeated_prefix,
    compressed_zeros,
    short_claim,
    nested_lengths,
    nested_suffixes,
    nested_dictionary,
    nested_text,
)


def _avro(schema, blocks, codec="null"):
    text = json.dumps(schema) if not isinstance(schema, str) else schema
    pairs = {"avro.schema": text.encode(), "avro.codec": codec.encode()}
    meta = b"".join(
        zigzag(len(item)) + item
        for item in itertools.chain.from_iterable((k.encode(), v) for k, v in pairs.items())
    )
    marker = bytes(range(16))
    out = b"Obj\x01" + zigzag(len(pairs)) + meta + b"\0" + marker
    for count, body in blocks:
        out += zigzag(count) + zigzag(len(body)) + body + marker
    return out


def _record(kind):
    return {"type": "record", "name": "r", "fields": [{"name": "c", "type": kind}]}


def array_of_nulls(n):
    """Items without a byte: the array's count alone makes them."""
    count = n if n < 1_000 else 2**60
    return _avro(_record({"type": "array", "items": "null"}), [(1, zigzag(count) + b"\0")])


def weightless_records(n):
    """Records without a byte, in many blocks."""
    count = n if n < 1_000 else 2**62
    return _avro(_record("null"), [(count, b"")])


def long_text(n):
    """A text that claims to be longer than the file."""
    length = 3 if n < 1_000 else 2**60
    return _avro(_record("string"), [(1, zigzag(length) + b"abc")])


def block_count(n):
    """A block that claims more records than it has bytes."""
    return _avro(_record("long"), [(2 if n < 1_000 else 2**50, b"\2\4")])


def inflating_block(n):
    """A block of zeros that inflates to 1.8 GB, and says so nowhere."""
    megabytes = 1 if n < 1_000 else 1_800
    return _avro(_record("long"), [(megabytes << 20, zstd_zeros(megabytes))], "zstandard")


def wide_fixed(n):
    """A value whose width, by the schema, is two gigabytes."""
    size = 4 if n < 1_000 else MANY
    return _avro(_record({"type": "fixed", "name": "f", "size": size}), [(1, b"abcd")])


def deep_schema(n):
    """A schema nested deeper than a stack."""
    depth = 3 if n < 1_000 else 2_500
    kind = '{"type":"array","items":' * depth + '"int"' + "}" * depth
    schema = '{"type":"record","name":"r","fields":[{"name":"c","type":' + kind + "}]}"
    return _avro(schema, [(1, b"\0")])


AVRO_BOMBS = (
    array_of_nulls,
    weightless_records,
    long_text,
    block_count,
    inflating_block,
    wide_fixed,
    deep_schema,
)
