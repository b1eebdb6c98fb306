"""Every option of `read_csv` and `write_csv` in the steps `read` and `save`."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import errors
from parquetframe.io.csv_options import READ_DEFAULTS, WRITE_DEFAULTS

LATER = dt.datetime(2020, 1, 2, 3, 4, 5)

# name: (options, text, columns of the table)
READS = {
    "sep": ({"sep": ";"}, "a;b\n1,5;x\n", {"a": ["1,5"], "b": ["x"]}),
    "sep found": ({}, "a;b\n1;x\n2;y\n", {"a": [1, 2], "b": ["x", "y"]}),
    "sep tab found": ({}, "a\tb\n1\tx, y\n2\tz\n", {"a": [1, 2], "b": ["x, y", "z"]}),
    "one column": ({}, "a\nx\ny\n", {"a": ["x", "y"]}),
    "quote": ({"quote": "'"}, "a,b\n'x,y',1\n", {"a": ["x,y"], "b": [1]}),
    "no quote": ({"quote": "none", "sep": ","}, 'a,b\n"x,1"\n', {"a": ['"x'], "b": ['1"']}),
    "escape": ({"escape": "\\"}, 'a,b\n"x\\"y",1\n', {"a": ['x"y'], "b": [1]}),
    "header none": ({"header": False}, "a,b\nc,d\n", {"column_1": ["a", "c"], "column_2": ["b", "d"]}),
    "header found": ({}, "1,x\n2,y\n", {"column_1": [1, 2], "column_2": ["x", "y"]}),
    "header forced": ({"header": True}, "1,x\n2,y\n", {"1": [2], "x": ["y"]}),
    "header by number": ({"header": 2}, "no,no\na,b\n1,x\n", {"a": [1], "b": ["x"]}),
    "names": ({"names": ["p", "q"]}, "a,b\n1,x\n", {"p": [1], "q": ["x"]}),
    "names without header": ({"names": ["p", "q"], "header": False}, "1,x\n", {"p": [1], "q": ["x"]}),
    "nulls auto": ({}, "a,b\nNA,NA\n1,x\n,\n", {"a": [None, 1, None], "b": ["NA", "x", None]}),
    "nulls strict": ({"nulls": "strict"}, "a,b\nNA,x\n,y\n", {"a": ["NA", None], "b": ["x", "y"]}),
    "nulls pandas": ({"nulls": "pandas"}, "a,b\nNA,x\nnan,y\n1,NULL\n", {"a": [None, None, 1], "b": ["x", "y", None]}),
    "nulls list": ({"nulls": ["-"]}, "a,b\n-,x\n1,-\n", {"a": [None, 1], "b": ["x", None]}),
    "nulls by column": ({"nulls": {"a": ["-"]}}, "a,b\n-,-\n1,-\n", {"a": [None, 1], "b": ["-", "-"]}),
    "truth values": ({"true_values": ["yes"], "false_values": ["no"]}, "a,b\nyes,true\nno,x\n", {"a": [True, False], "b": ["true", "x"]}),
    "no dates": ({"parse_dates": False}, "a,b\n2020-01-02,1\n", {"a": ["2020-01-02"], "b": [1]}),
    "dates by pattern": ({"parse_dates": {"a": "%d.%m.%Y"}}, "a,b\n31.12.2020,1\n", {"a": [dt.date(2020, 12, 31)], "b": [1]}),
    "decimal": ({"decimal": ",", "sep": ";"}, "a;b\n1,5;x\n", {"a": [1.5], "b": ["x"]}),
    "thousands": ({"thousands": "_"}, "a;b\n1_234_567;x\n5;y\n", {"a": [1234567, 5], "b": ["x", "y"]}),
    "leading zeros": ({"leading_zeros": "number"}, "a,b\n007,x\n10,y\n", {"a": [7, 10], "b": ["x", "y"]}),
    "overflow to text": ({"on_int_overflow": "string"}, "a,b\n9223372036854775808,x\n", {"a": ["9223372036854775808"], "b": ["x"]}),
    "comment": ({"comment": "//"}, "// made\na,b\n1,x\n// by hand\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
    "skip rows": ({"skip_rows": 2}, "made\nby, hand, here\na,b\n1,x\n", {"a": [1], "b": ["x"]}),
    "blank lines": ({"blank_lines": "null"}, "a,b\n1,x\n\n2,y\n", {"a": [1, None, 2], "b": ["x", None, "y"]}),
    "newline": ({"newline": "lf"}, "a,b\n1,x\ry\n", {"a": [1], "b": ["x\ry"]}),
    "any newline": ({}, "a,b\r1,x\r\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
    "loose quotes": ({"sep": ","}, 'a,b\n"x"y,1\n', {"a": ["xy"], "b": [1]}),
    "trim": ({"trim": True}, "a, b\n 1 , x \n", {"a": [1], "b": ["x"]}),
    "ragged": ({"ragged": "fill"}, "a,b\n1,x\n2\n3,z\n", {"a": [1, 2, 3], "b": ["x", None, "z"]}),
    "encoding": ({"encoding": "windows-1252"}, "a,b\nü€,1\n".encode("cp1252"), {"a": ["ü€"], "b": [1]}),
    "replaced bytes": ({"invalid_bytes": "replace"}, b"a,b\nx\xff,1\n", {"a": ["x�"], "b": [1]}),
    "binary bytes": ({"invalid_bytes": "binary"}, b"a,b\nx\xff,1\n", {"a": [b"x\xff"], "b": [1]}),
    "compression": ({"compression": "gzip"}, gzip.compress(b"a,b\n1,x\n"), {"a": [1], "b": ["x"]}),
    "infer": ({"infer": 1}, "a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
}  # fmt: skip

# name: (options, text, what the error says)
REFUSALS = {
    "strict quotes": ({"strict_quotes": True, "sep": ","}, 'a,b\n"x"y,1\n', "closing quote"),
    "blank lines": ({"blank_lines": "error"}, "a,b\n1,x\n\n2,y\n", "blank line"),
    "overflow": ({"on_int_overflow": "error"}, "a,b\n9223372036854775808,x\n", "int64"),
    "infer": ({"infer": 1}, "a,b\n1,x\nz,y\n", '"z" is not int64'),
    "no separator": ({}, "a,b\n1,x\n2,y,z\n3,w\n", "explains every record"),
    "invalid bytes": ({}, b"a,b\nx\xff,1\n", "utf-8"),
    "names": ({"names": ["p"]}, "a,b\n1,x\n", "names"),
}


class Files:
    def __init__(self, folder):
        self.folder = folder

    def write(self, text, name="t.csv"):
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def run(self, path="t.csv", **step):
        data = {"steps": [{"name": "r", "type": "read", "path": path, **step}]}
        return pf.Workflow.from_dict(data, base_dir=self.folder).run()

    def read(self, text, **step):
        self.write(text)
        return self.run(**step).outputs["r"]

    def fails(self, path="t.csv", **step):
        with pytest.raises(errors.StepError) as caught:
            self.run(path, **step)
        return caught.value


@pytest.fixture
def files(backend, tmp_path):
    return Files(tmp_path)


def plain(table):
    """As `read_csv` gives it, with the plain layout that tables of workflows have."""
    for index, field in enumerate(table.schema):
        t = pa.types
        target = pa.string() if t.is_large_string(field.type) or t.is_null(field.type) else None
        target = pa.binary() if t.is_large_binary(field.type) else target
        if target is not None:
            table = table.set_column(index, field.name, table.column(index).cast(target))
    return table


class TestRead:
    @pytest.mark.parametrize("name", READS)
    def test_option(self, files, flow, name):
        options, text, expected = READS[name]
        flow.same(files.read(text, **options), expected)

    @pytest.mark.parametrize("name", READS)
    def test_as_read_csv(self, files, flow, tmp_path, name):
        options, text, _ = READS[name]
        found = files.read(text, **options)
        if options.get("quote") == "none":
            options = {**options, "quote": None}
        flow.same(found, plain(pf.read_csv(tmp_path / "t.csv", **options)))

    def test_every_option_has_a_case(self):
        tried = {key for options, _, _ in READS.values() for key in options}
        tried |= {key for options, _, _ in REFUSALS.values() for key in options}
        assert tried >= READ_DEFAULTS.keys() - {"dtypes", "on_bad_lines"}

    @pytest.mark.parametrize("name", REFUSALS)
    def test_refusal(self, files, name):
        options, text, says = REFUSALS[name]
        files.write(text)
        error = files.fails(**options)
        assert says.lower() in str(error).lower()
        assert error.code in {"E502", "E301"}
        assert "t.csv" in str(error)

    @pytest.mark.parametrize("old", ["delimiter", "sep"])
    def test_spellings(self, files, flow, old):
        found = files.read("a;b\n-;x\n1;y\n", **{old: ";"}, null_values=["-"], infer_rows=5)
        flow.same(found, {"a": pa.array([None, 1], pa.int64()), "b": ["x", "y"]})

    def test_schema_beside_options(self, files, flow):
        found = files.read(
            "zip;n;d\n00501;1,5;NA\n", sep=";", decimal=",",
            schema={"zip": "string", "n": "decimal(10,2)", "d": "date"},
        )  # fmt: skip
        expected = {
            "zip": ["00501"], "n": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
            "d": pa.array([None], pa.date32()),
        }  # fmt: skip
        flow.same(found, expected)

    def test_columns_where_and_limit_with_options(self, files, flow):
        text = "a;b;c\n" + "".join(f"{i};{i},5;t{i}\n" for i in range(50))
        found = files.read(
            text, sep=";", decimal=",", columns=["c", "b"], where="a >= 10 AND b > 12", limit=2
        )
        flow.same(found, {"c": ["t12", "t13"], "b": [12.5, 13.5]})

    @pytest.mark.parametrize("limit", [0, 1, 2, 9])
    def test_limit(self, files, flow, limit):
        found = files.read("a,b\n1,x\n2,y\n3,z\n", limit=limit)
        assert found["b"].to_pylist() == ["x", "y", "z"][:limit]

    @pytest.mark.parametrize(
        ("key", "value", "place"),
        [
            ("columns", ["a", "bb"], "columns"),
            ("schema", {"bb": "int64"}, "schema"),
        ],
    )
    def test_unknown_columns(self, files, key, value, place):
        files.write("a,b\n1,x\n")
        error = files.fails(**{key: value})
        assert error.code == "E301"
        assert "'bb'" in str(error)
        assert str(error.key).startswith(place) or error.key == "path"

    def test_builder(self, backend, flow, tmp_path):
        (tmp_path / "t.csv").write_text("a;b\n'1';x\n2;-\n")
        wf = pf.Workflow("w", base_dir=tmp_path)
        wf.read("r", path="t.csv", sep=";", quote=None, nulls={"b": ["-"]}, header=True)
        expected = {"a": ["'1'", "2"], "b": ["x", None]}
        flow.same(wf.run().outputs["r"], expected)
        again = pf.Workflow.from_yaml(wf.to_yaml())
        assert again == wf
        wf.to_yaml(tmp_path / "w.yml")
        flow.same(pf.Workflow.from_yaml(tmp_path / "w.yml").run().outputs["r"], expected)

    def test_ambiguous_separator_is_told_at_its_key(self, files):
        files.write("a,b\n1,x\n2,y,z\n3,w\n")
        error = files.fails()
        assert type(error.__cause__) is errors.AmbiguousDialect
        assert (error.key, error.code) == ("sep", "E502")

    def test_text_behind_quotes_is_warned_about(self, files):
        files.write('a,b\n"x"y,1\n"z",2\n')
        [text] = files.run(sep=",").warnings
        assert "1 quoted cells have text after the closing quote" in text

    @pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
    def test_validation_looks_at_the_head_of_a_file(self, files, tmp_path, packed):
        """Types are those of the first rows; what comes far behind is for the run to find."""
        text = "a,b\n" + "1,ü\n" * 800_000 + "x,y,z\n"
        files.write(gzip.compress(text.encode(), 1) if packed else text)
        steps = [
            {"name": "r", "type": "read", "path": "t.csv", "sep": ","},
            {"name": "f", "type": "filter", "input": "r", "where": "a > 0 AND b = 'x'"},
        ]
        workflow = pf.Workflow.from_dict({"steps": steps}, base_dir=tmp_path)
        assert workflow.validate() == []
        steps[1]["where"] = "c > 0"
        workflow = pf.Workflow.from_dict({"steps": steps}, base_dir=tmp_path)
        assert [problem.step for problem in workflow.validate()] == ["f"]


class TestBadLines:
    TEXT = "a,b\n1,x\n2,y,z\n3\n4,w\n"

    @pytest.mark.parametrize("policy", ["skip", "warn", "collect"])
    def test_rows_that_fit_are_read(self, files, flow, policy):
        files.write(self.TEXT)
        result = files.run(sep=",", on_bad_lines=policy)
        flow.same(result.outputs["r"], {"a": [1, 4], "b": ["x", "w"]})
        assert len(result.warnings) == (policy == "warn")

    def test_warning_says_how_many_and_where(self, files):
        files.write(self.TEXT)
        [text] = files.run(sep=",", on_bad_lines="warn").warnings
        assert "t.csv" in text and "2 bad lines" in text
        assert "line 3: expected 2 fields, found 3" in text
        assert "line 4: expected 2 fields, found 1" in text

    def test_collected_lines_are_in_the_record_of_the_step(self, files, tmp_path):
        files.write(self.TEXT)
        result = files.run(sep=",", on_bad_lines="collect")
        rejects = result.steps["r"].info["rejects"]
        assert [(r["line"], r["record"], r["raw"]) for r in rejects] == [
            (3, 3, "2,y,z"),
            (4, 4, "3"),
        ]
        assert {r["path"] for r in rejects} == {str(tmp_path / "t.csv")}
        assert rejects[0]["reason"] == "expected 2 fields, found 3"

    def test_cells_that_do_not_fit_a_given_type(self, files, flow):
        files.write("a,b\n1,x\nz,y\n3,w\n")
        result = files.run(on_bad_lines="collect", schema={"a": "int64"})
        flow.same(result.outputs["r"], {"a": [1, 3], "b": ["x", "w"]})
        [reject] = result.steps["r"].info["rejects"]
        assert (reject["line"], reject["column"]) == (3, "a")

    def test_lines_of_several_files(self, files, flow):
        files.write("a,b\n1,x\n2\n", "1.csv")
        files.write("a,b\n3,y\n4,z,5\n", "2.csv")
        result = files.run("*.csv", sep=",", on_bad_lines="warn")
        flow.same(result.outputs["r"], {"a": [1, 3], "b": ["x", "y"]})
        assert len(result.warnings) == 2


class TestSeveralFiles:
    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            (["1"], ["0.5"], pa.array([1.0, 0.5])),
            (["1"], ["x"], pa.array(["1", "x"])),
            (["1", ""], ["", ""], pa.array([1, None, None, None], pa.int64())),
            (["", ""], ["2020-01-01"], pa.array([None, None, dt.date(2020, 1, 1)])),
            (["true"], ["1"], pa.array(["true", "1"])),
            (["2020-01-02"], ["2020-01-02T03:04:05"], pa.array([dt.datetime(2020, 1, 2), LATER], pa.timestamp("us"))),
            (["1"], ["18446744073709551615"], pa.array([1, 2**64 - 1], pa.uint64())),
            (["NA"], ["x"], pa.array(["NA", "x"])),
            (["007"], ["7"], pa.array(["007", "7"])),
        ],
        ids=str,
    )  # fmt: skip
    def test_types_unify_without_loss(self, files, flow, first, second, expected):
        """Whatever order the files have."""
        files.write("n,v\n" + "".join(f"1,{cell}\n" for cell in first), "1.csv")
        files.write("n,v\n" + "".join(f"2,{cell}\n" for cell in second), "2.csv")
        numbers = [1] * len(first) + [2] * len(second)
        flow.same(files.run("*.csv").outputs["r"], {"n": numbers, "v": expected})
        found = files.run(["2.csv", "1.csv"]).outputs["r"].sort_by("n")
        flow.same(found, {"n": numbers, "v": expected})

    def test_limit_counts_over_all_files(self, files, flow):
        files.write("a,b\n1,x\n2,y\n", "1.csv")
        files.write("a,b\n3.5,z\n4,w\n", "2.csv")
        found = files.run("*.csv", limit=3).outputs["r"]
        flow.same(found, {"a": [1.0, 2.0, 3.5], "b": ["x", "y", "z"]})

    def test_columns_are_matched_by_name(self, files, flow):
        files.write("a,b\n1,x\n", "1.csv")
        files.write("b,a\ny,2\n", "2.csv")
        flow.same(files.run("*.csv").outputs["r"], {"a": [1, 2], "b": ["x", "y"]})

    def test_other_columns_are_an_error(self, files):
        files.write("a,b\n1,x\n", "1.csv")
        files.write("a,c\n2,y\n", "2.csv")
        error = files.fails("*.csv")
        assert error.code == "E301"
        assert "2.csv" in str(error)

    def test_each_file_has_its_own_separator(self, files, flow):
        files.write("a,b\n1,x\n2,y\n", "1.csv")
        files.write("a;b\n3;z\n4;w\n", "2.csv")
        found = files.run("*.csv").outputs["r"]
        flow.same(found, {"a": [1, 2, 3, 4], "b": ["x", "y", "z", "w"]})

    def test_an_error_names_its_file(self, files):
        files.write("a,b\n1,x\n", "1.csv")
        files.write('a,b\n2,"x\n', "2.csv")
        error = files.fails("*.csv", sep=",")
        assert error.__cause__.path.endswith("2.csv")


# name: (options, what the file holds)
TABLE = pa.table(
    {
        "i": pa.array([1, None], pa.int64()),
        "f": [0.5, 1 / 3],
        "s": ["a;b", 'say "hi"'],
        "d": [dt.date(2020, 2, 29), None],
        "t": pa.array([LATER, None], pa.timestamp("us")),
    }
)
WRITES = {
    "sep": ({"sep": ";"}, 'i;f;s;d;t\n1;0.5;"a;b";2020-02-29;2020-01-02T03:04:05\n;0.3333333333333333;"say ""hi""";;\n'),
    "quote": ({"quote": "'"}, 'i,f,s,d,t\n1,0.5,a;b,2020-02-29,2020-01-02T03:04:05\n,0.3333333333333333,say "hi",,\n'),
    "quote_style": ({"quote_style": "nonnumeric"}, '"i","f","s","d","t"\n1,0.5,"a;b","2020-02-29","2020-01-02T03:04:05"\n,0.3333333333333333,"say ""hi""",,\n'),
    "escape": ({"escape": "\\"}, 'i,f,s,d,t\n1,0.5,a;b,2020-02-29,2020-01-02T03:04:05\n,0.3333333333333333,"say \\"hi\\"",,\n'),
    "header": ({"header": False}, '1,0.5,a;b,2020-02-29,2020-01-02T03:04:05\n,0.3333333333333333,"say ""hi""",,\n'),
    "null": ({"null": "NA"}, 'i,f,s,d,t\n1,0.5,a;b,2020-02-29,2020-01-02T03:04:05\nNA,0.3333333333333333,"say ""hi""",NA,NA\n'),
    "float_format": ({"float_format": "%.2f"}, 'i,f,s,d,t\n1,0.50,a;b,2020-02-29,2020-01-02T03:04:05\n,0.33,"say ""hi""",,\n'),
    "date_format": ({"date_format": "%d.%m.%Y"}, 'i,f,s,d,t\n1,0.5,a;b,29.02.2020,2020-01-02T03:04:05\n,0.3333333333333333,"say ""hi""",,\n'),
    "timestamp_format": ({"timestamp_format": "%Y %H:%M"}, 'i,f,s,d,t\n1,0.5,a;b,2020-02-29,2020 03:04\n,0.3333333333333333,"say ""hi""",,\n'),
    "line_end": ({"line_end": "\r\n"}, 'i,f,s,d,t\r\n1,0.5,a;b,2020-02-29,2020-01-02T03:04:05\r\n,0.3333333333333333,"say ""hi""",,\r\n'),
}  # fmt: skip


class TestSave:
    def save(self, flow, path, table=TABLE, **step):
        step = {"name": "s", "type": "save", "input": "t", "path": path, **step}
        return flow.run({"t": table}, step)

    @pytest.mark.parametrize("name", WRITES)
    def test_option(self, flow, tmp_path, name):
        options, text = WRITES[name]
        self.save(flow, "o.csv", **options)
        assert (tmp_path / "o.csv").read_bytes().decode() == text

    @pytest.mark.parametrize("name", WRITES)
    def test_as_write_csv(self, flow, tmp_path, name):
        options, _ = WRITES[name]
        self.save(flow, "o.csv", **options)
        pf.write_csv(TABLE, tmp_path / "p.csv", **options)
        assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "p.csv").read_bytes()

    def test_every_option_has_a_case(self):
        tried = {key for options, _ in WRITES.values() for key in options}
        assert tried == WRITE_DEFAULTS.keys() - {
            "encoding", "bom", "compression", "compression_level",
        }  # fmt: skip

    def test_byte_order_mark(self, flow, tmp_path):
        self.save(flow, "o.csv", pa.table({"a": ["ü"], "b": [1]}), bom=True)
        assert (tmp_path / "o.csv").read_bytes() == "\ufeffa,b\nü,1\n".encode()

    def test_encoding(self, flow, backend, tmp_path):
        table = pa.table({"a": ["ü"], "b": [1]})
        if backend == "rust":  # it writes UTF-8 only, and says so
            with pytest.raises(errors.StepError, match="encoding") as caught:
                self.save(flow, "o.csv", table, encoding="windows-1252")
            assert caught.value.code == "E605"
            assert list(tmp_path.glob("*o.csv*")) == []
            return
        self.save(flow, "o.csv", table, encoding="windows-1252")
        assert (tmp_path / "o.csv").read_bytes() == "a,b\nü,1\n".encode("cp1252")

    @pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz", "lz4"])
    def test_compressed_by_suffix_and_read_back(self, flow, tmp_path, suffix):
        result = self.save(flow, f"o.csv.{suffix}")
        flow.same(pf.Workflow.from_dict(
            {"steps": [{"name": "r", "type": "read", "path": f"o.csv.{suffix}"}]},
            base_dir=tmp_path,
        ).run().outputs["r"], TABLE)  # fmt: skip
        assert result.files["s"].rows == 2

    def test_compression_level(self, flow, tmp_path):
        table = pa.table({"n": range(20_000)})
        self.save(flow, "fast.csv.gz", table, compression_level=0)
        self.save(flow, "small.csv.gz", table, compression="gzip", compression_level=9)
        fast, small = tmp_path / "fast.csv.gz", tmp_path / "small.csv.gz"
        assert gzip.decompress(fast.read_bytes()) == gzip.decompress(small.read_bytes())
        assert small.stat().st_size < fast.stat().st_size

    def test_value_that_needs_quotes_and_may_have_none(self, flow, tmp_path):
        with pytest.raises(errors.StepError, match="quotes") as caught:
            self.save(flow, "o.csv", sep=";", quote_style="never")
        assert caught.value.code == "E503"
        assert list(tmp_path.glob("*o.csv*")) == []

    @pytest.mark.parametrize(
        "options",
        [
            {"sep": ";", "quote": "'", "null": "NA"},
            {"delimiter": "|", "null_value": "-", "line_end": "\r\n"},
            {"bom": True, "line_end": "\r"},
            {"escape": "\\", "quote_style": "always"},
        ],
        ids=str,
    )
    def test_saved_dataset_is_read_back_in_its_dialect(self, flow, tmp_path, options):
        result = self.save(flow, "o.csv", **options)
        expected = TABLE if options.get("quote_style") != "always" else None
        found = result.outputs["t"]
        if expected is not None:
            flow.same(found, expected)
        else:  # a null in quotes is an empty text
            assert found["s"].to_pylist() == TABLE["s"].to_pylist()

    def test_options_of_csv_have_no_place_in_parquet(self, flow):
        step = {"name": "s", "type": "save", "input": "t", "path": "o.parquet", "bom": True}
        assert "'bom' is an option of csv files" in str(flow.invalid({"t": TABLE}, step))

    def test_parquet_is_not_touched_by_them(self, flow, tmp_path):
        self.save(flow, "o.parquet")
        flow.same(pq.read_table(tmp_path / "o.parquet"), TABLE)
