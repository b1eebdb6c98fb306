"""Files that are not what their names say: one typed error that names the file, per format."""

from __future__ import annotations

import gzip
import io

import fastavro
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from parquetframe import errors

NUMBERS = pa.table({"x": list(range(10_000))})


def parquet_bytes():
    sink = io.BytesIO()
    pq.write_table(NUMBERS, sink)
    return sink.getvalue()


def avro_bytes():
    sink = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": "long"}]}
    fastavro.writer(sink, schema, [{"x": i} for i in range(1_000)])
    return sink.getvalue()


def half(content):
    return content[: len(content) // 2]


def damaged_page(content):
    return content[:100] + b"\xff" * 100 + content[200:]


GZIPPED = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)

# name: (content, class of the error, what the text says)
BAD_FILES = {
    "empty.csv": (b"", "CsvError", "empty"),
    "empty.csv.gz": (b"", "CsvError", "empty"),
    "packed_nothing.csv.gz": (gzip.compress(b""), "CsvError", "empty"),
    "empty.parquet": (b"", "ParquetError", "empty"),
    "empty.avro": (b"", "AvroError", "empty|header"),
    "half.parquet": (half(parquet_bytes()), "ParquetError", "PAR1|footer"),
    "page.parquet": (damaged_page(parquet_bytes()), "ParquetError", "page.parquet"),
    "text.parquet": (b"a,b\n1,2\n", "ParquetError", "not a (valid )?Parquet file"),
    "zeros.parquet": (bytes(1_000), "ParquetError", "zeros.parquet"),
    "only_magic.parquet": (b"PAR1PAR1", "ParquetError", "only_magic.parquet"),
    "half.avro": (half(avro_bytes()), "AvroError", "half.avro"),
    "header.avro": (avro_bytes()[:20], "AvroError", "header"),
    "text.avro": (b"a,b\n1,2\n", "AvroError", "text.avro"),
    "half.csv.gz": (half(GZIPPED), "CsvError", "half.csv.gz"),
    "text.csv.gz": (b"a,b\n1,2\n", "CsvError", "text.csv.gz"),
    "long_row.csv": (b"a,b\n1,2\n3,4,5\n6,7\n", "AmbiguousDialect", "explains every record"),
    "short_row.csv": (b"a,b\n1,2\n3\n6,7\n", "AmbiguousDialect", "explains every record"),
    "latin.csv": ("a,b\n1,Zürich\n".encode("latin-1"), "CsvError", r"line 2.*(?i:utf-8)"),
    "utf16.csv": ("\ufeffa,b\n1,\u20ac\n".encode("utf-16-le")[:-1], "CsvError", "(?i:utf-16)"),
    "open_quote.csv": (b'a,b\n1,"open\n2,3\n', "CsvError", "line 2.*clos"),
}


@pytest.fixture(params=BAD_FILES)
def bad(request, folder):
    """A file with its error class and the pattern of the text."""
    content, cause, says = BAD_FILES[request.param]
    (folder.path / request.param).write_bytes(content)
    return request.param, getattr(errors, cause), says


def test_reading_a_bad_file(judge, bad):
    name, cause, says = bad
    step = f"{{name: rows, type: read, path: {name}}}"
    judge({"steps": [step], "step": "rows", "cause": cause, "says": says, "at": name})


def test_error_names_the_file(backend, folder, bad):
    name, _, _ = bad
    workflow = folder.flow([f"{{name: rows, type: read, path: {name}}}"])
    with pytest.raises(errors.StepError) as caught:
        workflow.run()
    assert name in caught.value.reason
    assert caught.value.__cause__.path == str(folder.path / name)


@pytest.mark.parametrize("command", ["info", "head"])
def test_info_and_head_of_a_bad_file(pframe, folder, bad, command):
    name, _, _ = bad
    before = folder.digests()
    answer = pframe(command, name)
    if command == "info" and name == "page.parquet":
        assert answer.code == 0  # the footer is whole
        return
    assert (answer.code, answer.out) == (1, ""), answer
    assert answer.err.startswith("error: ") and name in answer.err
    assert "Traceback" not in answer.err
    document = pframe(command, name, "--json").json()
    assert document["exit_code"] == 1 and name in document["error"]
    assert folder.digests() == before


def test_good_files_are_good(backend, folder):
    """The bad ones are damaged copies of files that can be read."""
    for name, content, rows in (
        ("good.parquet", parquet_bytes(), 10_000),
        ("good.avro", avro_bytes(), 1_000),
        ("good.csv.gz", GZIPPED, 10_000),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), 1),  # its byte order mark says so
    ):
        (folder.path / name).write_bytes(content)
        result = folder.flow([f"{{name: rows, type: read, path: {name}}}"]).run()
        assert result.outputs["rows"].num_rows == rows


@pytest.mark.parametrize(("content", "found"), [("long_row.csv", 3), ("short_row.csv", 1)])
def test_ragged_rows_of_a_known_separator(backend, folder, content, found):
    """Without it, they speak against each separator."""
    (folder.path / "ragged.csv").write_bytes(BAD_FILES[content][0])
    with pytest.raises(errors.StepError) as caught:
        folder.flow(["{name: rows, type: read, path: ragged.csv, sep: ','}"]).run()
    cause = caught.value.__cause__
    assert type(cause) is errors.CsvError
    assert f"expected 2 fields, found {found}" in str(cause)
    assert cause.line == 3


@pytest.mark.parametrize("bad_lines", ["skip", "warn"])
def test_ragged_rows_may_be_left_out(backend, folder, bad_lines):
    (folder.path / "ragged.csv").write_bytes(BAD_FILES["long_row.csv"][0])
    step = f"{{name: rows, type: read, path: ragged.csv, on_bad_lines: {bad_lines}}}"
    result = folder.flow([step]).run()
    assert result.outputs["rows"].to_pydict() == {"a": [1, 6], "b": [2, 7]}
    assert len(result.warnings) == (bad_lines == "warn")


def test_names_that_a_header_repeats_are_numbered(backend, folder):
    (folder.path / "twice.csv").write_text("a,a,b,a_1,a\n1,2,3,4,5\n")
    table = folder.flow(["{name: rows, type: read, path: twice.csv}"]).run().outputs["rows"]
    assert len(set(table.column_names)) == 5
    assert table.column_names[0] == "a" and table.column_names[2:4] == ["b", "a_1"]
    assert [column[0].as_py() for column in table.columns] == [1, 2, 3, 4, 5]
