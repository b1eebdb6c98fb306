"""The compiled engine and the fallback on the same files: one behaviour, errors included."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from csv_strategies import (
    PROPERTY,
    plain_tables,
    printed_tables,
    read_options,
    read_or_error,
    same_table,
    typed_files,
    wild_files,
)
from hypothesis import given
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import IoError, SchemaError

pytestmark = pytest.mark.usefixtures("native")

ENGINES = ("rust", "python")
PLACES = ("line", "row", "column", "byte")


def outcome(data, engine, **options):
    """What a read tells, and its table or error; the texts of errors and notes are free."""
    report = pf.ReadReport()
    table, error = read_or_error(data, engine=engine, report=report, **options)
    if error is not None:
        places = {name: getattr(error, name, None) for name in PLACES}
        return None, {"class": type(error), **places}
    counts = {}
    if "n_rows" not in options:  # else it depends on how far the file was read
        counts = {"blank_lines": report.blank_lines, "anomalies": report.anomalies}
    return table, counts | {
        "types": report.types,
        "rejects": [
            # One engine says more of why a cell does not fit, behind a colon.
            one | {"reason": one["reason"].split(": it ")[0]}
            for one in (report.rejects.to_pylist() if report.rejects is not None else [])
        ],
    }


def assert_equal(data, **options):
    """Both engines give the same table and report, or the same error at the same place."""
    (rust, told), (python, expected) = (outcome(data, engine, **options) for engine in ENGINES)
    assert told == expected
    if python is not None:
        assert rust.schema.equals(python.schema)
        assert same_table(rust, python)


@given(typed_files(), read_options())
@PROPERTY
def test_typed_files(data, options):
    options = {name: value for name, value in options.items() if name != "dtypes"}
    assert_equal(data, sep=",", **options)


@given(wild_files(), read_options())
@PROPERTY
def test_wild_files(data, options):
    assert_equal(data, sep=",", **options)


@given(printed_tables(), read_options())
@PROPERTY
def test_printed_files(table, options):
    """What the dialect of the file says, random options do not change."""
    told = table.options | {"header": False}
    options = {name: value for name, value in options.items() if name not in (*told, "dtypes")}
    assert_equal(table.data, **told, **options)


@given(plain_tables())
@PROPERTY
def test_sniffed_files(table):
    """Where one dialect explains a table, both find it; what they say of others is their own."""
    assert_equal(table.data)
    facts = ("sep", "header", "encoding", "newline", "comment", "skip_rows", "names", "types")
    rust, python = (pf.sniff_csv(table.data, engine=engine).to_dict() for engine in ENGINES)
    assert {name: rust[name] for name in facts} == {name: python[name] for name in facts}
    assert rust["sep"] == table.options["sep"]


@given(typed_files(), st.integers(1, 6))
@PROPERTY
def test_batches(data, batch_rows):
    found = []
    for engine in ENGINES:
        try:
            batches = pf.iter_batches(data, "csv", sep=",", batch_rows=batch_rows, engine=engine)
            found.append([pa.Table.from_batches([batch]) for batch in batches])
        except IoError as error:
            found.append(type(error))
    rust, python = found
    if isinstance(python, type):
        assert rust is python
        return
    assert [piece.num_rows for piece in rust] == [piece.num_rows for piece in python]
    assert all(same_table(one, other) for one, other in zip(rust, python, strict=True))


@given(plain_tables())
@PROPERTY
def test_row_counts(table):
    found = [pf.get_row_count(table.data, "csv", engine=engine) for engine in ENGINES]
    assert found[0] == found[1] == len(table.cells) - 1


_CELLS = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.sampled_from("a\",;\n\r 'é\\"), max_size=5),
    st.booleans(),
    st.dates(),
    st.datetimes(),
]


@given(
    st.data(),
    st.fixed_dictionaries(
        {},
        optional={
            "sep": st.sampled_from(",;\t"),
            "quote": st.sampled_from(['"', "'", None]),
            "quote_style": st.sampled_from(["necessary", "always", "nonnumeric", "never"]),
            "escape": st.sampled_from([None, "\\"]),
            "header": st.booleans(),
            "null": st.sampled_from(["", "NA", "null"]),
            "float_format": st.sampled_from(["%.3f", "%.6e", "%.17g"]),
            "line_end": st.sampled_from(["\n", "\r\n", "\r"]),
            "bom": st.booleans(),
        },
    ),
)
@PROPERTY
def test_writers_print_the_same_bytes(draw, options):
    columns = {}
    rows = draw.draw(st.integers(0, 5))
    for name in "ab":
        kind = draw.draw(st.sampled_from(_CELLS))
        cells = draw.draw(st.lists(st.none() | kind, min_size=rows, max_size=rows))
        columns[name] = pa.array(cells)
    table = pa.table(columns)
    found = []
    for engine in ENGINES:
        out = io.BytesIO()
        try:
            pf.write_csv(table, out, engine=engine, **options)
            found.append(out.getvalue())
        except (IoError, SchemaError, ValueError) as error:
            found.append(type(error))
    assert found[0] == found[1]


def test_a_file_of_many_slabs_reads_the_same(tmp_path):
    """Quotes, gaps and a late change of type, over more bytes than one task takes."""
    path = tmp_path / "many.csv"
    rows = 60_000
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        writer.writerow(["id", "note", "x", "late"])
        for row in range(rows):
            note = f'two\nlines, "{row}"' if row % 97 == 0 else f"ö{row}"
            late = "now text" if row == rows - 2 else row % 1000
            writer.writerow([row, note, "" if row % 5 == 0 else row / 7, late])
    assert_equal(path)
    assert_equal(path, dtypes={"late": "int64"})
    assert_equal(path, dtypes={"late": "int64"}, on_bad_lines="collect")
    for threads in (1, 2, 3):
        table = pf.read_csv(path, engine="rust", threads=threads)
        assert same_table(table, pf.read_csv(path, engine="python"))
