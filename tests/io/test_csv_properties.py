"""Promises of the CSV reader and writer on random files, for each engine by itself."""

from __future__ import annotations

import csv
import io
import math
import re
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from csv_strategies import PROPERTY, printed_tables, read_or_error, same_table, typed_files
from hypothesis import assume, given
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import CsvError

TEXT = {"nulls": [], "header": False, "parse_dates": False}


def texts(data, width, **options):
    """All cells as text, row by row."""
    names = [f"c{number}" for number in range(width)]
    kinds = dict.fromkeys(names, "string")
    table = pf.read_csv(data, **TEXT, names=names, dtypes=kinds, **options)
    return [list(row) for row in zip(*table.to_pydict().values(), strict=True)]


@given(printed_tables(), st.integers(1, 3))
@PROPERTY
def test_cells_are_those_of_pythons_csv(backend, table, threads):
    # A line without bytes is a blank line; csv gives it as an empty row, which holds no cell.
    assert texts(table.data, table.width, threads=threads, **table.options) == table.cells


@given(typed_files(), st.integers(1, 7), st.integers(1, 3))
@PROPERTY
def test_batches_are_the_whole_read_in_pieces(backend, data, batch_rows, threads):
    def pieces():
        return list(
            pf.iter_batches(
                data, "csv", sep=",", header=True, batch_rows=batch_rows, threads=threads
            )
        )

    whole, error = read_or_error(data, sep=",", header=True)
    if error is not None:
        with pytest.raises(type(error)) as again:
            pieces()
        assert str(again.value) == str(error)
        return
    batches = pieces()
    assert all(0 < batch.num_rows <= batch_rows for batch in batches)
    assert all(batch.schema.equals(whole.schema) for batch in batches)
    assert same_table(pa.Table.from_batches(batches, whole.schema), whole)


@given(typed_files(), st.data())
@PROPERTY
def test_projection_head_count_and_scan_agree_with_the_whole_read(backend, data, draw):
    wish = {"sep": ",", "header": True}
    whole, error = read_or_error(data, **wish)
    if error is not None:
        return
    names = draw.draw(st.lists(st.sampled_from(whole.column_names), unique=True, min_size=1))
    assert same_table(pf.read_csv(data, names, **wish), whole.select(names))
    assert pf.get_row_count(data, "csv") == whole.num_rows
    assert pf.scan(data, "csv", **wish).schema.equals(whole.schema)
    if pa.null() in whole.schema.types:
        return  # no type that one can ask for
    rows = draw.draw(st.integers(0, 3))
    first = pf.read_csv(data, **wish, schema=whole.schema, n_rows=rows)
    assert same_table(first, whole.slice(0, rows))


_DIGITS = st.text("0123456789", max_size=25)


@st.composite
def _literals(draw):
    whole, fraction = draw(_DIGITS), draw(_DIGITS)
    assume(whole or fraction)
    exponent = draw(st.none() | st.integers(-330, 330))
    point = "." if fraction or draw(st.booleans()) else ""
    tail = "" if exponent is None else f"{draw(st.sampled_from('eE'))}{exponent:+d}"
    return f"{draw(st.sampled_from(['', '-']))}{whole}{point}{fraction}{tail}"


def _held(text):
    """What float64 holds of a literal, or None where it would become infinite or zero."""
    value = float(text)
    if math.isinf(value):
        return None
    zero = not any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return None if value == 0 and not zero else value


@given(st.lists(_literals(), min_size=1, max_size=12))
@PROPERTY
def test_floats_have_the_bits_of_python(backend, literals):
    data = "v,t\n" + "".join(f"{text},x\n" for text in literals)
    expected = [_held(text) for text in literals]
    wish = {"sep": ",", "dtypes": {"v": "float64"}}
    if None not in expected:
        found = pf.read_csv(data.encode(), **wish).column("v").to_pylist()
        assert [value.hex() for value in found] == [value.hex() for value in expected]
        return
    with pytest.raises(CsvError, match="is not float64") as error:
        pf.read_csv(data.encode(), **wish)
    row = expected.index(None) + 2
    assert (error.value.line, error.value.row, error.value.column) == (row, row, "v")


_DROPPED = {"sep": ",", "header": False, "names": ["a", "b"], "dtypes": {"a": "int64"}}


@given(st.data())
@PROPERTY
def test_a_bad_cell_is_where_it_says(backend, draw):
    """Line, record, column and byte, behind quoted line ends, blank lines and comments."""
    end = draw.draw(st.sampled_from(["\n", "\r\n"]))
    text, lines, wrong = "", 1, []
    for number in range(1, draw.draw(st.integers(2, 9))):
        for _ in range(draw.draw(st.integers(0, 2))):
            extra = draw.draw(st.sampled_from(["", '# note, "open']))
            text, lines = text + extra + end, lines + 1
        note = draw.draw(
            st.sampled_from(["x", '"a,b"', f'"two{end}lines"', f'"{end}{end}""é"', "ü"])
        )
        bad = draw.draw(st.integers(0, 3)) == 0
        if bad:
            wrong.append((lines, number, len(text.encode())))
        text += f"{'?' if bad else number},{note}{end}"
        lines += 1 + note.count(end)
    data = text.encode()
    report = pf.ReadReport()
    pf.read_csv(data, comment="#", on_bad_lines="collect", report=report, **_DROPPED)
    rejects = report.rejects.to_pylist() if report.rejects else []
    assert [(one["line"], one["record"], one["byte_offset"]) for one in rejects] == wrong
    assert all(one["column"] == "a" for one in rejects)
    if wrong:
        with pytest.raises(CsvError) as error:
            pf.read_csv(data, comment="#", **_DROPPED)
        assert (error.value.line, error.value.row, error.value.byte) == wrong[0]
        assert error.value.column == "a"


_WHOLE_RECORDS = st.sampled_from(["1,x", '2,"a,b"', '3,"two\nlines"', '"4","\n\nü"', ",", '"",""'])
_BAD_RECORDS = st.sampled_from(["1", '"é\n"', "1,2,3", '"a\nb","c",d', ",,", "ü,,,"])


@given(st.lists(_WHOLE_RECORDS | _BAD_RECORDS, min_size=1, max_size=10), st.booleans())
@PROPERTY
def test_bad_records_are_where_they_say(backend, records, open_end):
    """Also behind each other, and with a quote that never closes behind them all."""
    text, wrong = "a,b\n", []
    for number, record in enumerate(records, 2):
        fields = len(next(csv.reader(io.StringIO(record, newline=""))))
        if fields != 2:
            place = (text.count("\n") + 1, number, len(text.encode()))
            wrong.append((*place, f"expected 2 fields, found {fields}", record))
        text += record + "\n"
    wish = {"sep": ",", "header": True, "dtypes": {"a": "string", "b": "string"}}
    if open_end:
        last = '"open,1\n2,3\n'
        reason = "the quote that opens here is not closed"
        place = (text.count("\n") + 1, len(records) + 2, len(text.encode()))
        wrong.append((*place, reason, last))
        text += last
    report = pf.ReadReport()
    table = pf.read_csv(text.encode(), on_bad_lines="collect", report=report, **wish)
    assert table.num_rows == len(records) + open_end - len(wrong)
    found = report.rejects.to_pylist() if report.rejects is not None else []
    keys = ("line", "record", "byte_offset", "reason", "raw")
    assert [tuple(one[key] for key in keys) for one in found] == wrong
    if wrong:
        with pytest.raises(CsvError, match=wrong[0][3]) as error:
            pf.read_csv(text.encode(), **wish)
        assert (error.value.line, error.value.row, error.value.byte) == wrong[0][:3]


# What RFC 4180 leaves open and pandas answers as we do: text behind a closing quote, quotes within
# a cell, blank lines, CR alone, a last line without an end.
_OPEN_CELLS = st.sampled_from(
    ["a", "bc", 'a"b', 'a""b', '"a"', '"a,b"', '"a""b"', '"p"q', '"p"q"r', '"p" q', '""x', '"a\nb"', "é", '"é"ü']
)  # fmt: skip


@given(
    st.lists(st.tuples(_OPEN_CELLS, _OPEN_CELLS), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
    st.booleans(),
)
@PROPERTY
def test_what_rfc_4180_leaves_open_is_read_as_pandas_does(backend, rows, end, blanks, last):
    text = "".join(
        end * blank + ",".join(row) + end for row, blank in zip(rows, blanks, strict=False)
    )
    data = text.encode() if last else text.removesuffix(end).encode()
    frame = pd.read_csv(
        io.BytesIO(data), header=None, names=["c0", "c1"], dtype=str, keep_default_na=False
    )
    assert texts(data, 2, sep=",") == frame.to_numpy().tolist()


@given(st.lists(st.floats(width=64), min_size=1, max_size=30))
@PROPERTY
def test_numbers_are_those_of_pandas(backend, values):
    data = ("v,n\n" + "".join(f"{value!r},1\n" for value in values)).encode()
    expected = pd.read_csv(io.BytesIO(data))["v"].tolist()
    found = pf.read_csv(data, sep=",", header=True, dtypes={"v": "float64"}).column("v").to_pylist()
    assert [repr(float(value)) for value in found] == [repr(float(value)) for value in expected]


_VALUES = {
    "s": st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    "i": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(allow_nan=False),
    "b": st.booleans(),
    "d": st.dates(),
    "t": st.datetimes(),
    "n": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6),
}  # fmt: skip
_TYPES = {
    "s": pa.large_string(),
    "i": pa.int64(),
    "f": pa.float64(),
    "b": pa.bool_(),
    "d": pa.date32(),
    "t": pa.timestamp("us"),
    "n": pa.decimal128(20, 2),
}


@st.composite
def _tables(draw):
    rows = draw(st.integers(0, 6))
    columns = {"k": pa.array(range(rows), pa.int64())}  # so that no record is a blank line
    for name, values in _VALUES.items():
        cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[name] = pa.array(cells, _TYPES[name])
    return pa.table(columns)


_STYLES = st.fixed_dictionaries(
    {
        "sep": st.sampled_from(",;\t|"),
        "quote": st.sampled_from("\"'"),
        "line_end": st.sampled_from(["\n", "\r\n"]),
        "quote_style": st.sampled_from(["necessary", "always", "nonnumeric"]),
        "escape": st.sampled_from([None, "\\"]),
        "threads": st.integers(1, 3),
    }
)


def _written(table, **options):
    out = io.BytesIO()
    assert pf.write_csv(table, out, **options).rows == table.num_rows
    return out.getvalue()


@given(_tables(), _STYLES)
@PROPERTY
def test_pythons_csv_reads_what_is_written(backend, table, style):
    if style["escape"]:  # csv takes an escape outside quotes too
        style = style | {"quote_style": "always"}
    text = _written(table, **style).decode()
    dialect = {
        "delimiter": style["sep"],
        "quotechar": style["quote"],
        "escapechar": style["escape"],
        "doublequote": style["escape"] is None,
    }
    header, *rows = csv.reader(io.StringIO(text, newline=""), **dialect)
    assert header == table.column_names
    found = [dict(zip(header, row, strict=True)) for row in rows]
    for row, cells in zip(table.to_pylist(), found, strict=True):
        for name, value in row.items():
            assert _reads_as(cells[name], value), (name, value, cells[name])


def _reads_as(cell, value):
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, float):
        return float(cell).hex() == value.hex()
    if isinstance(value, Decimal):
        return Decimal(cell) == value
    if hasattr(value, "isoformat"):
        return type(value).fromisoformat(cell) == value
    return cell == str(value)


@given(_tables(), _STYLES)
@PROPERTY
def test_we_read_what_is_written(backend, table, style):
    data = _written(table, **style)
    back = pf.read_csv(
        data, sep=style["sep"], quote=style["quote"], escape=style["escape"], header=True,
        schema=table.schema,
    )  # fmt: skip
    assert same_table(back, table)
