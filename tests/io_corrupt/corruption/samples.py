"""Small healthy files, freshly written by pyarrow and fastavro, over codecs, encodings and types."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import random

import fastavro
import pyarrow as pa
from pyarrow import parquet as pq

ROWS = 60
GROUP_ROWS = 25  # three row groups, the last one short
AVRO_BLOCK_BYTES = 400  # several blocks
AVRO_CODECS = ("null", "deflate", "bzip2", "xz", "snappy", "zstandard")


def flat_table(rows):
    """Every flat type that pages can hold, with and without nulls."""
    rng = random.Random(7)
    noon = dt.datetime(2024, 2, 29, 12)

    def some(values):
        return [None if rng.random() < 0.2 else value for value in values]

    numbers = range(rows)
    names = ["", "a", "bern", "zürich", "x" * 40]
    return pa.table(
        {
            "i64": pa.array([n * 1000 - 7 for n in numbers], pa.int64()),
            "i32": pa.array(some(numbers), pa.int32()),
            "u8": pa.array([n % 256 for n in numbers], pa.uint8()),
            "f64": pa.array(some(n / 3 for n in numbers), pa.float64()),
            "f32": pa.array([n / 4 for n in numbers], pa.float32()),
            "flag": pa.array(some(n % 3 == 0 for n in numbers), pa.bool_()),
            "text": pa.array(some(rng.choice(names) for _ in numbers), pa.string()),
            "name": pa.array([f"name {n}" for n in numbers], pa.string()),
            "blob": pa.array([bytes([n % 256]) * (n % 5) for n in numbers], pa.binary()),
            "fixed": pa.array([bytes([n % 256] * 4) for n in numbers], pa.binary(4)),
            "day": pa.array(some(noon.date() for _ in numbers), pa.date32()),
            "at": pa.array([noon + dt.timedelta(seconds=n) for n in numbers], pa.timestamp("us")),
            "price": pa.array([decimal.Decimal(n) / 4 for n in numbers], pa.decimal128(12, 2)),
        }
    )


def nested_table(rows):
    """Lists, structs, maps and a dictionary: repetition and definition levels."""
    numbers = range(rows)
    return pa.table(
        {
            "list": pa.array([None if n % 7 == 0 else list(range(n % 4)) for n in numbers]),
            "struct": pa.array([{"a": n, "b": f"s{n % 3}"} for n in numbers]),
            "map": pa.array(
                [[(f"k{i}", i) for i in range(n % 3)] for n in numbers],
                pa.map_(pa.string(), pa.int64()),
            ),
            "city": pa.array([f"city {n % 3}" for n in numbers]).dictionary_encode(),
        }
    )


def _parquet(table, **options):
    sink = io.BytesIO()
    groups = -(-table.num_rows * GROUP_ROWS // ROWS) or None
    pq.write_table(table, sink, **{"row_group_size": groups, "store_schema": False} | options)
    return sink.getvalue()


def parquet_samples(rows=ROWS):
    """Name and bytes of every Parquet sample."""
    flat, nested = flat_table(rows), nested_table(rows)
    numbers = flat.select(["i64", "i32"])
    texts = flat.select(["text", "name", "blob"])
    delta = {"use_dictionary": False, "version": "2.6", "compression": "none"}
    columns = {
        "DELTA_BINARY_PACKED": numbers,
        "DELTA_LENGTH_BYTE_ARRAY": texts,
        "DELTA_BYTE_ARRAY": texts,
        "BYTE_STREAM_SPLIT": flat.select(["f64", "f32", "i32"]),
    }
    made = {
        f"flat_{codec}": _parquet(flat, compression=codec)
        for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4")
    }
    made |= {
        "flat_plain": _parquet(flat, compression="none", use_dictionary=False),
        "flat_pages_v2": _parquet(flat, compression="snappy", data_page_version="2.0"),
        "flat_small_pages": _parquet(
            flat, compression="none", data_page_size=64, write_batch_size=8
        ),
        "flat_checksums": _parquet(flat, compression="none", write_page_checksum=True),
        "flat_page_index": _parquet(flat, compression="none", write_page_index=True),
        "flat_int96": _parquet(
            flat.select(["at"]), compression="none", use_deprecated_int96_timestamps=True
        ),
        "flat_arrow_schema": _parquet(flat, compression="none", store_schema=True),
        "nested_none": _parquet(nested, compression="none"),
        "nested_zstd_v2": _parquet(nested, compression="zstd", data_page_version="2.0"),
        "no_rows": _parquet(flat.slice(0, 0)),
    }
    for encoding, table in columns.items():
        by_column = dict.fromkeys(table.column_names, encoding)
        made[encoding.lower()] = _parquet(table, column_encoding=by_column, **delta)
    return made


AVRO_SCHEMA = {
    "type": "record",
    "name": "mixed",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "small", "type": ["null", "int"]},
        {"name": "ratio", "type": "double"},
        {"name": "score", "type": ["float", "null"]},
        {"name": "flag", "type": "boolean"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "blob", "type": "bytes"},
        {"name": "suit", "type": {"type": "enum", "name": "suit", "symbols": ["HEARTS", "CLUBS"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "hash", "size": 4}},
        {"name": "list", "type": {"type": "array", "items": "int"}},
        {"name": "map", "type": {"type": "map", "values": "string"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {
            "name": "inner",
            "type": {
                "type": "record",
                "name": "inner",
                "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": ["null", "string"]}],
            },
        },
    ],
}


def _avro_record(n):
    return {
        "id": n * 1000,
        "small": None if n % 4 == 0 else n,
        "ratio": n / 3,
        "score": None if n % 5 == 0 else n / 4,
        "flag": n % 3 == 0,
        "name": None if n % 6 == 0 else f"name {n}",
        "blob": bytes([n % 256]) * (n % 4),
        "suit": "HEARTS" if n % 2 else "CLUBS",
        "hash": bytes([n % 256] * 4),
        "list": list(range(n % 4)),
        "map": {f"k{i}": "v" * i for i in range(n % 3)},
        "day": dt.date(2024, 2, 29),
        "at": dt.datetime(2024, 2, 29, 12, n % 60, tzinfo=dt.UTC),
        "inner": {"x": n, "y": None if n % 2 else "y"},
    }


def avro_bytes(schema, records, codec="null"):
    """An Avro container with a fixed sync marker."""
    sink = io.BytesIO()
    fastavro.writer(
        sink,
        fastavro.parse_schema(schema),
        records,
        codec=codec,
        sync_interval=AVRO_BLOCK_BYTES,
        sync_marker=bytes(range(100, 116)),
    )
    return sink.getvalue()


def avro_samples(rows=ROWS):
    """Name and bytes of every Avro sample whose codec can be written here."""
    records = [_avro_record(n) for n in range(rows)]
    made = {}
    for codec in AVRO_CODECS:
        try:
            made[f"mixed_{codec}"] = avro_bytes(AVRO_SCHEMA, records, codec)
        except ValueError:  # fastavro asks for an optional package
            continue
    plain = {"type": "record", "name": "r", "fields": [{"name": "x", "type": "long"}]}
    made["numbers"] = avro_bytes(plain, [{"x": n} for n in range(rows * 5)])
    made["no_rows"] = avro_bytes(plain, [])
    return made
