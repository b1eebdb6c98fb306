"""Options of the CSV reader around the grammar: sources, policies, encodings, pieces."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe.errors import (
    AmbiguousDialect,
    Cancelled,
    CsvError,
    LimitExceeded,
    SchemaError,
    SourceNotFound,
    UnsupportedFeature,
)

DATA = b"a,b\n1,x\n2,y\n3,z\n"
ROWS = {"a": [1, 2, 3], "b": ["x", "y", "z"]}
BAD = b"a,b\n1,x\n2\n3,y,4\n5,z\n"


def test_columns_come_in_the_order_asked_for(backend):
    assert pf.read_csv(DATA, ["b", "a"]).column_names == ["b", "a"]
    assert pf.read_csv(DATA, ["a"], n_rows=2).to_pydict() == {"a": [1, 2]}
    assert pf.read_csv(DATA, n_rows=0).num_rows == 0


def test_outputs(backend):
    frame = pf.read_csv(DATA, output="pandas")
    assert list(frame.a) == [1, 2, 3]
    polars = pytest.importorskip("polars")
    assert isinstance(pf.read_csv(DATA, output="polars"), polars.DataFrame)


def test_text_layouts(backend):
    for layout, kind in (
        ("large", pa.large_string()),
        ("view", pa.string_view()),
        ("utf8", pa.string()),
    ):
        assert pf.read_csv(DATA, string_type=layout).schema.field("b").type == kind


def test_filters(backend):
    assert pf.read_csv(DATA, filters="a > 1", columns=["b"]).to_pydict() == {"b": ["y", "z"]}
    assert pf.read_csv(DATA, filters=[("b", "=", "x")]).to_pydict() == {"a": [1], "b": ["x"]}
    assert pf.read_csv(DATA, filters="a > 1", n_rows=1).to_pydict() == {"a": [2], "b": ["y"]}


def test_several_files(backend, tmp_path):
    for name in "pq":
        (tmp_path / f"{name}.csv").write_bytes(DATA)
    assert pf.read_csv(tmp_path).num_rows == 6
    assert pf.read_csv(str(tmp_path / "*.csv"), n_rows=4).num_rows == 4
    (tmp_path / "r.csv").write_bytes(b"a,c\n1,x\n")
    with pytest.raises(SchemaError, match="'c'"):
        pf.read_csv(tmp_path)
    (tmp_path / "r.csv").write_bytes(b"a,b\n1.5,x\n")
    with pytest.raises(SchemaError, match="'a'"):
        pf.read_csv(tmp_path)


def test_missing_file(backend, tmp_path):
    with pytest.raises(SourceNotFound, match=r"^File not found"):
        pf.read_csv(tmp_path / "no.csv")


def test_scan_batches_count_and_names(backend, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    scan = pf.scan(path)
    assert scan.schema.names == ["a", "b"]
    assert scan.filter("a > 1").select(["b"]).collect().to_pydict() == {"b": ["y", "z"]}
    assert scan.count_rows() == 3
    assert pa.table(scan).num_rows == 3
    assert [b.num_rows for b in pf.iter_batches(path, batch_rows=2)] == [2, 1]
    assert pf.get_row_count(path) == 3
    assert pf.get_column_names(path) == ["a", "b"]


def test_counts_do_not_look_into_cells(backend, tmp_path):
    path = tmp_path / "latin.csv"
    for text, rows in [
        (b"name,n\nM\xfcller,1\n\xff,2\n", 2),
        (b'name,n\n\n"M\xfc\n",1\n\n\xff,2', 2),  # with blank lines, which are not records
    ]:
        path.write_bytes(text)
        assert pf.get_row_count(path) == rows
        with pytest.raises(pf.errors.CsvError, match=r"not (valid )?(UTF|utf)-8"):
            pf.read_csv(path)
    path.write_bytes(b"n\xe4me,n\nx,1\n")
    with pytest.raises(pf.errors.CsvError, match="name is not UTF-8"):
        pf.get_row_count(path)
    path.write_bytes(b"a,b\n1,\xff\n1,2,3\n")
    with pytest.raises(pf.errors.CsvError, match="line 3"):
        pf.get_row_count(path)


def test_bad_lines_skip_and_collect(backend):
    report = pf.ReadReport()
    table = pf.read_csv(BAD, sep=",", on_bad_lines="collect", report=report)
    assert table.to_pydict() == {"a": [1, 5], "b": ["x", "z"]}
    assert report.rejects.to_pylist() == [
        {"line": 3, "record": 3, "byte_offset": 8, "column": None,
         "reason": "expected 2 fields, found 1", "raw": "2"},
        {"line": 4, "record": 4, "byte_offset": 10, "column": None,
         "reason": "expected 2 fields, found 3", "raw": "3,y,4"},
    ]  # fmt: skip
    assert pf.read_csv(BAD, sep=",", on_bad_lines="skip").num_rows == 2


def test_bad_lines_warn_once(backend):
    with pytest.warns(UserWarning, match=r"2 bad lines were left out: line 3: expected") as caught:
        assert pf.read_csv(BAD, sep=",", on_bad_lines="warn").num_rows == 2
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_bad_lines_go_to_a_function_in_order(backend):
    seen = []

    def mend(fields, error):
        seen.append((fields, error.line))
        return None if len(fields) < 2 else fields[:2]

    table = pf.read_csv(BAD, sep=",", on_bad_lines=mend)
    assert table.to_pydict() == {"a": [1, 3, 5], "b": ["x", "y", "z"]}
    assert seen == [(["2"], 3), (["3", "y", "4"], 4)]
    with pytest.raises(CsvError, match=r"gave 1 field"):
        pf.read_csv(BAD, sep=",", on_bad_lines=lambda fields, error: ["1"])
    with pytest.raises(ZeroDivisionError):
        pf.read_csv(BAD, sep=",", on_bad_lines=lambda fields, error: 1 / 0)


def test_cells_of_the_wrong_type_follow_the_policy(backend):
    data = b"a,b\n1,x\nq,y\n3,z\n"
    report = pf.ReadReport()
    table = pf.read_csv(data, dtypes={"a": "int8"}, on_bad_lines="collect", report=report)
    assert table.column("a").to_pylist() == [1, 3]
    assert report.rejects.to_pylist()[0]["column"] == "a"
    mended = pf.read_csv(data, dtypes={"a": "int8"}, on_bad_lines=lambda f, e: ["2", f[1]])
    assert mended.column("a").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst", "lz4"])
def test_compressed_files(backend, tmp_path, suffix):
    arrow = {"zst": "zstd", "lz4": "lz4"}
    path = tmp_path / f"a.csv.{suffix}"
    if suffix in arrow:
        with pa.CompressedOutputStream(str(path), arrow[suffix]) as out:
            out.write(DATA)
    else:
        pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
        path.write_bytes(pack(DATA[:8]) + pack(DATA[8:]))  # members are joined
    assert pf.read_csv(path).to_pydict() == ROWS
    assert pf.read_csv(path.read_bytes()).to_pydict() == ROWS
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(CsvError):
        pf.read_csv(path)


def test_zip_with_one_member(backend, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", DATA)
    assert pf.read_csv(path).to_pydict() == ROWS
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.csv", DATA)
    with pytest.raises(CsvError, match="one member"):
        pf.read_csv(path)


def test_a_bomb_ends_in_an_error(backend):
    with pytest.raises(LimitExceeded):
        pf.read_csv(gzip.compress(b"a\n" * (40 << 20)), memory_limit="32MiB", sep=",")


TEXT = "stadt,n\nKöln,1\nŁódź,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_encodings(backend, encoding):
    label = encoding if encoding in ("utf-16-le", "utf-16-be") else "utf-8"
    label = {"utf-16-le": "utf-16le", "utf-16-be": "utf-16be"}.get(label, label)
    table = pf.read_csv(TEXT.encode(encoding), encoding=label)
    assert table.to_pydict() == {"stadt": ["Köln", "Łódź"], "n": [1, 2]}


def test_code_pages(backend):
    data = "a,b\nKöln,€\n".encode("cp1252")
    for label in ("windows-1252", "latin1", "ISO-8859-1"):
        assert pf.read_csv(data, encoding=label).column("b").to_pylist() == ["€"]
    with pytest.raises(CsvError, match=r"line 2, byte 5: 0xF6") as error:
        pf.read_csv(data)
    assert (error.value.line, error.value.byte) == (2, 5)
    assert pf.read_csv(data, invalid_bytes="replace").column("a").to_pylist() == ["K\ufffdln"]
    found = pf.read_csv(data, invalid_bytes="binary").column("a")
    assert found.type == pa.large_binary()
    assert found.to_pylist() == [b"K\xf6ln"]
    with pytest.raises(UnsupportedFeature, match="klingon"):
        pf.read_csv(data, encoding="klingon")


def test_separators_are_found(backend):
    for sep in ",;\t|":
        data = DATA.replace(b",", sep.encode())
        assert pf.read_csv(data).to_pydict() == ROWS
    assert pf.read_csv(b"c0\nv0\na;b\n").to_pydict() == {"c0": ["v0", "a;b"]}
    assert pf.read_csv(b"a;b\n1,5;2,5\n").column_names == ["a", "b"]
    with pytest.raises(AmbiguousDialect, match="line 3") as error:
        pf.read_csv(b"a,b\n1,2\n3\n")
    assert "sep=','" in error.value.hint
    assert pf.read_csv(b"a,b\n1,2\n3\n", ragged="fill").num_rows == 2


def test_what_stands_in_numbers_is_no_separator(backend):
    wish = {"thousands": ",", "header": False}
    assert pf.read_csv(b"1,234;5\n2,345;6\n", **wish).num_columns == 2
    assert pf.read_csv(b"1,5;2,5\n3,5;4,5\n", decimal=",", header=False).num_columns == 2
    for data in (b'"1,234",1\n"2,345",2\n', b"1,234\n2,345\n"):
        with pytest.raises(AmbiguousDialect, match="stands in") as error:
            pf.read_csv(data, **wish)
        assert "thousands" in error.value.hint
    assert pf.read_csv(b"1,234\n2,345\n", sep=";", **wish)["column_1"].to_pylist() == [1234, 2345]


def test_a_name_with_a_nul_is_refused(backend):
    with pytest.raises(CsvError, match="NUL") as error:
        pf.read_csv(b"a,b\0\n1,2\n", sep=",", header=True)
    assert error.value.line == 1
    assert pf.read_csv(b"a,b\0\n1,2\n", sep=",", header=True, names=["a", "b"]).num_rows == 1


def test_faults_before_bad_bytes_are_told_first(backend):
    with pytest.raises(CsvError, match="expected 2 fields") as error:
        pf.read_csv(b"a,b\n1\n2,\xff\n", sep=",")
    assert error.value.line == 2
    with pytest.raises(CsvError, match="0xFF") as error:
        pf.read_csv(b"a,b\n1\n2,\xff\n", sep=",", on_bad_lines="skip")
    assert (error.value.line, error.value.byte) == (3, 8)


def test_progress_cancel_and_limit(backend, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    told = []
    pf.read_csv(path, progress=lambda *facts: told.append(facts))
    assert told[-1] == (len(DATA), len(DATA), 3)
    token = pf.CancellationToken()
    token.cancel()
    with pytest.raises(Cancelled):
        pf.read_csv(path, cancel=token)
    with pytest.raises(LimitExceeded):
        pf.read_csv(path, memory_limit=4)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"sep": "→"}, ValueError, "sep"),
        ({"sep": ",,"}, ValueError, "sep"),
        ({"sep": ",", "quote": ","}, ValueError, "same character"),
        ({"decimal": ",", "sep": ","}, ValueError, "same character"),
        ({"header": 0}, ValueError, "header"),
        ({"header": "yes"}, ValueError, "header"),
        ({"names": "ab"}, TypeError, "names"),
        ({"names": ["a", "a"]}, ValueError, "twice"),
        ({"dtypes": {"a": "int46"}}, SchemaError, "int46"),
        ({"dtypes": {"a": pa.list_(pa.int8())}}, SchemaError, "list"),
        ({"infer": 0}, ValueError, "infer"),
        ({"nulls": "none"}, ValueError, "nulls"),
        ({"on_bad_lines": "ignore"}, ValueError, "on_bad_lines"),
        ({"skip_rows": -1}, ValueError, "skip_rows"),
        ({"newline": "x"}, ValueError, "newline"),
        ({"comment": ""}, ValueError, "comment"),
        ({"compression": "rar"}, ValueError, "compression"),
        ({"parse_dates": "iso"}, TypeError, "parse_dates"),
        ({"storage_options": {}}, UnsupportedFeature, "storage_options"),
        ({"columns": "a"}, TypeError, "columns"),
        ({"null_ints": "masked"}, ValueError, "output='pandas'"),
        ({"delimiter": ","}, TypeError, "delimiter"),
    ],
)
def test_options_are_checked_before_the_file(options, kind, text):
    with pytest.raises(kind, match=text):
        pf.read_csv("no such file.csv", **options)
