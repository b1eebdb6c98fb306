"""Metadata, counts, statistics; the names of 2.0; options and machine limits."""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import io_rust
from parquetframe.errors import IoError, ParquetError, SchemaError, SourceNotFound
from parquetframe.io import io_backend, machine


@pytest.fixture
def path(tmp_path):
    table = pa.table(
        {
            "x": [3, 1, None, 2],
            "s": ["b", "a", "c", None],
            "d": [dt.date(2020, 1, k) for k in (4, 3, 2, 1)],
            "m": pa.array(
                [decimal.Decimal(k) for k in ("1.5", "-2.5", "0", "9")], pa.decimal128(9, 2)
            ),
            "n": pa.array([{"p": 1, "q": [1.0]}] * 4),
            "t": pa.array([0, 1, 2, 3], pa.timestamp("us")),
            "e": pa.nulls(4, pa.int32()),
        }
    ).replace_schema_metadata({"who": "me"})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    return tmp_path / "a.parquet"


def test_metadata(backend, path):
    facts = pf.read_parquet_metadata(path)
    assert (facts.rows, facts.num_columns, facts.num_row_groups) == (4, 7, 2)
    assert [group.rows for group in facts.row_groups] == [2, 2]
    assert [column.path for column in facts.columns][4:6] == ["n.p", "n.q.list.element"]
    assert facts.file_bytes == path.stat().st_size
    assert 0 < facts.footer_bytes < facts.file_bytes
    assert facts.key_values["who"] == "me"
    assert facts.created_by.startswith("parquet-cpp-arrow")
    assert facts.has_page_index is False and facts.has_bloom is False
    assert json.loads(json.dumps(facts.to_dict()))["rows"] == 4
    with pytest.raises(AttributeError):
        facts.rows = 5
    assert pf.read_parquet_metadata(path.read_bytes()) == facts


def test_column_info(backend, path):
    info = {entry["path"]: entry for entry in pf.get_column_info(path)}
    assert info["x"]["type"] == "int64" and info["x"]["physical"] == "INT64"
    assert info["m"]["type"] == "decimal(9,2)"
    assert info["n.q.list.element"]["type"] == "float64"
    assert info["s"]["codecs"] == ("snappy",)
    assert info["x"]["nullable"] is True
    assert info["x"]["compressed_bytes"] > 0 and "PLAIN" in info["x"]["encodings"]


def test_names_counts_and_schema(backend, path):
    assert pf.get_row_count(path) == 4
    assert pf.get_row_count([path, path]) == 8
    assert pf.get_column_names(path) == list("xsdmnte")
    assert pf.read_parquet_schema(path).types == pf.read_parquet(path).schema.types


def test_statistics_cover_all_row_groups(backend, path):
    found = {row["name"]: row for row in pf.get_column_statistics(path)}
    assert (found["x"]["min"], found["x"]["max"], found["x"]["null_count"]) == (1, 3, 1)
    assert (found["s"]["min"], found["s"]["max"]) == ("a", "c")
    assert (found["d"]["min"], found["d"]["max"]) == (dt.date(2020, 1, 1), dt.date(2020, 1, 4))
    assert (found["m"]["min"], found["m"]["max"]) == (
        decimal.Decimal("-2.50"),
        decimal.Decimal("9.00"),
    )
    assert found["t"]["max"] == dt.datetime(1970, 1, 1, 0, 0, 0, 3)
    assert (found["e"]["min"], found["e"]["null_count"]) == (None, 4)
    assert found["x"]["distinct_count"] is None
    assert [row["name"] for row in pf.get_column_statistics(path, ["d", "n.p"])] == ["d", "n.p"]
    with pytest.raises(SchemaError, match="'q'"):
        pf.get_column_statistics(path, ["q"])


def test_no_statistics_where_a_row_group_lacks_them(backend, tmp_path):
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet", write_statistics=False)
    (row,) = pf.get_column_statistics(tmp_path / "a.parquet")
    assert (row["min"], row["max"], row["null_count"]) == (None, None, None)


QUESTIONS = [
    pf.read_parquet_metadata, pf.read_parquet_schema, pf.get_column_info, pf.get_column_statistics,
    pf.get_row_count, pf.get_column_names,
]  # fmt: skip


@pytest.mark.parametrize("ask", QUESTIONS, ids=lambda f: f.__name__)
def test_questions_about_bad_files(backend, tmp_path, ask):
    with pytest.raises(SourceNotFound, match=r"^File not found"):
        ask(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ParquetError, match=r"bad\.parquet"):
        ask(tmp_path / "bad.parquet")


def test_a_folder_is_no_file(backend, tmp_path):
    with pytest.raises(IoError, match="directory"):
        pf.read_parquet_metadata(tmp_path)


# The names of 2.0.


def parameters(function):
    return [
        (p.name, p.default)
        for p in inspect.signature(function).parameters.values()
        if p.name != "self"
    ]


def test_names_and_signatures_of_2_0():
    empty = inspect.Parameter.empty
    engine = io_rust.RustIOEngine
    assert parameters(engine) == []
    assert parameters(engine.is_available) == []
    assert parameters(engine.read_parquet) == [
        ("path", empty),
        ("columns", None),
        ("row_groups", None),
    ]
    assert parameters(engine.read_avro) == [("path", empty), ("batch_size", None)]
    for name in ("metadata", "row_count", "column_names", "column_stats"):
        assert parameters(getattr(engine, f"get_parquet_{name}")) == [("path", empty)]
    for name in io_backend.__all__:
        assert parameters(getattr(io_backend, name)) == [("path", empty)]
    assert len(io_backend.__all__) == 8


@pytest.mark.parametrize("variable", ["PARQUETFRAME_BACKEND", "PARQUETFRAME_DISABLE_RUST_IO"])
def test_without_the_extension(monkeypatch, variable, path):
    monkeypatch.delenv("PARQUETFRAME_BACKEND", raising=False)
    monkeypatch.setenv(variable, "python" if variable.endswith("BACKEND") else "1")
    assert io_rust.is_rust_io_available() is False
    assert io_rust.RustIOEngine.is_available() is False
    with pytest.raises(RuntimeError, match=r"parquetframe\.read_parquet"):
        io_rust.RustIOEngine()
    with pytest.raises(RuntimeError):
        io_rust.read_parquet_fast(path)
    report = pf.ReadReport()
    pf.read_parquet(path, report=report)
    assert report.engine == "python"


def test_metadata_under_the_old_names(backend, path):
    facts = io_backend.read_parquet_metadata_fast(path)
    assert list(facts) == [
        "num_rows", "num_row_groups", "num_columns", "file_size_bytes", "version", "column_names", "column_types",
    ]  # fmt: skip
    assert facts["num_rows"] == io_backend.get_parquet_row_count_fast(str(path)) == 4
    assert (
        facts["column_names"] == io_backend.get_parquet_column_names_fast(path) == list("xsdmnte")
    )
    assert facts["column_types"][:4] == ["int64", "string", "date", "decimal(9,2)"]
    stats = io_backend.get_parquet_column_stats_fast(path)
    assert stats[0] == {
        "name": "x", "null_count": 1, "distinct_count": None, "min_value": "1", "max_value": "3",
    }  # fmt: skip
    assert stats[2]["min_value"] == "2020-01-01"


def test_try_twins_return_none(backend, path, tmp_path):
    for name in io_backend.__all__:
        function = getattr(io_backend, name)
        if name.startswith("try_"):
            assert function(tmp_path / "none.parquet") is None
            twin = getattr(io_backend, name.removeprefix("try_"))
            assert function(path) == twin(path)
        else:
            with pytest.raises(ValueError, match=r"^File not found"):
                function(tmp_path / "none.parquet")


def test_the_engine_of_2_0(backend, path, tmp_path):
    if backend == "python":
        pytest.skip("the class is the compiled engine")
    engine = io_rust.RustIOEngine()
    assert engine.is_available() is True
    assert engine.read_parquet(path, ["x"], [0])["x"].to_pylist() == [3, 1]
    assert engine.get_parquet_metadata(path) == io_backend.read_parquet_metadata_fast(path)
    assert engine.get_parquet_row_count(path) == 4
    assert engine.get_parquet_column_names(path) == list("xsdmnte")
    assert len(engine.get_parquet_column_stats(path)) == 8
    pf.write_avro({"x": [1]}, tmp_path / "a.avro")
    assert engine.read_avro(tmp_path / "a.avro", 10).num_rows == 1
    assert io_rust.read_parquet_fast(path).num_rows == 4
    assert io_rust.read_avro_fast(tmp_path / "a.avro").num_rows == 1


# Options.


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"output": "excel"}, ValueError), ({"string_type": "huge"}, ValueError),
        ({"threads": 0}, ValueError), ({"threads": "2"}, TypeError), ({"threads": True}, TypeError),
        ({"memory_limit": "much"}, ValueError), ({"memory_limit": "0%"}, ValueError),
        ({"memory_limit": 0}, ValueError), ({"memory_limit": 1.5}, TypeError),
        ({"progress": 3}, TypeError), ({"report": {}}, TypeError), ({"engine": "java"}, ValueError),
        ({"dtype_backend": "numpy"}, ValueError), ({"null_ints": "no"}, ValueError),
        ({"dates": "datetime64"}, ValueError), ({"decimals": "float64"}, ValueError),
        ({"int96_unit": "h"}, ValueError), ({"hive": "yes"}, ValueError), ({"include_path": 1}, TypeError),
        ({"missing_columns": "drop"}, ValueError), ({"extra_columns": "x"}, ValueError),
        ({"cast": "force"}, ValueError), ({"n_rows": -1}, ValueError), ({"n_rows": 1.0}, TypeError),
        ({"row_groups": "all"}, TypeError), ({"row_groups": [-1]}, ValueError),
        ({"row_groups": ["a"]}, TypeError), ({"schema": {"x": "int64"}}, TypeError),
        ({"dictionary_columns": "s"}, TypeError), ({"verify_checksums": "yes"}, TypeError),
    ],
    ids=str,
)  # fmt: skip
def test_bad_options(backend, path, options, error):
    with pytest.raises(error, match=next(iter(options))):
        pf.read_parquet(path, **options)


def test_unknown_options_are_type_errors(backend, path):
    with pytest.raises(TypeError):
        pf.read_parquet(path, colunms=["x"])


def test_checksums(backend):
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({"x": list(range(1000))}), buffer, write_page_checksum=True, compression="none",
        use_dictionary=False,
    )  # fmt: skip
    data = bytearray(buffer.getvalue())
    assert pf.read_parquet(bytes(data), verify_checksums=True).num_rows == 1000
    data[len(data) // 3] ^= 1
    assert pf.read_parquet(bytes(data)).num_rows == 1000
    with pytest.raises(ParquetError):
        pf.read_parquet(bytes(data), verify_checksums=True)


def test_threads_follow_argument_variable_and_machine(monkeypatch):
    monkeypatch.delenv("PARQUETFRAME_THREADS", raising=False)
    assert machine.thread_count(3) == 3
    assert machine.thread_count(None) == machine.usable_cores() >= 1
    monkeypatch.setenv("PARQUETFRAME_THREADS", "5")
    assert machine.thread_count(None) == 5
    monkeypatch.setenv("PARQUETFRAME_THREADS", "many")
    with pytest.raises(ValueError, match="PARQUETFRAME_THREADS"):
        machine.thread_count(None)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinity")
def test_cores_follow_affinity_and_quota(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_cores() == 8
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    assert machine.usable_cores() == 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.usable_cores() == 8


def test_memory_limits(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("1000\n")
    assert machine.memory_limit_bytes("80%") == 800
    assert machine.memory_limit_bytes("2 MB") == 2_000_000
    assert machine.memory_limit_bytes("1.5KiB") == 1536
    assert machine.memory_limit_bytes(77) == 77
    assert machine.memory_limit_bytes(None) is None


TYPED = {
    "bool": (pa.bool_(), [False, True]),
    "int8": (pa.int8(), [-5, 5]),
    "uint32": (pa.uint32(), [1, 2**32 - 1]),
    "uint64": (pa.uint64(), [1, 2**64 - 1]),
    "float32": (pa.float32(), [-0.5, 2.5]),
    "inf": (pa.float64(), [float("-inf"), float("inf")]),
    "text": (pa.string(), ["a", "é"]),
    "binary": (pa.binary(), [b"\x00", b"\xff"]),
    "date": (pa.date32(), [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]),
    "ms": (pa.timestamp("ms"), [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2)]),
    "us": (pa.timestamp("us"), [dt.datetime(2020, 1, 1, 0, 0, 0, 1), dt.datetime(2020, 1, 2)]),
    "decimal": (pa.decimal128(20, 2), [decimal.Decimal("-1.25"), decimal.Decimal("9.00")]),
}


@pytest.mark.parametrize("name", TYPED)
def test_bounds_have_the_type_of_the_column(backend, tmp_path, name):
    dtype, items = TYPED[name]
    for schema in (True, False):  # without Arrow's schema the footer's own types decide
        path = tmp_path / f"{schema}.parquet"
        pq.write_table(pa.table({"c": pa.array([*items, None], dtype)}), path, store_schema=schema)
        (row,) = pf.get_column_statistics(path)
        assert (row["min"], row["max"], row["null_count"]) == (*items, 1)
        assert type(row["min"]) is type(items[0])
