"""The step `save`: what we write, peers read; a failed run leaves what was there."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
from decimal import Decimal

import fastavro
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import errors

NAN = float("nan")
TABLE = pa.table(
    {
        "i": pa.array([1, None, -3], pa.int64()),
        "f": [0.5, NAN, None],
        "s": ["a,b", None, 'say "hi"'],
        "e": ["", "ü€🦀", "two\nlines"],
        "ok": [True, None, False],
        "d": pa.array([dt.date(2020, 2, 29), None, dt.date(1969, 12, 31)]),
        "t": pa.array([dt.datetime(2020, 1, 1, 12, 30, 0, 5), None, dt.datetime(1960, 1, 1)], pa.timestamp("us")),
        "z": pa.array([dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None, dt.datetime(1960, 1, 1, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
    }
)  # fmt: skip


def save(flow, name, table=TABLE, **step):
    step = {"name": "s", "type": "save", "input": "t", "path": name, **step}
    return flow.run({"t": table}, step)


def leftovers(folder):
    return [
        path.name for path in folder.rglob("*") if ".pf-" in path.name or path.name.endswith(".tmp")
    ]


class TestParquet:
    @pytest.mark.parametrize("codec", [None, "zstd", "snappy", "gzip", "lz4", "none", "brotli"])
    def test_pyarrow_and_pandas_read_it(self, flow, tmp_path, codec):
        step = {} if codec is None else {"compression": codec}
        save(flow, "o.parquet", **step)
        flow.same(pq.read_table(tmp_path / "o.parquet"), TABLE)
        assert pd.read_parquet(tmp_path / "o.parquet").shape == (3, 8)
        found = pq.ParquetFile(tmp_path / "o.parquet").metadata.row_group(0).column(0).compression
        wanted = {None: "ZSTD", "none": "UNCOMPRESSED"}.get(codec, (codec or "").upper())
        assert found in {wanted, "LZ4_RAW" if codec == "lz4" else wanted}

    def test_row_groups(self, flow, tmp_path):
        table = pa.table({"n": range(2500)})
        save(flow, "o.parquet", table, row_group_rows=1000)
        meta = pq.ParquetFile(tmp_path / "o.parquet").metadata
        assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [1000, 1000, 500]
        flow.same(pq.read_table(tmp_path / "o.parquet"), table)

    def test_more_types(self, flow, tmp_path):
        table = pa.table(
            {
                "i8": pa.array([1, None], pa.int8()),
                "u64": pa.array([2**64 - 1, None], pa.uint64()),
                "f32": pa.array([0.25, None], pa.float32()),
                "dec": pa.array([Decimal("1.25"), None], pa.decimal128(12, 2)),
                "bin": pa.array([b"\x00\xff", None], pa.binary()),
                "ms": pa.array([1, None], pa.timestamp("ms")),
                "ns": pa.array([1, None], pa.timestamp("ns")),
            }
        )
        save(flow, "o.parquet", table)
        flow.same(pq.read_table(tmp_path / "o.parquet"), table)

    def test_lists(self, flow, tmp_path):
        table = pa.table({"k": [1, 1, 2], "v": [1, 2, 3]})
        steps = [
            {
                "name": "g",
                "type": "groupby",
                "input": "t",
                "by": "k",
                "agg": {"v": "list"},
                "order_by": ["v"],
                "sort": True,
            },
            {"name": "s", "type": "save", "input": "g", "path": "o.parquet"},
        ]
        flow.run({"t": table}, *steps)
        assert pq.read_table(tmp_path / "o.parquet").to_pylist() == [
            {"k": 1, "v": [1, 2]},
            {"k": 2, "v": [3]},
        ]


class TestCsv:
    def rows(self, path, **options):
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, **options))

    def test_text(self, flow, tmp_path):
        save(flow, "o.csv", TABLE.select(["i", "f", "s", "ok", "d"]))
        rows = self.rows(tmp_path / "o.csv")
        rows[2][1] = rows[2][1].lower()
        assert rows == [
            ["i", "f", "s", "ok", "d"],
            ["1", "0.5", "a,b", "true", "2020-02-29"],
            ["", "nan", "", "", ""],
            ["-3", "", 'say "hi"', "false", "1969-12-31"],
        ]

    def test_reads_back_the_same(self, flow, tmp_path):
        save(flow, "o.csv")
        back = pf.Workflow.from_dict(
            {"steps": [{"name": "r", "type": "read", "path": "o.csv"}]}, base_dir=tmp_path
        ).run()
        flow.same(back.outputs["r"], TABLE)

    def test_pandas_reads_it(self, flow, tmp_path):
        save(flow, "o.csv")
        found = pd.read_csv(
            tmp_path / "o.csv", keep_default_na=False, na_values={"i": [""], "f": [""]}
        )
        assert found["e"].to_list() == TABLE["e"].to_pylist()
        assert found["s"].to_list() == ["a,b", "", 'say "hi"']
        assert found["i"].to_list()[::2] == [1, -3]

    def test_pyarrow_reads_it(self, flow, tmp_path):
        table = TABLE.select(["i", "s", "d"])
        save(flow, "o.csv", table)
        options = pyarrow.csv.ConvertOptions(
            strings_can_be_null=True, quoted_strings_can_be_null=False
        )
        flow.same(pyarrow.csv.read_csv(tmp_path / "o.csv", convert_options=options), table)

    def test_empty_text_is_not_null(self, flow, tmp_path):
        save(flow, "o.csv", pa.table({"a": ["", None, "x"], "b": [1, 2, 3]}))
        assert (tmp_path / "o.csv").read_bytes().replace(b"\r\n", b"\n") == b'a,b\n"",1\n,2\nx,3\n'

    def test_null_text(self, flow, tmp_path):
        save(
            flow,
            "o.csv",
            pa.table({"a": ["x", None, "NA"], "n": pa.array([1, 2, None], pa.int64())}),
            null_value="NA",
        )
        text = (tmp_path / "o.csv").read_text()
        assert text.splitlines() == ["a,n", "x,1", "NA,2", '"NA",NA']

    def test_delimiter_header_quote(self, flow, tmp_path):
        save(
            flow,
            "o.csv",
            pa.table({"a": ["x;y", "it's"], "b": [1, 2]}),
            delimiter=";",
            header=False,
            quote="'",
        )
        assert self.rows(tmp_path / "o.csv", delimiter=";", quotechar="'") == [
            ["x;y", "1"],
            ["it's", "2"],
        ]

    def test_gz_by_suffix(self, flow, tmp_path):
        table = pa.table({"a": [1, 2]})
        save(flow, "o.csv.gz", table)
        with gzip.open(tmp_path / "o.csv.gz", "rt") as file:
            assert file.read().splitlines() == ["a", "1", "2"]

    def test_zst_by_suffix(self, flow, tmp_path):
        save(flow, "o.csv.zst", pa.table({"a": [1, 2]}))
        with pa.CompressedInputStream(str(tmp_path / "o.csv.zst"), "zstd") as stream:
            assert io.BytesIO(stream.read()).read().split() == [b"a", b"1", b"2"]

    def test_floats_survive(self, flow, tmp_path):
        values = [0.1, 1e300, 1e-300, 2.0, -0.0, 1 / 3, float("inf"), 123456789.123456789, 1e16]
        save(flow, "o.csv", pa.table({"x": values}))
        assert [float(row[0]) for row in self.rows(tmp_path / "o.csv")[1:]] == values

    def test_no_rows_write_the_header(self, flow, tmp_path):
        save(flow, "o.csv", TABLE.slice(0, 0).select(["i", "s"]))
        assert self.rows(tmp_path / "o.csv") == [["i", "s"]]

    def test_blank_line_for_null_is_refused(self, flow, tmp_path):
        """Readers skip blank lines, so the row would be lost."""
        with pytest.raises(errors.StepError, match="blank line") as caught:
            save(flow, "o.csv", pa.table({"i": pa.array([1, None], pa.int64())}))
        assert caught.value.code == "E503"
        assert type(caught.value.__cause__) is errors.WriteError
        assert not (tmp_path / "o.csv").exists()
        save(flow, "o.csv", pa.table({"i": pa.array([1, None], pa.int64())}), null_value="NA")
        assert (tmp_path / "o.csv").read_text() == "i\n1\nNA\n"

    def test_lists_are_refused(self, flow, tmp_path):
        table = pa.table({"k": [1], "v": [1]})
        steps = [
            {
                "name": "g",
                "type": "groupby",
                "input": "t",
                "by": "k",
                "agg": {"v": "list"},
                "order_by": ["v"],
            },
            {"name": "s", "type": "save", "input": "g", "path": "o.csv"},
        ]
        error = flow.fails({"t": table}, *steps)
        assert "'v'" in str(error)
        assert not (tmp_path / "o.csv").exists()
        assert leftovers(tmp_path) == []


class TestAvro:
    @pytest.mark.parametrize("codec", [None, "none", "deflate"])
    def test_fastavro_reads_it(self, flow, tmp_path, codec):
        step = {} if codec is None else {"compression": codec}
        table = TABLE.drop(["t"])
        save(flow, "o.avro", table, **step)
        with (tmp_path / "o.avro").open("rb") as file:
            reader = fastavro.reader(file)
            rows = list(reader)
        for found, expected in zip(rows, table.to_pylist(), strict=True):
            assert found.keys() == expected.keys()
            for name, value in found.items():
                both_nan = value != value and expected[name] != expected[name]
                assert both_nan or value == expected[name], name

    def test_reads_back_the_same(self, flow, tmp_path):
        table = TABLE.drop(["t"])
        save(flow, "o.avro", table)
        back = pf.Workflow.from_dict(
            {"steps": [{"name": "r", "type": "read", "path": "o.avro"}]}, base_dir=tmp_path
        ).run()
        flow.same(back.outputs["r"], table)

    def test_many_rows(self, flow, tmp_path):
        table = pa.table({"n": range(20_000), "s": [f"r{i}" for i in range(20_000)]})
        save(flow, "o.avro", table)
        with (tmp_path / "o.avro").open("rb") as file:
            assert list(fastavro.reader(file)) == table.to_pylist()


@pytest.mark.parametrize("name", ["o.parquet", "o.csv", "o.avro"])
class TestEveryFormat:
    def test_record(self, flow, tmp_path, name):
        table = TABLE.select(["i", "s"])
        record = save(flow, name, table).files["s"]
        data = (tmp_path / name).read_bytes()
        assert (record.path, record.rows, record.bytes) == (str(tmp_path / name), 3, len(data))
        algorithm, _, digest = record.checksum.partition(":")
        assert len(bytes.fromhex(digest)) >= 16
        if algorithm in hashlib.algorithms_available:
            assert hashlib.new(algorithm, data).hexdigest().startswith(digest)
        assert save(flow, name, table.slice(1)).files["s"].checksum != record.checksum

    def test_published_event(self, flow, tmp_path, name):
        events = []
        step = {"name": "s", "type": "save", "input": "t", "path": name}
        flow.run({"t": TABLE.select(["i", "s"])}, step, on_event=events.append)
        (event,) = [e for e in events if e["type"] == "output_published"]
        assert (event["path"], event["rows"], event["step"]) == (str(tmp_path / name), 3, "s")

    def test_replaces(self, flow, tmp_path, name):
        (tmp_path / name).write_bytes(b"old")
        save(flow, name, TABLE.select(["i", "s"]))
        assert (tmp_path / name).read_bytes() != b"old"
        assert leftovers(tmp_path) == []

    def test_mode_error_keeps_the_old_file(self, flow, tmp_path, name):
        (tmp_path / name).write_bytes(b"old")
        with pytest.raises(errors.StepError) as caught:
            save(flow, name, TABLE.select(["i", "s"]), mode="error")
        assert type(caught.value.__cause__) is errors.WriteError
        assert caught.value.code == "E503"
        assert (tmp_path / name).read_bytes() == b"old"
        assert leftovers(tmp_path) == []

    def test_mode_error_writes_a_new_file(self, flow, tmp_path, name):
        save(flow, name, TABLE.select(["i", "s"]), mode="error")
        assert (tmp_path / name).stat().st_size > 0

    def test_makes_directories(self, flow, tmp_path, name):
        save(flow, f"deep/er/{name}", TABLE.select(["i", "s"]))
        assert (tmp_path / "deep" / "er" / name).exists()

    def test_mkdir_false(self, flow, tmp_path, name):
        with pytest.raises(errors.StepError) as caught:
            save(flow, f"deep/{name}", TABLE.select(["i", "s"]), mkdir=False)
        assert isinstance(caught.value.__cause__, OSError)
        assert not (tmp_path / "deep").exists()

    def test_failed_step_keeps_the_old_file(self, flow, tmp_path, name):
        """The error comes from the last of many rows, when most of them may be written already."""
        (tmp_path / name).write_bytes(b"old")
        table = pa.table({"n": [*range(1, 200_001), 0]})
        steps = [
            {"name": "x", "type": "transform", "input": "t", "columns": {"bad": "1 / n"}},
            {"name": "s", "type": "save", "input": "x", "path": name},
        ]
        error = flow.fails({"t": table}, *steps)
        assert error.code == "E601"
        assert (tmp_path / name).read_bytes() == b"old"
        assert leftovers(tmp_path) == []

    def test_failed_function_keeps_the_old_file(self, flow, tmp_path, name):
        (tmp_path / name).write_bytes(b"old")

        def fail(_):
            msg = "no"
            raise RuntimeError(msg)

        steps = [
            {"name": "p", "type": "python", "input": "t", "call": fail},
            {"name": "s", "type": "save", "input": "p", "path": name},
        ]
        flow.fails({"t": TABLE}, *steps)
        assert (tmp_path / name).read_bytes() == b"old"
        assert leftovers(tmp_path) == []

    def test_directory_in_the_way(self, flow, tmp_path, name):
        (tmp_path / name).mkdir()
        with pytest.raises(errors.StepError) as caught:
            save(flow, name, TABLE.select(["i", "s"]))
        assert isinstance(caught.value.__cause__, OSError)
        assert (tmp_path / name).is_dir()
        assert leftovers(tmp_path) == []

    def test_saved_dataset_is_an_output(self, flow, tmp_path, name):
        table = TABLE.select(["i", "e"])
        flow.same(save(flow, name, table).outputs["s"], table)


def test_two_saves_to_one_path_are_invalid(flow):
    steps = [{"name": n, "type": "save", "input": "t", "path": "o.csv"} for n in ("s1", "s2")]
    assert "'s1' saves to this path" in str(flow.invalid({"t": TABLE}, *steps))


def test_old_names(flow, tmp_path):
    flow.run({"t": TABLE}, {"name": "s", "type": "write", "input": "t", "output": "o.parquet"})
    flow.same(pq.read_table(tmp_path / "o.parquet"), TABLE)


def test_format_overrules_the_suffix(flow, tmp_path):
    save(flow, "o.data", TABLE.select(["i", "s"]), format="csv")
    assert (tmp_path / "o.data").read_text().splitlines()[0] == "i,s"


def test_save_then_read_in_one_workflow(flow):
    found = flow.table(
        {"t": TABLE},
        {"name": "s", "type": "save", "input": "t", "path": "o.parquet"},
        {"name": "r", "type": "read", "path": "o.parquet"},
        {"name": "f", "type": "filter", "input": "r", "where": "i > 0"},
    )
    flow.same(found, TABLE.slice(0, 1))


@pytest.mark.parametrize("step", [{"path": "o.xyz"}, {"path": "o.parquet", "compression": "rar"}, {"path": "o.csv", "delimiter": "ab"}, {"path": "o.parquet", "row_group_rows": 0}, {"path": "o.parquet", "mode": "append"}, {"path": "o.parquet", "delimiter": ";"}], ids=str)  # fmt: skip
def test_invalid_keys(flow, step):
    flow.invalid({"t": TABLE}, {"name": "s", "type": "save", "input": "t", **step})
