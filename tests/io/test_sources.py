"""Where rows come from: paths, globs, folders, bytes, file objects; several files; bad input."""

from __future__ import annotations

import datetime as dt
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe.errors import (
    AvroError,
    IoError,
    ParquetError,
    SchemaError,
    SourceNotFound,
    UnsupportedFeature,
)


@pytest.fixture
def files(tmp_path):
    for k in range(3):
        pq.write_table(pa.table({"x": [k, k + 10]}), tmp_path / f"f{k}.parquet")
    return tmp_path


def xs(*args, **options):
    return pf.read_parquet(*args, **options)["x"].to_pylist()


def test_paths_globs_folders_and_lists(backend, files):
    assert xs(str(files / "f1.parquet")) == [1, 11]
    assert xs(files / "f1.parquet") == [1, 11]
    assert xs(str(files / "f*.parquet")) == [0, 10, 1, 11, 2, 12]
    assert xs(files) == [0, 10, 1, 11, 2, 12]
    assert xs([files / "f2.parquet", str(files / "f0*")]) == [2, 12, 0, 10]
    assert xs(files, n_rows=3) == [0, 10, 1]


def test_bytes_and_file_objects(backend, files):
    data = (files / "f1.parquet").read_bytes()
    assert xs(data) == xs(bytearray(data)) == xs(memoryview(data)) == [1, 11]
    assert xs(pa.py_buffer(data)) == [1, 11]
    assert xs(io.BytesIO(data)) == [1, 11]
    with (files / "f1.parquet").open("rb") as file:
        assert xs(file) == [1, 11]
    assert xs([data, files / "f0.parquet"]) == [1, 11, 0, 10]
    with pytest.raises(TypeError, match="binary"):
        xs(io.StringIO("text"))


def test_names_with_glob_characters_are_files_first(backend, tmp_path):
    path = tmp_path / "a[1].parquet"
    pq.write_table(pa.table({"x": [7]}), path)
    assert xs(path) == [7]


def test_hidden_files_in_folders_are_left_out(backend, files):
    (files / "_SUCCESS").write_text("")
    (files / ".hidden.parquet").write_text("no parquet")
    (files / "notes.txt").write_text("no parquet")
    assert len(xs(files)) == 6


@pytest.mark.parametrize("src", ["missing.parquet", "no*.parquet", "a/b/c.parquet"])
def test_a_missing_file(backend, tmp_path, src):
    with pytest.raises(SourceNotFound) as caught:
        pf.read_parquet(tmp_path / src)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(caught.value).startswith("File not found")
    assert caught.value.path == str(tmp_path / src)


def test_a_folder_without_data_is_a_missing_file(backend, tmp_path):
    with pytest.raises(SourceNotFound, match=r"^File not found"):
        pf.read_parquet(tmp_path)


@pytest.mark.parametrize("url", ["s3://bucket/a.parquet", "https://example.org/a.parquet"])
def test_urls_are_not_offered_yet(backend, url):
    with pytest.raises(UnsupportedFeature, match="local files") as caught:
        pf.read_parquet(url)
    assert caught.value.hint


@pytest.mark.parametrize("option", ["decryption", "storage_options"])
def test_options_that_are_not_offered_yet(backend, files, option):
    with pytest.raises(UnsupportedFeature, match=option):
        pf.read_parquet(files, **{option: {"key": "value"}})


@pytest.mark.parametrize("src", [None, 3, object(), {"a": 1}.keys()])
def test_other_sources_are_type_errors(backend, src):
    with pytest.raises((TypeError, SourceNotFound)):
        pf.read_parquet(src)


def good():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": list(range(100)), "s": ["text"] * 100}), buffer)
    return buffer.getvalue()


BAD = {
    "empty": b"",
    "short": b"PAR1",
    "text": b"x,y\n1,2\n" * 10,
    "truncated": good()[:-20],
    "cut in half": good()[: len(good()) // 2],
    "no start": b"XXXX" + good()[4:],
    "footer length": good()[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1",
    "footer noise": good()[:-200] + b"\xff" * 192 + good()[-8:],
    "avro": b"Obj\x01" + b"\0" * 40,
}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_parquet(backend, tmp_path, name):
    path = tmp_path / "bad.parquet"
    path.write_bytes(BAD[name])
    with pytest.raises(ParquetError) as caught:
        pf.read_parquet(path)
    assert caught.value.path == str(path)
    assert "bad.parquet" in str(caught.value)
    with pytest.raises(ParquetError):
        pf.read_parquet(BAD[name])


def test_every_truncation_is_an_error(backend):
    data = good()
    for size in range(0, len(data), 7):
        with pytest.raises(ParquetError):
            pf.read_parquet(data[:size])


def test_flipped_bytes_never_crash(backend):
    data = good()
    for position in range(0, len(data), 5):
        broken = bytearray(data)
        broken[position] ^= 0xFF
        try:
            pf.read_parquet(bytes(broken)).validate(full=True)
        except (IoError, pf.errors.ParquetFrameError):
            continue


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs file permissions")
def test_a_file_without_permission(backend, files):
    path = files / "f0.parquet"
    path.chmod(0)
    with pytest.raises(PermissionError):
        pf.read_parquet(path)


# Folders named key=value.


@pytest.fixture
def hive(tmp_path):
    for year in ("2020", "2021", "__HIVE_DEFAULT_PARTITION__"):
        for day in ("2020-01-01", "2020-02-30" if year == "2021" else "2020-01-02"):
            folder = tmp_path / f"year={year}" / f"day={day}" / "code=0%201"
            folder.mkdir(parents=True)
            pq.write_table(pa.table({"x": [len(year)]}), folder / "part.parquet")
    return tmp_path


def test_folders_become_columns(backend, hive):
    found = pf.read_parquet(hive)
    assert found.column_names == ["x", "year", "day", "code"]
    assert found.schema.field("year").type == pa.int64()
    assert found.schema.field("day").type == pa.large_string()  # 2020-02-30 is no date
    assert set(found["year"].to_pylist()) == {2020, 2021, None}
    assert set(found["code"].to_pylist()) == {"0 1"}
    assert pf.read_parquet(hive, hive=False).column_names == ["x"]
    assert pf.read_parquet(str(hive / "year=2020" / "*")).column_names == ["x", "day", "code"]


def test_dates_and_leading_zeros(backend, tmp_path):
    for day, month in (("2020-01-01", "01"), ("2020-01-02", "12")):
        folder = tmp_path / f"day={day}" / f"month={month}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": [1]}), folder / "part.parquet")
    found = pf.read_parquet(tmp_path)
    assert found["day"].to_pylist() == [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
    assert found["month"].to_pylist() == ["01", "12"]


def test_conditions_on_folders_leave_files_out(backend, hive):
    report = pf.ReadReport()
    found = pf.read_parquet(hive, filters="year = 2020 AND x > 0", report=report)
    assert found["year"].to_pylist() == [2020, 2020]
    assert (report.files, report.files_pruned) == (2, 4)
    assert pf.read_parquet(hive, filters="year = 2020 OR x = 26").num_rows == 4
    assert pf.read_parquet(hive, filters="year IS NULL").num_rows == 2
    assert pf.read_parquet(hive, ["year"], filters="year > 2020")["year"].to_pylist() == [2021] * 2
    assert pf.read_parquet(hive, ["day", "x"], n_rows=1).num_rows == 1


def test_pruned_files_are_not_opened(backend, tmp_path):
    for k in (1, 2):
        (tmp_path / f"k={k}").mkdir()
        pq.write_table(pa.table({"x": [k]}), tmp_path / f"k={k}" / "a.parquet")
    (tmp_path / "k=2" / "a.parquet").write_bytes(b"broken")
    assert xs(tmp_path, filters="k = 1") == [1]


def test_a_folder_column_must_not_hide_a_stored_one(backend, tmp_path):
    (tmp_path / "x=1").mkdir()
    pq.write_table(pa.table({"x": [5]}), tmp_path / "x=1" / "a.parquet")
    with pytest.raises(SchemaError, match="'x'"):
        pf.read_parquet(tmp_path)
    assert xs(tmp_path, hive=False) == [5]


def test_include_path(backend, files):
    found = pf.read_parquet(files, include_path="from")
    assert found["from"].to_pylist()[::2] == [str(files / f"f{k}.parquet") for k in range(3)]
    found = pf.read_parquet(files, ["from"], include_path="from", filters="\"from\" LIKE '%f1%'")
    assert [Path(p).name for p in found["from"].to_pylist()] == ["f1.parquet"] * 2
    with pytest.raises(SchemaError, match="'x'"):
        pf.read_parquet(files, include_path="x")


# Files that differ.


def pair(tmp_path, first, second):
    pq.write_table(first, tmp_path / "a.parquet")
    pq.write_table(second, tmp_path / "b.parquet")
    return tmp_path


def test_missing_columns(backend, tmp_path):
    src = pair(tmp_path, pa.table({"x": [1], "y": ["a"]}), pa.table({"x": [2]}))
    with pytest.raises(SchemaError, match=r"'y'.*b\.parquet"):
        pf.read_parquet(src)
    assert pf.read_parquet(src, missing_columns="null")["y"].to_pylist() == ["a", None]
    assert pf.read_parquet(src, ["x"])["x"].to_pylist() == [1, 2]
    assert xs(src, missing_columns="null", filters="y IS NULL") == [2]


def test_extra_columns(backend, tmp_path):
    src = pair(tmp_path, pa.table({"x": [1]}), pa.table({"x": [2], "y": ["a"]}))
    with pytest.raises(SchemaError, match="'y'"):
        pf.read_parquet(src)
    assert pf.read_parquet(src, extra_columns="ignore").column_names == ["x"]


def test_order_of_columns_may_differ(backend, tmp_path):
    src = pair(tmp_path, pa.table({"x": [1], "y": [2]}), pa.table({"y": [20], "x": [10]}))
    assert pf.read_parquet(src).to_pydict() == {"x": [1, 10], "y": [2, 20]}


WIDER = [
    (pa.int32(), pa.int64()), (pa.uint8(), pa.int16()), (pa.float32(), pa.float64()),
    (pa.date32(), pa.timestamp("us")), (pa.decimal128(9, 2), pa.decimal128(12, 3)),
    (pa.timestamp("ms"), pa.timestamp("us")), (pa.int16(), pa.float64()),
    (pa.list_(pa.int32()), pa.list_(pa.int64())),
]  # fmt: skip


@pytest.mark.parametrize(("narrow", "wide"), WIDER, ids=str)
def test_lossless_casts_are_opt_in(backend, tmp_path, narrow, wide):
    one = pa.nulls(1, wide)
    src = pair(tmp_path, pa.table([one], names=["x"]), pa.table([pa.nulls(1, narrow)], names=["x"]))
    with pytest.raises(SchemaError, match="'x'") as caught:
        pf.read_parquet(src)
    assert "widen" in caught.value.hint
    assert pf.read_parquet(src, cast="widen").schema.field("x").type == wide


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.float64(), pa.int64()),
        (pa.int32(), pa.int64()),
        (pa.int64(), pa.uint64()),
        (pa.string(), pa.int64()),
        (pa.decimal128(5, 2), pa.decimal128(9, 2)),
        (pa.timestamp("us"), pa.timestamp("us", "UTC")),
        (pa.float32(), pa.int32()),
    ],
    ids=str,
)
def test_other_casts_are_never_made(backend, tmp_path, first, second):
    src = pair(
        tmp_path,
        pa.table([pa.nulls(1, first)], names=["x"]),
        pa.table([pa.nulls(1, second)], names=["x"]),
    )
    with pytest.raises(SchemaError):
        pf.read_parquet(src, cast="widen")


def test_schema_is_the_reference(backend, tmp_path):
    src = pair(tmp_path, pa.table({"x": pa.array([1], pa.int32())}), pa.table({"x": [2]}))
    wanted = pa.schema([("x", pa.int64()), ("new", pa.large_string())])
    found = pf.read_parquet(src, schema=wanted, cast="widen", missing_columns="null")
    assert found.schema.equals(wanted)
    assert found.to_pydict() == {"x": [1, 2], "new": [None, None]}
    assert xs(src, schema=wanted, cast="widen", missing_columns="null", filters="x = 1") == [1]


def test_row_groups_are_given_per_file(backend, files):
    assert xs(files, row_groups=[[0], [], [0]]) == [0, 10, 2, 12]
    with pytest.raises(ValueError, match="3 files"):
        xs(files, row_groups=[0])


# Avro.


def test_avro_bad_input(backend, tmp_path):
    buffer = io.BytesIO()
    pf.write_avro({"x": list(range(1000))}, buffer, codec="null", block_bytes=500)
    data = buffer.getvalue()
    bad = {"empty": b"", "text": b"hello world", "magic": b"Obj\x01", "cut": data[:-5],
           "sync": data[:-3] + b"\0\0\0", "header": data[:30]}  # fmt: skip
    for name, content in bad.items():
        with pytest.raises(AvroError):
            pf.read_avro(content)
        path = tmp_path / f"{name}.avro"
        path.write_bytes(content)
        with pytest.raises(AvroError, match=rf"{name}\.avro"):
            pf.read_avro(path)
    with pytest.raises(SourceNotFound, match=r"^File not found"):
        pf.read_avro(tmp_path / "none.avro")


def test_avro_columns_rows_and_schema(backend):
    buffer = io.BytesIO()
    pf.write_avro({"x": list(range(10)), "s": list("abcdefghij")}, buffer)
    data = buffer.getvalue()
    assert pf.read_avro(data, ["s"], n_rows=2).to_pydict() == {"s": ["a", "b"]}
    assert pf.get_avro_record_count(data) == 10
    assert pf.read_avro_schema(data)["fields"][0]["name"] == "x"
    assert pf.get_row_count(data) == 10
    with pytest.raises(SchemaError, match="'t'"):
        pf.read_avro(data, ["t"])
    reader = {
        "type": "record", "name": "topLevelRecord",
        "fields": [{"name": "x", "type": ["null", "double"]}, {"name": "new", "type": "string", "default": "d"}],
    }  # fmt: skip
    found = pf.read_avro(data, reader_schema=reader)
    assert found.schema.types == [pa.float64(), pa.large_string()]
    assert found["new"].to_pylist() == ["d"] * 10


def test_avro_enums(backend):
    import fastavro

    schema = {"type": "record", "name": "r", "fields": [
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}}]}  # fmt: skip
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, [{"e": "B"}, {"e": "A"}])
    found = pf.read_avro(buffer.getvalue())
    assert pa.types.is_dictionary(found.schema.field("e").type)
    assert found["e"].to_pylist() == ["B", "A"]
    assert (
        pf.read_avro(buffer.getvalue(), enums="string").schema.field("e").type == pa.large_string()
    )


def test_avro_without_fastavro_names_the_extra(monkeypatch, tmp_path):
    import sys

    monkeypatch.setenv("PARQUETFRAME_BACKEND", "python")
    monkeypatch.setitem(sys.modules, "fastavro", None)
    path = tmp_path / "a.avro"
    path.write_bytes(b"Obj\x01")
    with pytest.raises(ImportError, match=r"parquetframe\[avro\]"):
        pf.read_avro(path)
