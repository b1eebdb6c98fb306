"""Writers: what they accept, what they leave on disk, and that nothing half-written stays."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe.errors import SchemaError, UnsupportedFeature, WriteError

WRITERS = [
    (pf.write_parquet, pf.read_parquet, "a.parquet"),
    (pf.write_avro, pf.read_avro, "a.avro"),
]
both = pytest.mark.parametrize(("write", "read", "name"), WRITERS, ids=["parquet", "avro"])
TABLE = pa.table({"x": [1, 2, None], "s": ["a", None, "c"]})


@both
@pytest.mark.parametrize(
    "data",
    [
        TABLE, TABLE.to_batches()[0], TABLE.to_pydict(), pl.DataFrame(TABLE),
        {"x": pa.chunked_array([[1, 2], [None]]), "s": np.array(["a", None, "c"], dtype=object)},
    ],
    ids=["table", "batch", "dict", "polars", "arrays"],
)  # fmt: skip
def test_anything_arrow_can_be_written(backend, tmp_path, write, read, name, data):
    report = write(data, tmp_path / name)
    path = tmp_path / name
    assert report == pf.WriteReport(str(path), 3, path.stat().st_size, 1)
    assert read(path).to_pydict() == TABLE.to_pydict()
    assert [p.name for p in tmp_path.iterdir()] == [name]


@both
def test_readers_and_scans_can_be_written(backend, tmp_path, write, read, name):
    write(TABLE, tmp_path / name)
    write(pf.scan(tmp_path / name).filter("x = 1"), tmp_path / f"b{Path(name).suffix}")
    assert read(tmp_path / f"b{Path(name).suffix}").num_rows == 1
    write(pa.RecordBatchReader.from_stream(TABLE), tmp_path / name)
    assert read(tmp_path / name).num_rows == 3


@both
@pytest.mark.parametrize("data", [None, 3, "x.csv", [1, 2], [{"x": 1}]])
def test_other_data_is_a_type_error(backend, tmp_path, write, read, name, data):
    with pytest.raises(TypeError, match="data must"):
        write(data, tmp_path / name)


def test_bad_columns(backend, tmp_path):
    with pytest.raises(SchemaError, match="Arrow form"):
        pf.write_parquet({"x": [1], "y": [1, 2]}, tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="more than once"):
        pf.write_parquet(pa.table([[1], [2]], names=["x", "x"]), tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="Arrow form"):
        pf.write_parquet(pd.DataFrame({"x": [1, "a"]}), tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def test_the_index_of_a_frame(backend, tmp_path):
    path = tmp_path / "a.parquet"
    plain, named = (
        pd.DataFrame({"v": [1, 2]}),
        pd.DataFrame({"v": [1, 2]}, index=pd.Index([5, 3], name="k")),
    )
    pf.write_parquet(plain, path)
    assert pf.read_parquet(path).column_names == ["v"]
    pf.write_parquet(named, path)
    assert pf.read_parquet(path).column_names == ["v", "k"]
    pd.testing.assert_frame_equal(pf.read_parquet(path, output="pandas"), named)
    pd.testing.assert_frame_equal(pd.read_parquet(path), named)
    pf.write_parquet(named, path, index=False)
    assert pf.read_parquet(path).column_names == ["v"]
    pf.write_parquet(plain, path, index=True)
    assert pf.read_parquet(path).num_columns == 2
    with pytest.raises(ValueError, match="pandas"):
        pf.write_parquet(TABLE, path, index=True)


@both
def test_destinations_that_cannot_be(backend, tmp_path, write, read, name):
    (tmp_path / "dir").mkdir()
    for dest in (tmp_path / "dir", tmp_path / "none" / name):
        with pytest.raises(WriteError) as caught:
            write(TABLE, dest)
        assert isinstance(caught.value, OSError)
        assert str(dest) in str(caught.value) or str(dest.parent) in str(caught.value)
    with pytest.raises(TypeError, match="dest"):
        write(TABLE, 3)
    with pytest.raises(UnsupportedFeature, match="local files"):
        write(TABLE, "s3://bucket/x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dir"]


@both
def test_overwrite(backend, tmp_path, write, read, name):
    path = tmp_path / name
    write(TABLE, path, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=name):
        write({"x": [9]}, path, overwrite=False)
    assert path.read_bytes() == before
    write({"x": [9]}, path)
    assert read(path).to_pydict() == {"x": [9]}


@both
@pytest.mark.parametrize(
    "options", [{"atomic": False}, {"fsync": False}, {"atomic": False, "fsync": False}]
)
def test_without_atomic_or_fsync(backend, tmp_path, write, read, name, options):
    write(TABLE, tmp_path / name, **options)
    assert read(tmp_path / name).num_rows == 3


def test_fsync_syncs_file_and_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PARQUETFRAME_BACKEND", "python")
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd)))
    pf.write_parquet(TABLE, tmp_path / "a.parquet", fsync=False)
    assert not synced
    pf.write_parquet(TABLE, tmp_path / "a.parquet")
    assert len(synced) == 2


@both
def test_file_objects(backend, write, read, name):
    buffer = io.BytesIO()
    report = write(TABLE, buffer)
    assert (report.path, report.rows, report.files) == (None, 3, 1)
    assert report.bytes == len(buffer.getvalue())
    assert read(buffer.getvalue()).num_rows == 3


@both
def test_a_failing_stream_leaves_the_old_file(backend, tmp_path, write, read, name):
    def broken():
        yield TABLE.to_batches()[0]
        raise ZeroDivisionError("in the middle")

    write(TABLE, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, broken())
    with pytest.raises(Exception, match="in the middle"):
        write(reader, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


@both
def test_cancel_in_the_middle_leaves_nothing(backend, tmp_path, write, read, name):
    token = pf.CancellationToken()

    def batches():
        for number in range(50):
            if number == 20:
                token.cancel()
            yield pa.record_batch({"x": list(range(10_000))})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    with pytest.raises(pf.errors.Cancelled):
        write(reader, tmp_path / name, cancel=token)
    assert not list(tmp_path.iterdir())


@both
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_utf_8(backend, tmp_path, write, read, name):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff" + name.encode())
    write(TABLE, path)
    assert read(path).num_rows == 3


@both
@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_stays_and_its_target_is_replaced(backend, tmp_path, write, read, name):
    write({"x": [1]}, tmp_path / name)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / name)
    write(TABLE, link)
    assert link.is_symlink()
    assert read(tmp_path / name).num_rows == 3


def test_progress_of_a_write(backend, tmp_path):
    seen = []
    pf.write_parquet(
        {"x": list(range(100))},
        tmp_path / "a.parquet",
        row_group_rows=10,
        progress=lambda *a: seen.append(a),
    )
    assert seen and seen[-1][2] == 100


KILLED = """
import os, sys
os.environ["PARQUETFRAME_BACKEND"] = sys.argv[3]
import pyarrow as pa, parquetframe as pf
data = {{"x": list(range({rows}))}}
print("ready", flush=True)
while True:
    {write}(data, sys.argv[1] + sys.argv[2])
    print("written", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs kill -9")
@pytest.mark.parametrize("suffix", [".parquet", ".avro"])
def test_a_killed_writer_leaves_old_or_complete(backend, tmp_path, suffix):
    rows = 200_000 if suffix == ".parquet" else 5000
    write = "pf.write_parquet" if suffix == ".parquet" else "pf.write_avro"
    read = pf.read_parquet if suffix == ".parquet" else pf.read_avro
    script = KILLED.format(rows=rows, write=write)
    for wait in (0.0, 0.004, 0.011, 0.023, 0.05):
        dest = tmp_path / f"a{wait}"
        getattr(pf, write[3:])({"x": [1]}, f"{dest}{suffix}")
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(dest), suffix, backend], stdout=subprocess.PIPE
        )
        child.stdout.readline()
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert read(f"{dest}{suffix}").num_rows in (1, rows)


# Options of Parquet.


def footer(path):
    return pq.ParquetFile(path).metadata


def test_compression_and_level(backend, tmp_path):
    path = tmp_path / "a.parquet"
    for codec in ("snappy", "zstd", "gzip", "lz4", "brotli", "none"):
        pf.write_parquet(TABLE, path, compression=codec)
        found = footer(path).row_group(0).column(0).compression.lower()
        assert found.removesuffix("_raw") == {"none": "uncompressed"}.get(codec, codec)
    text = {"s": [f"{k % 97} some text {k}" for k in range(20_000)]}
    sizes = [
        pf.write_parquet(text, path, compression="zstd", compression_level=k).bytes for k in (1, 19)
    ]
    assert sizes[0] != sizes[1]


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "rar"}, {"compression": "zstd", "compression_level": 23},
        {"compression_level": 3}, {"row_group_rows": 0}, {"page_bytes": 0}, {"statistics": "all"},
        {"bloom": {"x": 2.0}}, {"sorting": [("x", "up")]}, {"index": "yes"}, {"threads": 0},
    ],
    ids=str,
)  # fmt: skip
def test_bad_options(backend, tmp_path, options):
    with pytest.raises(ValueError):
        pf.write_parquet(TABLE, tmp_path / "a.parquet", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [{"dictionary": ["q"]}, {"bloom": ["q"]}, {"sorting": [("q", "asc")]}, {"partition_by": ["q"]}],
    ids=str,
)
def test_options_name_columns_that_exist(backend, tmp_path, options):
    with pytest.raises(SchemaError, match="'q'"):
        pf.write_parquet(TABLE, tmp_path / "a.parquet", **options)


def test_encryption_is_not_offered_yet(backend, tmp_path):
    with pytest.raises(UnsupportedFeature, match="encryption"):
        pf.write_parquet(TABLE, tmp_path / "a.parquet", encryption={"key": "x"})


def test_dictionary_statistics_and_metadata(backend, tmp_path):
    path = tmp_path / "a.parquet"
    pf.write_parquet(TABLE, path, dictionary=["s"], statistics="none", metadata={"who": "me"})
    group = footer(path).row_group(0)
    assert not group.column(0).has_dictionary_page and group.column(1).has_dictionary_page
    assert not group.column(0).is_stats_set
    assert footer(path).metadata[b"who"] == b"me"
    assert pf.read_parquet_metadata(path).key_values["who"] == "me"
    pf.write_parquet(TABLE, path, dictionary=False, page_index=False)
    group = footer(path).row_group(0)
    assert not group.column(1).has_dictionary_page and not group.column(0).has_offset_index
    assert group.column(0).statistics.max == 2
    pf.write_parquet(TABLE, path)
    assert footer(path).row_group(0).column(0).has_column_index


def test_page_bytes(backend, tmp_path):
    data = {"x": list(range(200_000))}
    few = pf.write_parquet(data, tmp_path / "a.parquet", dictionary=False, page_bytes=1 << 20)
    many = pf.write_parquet(data, tmp_path / "b.parquet", dictionary=False, page_bytes=1 << 12)
    assert many.bytes > few.bytes  # headers and index of more pages


def test_bloom(backend, tmp_path):
    path = tmp_path / "a.parquet"
    without = pf.write_parquet(TABLE, path).bytes
    try:
        report = pf.write_parquet(TABLE, path, bloom={"s": 0.01})
    except UnsupportedFeature:
        assert backend == "python"  # an older pyarrow
        return
    assert report.bytes > without
    assert pf.read_parquet(path, filters="s = 'a'")["s"].to_pylist() == ["a"]


def test_sorting_is_checked_and_noted(backend, tmp_path):
    path = tmp_path / "a.parquet"
    data = {"x": [1, 1, 2, None], "y": [5.0, 4.0, float("nan"), 0.0]}
    pf.write_parquet(data, path, sorting=[("x", "asc"), ("y", "desc")], row_group_rows=2)
    noted = pf.read_parquet_metadata(path).row_groups[0].sorting
    assert [(s["column"], s["descending"]) for s in noted] == [("x", False), ("y", True)]
    for bad in ([("x", "desc")], [("y", "asc")], [("x", "asc"), ("y", "asc")]):
        with pytest.raises(ValueError, match="order"):
            pf.write_parquet(data, tmp_path / "b.parquet", sorting=bad, row_group_rows=2)
    assert not (tmp_path / "b.parquet").exists()


def test_partition_by(backend, tmp_path):
    data = pa.table({"k": ["a/b", None, "c d", "a/b"], "n": [1, 1, 2, 1], "v": [1, 2, 3, 4]})
    report = pf.write_parquet(data, tmp_path / "out", partition_by=["k", "n"])
    assert report.rows == 4 and report.files == 3
    assert report.bytes == sum(p.stat().st_size for p in (tmp_path / "out").rglob("*.parquet"))
    found = pf.read_parquet(tmp_path / "out")
    key = lambda row: row["v"]  # noqa: E731
    assert sorted(found.select(["k", "n", "v"]).to_pylist(), key=key) == data.to_pylist()
    peer = ds.dataset(tmp_path / "out", partitioning="hive").to_table()
    assert sorted(peer["v"].to_pylist()) == [1, 2, 3, 4]
    with pytest.raises(FileExistsError):
        pf.write_parquet(data, tmp_path / "out", partition_by=["k"], overwrite=False)
    pf.write_parquet(data.slice(0, 1), tmp_path / "out", partition_by=["n"])
    assert pf.read_parquet(tmp_path / "out").num_rows == 1
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


# Options of Avro.


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_avro_codecs(backend, tmp_path, codec):
    pf.write_avro({"x": [1] * 1000}, tmp_path / "a.avro", codec=codec)
    assert pf.read_avro(tmp_path / "a.avro").num_rows == 1000


def test_avro_sync_makes_files_the_same(backend, tmp_path):
    for name in ("a", "b"):
        pf.write_avro(TABLE, tmp_path / name, sync=b"0123456789abcdef")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"0123456789abcdef" in (tmp_path / "a").read_bytes()
    with pytest.raises(ValueError, match="16 bytes"):
        pf.write_avro(TABLE, tmp_path / "c", sync=b"short")


def test_avro_schema(backend, tmp_path):
    schema = {
        "type": "record",
        "name": "mine",
        "fields": [{"name": "x", "type": ["null", "double"]}],
    }
    pf.write_avro({"x": [1, None]}, tmp_path / "a.avro", schema=schema)
    assert pf.read_avro(tmp_path / "a.avro").schema.types == [pa.float64()]
    assert pf.read_avro_schema(tmp_path / "a.avro")["name"] == "mine"
    with pytest.raises(ValueError):
        pf.write_avro({"x": ["text"]}, tmp_path / "b.avro", schema=schema)
    with pytest.raises(ValueError):
        pf.write_avro({"x": [1]}, tmp_path / "b.avro", schema={"type": "nonsense"})
    with pytest.raises(ValueError, match="JSON"):
        pf.write_avro({"x": [1]}, tmp_path / "b.avro", schema="{")
    assert not (tmp_path / "b.avro").exists()


@pytest.mark.parametrize(
    "options", [{"codec": "rar"}, {"codec_level": 99}, {"block_bytes": 0}], ids=str
)
def test_bad_avro_options(backend, tmp_path, options):
    with pytest.raises(ValueError):
        pf.write_avro(TABLE, tmp_path / "a.avro", **options)
