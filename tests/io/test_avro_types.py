"""Avro's types, names and roots: both engines give the same, or the fallback says what it lacks."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import io
import uuid

import fastavro
import pyarrow as pa
import pytest
from arrow_tables import assert_same

import parquetframe as pf
from parquetframe.errors import (
    AvroError,
    IoError,
    SchemaError,
    SourceNotFound,
    UnsupportedFeature,
    WriteError,
)


def container(fields, records, **options):
    schema = fields if fields.get("type") == "record" else record(fields)
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records, **options)
    return buffer.getvalue()


def record(fields, name="r", **more):
    return {"type": "record", "name": name, **more,
            "fields": [{"name": n, "type": t} for n, t in fields.items()]}  # fmt: skip


D = decimal.Decimal
DURATION = {"type": "fixed", "name": "dur", "size": 12, "logicalType": "duration"}
SHADE = {"type": "enum", "name": "shade", "symbols": ["DARK", "LIGHT"]}
UTC = dt.UTC
TYPES = [
    ("null", [None, None], pa.null()),
    ("boolean", [True, False], pa.bool_()),
    ("int", [-(2**31), 2**31 - 1], pa.int32()),
    ("long", [-(2**63), 2**63 - 1], pa.int64()),
    ("float", [1.5, -0.0], pa.float32()),
    ("double", [1e300, float("inf")], pa.float64()),
    ("string", ["é\0", ""], pa.large_string()),
    ("bytes", [b"\xff\0", b""], pa.large_binary()),
    ({"type": "fixed", "name": "f", "size": 3}, [b"abc", b"\0\0\0"], pa.binary(3)),
    ({"type": "int", "logicalType": "date"}, [dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date32()),
    ({"type": "int", "logicalType": "time-millis"}, [dt.time(1, 2, 3, 4000), dt.time()], pa.time32("ms")),
    ({"type": "long", "logicalType": "time-micros"}, [dt.time(1, 2, 3, 4), dt.time()], pa.time64("us")),
    ({"type": "long", "logicalType": "timestamp-millis"},
     [dt.datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("ms", "UTC")),
    ({"type": "long", "logicalType": "timestamp-micros"},
     [dt.datetime(1, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
    ({"type": "long", "logicalType": "local-timestamp-micros"},
     [dt.datetime(2020, 1, 1, 0, 0, 0, 7)] * 2, pa.timestamp("us")),
    ({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 10},
     [D("1.0000000001"), D(-7)], pa.decimal128(38, 10)),
    ({"type": "fixed", "name": "df", "size": 8, "logicalType": "decimal", "precision": 12, "scale": 2},
     [D("1.25"), D("-3.00")], pa.decimal128(12, 2)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 60, "scale": 3},
     [D("1.250"), D(10) ** 50], pa.decimal256(60, 3)),
    (SHADE, ["LIGHT", "DARK"], pa.dictionary(pa.int32(), pa.string())),
    ({"type": "array", "items": "long"}, [[1, 2], []], pa.list_(pa.int64())),
    ({"type": "array", "items": ["null", "string"]}, [["a", None], []], pa.list_(pa.large_string())),
    ({"type": "map", "values": "double"}, [{"a": 1.0}, {}], pa.map_(pa.large_string(), pa.float64())),
    (record({"a": "int", "b": ["string", "null"]}, "inner"), [{"a": 1, "b": None}, {"a": 2, "b": "x"}],
     pa.struct([("a", pa.int32()), ("b", pa.large_string())])),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "items", "dtype"), TYPES, ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("shape", ["required", "nullable", "null last", "nested"])
def test_every_type(backend, kind, items, dtype, shape):
    if kind == "null" and shape != "required":
        pytest.skip("null is null already")
    if shape == "nested":
        tree = {"type": "array", "items": kind}
        data = container({"c": tree}, [{"c": items}])
        dtype, items = pa.list_(dtype), [items]
    else:
        tree = {"nullable": ["null", kind], "null last": [kind, "null"]}.get(shape, kind)
        items = items if shape == "required" else [*items, None]
        data = container({"c": tree}, [{"c": item} for item in items])
    found = pf.read_avro(data)
    expected = pa.array([list(i.items()) if isinstance(i, dict) and "map" in str(dtype) else i
                         for i in items], dtype) if shape != "nested" else None  # fmt: skip
    if expected is not None:
        assert_same(found, pa.table({"c": expected}))
        assert found.schema.field("c").nullable == (shape != "required" or kind == "null")
    else:
        assert found["c"].to_pylist()[0] == (
            [list(i.items()) for i in items[0]] if pa.types.is_map(dtype.value_type) else items[0]
        )


def test_uuids_are_16_bytes(backend):
    some = uuid.UUID(int=7)
    kind = {"type": "string", "logicalType": "uuid"}
    data = container(
        {"u": ["null", kind], "l": {"type": "array", "items": kind}},
        [{"u": some, "l": [some]}, {"u": None, "l": []}],
    )
    found = pf.read_avro(data)
    assert found.schema.field("u").type == pa.binary(16)
    assert found.to_pydict() == {"u": [some.bytes, None], "l": [[some.bytes], []]}


def test_duration_is_an_interval(backend):
    raw = b"\1\0\0\0" + b"\2\0\0\0" + b"\3\0\0\0"
    data = container({"d": ["null", DURATION]}, [{"d": raw}, {"d": None}])
    found = pf.read_avro(data)["d"]
    assert found.type == pa.month_day_nano_interval()
    assert found.to_pylist() == [pa.MonthDayNano([1, 2, 3_000_000]), None]


def test_named_types_are_used_again(backend):
    inner = record({"v": "int", "s": SHADE}, "inner", namespace="one.two")
    fields = {
        "a": inner,
        "b": ["null", "one.two.inner"],
        "c": {"type": "array", "items": "one.two.shade"},
    }
    rows = [{"a": {"v": 1, "s": "DARK"}, "b": {"v": 2, "s": "LIGHT"}, "c": ["DARK"]}]
    found = pf.read_avro(container(fields, rows))
    assert found.to_pylist() == rows


@pytest.mark.parametrize(
    ("root", "items"),
    [("long", [1, 2]), (["null", "string"], ["a", None]), ({"type": "array", "items": "int"}, [[1], []])],
)  # fmt: skip
def test_roots_that_are_no_records(backend, root, items):
    buffer = io.BytesIO()
    fastavro.writer(buffer, root, items)
    found = pf.read_avro(buffer.getvalue())
    assert found.to_pydict() == {"value": items}
    assert pf.read_avro(buffer.getvalue(), n_rows=1).num_rows == 1


def test_unions_of_several_types(backend):
    data = container({"u": ["null", "int", "string"]}, [{"u": 1}, {"u": "a"}, {"u": None}])
    if backend == "python":
        with pytest.raises(UnsupportedFeature, match=r"'u'.*union"):
            pf.read_avro(data)
        return
    assert pf.read_avro(data)["u"].to_pylist() == [1, "a", None]
    assert pf.read_avro(data, unions="json")["u"].to_pylist() == ["1", '"a"', None]
    nested = pf.read_avro(data, unions="struct")["u"]
    assert pa.types.is_struct(nested.type) and nested.type.num_fields == 2


def test_recursive_types_are_refused(backend):
    node = record({"v": "int", "next": ["null", "node"]}, "node")
    data = container(node, [{"v": 1, "next": {"v": 2, "next": None}}])
    with pytest.raises(UnsupportedFeature, match="recursive"):
        pf.read_avro(data)


def test_columns_of_records(backend):
    data = container({"a": record({"x": "int", "y": "int"}, "inner"), "b": "int"},
                     [{"a": {"x": 1, "y": 2}, "b": 3}])  # fmt: skip
    assert pf.read_avro(data, ["b", "a"]).column_names == ["b", "a"]
    with pytest.raises(SchemaError, match="no column 'bb'"):
        pf.read_avro(data, ["bb"])
    if backend == "python":
        with pytest.raises(UnsupportedFeature, match="single fields"):
            pf.read_avro(data, [("a", "x")])


def test_sources_that_are_no_files(backend, tmp_path):
    for path, error in (("none.avro", SourceNotFound), ("", IoError)):
        with pytest.raises(error):
            pf.read_avro_schema(tmp_path / path)
    (tmp_path / "empty.avro").touch()
    for src in (tmp_path / "empty.avro", b""):
        with pytest.raises(AvroError, match="empty"):
            pf.read_avro(src)


def test_a_broken_block_is_an_error_with_the_name_of_the_file(backend, tmp_path):
    path = tmp_path / "broken.avro"
    for codec in ("deflate", "bzip2", "xz"):
        data = container({"c": "string"}, [{"c": "text" * 100}] * 100, codec=codec)
        path.write_bytes(data[:-60] + bytes(40) + data[-20:])
        with pytest.raises(AvroError, match=r"broken\.avro"):
            pf.read_avro(path)


def test_pieces_progress_and_cancel(backend, tmp_path):
    data = container({"c": "int"}, [{"c": k} for k in range(1000)], sync_interval=100)
    seen = []
    assert pf.read_avro(data, progress=lambda *a: seen.append(a)).num_rows == 1000
    assert seen[-1][2] == 1000
    sizes = [batch.num_rows for batch in pf.iter_batches(data, "avro", batch_rows=300)]
    assert sum(sizes) == 1000 and max(sizes) <= 300
    assert sum(b.num_rows for b in pf.iter_batches(data, "avro", n_rows=7, batch_rows=5)) == 7
    assert pf.get_row_count(data, "avro") == 1000
    token = pf.CancellationToken()
    batches = iter(pf.iter_batches(data, "avro", batch_rows=10, cancel=token))
    next(batches)
    token.cancel()
    with pytest.raises(pf.errors.Cancelled):
        list(batches)


# Writing.


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([b"abc", None, b"def"], pa.binary(3)),
        pa.array([1, None, 3], pa.uint32()),
        pa.array([1, None, 3], pa.int8()),
        pa.array([[("k", {"x": [1]})], None, []], pa.map_(pa.string(), pa.struct([("x", pa.list_(pa.int32()))]))),
        pa.array([[[("k", 1)]], None, [[]]], pa.list_(pa.map_(pa.string(), pa.int64()))),
        pa.array([{"m": [("k", None)]}, None, {"m": None}], pa.struct([("m", pa.map_(pa.string(), pa.int64()))])),
        pa.array([1, None, 3], pa.timestamp("s")),
        pa.array([1, None, 3], pa.timestamp("s", "Europe/Berlin")),
    ],
    ids=lambda column: str(column.type),
)  # fmt: skip
def test_values_that_are_written(backend, column):
    buffer = io.BytesIO()
    pf.write_avro({"c": column}, buffer)
    rows = [row["c"] for row in fastavro.reader(io.BytesIO(buffer.getvalue()))]
    expected = (
        column.cast(pa.timestamp("ms", "UTC")) if str(column.type).endswith("Berlin]") else column
    )
    expected = expected.to_pylist(maps_as_pydicts="strict")
    assert rows == expected
    assert pf.read_avro(buffer.getvalue())["c"].to_pylist(maps_as_pydicts="strict") == expected


@pytest.mark.parametrize(
    "dtype", [pa.duration("us"), pa.map_(pa.int32(), pa.int32()), pa.list_view(pa.int32())], ids=str
)
def test_types_that_avro_lacks(backend, tmp_path, dtype):
    with pytest.raises((UnsupportedFeature, WriteError), match="column 'c'"):
        pf.write_avro({"c": pa.nulls(1, dtype)}, tmp_path / "a.avro")
    assert not list(tmp_path.iterdir())


def test_unsigned_64_bits_are_refused_or_exact(backend):
    table = pa.table({"c": pa.array([1, 2**63], pa.uint64())})
    buffer = io.BytesIO()
    with contextlib.suppress(pf.errors.ParquetFrameError):
        pf.write_avro(table, buffer)
        assert pf.read_avro(buffer.getvalue())["c"].to_pylist() == [1, 2**63]
        return
    assert buffer.getvalue() == b""


def test_a_schema_that_does_not_fit(backend, tmp_path):
    for kind in ("int", {"type": "array", "items": "int"}):
        with pytest.raises(pf.errors.ParquetFrameError, match=r"fit|cannot|schema|column"):
            pf.write_avro({"c": ["text"]}, tmp_path / "a.avro", schema=record({"c": kind}))
    with pytest.raises((ValueError, pf.errors.ParquetFrameError)):
        pf.write_avro({"c": [1]}, tmp_path / "a.avro", schema="{")
    assert not list(tmp_path.iterdir())


def test_the_name_and_order_of_a_given_schema(backend):
    buffer = io.BytesIO()
    schema = record({"b": "long", "a": ["null", "string"]}, "mine", namespace="n")
    pf.write_avro({"a": ["x", None], "b": [1, 2]}, buffer, schema=schema)
    reader = fastavro.reader(io.BytesIO(buffer.getvalue()))
    assert reader.writer_schema["name"] in ("mine", "n.mine")
    assert list(reader) == [{"b": 1, "a": "x"}, {"b": 2, "a": None}]
