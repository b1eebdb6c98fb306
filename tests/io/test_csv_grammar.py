"""What a record is: against Python's csv module, pandas, and the rules that they leave open."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import CsvError, SchemaError
from parquetframe.io._python.csv_records import Grammar
from parquetframe.io._python.csv_split import split
from parquetframe.io.csv_options import READ_DEFAULTS

TEXT = {"nulls": [], "sep": ",", "header": False, "parse_dates": False}


def texts(data, **options):
    """All cells as text, row by row; fields that are missing are None."""
    wish = TEXT | options
    first = pf.read_csv(data, **wish)
    kinds = dict.fromkeys(first.column_names, "string")
    table = pf.read_csv(data, **wish, dtypes=kinds)
    return [list(row.values()) for row in table.to_pylist()]


def records(data, **options):
    grammar = Grammar(data, READ_DEFAULTS | {"sep": ","} | options)
    return [[cell.decode() for cell in record.cells] for record in grammar.records()]


CELLS = st.text(st.sampled_from('ab,"\n\r ;é'), max_size=6)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), st.sampled_from(["\n", "\r\n"])
)
@settings(max_examples=300, deadline=None)
def test_what_csv_writes_is_read_back(rows, end):
    out = io.StringIO(newline="")
    # Before Python 3.13 the writer leaves a lone CR without quotes.
    style = (
        csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else csv.QUOTE_MINIMAL
    )
    csv.writer(out, lineterminator=end, quoting=style).writerows(rows)
    assert records(out.getvalue().encode()) == rows


@given(st.text(st.sampled_from('ab,"\n'), max_size=30))
@settings(max_examples=500, deadline=None)
def test_any_text_divides_as_pythons_csv_divides_it(text):
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert records(text.encode()) == expected  # csv closes an open quote in silence


@given(st.text(st.sampled_from('ab,"\n\r é'), max_size=30))
@settings(max_examples=1000, deadline=None)
def test_records_all_at_once_are_those_of_the_grammar(text):
    """Where the quick way gives records, they are the same, flags and blank lines included."""
    data, options = text.encode(), READ_DEFAULTS | {"sep": ","}
    grammar = Grammar(data, options)
    expected = list(grammar.records())
    found = split(data, 0, options)
    if found is None:
        return
    cells, width = found.cells.to_pylist(), found.width
    assert [cells[at : at + width] for at in range(0, len(cells), width)] == [
        record.cells for record in expected
    ]
    flags = [False] * len(cells) if found.quoted is None else found.quoted.tolist()
    assert flags == [flag for one in expected for flag in one.quoted or [False] * width]
    assert (found.blank_lines, grammar.anomalies) == (grammar.blank_lines, 0)
    assert all(record.fault is None for record in expected)


def test_usual_files_are_divided_at_once():
    usual = [
        b"a,b\n1,2\n",
        b"a,b\r\n1,2",
        b"a\r\rb\r",
        b'a,b\n"x\n,""y""",\n\n"",z\n',
        b'"a"\n""\n',
    ]
    options = READ_DEFAULTS | {"sep": ","}
    assert all(split(data, 0, options) is not None for data in usual)
    odd = [b'a,b\n"p"q,1\n', b'a,b"\n', b"a,b\n1\n", b'a,"b\n', b"a\rb\n", b'a\n"x"\r\ry\r\n']
    assert all(split(data, 0, options) is None for data in odd)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(backend, end):
    data = end.join(["a,b", "c,d", ""]).encode()
    assert texts(data) == [["a", "b"], ["c", "d"]]
    assert texts(data.removesuffix(end.encode())) == [["a", "b"], ["c", "d"]]


def test_mixed_line_ends_and_fixed_ones(backend):
    assert texts(b"a,b\rc,d\r\ne,f\ng,h") == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert texts(b"a,b\r\nc,d\n", newline="lf") == [["a", "b\r"], ["c", "d"]]
    assert texts(b"a,b\nx\r\nc,d\r\n", newline="\r\n") == [["a", "b\nx"], ["c", "d"]]
    assert texts(b"a,b\nx\rc,d\r", newline="\r") == [["a", "b\nx"], ["c", "d"]]


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        (b'"a","b"\n', ["a", "b"]),
        (b'"a,b",c\n', ["a,b", "c"]),
        (b'"a\nb",c\n', ["a\nb", "c"]),
        (b'"a""b",c\n', ['a"b', "c"]),
        (b'"p"q,c\n', ["pq", "c"]),
        (b'"p"q"r,c\n', ['pq"r', "c"]),
        (b'a"b,c\n', ['a"b', "c"]),
        (b' "a",c\n', [' "a"', "c"]),
        (b"a\0b,c\n", ["a\0b", "c"]),
        (b'"","x"\n', ["", "x"]),
    ],
)
def test_quotes(backend, data, cells):
    assert texts(data) == [cells]


def test_escape_and_other_quotes(backend):
    assert texts(b'"a\\"b",c\n', escape="\\") == [['a"b', "c"]]
    assert texts(b'"a\\\\",c\n', escape="\\") == [["a\\", "c"]]
    assert texts(b'"a""b",c\n', escape="\\") == [['a"b', "c"]]
    assert texts(b"'a,b',c\n", quote="'") == [["a,b", "c"]]
    assert texts(b'"a,b"\n', quote=None) == [['"a', 'b"']]


def test_text_behind_a_quote_is_counted_or_refused(backend):
    report = pf.ReadReport()
    pf.read_csv(b'a,b\n"p"q,1\n"x",2\n', sep=",", report=report)
    assert report.anomalies == 1
    with pytest.raises(CsvError, match="text behind a closing quote") as error:
        pf.read_csv(b'a,b\n"x",2\n"p"q,1\n', sep=",", strict_quotes=True)
    assert error.value.line == 3


def test_open_quote_names_its_line(backend):
    with pytest.raises(CsvError, match=r"line 4") as error:
        pf.read_csv(b'a,b\n"x\ny",1\n"open,2\nmore,3\n', sep=",")
    assert error.value.line == 4
    assert error.value.byte == 12


def test_comments_and_blank_lines(backend):
    data = b'#c "\na,b\n\n1,x#y\n# "more\n2,y\n\n'
    report = pf.ReadReport()
    table = pf.read_csv(data, sep=",", comment="#", report=report)
    assert table.to_pydict() == {"a": [1, 2], "b": ["x#y", "y"]}
    assert report.blank_lines == 2
    nulls = pf.read_csv(b"a,b\n1,2\n\n3,4\n", sep=",", blank_lines="null")
    assert nulls.to_pydict() == {"a": [1, None, 3], "b": [2, None, 4]}
    with pytest.raises(CsvError, match="line 3") as error:
        pf.read_csv(b"a,b\n1,2\n\n3,4\n", sep=",", blank_lines="error")
    assert error.value.line == 3


def test_preamble_and_trim(backend):
    table = pf.read_csv(b'one "line\ntwo\na, b\n 1 , x \n', sep=",", skip_rows=2, trim=True)
    assert table.to_pydict() == {"a": [1], "b": ["x"]}


@pytest.mark.parametrize(
    ("data", "options", "names", "rows"),
    [
        (b"a,b\n1,2\n", {}, ["a", "b"], 1),
        (b"1,2\n3,4\n", {}, ["column_1", "column_2"], 2),
        (b"x,2\ny,4\n", {}, ["column_1", "column_2"], 2),
        (b"x,y\nz,w\n", {}, ["x", "y"], 1),
        (b"2019,a\nx,b\n", {}, ["2019", "a"], 1),
        (b"1,2\n3,4\n", {"header": True}, ["1", "2"], 1),
        (b"a,b\n1,2\n", {"header": False}, ["column_1", "column_2"], 2),
        (b"t,t\na,b\n1,2\n", {"header": 2}, ["a", "b"], 1),
        (b"a,b\n1,2\n", {"names": ["p", "q"]}, ["p", "q"], 1),
        (b"1,2\n", {"names": ["p", "q"], "header": False}, ["p", "q"], 1),
        (b"", {"names": ["p", "q"]}, ["p", "q"], 0),
        (b"a,b\n", {}, ["a", "b"], 0),
        (b"a,,a\n1,2,3\n", {}, ["a", "column_2", "a_1"], 1),
    ],
)
def test_header_and_names(backend, data, options, names, rows):
    table = pf.read_csv(data, sep=",", **options)
    assert table.column_names == names
    assert table.num_rows == rows


def test_names_must_fit(backend):
    with pytest.raises(SchemaError, match="3 names"):
        pf.read_csv(b"a,b\n1,2\n", sep=",", names=["x", "y", "z"])


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only\n"])
def test_nothing_in_the_file(backend, data):
    with pytest.raises(CsvError, match=r"empty|no header"):
        pf.read_csv(data, sep=",", comment="#")


def test_ragged_rows(backend):
    with pytest.raises(CsvError, match="expected 2 fields, found 1") as error:
        pf.read_csv(b"a,b\n1,2\n3\n", sep=",")
    assert (error.value.line, error.value.row, error.value.byte) == (3, 3, 8)
    filled = pf.read_csv(b"a,b\n1,2\n3\n", sep=",", ragged="fill")
    assert filled.to_pydict() == {"a": [1, 3], "b": [2, None]}
    with pytest.raises(CsvError, match="found 3"):
        pf.read_csv(b"a,b\n1,2\n3,4,5\n", sep=",", ragged="fill")
