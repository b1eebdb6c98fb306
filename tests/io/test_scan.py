"""Lazy reads and pieces: again and again, in bounded memory, with progress and cancel."""

from __future__ import annotations

import threading

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf


@pytest.fixture
def path(tmp_path):
    table = pa.table({"x": range(1000), "s": [f"s{k % 7}" for k in range(1000)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100)
    return tmp_path / "a.parquet"


def test_a_scan_can_be_used_again(backend, path):
    scan = pf.scan(path).filter("x >= 500").select(["x"])
    assert scan.schema.names == ["x"]
    for _ in range(2):
        assert scan.collect()["x"].to_pylist() == list(range(500, 1000))
        assert pa.table(scan).num_rows == 500
        assert duckdb.sql("SELECT count(*), min(x) FROM scan").fetchall() == [(500, 500)]
    assert pl.DataFrame(scan)["x"].sum() == sum(range(500, 1000))
    assert len(scan.to_pandas()) == len(scan.to_polars()) == scan.count_rows() == 500


def test_scans_are_immutable(backend, path):
    scan = pf.scan(path)
    scan.filter("x < 1")
    scan.head(1)
    assert scan.count_rows() == 1000
    assert scan.filter("x < 10").filter([("x", ">", 4)]).head(3).collect()["x"].to_pylist() == [
        5,
        6,
        7,
    ]
    assert scan.head(5).head(9).count_rows() == 5
    with pytest.raises(ValueError, match="head"):
        scan.head(1).filter("x > 1")


def test_select_after_select_sees_only_what_is_left(backend, path):
    with pytest.raises(pf.errors.SchemaError, match="'s'"):
        pf.scan(path).select(["x"]).select(["s"])


def test_two_streams_of_one_scan_do_not_disturb_each_other(backend, path):
    scan = pf.scan(path)
    one, two = (pa.RecordBatchReader.from_stream(scan) for _ in range(2))
    assert one.read_next_batch().equals(two.read_next_batch())
    assert one.read_all().num_rows == two.read_all().num_rows


def test_iter_batches_twice(backend, path):
    batches = pf.iter_batches(path, batch_rows=64)
    first, second = ([b.num_rows for b in batches] for _ in range(2))
    assert first == second and sum(first) == 1000 and max(first) <= 64
    assert next(batches).num_rows == 64


def test_batch_bytes(backend, path):
    found = list(pf.iter_batches(path, batch_rows=1000, batch_bytes=500))
    assert sum(b.num_rows for b in found) == 1000
    assert max(b.num_rows for b in found) < 100


def test_n_rows_and_filters_in_pieces(backend, path):
    assert sum(b.num_rows for b in pf.iter_batches(path, n_rows=250, batch_rows=100)) == 250
    found = list(
        pf.iter_batches(path, columns=["s"], filters="x % 2 = 0", n_rows=30, batch_rows=100)
    )
    assert sum(b.num_rows for b in found) == 30
    assert found[0].schema.names == ["s"]


def test_formats_by_suffix_and_magic(backend, path, tmp_path):
    odd = tmp_path / "data.bin"
    odd.write_bytes(path.read_bytes())
    assert pf.scan(odd).count_rows() == 1000
    pf.write_avro({"x": [1, 2]}, tmp_path / "b.avro")
    assert pf.scan(tmp_path / "b.avro").filter("x > 1").collect()["x"].to_pylist() == [2]
    (tmp_path / "what.bin").write_text("what is this")
    with pytest.raises(pf.errors.IoError, match="format"):
        pf.scan(tmp_path / "what.bin")
    with pytest.raises(ValueError, match="format"):
        pf.scan(path, "excel")
    with pytest.raises(TypeError, match="colums"):
        pf.scan(path, colums=["x"])
    with pytest.raises(TypeError, match="output"):
        pf.scan(path, output="pandas")


def test_a_file_object_is_read_once(backend, path):
    with path.open("rb") as file:
        scan = pf.scan(file)
    assert scan.count_rows() == scan.collect().num_rows == 1000
    with path.open("rb") as file:
        batches = pf.iter_batches(part for part in [file, path])
    assert [sum(b.num_rows for b in batches) for _ in range(2)] == [2000, 2000]


@pytest.mark.parametrize("make", [pf.CancellationToken, threading.Event])
def test_cancel(backend, path, make):
    flag = make()
    stop = flag.set if isinstance(flag, threading.Event) else flag.cancel
    batches = iter(pf.iter_batches(path, batch_rows=10, cancel=flag))
    next(batches)
    stop()
    with pytest.raises(pf.errors.Cancelled):
        list(batches)
    with pytest.raises(pf.errors.Cancelled):
        pf.read_parquet(path, cancel=flag)
    with pytest.raises(pf.errors.Cancelled):
        pf.write_parquet({"x": [1]}, path.with_name("never.parquet"), cancel=flag)
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.parquet"]
    with pytest.raises(TypeError, match="cancel"):
        pf.read_parquet(path, cancel=3)


def test_cancel_from_progress(backend, path):
    token = pf.CancellationToken()
    with pytest.raises(pf.errors.Cancelled):
        pf.read_parquet([path] * 20, progress=lambda *_: token.cancel(), cancel=token)


def test_progress(backend, path):
    seen = []
    pf.read_parquet([path] * 3, progress=lambda done, total, rows: seen.append((done, total, rows)))
    size = path.stat().st_size
    assert seen[-1] == (3 * size, 3 * size, 3000)
    assert [s[0] for s in seen] == sorted(s[0] for s in seen)
    assert all(isinstance(value, int) for entry in seen for value in entry)


def test_an_error_in_progress_leaves_the_read(backend, path):
    def fail(*_):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        pf.read_parquet(path, progress=fail)


def test_report(backend, path):
    report = pf.ReadReport()
    pf.read_parquet([path, path], report=report, threads=1)
    assert report.engine == backend
    assert (report.rows, report.files, report.threads) == (2000, 2, 1)
    assert report.bytes == 2 * path.stat().st_size
    assert report.types == {"x": "int64", "s": "string"}
    pf.read_parquet(path, ["x"], n_rows=1, report=report)
    assert (report.rows, report.files) == (1, 1)
    scan = pf.scan(path)
    scan.collect()
    assert scan.report.rows == 1000


def test_streaming_memory_stays_flat(backend, tmp_path):
    rows = 1 << 20
    table = pa.table({"x": pa.array(range(rows)), "y": pa.array(range(rows))})
    pq.write_table(table, tmp_path / "big.parquet", row_group_size=1 << 16, compression="none")
    del table
    pool = pa.default_memory_pool()
    before, most = pool.bytes_allocated(), 0
    for batch in pf.iter_batches(tmp_path / "big.parquet", batch_rows=1 << 14):
        assert batch.num_rows
        most = max(most, pool.bytes_allocated() - before)
    assert most < 8 << 20  # the file holds 16 MiB


def test_memory_limit(backend, tmp_path):
    pq.write_table(pa.table({"x": list(range(100_000))}), tmp_path / "a.parquet")
    with pytest.raises(pf.errors.LimitExceeded) as caught:
        pf.read_parquet(tmp_path / "a.parquet", memory_limit="10kB")
    assert isinstance(caught.value, MemoryError)
    assert pf.read_parquet(tmp_path / "a.parquet", memory_limit=None).num_rows == 100_000
