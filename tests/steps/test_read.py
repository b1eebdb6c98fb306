"""The step `read`: formats, CSV inference, columns, `where`, `schema`, limits, many files."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import lzma
import zipfile
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
INF = float("inf")
TABLE = pa.table(
    {
        "i": pa.array([1, None, -3, 4], pa.int64()),
        "f": [0.5, NAN, None, -2.0],
        "s": ["a", "", None, "ü€🦀"],
        "ok": [True, None, False, True],
        "d": pa.array([dt.date(2020, 2, 29), None, dt.date(1969, 12, 31), dt.date(2000, 1, 1)]),
        "t": pa.array([dt.datetime(2020, 1, 1, 12, 30), None, dt.datetime(1960, 1, 1), dt.datetime(2000, 1, 1)], pa.timestamp("us")),
    }
)  # fmt: skip


class Reader:
    def __init__(self, folder):
        self.folder = folder

    def run(self, path, **step):
        data = {"steps": [{"name": "r", "type": "read", "path": path, **step}]}
        return pf.Workflow.from_dict(data, base_dir=self.folder).run()

    def table(self, path, **step):
        return self.run(path, **step).outputs["r"]

    def text(self, text, **step):
        data = text if isinstance(text, bytes) else text.encode()
        (self.folder / "t.csv").write_bytes(data)
        return self.table("t.csv", **step)

    def fails(self, path, **step):
        with pytest.raises(errors.StepError) as caught:
            self.run(path, **step)
        return caught.value

    def text_fails(self, text, **step):
        (self.folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.fails("t.csv", **step)


@pytest.fixture
def reader(backend, tmp_path):
    return Reader(tmp_path)


class TestParquet:
    @pytest.fixture
    def path(self, tmp_path):
        pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=3)
        return "t.parquet"

    def test_whole(self, reader, flow, path):
        flow.same(reader.table(path), TABLE)

    def test_columns_come_in_the_order_asked_for(self, reader, flow, path):
        flow.same(reader.table(path, columns=["s", "i"]), TABLE.select(["s", "i"]))

    def test_unknown_column(self, reader, path):
        error = reader.fails(path, columns=["i", "okk"])
        assert error.code == "E301"
        assert "did you mean 'ok'" in error.hint
        assert type(error.__cause__) is errors.SchemaError

    def test_where(self, reader, flow, path):
        flow.same(reader.table(path, where="i > 0"), TABLE.take([0, 3]))

    def test_where_on_a_column_that_is_not_read(self, reader, flow, path):
        flow.same(
            reader.table(path, columns=["s"], where="i > 0 AND ok"),
            TABLE.select(["s"]).take([0, 3]),
        )

    def test_where_with_an_unknown_column(self, reader, path):
        error = reader.fails(path, where="j > 0")
        assert (error.code, error.key) == ("E301", "where")

    @pytest.mark.parametrize("limit", [0, 1, 3, 4, 9])
    def test_limit(self, reader, flow, path, limit):
        flow.same(reader.table(path, limit=limit), TABLE.slice(0, limit))

    def test_limit_counts_rows_that_pass_where(self, reader, flow, path):
        flow.same(reader.table(path, where="i <> 1", limit=1), TABLE.slice(2, 1))

    def test_schema_casts(self, reader, flow, path):
        found = reader.table(path, columns=["i", "s"], schema={"i": "float64"})
        flow.same(found, {"i": [1.0, None, -3.0, 4.0], "s": TABLE["s"]})

    @pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip", "lz4", "brotli"])
    def test_codec(self, reader, flow, tmp_path, codec):
        pq.write_table(TABLE, tmp_path / "c.parquet", compression=codec)
        flow.same(reader.table("c.parquet"), TABLE)

    def test_types(self, reader, flow, tmp_path):
        table = pa.table(
            {
                "i8": pa.array([1, None], pa.int8()),
                "u8": pa.array([255, None], pa.uint8()),
                "u32": pa.array([2**32 - 1, None], pa.uint32()),
                "u64": pa.array([2**64 - 1, None], pa.uint64()),
                "f32": pa.array([0.25, None], pa.float32()),
                "dec": pa.array([Decimal("1.25"), None], pa.decimal128(12, 2)),
                "bin": pa.array([b"\x00\xff", None], pa.binary()),
                "ms": pa.array([1, None], pa.timestamp("ms")),
                "ns": pa.array([1, None], pa.timestamp("ns")),
                "tz": pa.array([1, None], pa.timestamp("us", "UTC")),
            }
        )
        pq.write_table(table, tmp_path / "t.parquet")
        flow.same(reader.table("t.parquet"), table)

    def test_dictionary_and_large_text_read_as_their_values(self, reader, tmp_path):
        table = pa.table(
            {
                "d": pa.array(["a", "b", "a"]).dictionary_encode(),
                "l": pa.array(["x", None, "y"], pa.large_string()),
            }
        )
        pq.write_table(table, tmp_path / "t.parquet")
        assert reader.table("t.parquet").to_pylist() == [
            {"d": "a", "l": "x"},
            {"d": "b", "l": None},
            {"d": "a", "l": "y"},
        ]

    @pytest.mark.parametrize("dtype", [pa.float64(), pa.float32()])
    @pytest.mark.parametrize("values", [[1.5, NAN], [NAN, 1.5], [NAN, NAN], [1.5, NAN, None]])
    def test_nan_beside_one_other_value(self, reader, flow, tmp_path, dtype, values):
        """Statistics leave NaN out: min = max does not mean that all values are equal."""
        table = pa.table({"f": pa.array(values, dtype)})
        pq.write_table(table, tmp_path / "t.parquet")
        flow.same(reader.table("t.parquet"), table)

    @pytest.mark.parametrize("where", ["f > 1", "NOT f < 9", "f <> 0", "f = CAST('NaN' AS DOUBLE)"])
    def test_where_finds_nan_beyond_the_statistics(self, reader, flow, tmp_path, where):
        pq.write_table(pa.table({"f": [0.0, NAN], "n": [1, 2]}), tmp_path / "t.parquet")
        found = reader.table("t.parquet", where=where).filter(pa.compute.field("n") == 2)
        flow.same(found, {"f": [NAN], "n": [2]})

    def test_extremes_see_nan_beyond_the_statistics(self, flow):
        table = {"f": [1.5, NAN]}
        found = flow.one(table, type="groupby", by=[], agg={"f": ["min", "max"]})
        flow.same(found, {"f_min": [1.5], "f_max": [NAN]})
        flow.same(flow.one(table, type="sort", by=["f desc"], limit=1), {"f": [NAN]})

    def test_no_rows_keep_the_schema(self, reader, flow, tmp_path):
        pq.write_table(TABLE.slice(0, 0), tmp_path / "t.parquet")
        flow.same(reader.table("t.parquet"), TABLE.slice(0, 0))

    def test_pandas_index_is_no_trouble(self, reader, flow, tmp_path):
        pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "t.parquet")
        flow.same(reader.table("t.parquet"), {"a": [1, 2]})

    @pytest.mark.parametrize(
        "content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\0" * 40 + b"PAR1"]
    )
    def test_damaged_file(self, reader, tmp_path, content):
        (tmp_path / "t.parquet").write_bytes(content)
        error = reader.fails("t.parquet")
        assert type(error.__cause__) is errors.ParquetError
        assert error.code == "E502"
        assert "t.parquet" in str(error)

    def test_cut_file(self, reader, tmp_path, path):
        data = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(data[: len(data) // 2])
        assert type(reader.fails(path).__cause__) is errors.ParquetError


class TestManyFiles:
    @pytest.fixture
    def parts(self, tmp_path):
        """Written in an order that is not the order of the names."""
        (tmp_path / "parts").mkdir()
        for number in (10, 2, 1):
            part = pa.table({"n": [number, number + 100], "s": [str(number)] * 2})
            pq.write_table(part, tmp_path / "parts" / f"p{number:02}.parquet")
        return {"n": [1, 101, 2, 102, 10, 110], "s": ["1", "1", "2", "2", "10", "10"]}

    @pytest.mark.parametrize(
        "path", ["parts/*.parquet", "parts", "parts/", "parts/p??.parquet", "par*/p[01]*.parquet"]
    )
    def test_by_name(self, reader, flow, parts, path):
        flow.same(reader.table(path), parts)

    def test_list_keeps_its_order(self, reader, flow, parts):
        found = reader.table(["parts/p10.parquet", "parts/p01.parquet"])
        flow.same(found, {"n": [10, 110, 1, 101], "s": ["10", "10", "1", "1"]})

    def test_limit_over_files(self, reader, flow, parts):
        flow.same(reader.table("parts", limit=3), {"n": [1, 101, 2], "s": ["1", "1", "2"]})

    def test_where_over_files(self, reader, flow, parts):
        flow.same(reader.table("parts", where="n > 100", columns=["n"]), {"n": [101, 102, 110]})

    def test_csv_types_fit_all_files(self, reader, flow, tmp_path):
        (tmp_path / "a.csv").write_text("x,y\n1,2020-01-01\n")
        (tmp_path / "b.csv").write_text("x,y\n1.5,2020-01-02\n")
        found = reader.table("*.csv")
        flow.same(
            found, {"x": [1.0, 1.5], "y": pa.array([dt.date(2020, 1, 1), dt.date(2020, 1, 2)])}
        )

    def test_columns_are_matched_by_name(self, reader, flow, tmp_path):
        pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "1.parquet")
        pq.write_table(pa.table({"b": ["y"], "a": [2]}), tmp_path / "2.parquet")
        flow.same(reader.table("*.parquet"), {"a": [1, 2], "b": ["x", "y"]})

    def test_missing_column_in_one_file_is_an_error(self, reader, tmp_path):
        pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "1.parquet")
        pq.write_table(pa.table({"a": [2]}), tmp_path / "2.parquet")
        error = reader.fails("*.parquet")
        assert "2.parquet" in str(error) and "b" in str(error)

    def test_other_type_in_one_file_is_an_error(self, reader, tmp_path):
        pq.write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
        pq.write_table(pa.table({"a": ["x"]}), tmp_path / "2.parquet")
        assert "2.parquet" in str(reader.fails("*.parquet"))

    @pytest.mark.parametrize("path", ["none.parquet", "none*.parquet", "no/such/dir/*.csv"])
    def test_nothing_there(self, reader, path):
        error = reader.fails(path)
        assert type(error.__cause__) is errors.SourceNotFound
        assert (error.code, error.kind) == ("E501", "io")
        assert isinstance(error.__cause__, FileNotFoundError)

    def test_empty_directory(self, reader, tmp_path):
        (tmp_path / "empty").mkdir()
        assert reader.fails("empty").code == "E501"


# A column of CSV cells (after the header), its type and values.
CELLS = {
    "int": (["1", "-2", "0"], pa.int64(), [1, -2, 0]),
    "int_null": (["1", "", "3"], pa.int64(), [1, None, 3]),
    "int64_ends": (["9223372036854775807", "-9223372036854775808"], pa.int64(), [2**63 - 1, -(2**63)]),
    "beyond_int64": (["1", "9223372036854775808"], pa.uint64(), [1, 2**63]),
    "uint64_end": (["18446744073709551615"], pa.uint64(), [2**64 - 1]),
    "beyond_and_negative": (["-1", "9223372036854775808"], pa.decimal128(38, 0), [Decimal(-1), Decimal(2**63)]),
    "beyond_and_float": (["13106511852580896769", "0.5"], pa.decimal128(38, 1), [Decimal("13106511852580896769.0"), Decimal("0.5")]),
    "inexact_and_float": (["9007199254740993", "0.5"], pa.decimal128(38, 1), [Decimal("9007199254740993.0"), Decimal("0.5")]),
    "beyond_uint64": (["18446744073709551616"], pa.decimal128(38, 0), [Decimal(2**64)]),
    "leading_zero": (["01", "2"], pa.string(), ["01", "2"]),
    "zip_codes": (["00501", "10001"], pa.string(), ["00501", "10001"]),
    "plus_sign": (["+1", "2"], pa.string(), ["+1", "2"]),
    "float": (["1.5", "-2", "3e2", ".5"], pa.float64(), [1.5, -2.0, 300.0, 0.5]),
    "float_and_int": (["1", "2.0"], pa.float64(), [1.0, 2.0]),
    "exponent": (["1e3", "1E-2"], pa.float64(), [1000.0, 0.01]),
    "nan_and_inf": (["1.5", "NaN", "inf", "-inf"], pa.float64(), [1.5, NAN, INF, -INF]),
    "bool": (["true", "false", "True", "False", "TRUE", "FALSE"], pa.bool_(), [True, False] * 3),
    "bool_null": (["true", "", "false"], pa.bool_(), [True, None, False]),
    "bool_odd": (["true", "tRUE"], pa.string(), ["true", "tRUE"]),
    "bool_yes": (["yes", "no"], pa.string(), ["yes", "no"]),
    "bool_and_int": (["true", "1"], pa.string(), ["true", "1"]),
    "date": (["2020-02-29", "1969-12-31"], pa.date32(), [dt.date(2020, 2, 29), dt.date(1969, 12, 31)]),
    "no_date": (["2021-02-29"], pa.string(), ["2021-02-29"]),
    "short_date": (["2020-1-2"], pa.string(), ["2020-1-2"]),
    "german_date": (["31.12.2020"], pa.string(), ["31.12.2020"]),
    "timestamp": (["2020-01-01T10:20:30", "2020-01-01 10:20:30.123456"], pa.timestamp("us"), [dt.datetime(2020, 1, 1, 10, 20, 30), dt.datetime(2020, 1, 1, 10, 20, 30, 123456)]),
    "date_and_timestamp": (["2020-01-01", "2020-01-01T01:00:00"], None, None),
    "utc": (["2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"], pa.timestamp("us", "UTC"), [dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC)] * 2),
    "offset": (["2020-01-01T10:00:00+02:00", "2020-01-01 08:00:00Z"], pa.timestamp("us", "UTC"), [dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC)] * 2),
    "offset_and_none": (["2020-01-01T10:00:00Z", "2020-01-01T10:00:00"], pa.string(), ["2020-01-01T10:00:00Z", "2020-01-01T10:00:00"]),
    "text": (["a", "1"], pa.string(), ["a", "1"]),
    "late_text": (["1"] * 5000 + ["x"], pa.string(), ["1"] * 5000 + ["x"]),
    "late_float": (["1"] * 5000 + ["0.5"], pa.float64(), [1.0] * 5000 + [0.5]),
    "NA_and_number": (["NA", "1"], pa.int64(), [None, 1]),
    "NA_and_text": (["NA", "x"], pa.string(), ["NA", "x"]),
    "null_and_nothing": (["null", "None"], pa.string(), [None, None]),
    "all_null": (["", ""], pa.string(), [None, None]),
    "quoted_number": (['"1"', "2"], pa.int64(), [1, 2]),
    "quoted_empty": (['""', "x", ""], pa.string(), ["", "x", None]),
    "quoted_empty_number": (['""', "1", ""], pa.int64(), [None, 1, None]),
    "quoted_empty_only": (['""', "", '""'], pa.string(), ["", None, ""]),
    "quoted_comma": (['"a,b"', "c"], pa.string(), ["a,b", "c"]),
    "quoted_quote": (['"say ""hi"""', "x"], pa.string(), ['say "hi"', "x"]),
    "quoted_line": (['"a\nb"', "c"], pa.string(), ["a\nb", "c"]),
    "spaces_stay": ([" a ", "b"], pa.string(), [" a ", "b"]),
    "space_and_number": ([" 1", "2"], pa.string(), [" 1", "2"]),
    "hex": (["0x10"], pa.string(), ["0x10"]),
    "underscore": (["1_000"], pa.string(), ["1_000"]),
    "unicode": (["ü€🦀", "日本"], pa.string(), ["ü€🦀", "日本"]),
    "minus_zero": (["-0.0"], pa.float64(), [-0.0]),
    "only_minus": (["-"], pa.string(), ["-"]),
    "long_fraction": (["0.1", "2.718281828459045"], pa.float64(), [0.1, 2.718281828459045]),
}  # fmt: skip


class TestCsvInference:
    @pytest.mark.parametrize("name", [name for name, case in CELLS.items() if case[1] is not None])
    def test_cells(self, reader, flow, name):
        cells, dtype, values = CELLS[name]
        text = "n,v\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells))
        found = reader.text(text)
        flow.same(found, {"n": list(range(len(cells))), "v": pa.array(values, dtype)})

    def test_dates_and_timestamps_in_one_column_never_lose_a_value(self, reader):
        found = reader.text("v\n2020-01-01\n2020-01-01T01:00:00\n")
        assert str(found["v"].type) in {"string", "timestamp[us]"}
        assert found["v"].null_count == 0

    def test_infer_rows_limits_what_is_looked_at(self, reader):
        error = reader.text_fails("a,b\n1,x\n2,y\nz,w\n", infer_rows=2)
        cause = error.__cause__
        assert type(cause) is errors.CsvError
        assert (cause.column, cause.line) == ("a", 4)
        assert '"z" is not int64' in str(error)

    def test_no_data_rows(self, reader, flow):
        empty = pa.array([], pa.string())
        flow.same(reader.text("a,b\n"), {"a": empty, "b": empty})

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_line_ends(self, reader, flow, end):
        flow.same(reader.text(end.join(["a,b", "1,x", "2,y", ""])), {"a": [1, 2], "b": ["x", "y"]})

    def test_last_line_without_end(self, reader, flow):
        flow.same(reader.text("a,b\n1,x\n2,y"), {"a": [1, 2], "b": ["x", "y"]})

    def test_byte_order_mark(self, reader, flow):
        flow.same(reader.text("\ufeffa,b\n1,x\n"), {"a": [1], "b": ["x"]})


class TestCsvOptions:
    def test_delimiter(self, reader, flow):
        flow.same(reader.text("a;b\n1,5;x\n", delimiter=";"), {"a": ["1,5"], "b": ["x"]})

    def test_tab(self, reader, flow):
        flow.same(reader.text("a\tb\n1\tx\n", delimiter="\t"), {"a": [1], "b": ["x"]})

    def test_no_header(self, reader, flow):
        found = reader.text("1,x\n2,y\n", header=False)
        assert found.num_rows == 2
        assert [c.to_pylist() for c in found.columns] == [[1, 2], ["x", "y"]]
        assert found.column_names == ["column_1", "column_2"]

    def test_quote(self, reader, flow):
        flow.same(reader.text("a,b\n'x,y',1\n", quote="'"), {"a": ["x,y"], "b": [1]})

    def test_escape(self, reader, flow):
        flow.same(reader.text('a,b\n"x\\"y",1\n', escape="\\"), {"a": ['x"y'], "b": [1]})

    def test_comment(self, reader, flow):
        flow.same(
            reader.text("# head\na,b\n1,x\n# no\n2,y\n", comment="#"),
            {"a": [1, 2], "b": ["x", "y"]},
        )

    def test_skip_rows(self, reader, flow):
        flow.same(
            reader.text("made by\nsome tool\na,b\n1,x\n", skip_rows=2), {"a": [1], "b": ["x"]}
        )

    def test_null_values_replace_the_default(self, reader, flow):
        found = reader.text("a,b\nNA,x\n2,-\n3,\n", null_values=["NA", "-"])
        flow.same(found, {"a": pa.array([None, 2, 3], pa.int64()), "b": ["x", None, ""]})

    def test_quoted_null_value_is_text(self, reader, flow):
        found = reader.text('a,b\nNA,1\n"NA",2\nx,3\n', null_values=["NA"])
        flow.same(found, {"a": [None, "NA", "x"], "b": [1, 2, 3]})

    @pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf8"])
    def test_utf8_by_any_name(self, reader, flow, encoding):
        flow.same(reader.text("a\nü\n", encoding=encoding), {"a": ["ü"]})

    @pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16le"])
    def test_other_encodings(self, reader, flow, encoding):
        data = "a,b\nü,1\n".encode(encoding)
        flow.same(reader.text(data, encoding=encoding), {"a": ["ü"], "b": [1]})

    def test_byte_order_mark_says_the_encoding(self, reader, flow):
        flow.same(reader.text("a,b\nü,1\n".encode("utf-16")), {"a": ["ü"], "b": [1]})

    def test_unknown_encoding(self, reader):
        error = reader.text_fails("a\n1\n", encoding="klingon")
        assert "klingon" in str(error)

    def test_bytes_that_are_not_utf8(self, reader):
        error = reader.text_fails(b"a,b\n1,\xff\xfe\n")
        assert type(error.__cause__) is errors.CsvError
        assert error.code == "E502"

    def test_schema_wins_over_inference(self, reader, flow):
        found = reader.text(
            "zip,n,x\n00501,1,2\n", schema={"zip": "string", "n": "float64", "x": "int8"}
        )
        flow.same(found, {"zip": ["00501"], "n": [1.0], "x": pa.array([2], pa.int8())})

    def test_schema_of_some_columns(self, reader, flow):
        flow.same(reader.text("a,b\n1,2\n", schema={"b": "string"}), {"a": [1], "b": ["2"]})

    def test_schema_that_does_not_fit(self, reader):
        error = reader.text_fails("a,b\n1,2\n3,x\n", schema={"b": "int64"})
        cause = error.__cause__
        assert type(cause) is errors.CsvError
        assert (cause.line, cause.column) == (3, "b")
        assert error.kind == "data"

    def test_schema_with_an_unknown_column(self, reader):
        assert reader.text_fails("a,b\n1,2\n", schema={"c": "int64"}).code == "E301"

    def test_columns_where_limit(self, reader, flow):
        text = "a,b,c\n" + "".join(f"{i},{i * i},t{i}\n" for i in range(100))
        found = reader.text(text, columns=["c", "a"], where="b >= 100", limit=2)
        flow.same(found, {"c": ["t10", "t11"], "a": [10, 11]})

    @pytest.mark.parametrize("bad", ["1,x,extra\n", "1\n"])
    def test_bad_line_is_an_error(self, reader, bad):
        error = reader.text_fails("a,b\n0,w\n" + bad + "2,y\n", sep=",")
        assert type(error.__cause__) is errors.CsvError
        assert error.__cause__.line == 3

    @pytest.mark.parametrize("bad", ["1,x,extra\n", "1\n"])
    def test_bad_line_skipped(self, reader, flow, bad):
        (reader.folder / "t.csv").write_text("a,b\n0,w\n" + bad + "2,y\n")
        result = reader.run("t.csv", on_bad_lines="skip")
        flow.same(result.outputs["r"], {"a": [0, 2], "b": ["w", "y"]})
        assert result.warnings == ()

    def test_bad_line_warned_about(self, reader, flow):
        (reader.folder / "t.csv").write_text("a,b\n0,w\n1,x,extra\n2,y\n")
        result = reader.run("t.csv", on_bad_lines="warn")
        flow.same(result.outputs["r"], {"a": [0, 2], "b": ["w", "y"]})
        assert any("line 3" in text for text in result.warnings)

    def test_open_quote(self, reader):
        error = reader.text_fails('a,b\n1,"x\n2,y\n', sep=",")
        assert type(error.__cause__) is errors.CsvError

    def test_repeated_header(self, reader, flow):
        (reader.folder / "t.csv").write_text("a,b,a\n1,2,3\n")
        result = reader.run("t.csv")
        flow.same(result.outputs["r"], {"a": [1], "b": [2], "a_1": [3]})
        assert any("'a_1'" in text for text in result.warnings)

    def test_empty_file(self, reader):
        assert type(reader.text_fails("").__cause__) is errors.CsvError


class TestCompressedCsv:
    TEXT = b"a,b\n1,x\n2,y\n"
    EXPECTED = {"a": [1, 2], "b": ["x", "y"]}  # noqa: RUF012

    def test_gz(self, reader, flow, tmp_path):
        (tmp_path / "t.csv.gz").write_bytes(gzip.compress(self.TEXT))
        flow.same(reader.table("t.csv.gz"), self.EXPECTED)

    def test_gz_of_two_members(self, reader, flow, tmp_path):
        (tmp_path / "t.csv.gz").write_bytes(
            gzip.compress(self.TEXT[:8]) + gzip.compress(self.TEXT[8:])
        )
        flow.same(reader.table("t.csv.gz"), self.EXPECTED)

    def test_zst(self, reader, flow, tmp_path):
        (tmp_path / "t.csv.zst").write_bytes(pa.Codec("zstd").compress(self.TEXT, asbytes=True))
        flow.same(reader.table("t.csv.zst"), self.EXPECTED)

    def test_cut_gz(self, reader, tmp_path):
        (tmp_path / "t.csv.gz").write_bytes(gzip.compress(self.TEXT * 1000)[:-20])
        error = reader.fails("t.csv.gz")
        assert isinstance(error.__cause__, errors.IoError)
        assert error.code == "E502"

    @pytest.mark.parametrize("suffix", ["bz2", "xz", "lz4", "zip"])
    def test_other_compressions(self, reader, flow, tmp_path, suffix):
        path = tmp_path / f"t.csv.{suffix}"
        if suffix == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("t.csv", self.TEXT)
        elif suffix == "lz4":
            with pa.CompressedOutputStream(path, "lz4") as stream:
                stream.write(self.TEXT)
        else:
            path.write_bytes({"bz2": bz2, "xz": lzma}[suffix].compress(self.TEXT))
        for name in (path.name, "*.csv*", "."):
            flow.same(reader.table(name), self.EXPECTED)

    def test_compression_without_a_suffix(self, reader, flow, tmp_path):
        (tmp_path / "t.csv").write_bytes(gzip.compress(self.TEXT))
        flow.same(reader.table("t.csv"), self.EXPECTED)
        error = reader.fails("t.csv", compression="none")
        assert isinstance(error.__cause__, errors.CsvError)

    def test_same_as_pyarrow_on_a_larger_file(self, reader, flow, tmp_path):
        rows = [
            f"{i},{i / 7!r},w{i % 13},{'true' if i % 2 else 'false'},2020-01-{i % 28 + 1:02}"
            for i in range(20_000)
        ]
        text = ("i,f,s,b,d\n" + "\n".join(rows) + "\n").encode()
        (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text, 1))
        flow.same(reader.table("t.csv.gz"), pyarrow.csv.read_csv(pa.BufferReader(text)))


class TestAvro:
    SCHEMA = {  # noqa: RUF012
        "type": "record",
        "name": "row",
        "fields": [
            {"name": "i", "type": ["null", "long"]},
            {"name": "n", "type": "int"},
            {"name": "f", "type": ["null", "double"]},
            {"name": "s", "type": ["null", "string"]},
            {"name": "b", "type": "boolean"},
            {"name": "raw", "type": "bytes"},
            {"name": "d", "type": ["null", {"type": "int", "logicalType": "date"}]},
            {"name": "t", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        ],
    }
    ROWS = [  # noqa: RUF012
        {"i": 1, "n": 1, "f": 0.5, "s": "ü", "b": True, "raw": b"\x00", "d": dt.date(2020, 2, 29), "t": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"i": None, "n": -2, "f": None, "s": None, "b": False, "raw": b"", "d": None, "t": dt.datetime(1960, 1, 1, tzinfo=dt.UTC)},
        {"i": 2**62, "n": 2**31 - 1, "f": NAN, "s": "", "b": True, "raw": b"xy", "d": dt.date(1, 1, 1), "t": dt.datetime(2020, 1, 1, 1, 1, 1, 5, tzinfo=dt.UTC)},
    ]  # fmt: skip
    TABLE = pa.table(
        {
            "i": pa.array([1, None, 2**62], pa.int64()),
            "n": pa.array([1, -2, 2**31 - 1], pa.int32()),
            "f": [0.5, None, NAN],
            "s": ["ü", None, ""],
            "b": [True, False, True],
            "raw": pa.array([b"\x00", b"", b"xy"], pa.binary()),
            "d": pa.array([dt.date(2020, 2, 29), None, dt.date(1, 1, 1)]),
            "t": pa.array([row["t"] for row in ROWS], pa.timestamp("us", "UTC")),
        }
    )

    def write(self, path, codec="null", rows=ROWS):
        with path.open("wb") as file:
            fastavro.writer(file, fastavro.parse_schema(self.SCHEMA), rows, codec=codec)

    @pytest.mark.parametrize("codec", ["null", "deflate"])
    def test_codec(self, reader, flow, tmp_path, codec):
        self.write(tmp_path / "t.avro", codec)
        flow.same(reader.table("t.avro"), self.TABLE)

    def test_columns_where_limit(self, reader, flow, tmp_path):
        self.write(tmp_path / "t.avro")
        found = reader.table("t.avro", columns=["s", "n"], where="b", limit=1)
        flow.same(found, self.TABLE.select(["s", "n"]).slice(0, 1))

    def test_many_blocks(self, reader, tmp_path):
        rows = [{**self.ROWS[0], "i": i} for i in range(5000)]
        with (tmp_path / "t.avro").open("wb") as file:
            fastavro.writer(file, fastavro.parse_schema(self.SCHEMA), rows, sync_interval=1000)
        assert reader.table("t.avro")["i"].to_pylist() == list(range(5000))

    def test_no_rows(self, reader, flow, tmp_path):
        self.write(tmp_path / "t.avro", rows=[])
        flow.same(reader.table("t.avro"), self.TABLE.slice(0, 0))

    @pytest.mark.parametrize("keep", [0, 3, 60, -10])
    def test_cut_file(self, reader, tmp_path, keep):
        self.write(tmp_path / "t.avro")
        data = (tmp_path / "t.avro").read_bytes()
        (tmp_path / "t.avro").write_bytes(data[:keep])
        error = reader.fails("t.avro")
        assert type(error.__cause__) is errors.AvroError
        assert error.code == "E502"


class TestFormat:
    def test_suffix_may_be_overruled(self, reader, flow, tmp_path):
        (tmp_path / "t.txt").write_text("a\n1\n")
        flow.same(reader.table("t.txt", format="csv"), {"a": [1]})

    def test_unknown_suffix_needs_a_format(self, reader, tmp_path):
        (tmp_path / "t.xyz").write_text("a\n1\n")
        with pytest.raises((errors.StepError, errors.ValidationError), match="format"):
            reader.run("t.xyz")

    def test_absolute_path(self, reader, flow, tmp_path):
        (tmp_path / "t.csv").write_text("a\n1\n")
        flow.same(reader.table(str(tmp_path / "t.csv")), {"a": [1]})

    def test_path_as_input_of_2_0(self, backend, flow, tmp_path):
        (tmp_path / "t.csv").write_text("a\n1\n")
        data = {"steps": [{"name": "r", "type": "read", "input": "t.csv"}]}
        flow.same(pf.Workflow.from_dict(data, base_dir=tmp_path).run().outputs["r"], {"a": [1]})
