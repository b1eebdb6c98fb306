"""Every option of every reader and writer changes something, and none is left out here."""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import io
import json
import os
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_tables import stored

import parquetframe as pf

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)
TABLE = pa.table(
    {
        "x": pa.array([1, None, 3], pa.int64()),
        "s": ["a", "b", "a"],
        "d": pa.array([dt.date(2020, 1, 1)] * 3),
        "m": pa.array([decimal.Decimal("1.5")] * 3, pa.decimal128(9, 2)),
        "t": pa.array([MOMENT] * 3, pa.timestamp("ns")),
    }
)
NEEDS_PANDAS = {"dtype_backend", "null_ints", "dates", "decimals"}
CANCELLED = threading.Event()
CANCELLED.set()


def outcome(call):
    """What a call gives, or the class of its error."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def damaged(data):
    """The same file with one flipped bit in a value of an uncompressed page."""
    at = data.index((0x5A5A5A5A5A).to_bytes(8, "little"))
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def parquet_files(folder):
    """Sources that the options below are tried on."""
    pq.write_table(
        TABLE, folder / "a.parquet", row_group_size=1, use_deprecated_int96_timestamps=True
    )
    for key, table in (("one", {"x": [1]}), ("two", {"x": [2], "y": [3]})):
        (folder / f"key={key}").mkdir()
        pq.write_table(pa.table(table), folder / f"key={key}" / "b.parquet")
    pq.write_table(pa.table({"x": pa.array([1], pa.int64())}), folder / "wide.parquet")
    pq.write_table(pa.table({"x": pa.array([1], pa.int32())}), folder / "narrow.parquet")
    plain = pa.table({"x": pa.array([0x5A5A5A5A5A], pa.int64())})
    data = stored(plain, compression="none", use_dictionary=False, write_page_checksum=True,
                  write_statistics=False, store_schema=False)  # fmt: skip
    (folder / "damaged.parquet").write_bytes(damaged(data))
    return {
        "one": folder / "a.parquet",
        "first lacks": [folder / "key=one" / "b.parquet", folder / "key=two" / "b.parquet"],
        "second lacks": [folder / "key=two" / "b.parquet", folder / "key=one" / "b.parquet"],
        "folder": str(folder / "key=*" / "b.parquet"),
        "widths": [folder / "wide.parquet", folder / "narrow.parquet"],
        "damaged": folder / "damaged.parquet",
    }


def names(table):
    return table.column_names


def types(table):
    return [str(dtype) for dtype in table.schema.types]


def rows(table):
    return table.num_rows


def dtypes(frame):
    return [str(dtype) for dtype in frame.dtypes]


def kinds(frame):
    return [type(frame[name].iloc[0]).__name__ for name in frame]


CALLS = []
REPORT = pf.ReadReport()
# option: value, source, what to look at
READ_PARQUET = {
    "columns": (["s"], "one", names),
    "filters": ("x = 3", "one", rows),
    "row_groups": ([1], "one", rows),
    "n_rows": (2, "one", rows),
    "schema": (pa.schema([("x", pa.int64()), ("s", pa.large_string())]), "one", names),
    "dictionary_columns": (["s"], "one", types),
    "int96_unit": ("ms", "one", types),
    "hive": (True, "first lacks", names),
    "include_path": ("file", "one", names),
    "missing_columns": ("null", "second lacks", rows),
    "extra_columns": ("ignore", "first lacks", rows),
    "cast": ("widen", "widths", rows),
    "verify_checksums": (True, "damaged", rows),
    "decryption": ({"footer": b"k"}, "one", rows),
    "storage_options": ({"key": "k"}, "one", rows),
    "output": ("pandas", "one", lambda result: type(result).__module__),
    "string_type": ("utf8", "one", types),
    "threads": (3, "one", lambda _: REPORT.threads),
    "memory_limit": (10, "one", rows),
    "progress": (lambda *args: CALLS.append(args), "one", lambda _: len(CALLS) > 0),
    "cancel": (CANCELLED, "one", rows),
    "report": (REPORT, "one", lambda _: REPORT.rows),
    "engine": ("python", "one", lambda _: REPORT.engine),
    "dtype_backend": ("pyarrow", "one", dtypes),
    "null_ints": ("masked", "one", dtypes),
    "dates": ("datetime64", "one", dtypes),
    "decimals": ("float64", "one", dtypes),
}


@pytest.mark.parametrize("option", READ_PARQUET)
def test_options_of_read_parquet(backend, tmp_path, option):
    value, source, look = READ_PARQUET[option]
    if option == "engine" and backend == "python":
        pytest.skip("it is the engine already")
    if source == "first lacks" and option == "hive":
        extra = {"extra_columns": "ignore"}
    else:
        extra = {"output": "pandas"} if option in NEEDS_PANDAS else {}
    if option in ("threads", "engine"):
        extra["report"] = REPORT
    check(pf.read_parquet, parquet_files(tmp_path)[source], option, value, look, extra)


def check(read, src, option, value, look, extra):
    """Without the option, then with it: something differs."""
    CALLS.clear()
    REPORT.reset()
    without = outcome(lambda: look(read(src, **extra)))
    CALLS.clear()
    with_it = outcome(lambda: look(read(src, **extra, **{option: value})))
    assert without != with_it, f"{option}={value!r} changes nothing: {without}"


READER = {
    "type": "record", "name": "r",
    "fields": [{"name": "x", "type": "long"}, {"name": "new", "type": "int", "default": 7}],
}  # fmt: skip
READ_AVRO = {
    "columns": (["s"], "plain", names),
    "reader_schema": (READER, "integers", names),
    "n_rows": (2, "plain", rows),
    "unions": ("struct", "unions", types),
    "enums": ("string", "enums", types),
    "on_bad_block": ("skip", "damaged", rows),
    "storage_options": ({"key": "k"}, "plain", rows),
    "output": ("polars", "plain", lambda result: type(result).__module__),
    "string_type": ("view", "plain", types),
    "threads": (3, "plain", lambda _: REPORT.threads),
    "memory_limit": (10, "plain", rows),
    "progress": (lambda *args: CALLS.append(args), "plain", lambda _: len(CALLS) > 0),
    "cancel": (CANCELLED, "plain", rows),
    "report": (REPORT, "plain", lambda _: REPORT.rows),
    "engine": ("python", "plain", lambda _: REPORT.engine),
    "dtype_backend": ("numpy_nullable", "plain", dtypes),
    "null_ints": ("masked", "plain", dtypes),
    "dates": ("object", "plain", dtypes),
    "decimals": ("float64", "plain", kinds),
}
ELSEWHERE = {"batch_rows"}  # pieces only, see below
RUST_ONLY = {"unions", "on_bad_block", "memory_limit"}


def avro_files(folder):
    import fastavro

    pf.write_avro(TABLE.drop_columns("t"), folder / "a.avro")
    pf.write_avro(pa.table({"x": pa.array([1, 2], pa.int32())}), folder / "i.avro")
    schema = {
        "type": "record",
        "name": "r",
        "fields": [{"name": "u", "type": ["null", "int", "string"]}],
    }
    with (folder / "u.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"u": 1}, {"u": "a"}, {"u": None}])
    enum = {"type": "enum", "name": "e", "symbols": ["A", "B"]}
    schema = {"type": "record", "name": "r", "fields": [{"name": "e", "type": enum}]}
    with (folder / "e.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"e": "B"}])
    buffer = io.BytesIO()
    pf.write_avro({"x": list(range(1000))}, buffer, codec="null", block_bytes=100, sync=b"#" * 16)
    data = bytearray(buffer.getvalue())
    data[data.index(b"#" * 16, len(data) // 2)] ^= 1
    (folder / "d.avro").write_bytes(data)
    return {"plain": folder / "a.avro", "integers": folder / "i.avro", "unions": folder / "u.avro",
            "enums": folder / "e.avro", "damaged": folder / "d.avro"}  # fmt: skip


@pytest.mark.parametrize("option", READ_AVRO)
def test_options_of_read_avro(backend, tmp_path, option):
    value, source, look = READ_AVRO[option]
    if option == "engine" and backend == "python":
        pytest.skip("it is the engine already")
    if option in RUST_ONLY and backend == "python":
        pytest.skip("the fallback refuses it, or leaves limits to fastavro")
    extra = {"output": "pandas"} if option in NEEDS_PANDAS else {}
    if option in ("threads", "engine"):
        extra["report"] = REPORT
    check(pf.read_avro, avro_files(tmp_path)[source], option, value, look, extra)


def test_batch_rows_of_avro_is_the_size_of_pieces(backend, tmp_path):
    pf.write_avro({"x": list(range(10))}, tmp_path / "a.avro")
    found = [batch.num_rows for batch in pf.iter_batches(tmp_path / "a.avro", batch_rows=4)]
    assert max(found) <= 4 and sum(found) == 10


def file_facts(path):
    """What can be seen of a Parquet file from outside."""
    facts = pq.ParquetFile(path).metadata
    chunk = facts.row_group(0).column(0)
    return {
        "codec": chunk.compression,
        "groups": facts.num_row_groups,
        "dictionary": chunk.has_dictionary_page,
        "statistics": chunk.is_stats_set,
        "index": chunk.has_offset_index,
        "sorting": facts.row_group(0).sorting_columns,
        "metadata": facts.metadata,
        "size": path.stat().st_size,
    }


NUMBERS = pa.table({"k": [1] * 5000 + list(range(5000)), "p": ["a", "b"] * 5000})
WRITE_PARQUET = {
    "compression": ("zstd", lambda path: file_facts(path)["codec"]),
    "compression_level": (22, lambda path: file_facts(path)["size"]),
    "row_group_rows": (100, lambda path: file_facts(path)["groups"]),
    "page_bytes": (1024, lambda path: file_facts(path)["size"]),  # headers of more pages
    "dictionary": (False, lambda path: file_facts(path)["dictionary"]),
    "statistics": ("none", lambda path: file_facts(path)["statistics"]),
    "bloom": (["k"], lambda path: file_facts(path)["size"]),
    "page_index": (False, lambda path: file_facts(path)["index"]),
    "sorting": ([("p", "asc")], file_facts),
    "partition_by": (["p"], lambda path: path.is_dir()),
    "encryption": ({"footer": b"k"}, lambda path: path.exists()),
    "metadata": ({"author": "me"}, lambda path: file_facts(path)["metadata"]),
    "index": (True, lambda path: pq.read_schema(path).names),
    "overwrite": (False, lambda path: path.exists()),
    "progress": (lambda *args: CALLS.append(args), lambda _: len(CALLS) > 0),
    "cancel": (CANCELLED, lambda path: path.exists()),
    "engine": ("python", lambda path: pq.ParquetFile(path).metadata.created_by.split()[0]),
}
# atomic and fsync have tests of their own (the inode, the calls of fsync); threads do not change
# a byte, which is tested below.
APART = {"atomic", "fsync", "threads"}


@pytest.mark.parametrize("option", WRITE_PARQUET)
def test_options_of_write_parquet(backend, tmp_path, option):
    value, look = WRITE_PARQUET[option]
    if backend == "python" and option in ("bloom", "engine"):
        pytest.skip("the fallback refuses it, or it is the engine already")
    data = NUMBERS.to_pandas() if option == "index" else NUMBERS
    extra = {
        "compression_level": {"compression": "zstd"}, "page_bytes": {"dictionary": False}
    }.get(option, {})  # fmt: skip

    def written(name, **options):
        path = tmp_path / name
        if option == "overwrite":
            path.write_text("old")
        pf.write_parquet(data, path, **extra, **options)
        return look(path)

    CALLS.clear()
    without = outcome(lambda: written("a"))
    CALLS.clear()
    with_it = outcome(lambda: written("b", **{option: value}))
    assert without != with_it, f"{option}={value!r} changes nothing: {without}"


def avro_header(path):
    import fastavro

    with path.open("rb") as file:
        reader = fastavro.block_reader(file)
        blocks = [block.num_records for block in reader]
        return reader.codec, json.dumps(reader.writer_schema), blocks


LONG = {"type": "record", "name": "mine", "fields": [{"name": "k", "type": "double"}]}
WRITE_AVRO = {
    "schema": (LONG, lambda path: avro_header(path)[1]),
    "codec": ("bzip2", lambda path: avro_header(path)[0]),
    "codec_level": (0, lambda path: path.stat().st_size),
    "block_bytes": (100, lambda path: avro_header(path)[2]),
    "sync": (b"0123456789abcdef", lambda path: b"0123456789abcdef" in path.read_bytes()),
    "index": (True, lambda path: avro_header(path)[1]),
    "overwrite": (False, lambda path: path.exists()),
    "progress": (lambda *args: CALLS.append(args), lambda _: len(CALLS) > 0),
    "cancel": (CANCELLED, lambda path: path.exists()),
    "engine": ("python", lambda path: avro_header(path)[1]),
}


@pytest.mark.parametrize("option", WRITE_AVRO)
def test_options_of_write_avro(backend, tmp_path, option):
    value, look = WRITE_AVRO[option]
    if backend == "python" and option == "engine":
        pytest.skip("it is the engine already")
    data = NUMBERS.select(["k"])
    data = data.to_pandas() if option == "index" else data
    if option == "engine":  # what only the compiled engine converts
        data = pa.table({"k": pa.array([1.5], pa.float16())})

    def written(name, **options):
        path = tmp_path / name
        if option == "overwrite":
            path.write_text("old")
        pf.write_avro(data, path, **options)
        return look(path)

    CALLS.clear()
    without = outcome(lambda: written("a"))
    CALLS.clear()
    with_it = outcome(lambda: written("b", **{option: value}))
    assert without != with_it, f"{option}={value!r} changes nothing: {without}"


@pytest.mark.parametrize("write", [pf.write_parquet, pf.write_avro])
@pytest.mark.skipif(os.name == "nt", reason="inodes")
def test_atomic_is_another_file_and_in_place_is_the_same(backend, tmp_path, write):
    path = tmp_path / "a"
    write(NUMBERS, path)
    inode = path.stat().st_ino
    write(NUMBERS, path, atomic=False)
    assert path.stat().st_ino == inode
    keep = path.with_name("keep")
    os.link(path, keep)  # the number is not given to the next file
    write(NUMBERS, path)
    assert path.stat().st_ino != inode


@pytest.mark.parametrize("fmt", ["parquet", "avro"])
def test_threads_change_no_byte_and_no_row(backend, tmp_path, fmt):
    write, read = getattr(pf, f"write_{fmt}"), getattr(pf, f"read_{fmt}")
    options = {"sync": b"0123456789abcdef"} if fmt == "avro" else {"row_group_rows": 700}
    files = []
    for threads in (1, 2, 5):
        path = tmp_path / f"{threads}.{fmt}"
        write(NUMBERS, path, threads=threads, **options)
        files.append(path.read_bytes())
        assert read(path, threads=threads).equals(read(path, threads=1))
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize(
    ("function", "tried"),
    [
        (pf.read_parquet, READ_PARQUET), (pf.read_avro, READ_AVRO | dict.fromkeys(ELSEWHERE)),
        (pf.write_parquet, WRITE_PARQUET | dict.fromkeys(APART)),
        (pf.write_avro, WRITE_AVRO | dict.fromkeys(APART)),
    ],
)  # fmt: skip
def test_no_option_is_left_out(function, tried):
    options = set(inspect.signature(function).parameters) - {"src", "data", "dest"}
    assert options == set(tried)
