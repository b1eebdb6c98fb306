"""Random CSV files for the property tests: printed by Python's csv, or put together by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import ParquetFrameError

# The fixture only names the engine, so one value serves all examples.
PROPERTY = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read_or_error(data, **options):
    """The table, or the error."""
    try:
        return pf.read_csv(data, **options), None
    except ParquetFrameError as error:
        return None, error


def same_table(one, other):
    """Whether names, types and values are equal; of floats the bits, NaN included."""
    if not one.schema.equals(other.schema) or one.num_rows != other.num_rows:
        return False
    return all(
        _bits(first).equals(_bits(second))
        for first, second in zip(one.columns, other.columns, strict=True)
    )


def _bits(column):
    array = column.combine_chunks()
    if not pa.types.is_float64(array.type):
        return array
    one_nan = pa.scalar(0x7FF8 << 48, pa.int64())  # one NaN is as good as another
    return pc.if_else(pc.is_nan(array), one_nan, array.view(pa.int64()))


@dataclass(frozen=True)
class Printed:
    """A table as Python's csv prints it.

    Attributes:
        data: The file.
        cells: What `csv.reader` makes of it, all of it.
        options: The dialect, as options of `read_csv`.
        width: Number of columns.
    """

    data: bytes
    cells: list[list[str]]
    options: dict
    width: int


_SPECIAL = "ab0,;\t|\"'\n\r\\ #é€𝄞\0"


@st.composite
def printed_tables(draw):
    """Rectangular tables of text in a random dialect that RFC 4180 or an escape explains."""
    sep = draw(st.sampled_from(",;\t|"))
    quote = draw(st.sampled_from(['"', "'", None]))
    escape = draw(st.sampled_from([None, "\\"])) if quote else None
    end = draw(st.sampled_from(["\n", "\r\n"]))
    width = draw(st.integers(1, 4))
    alphabet = _SPECIAL
    if quote is None:
        alphabet = "".join(c for c in _SPECIAL if c not in f"{sep}\n\r\"'")
    cell = st.text(st.sampled_from(alphabet), max_size=6)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))
    if quote is None and width == 1:
        rows = [row for row in rows if row != [""]]  # csv cannot print them
    style = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    if escape or any("\r" in cell for row in rows for cell in row):
        style = csv.QUOTE_ALL  # an escape works inside quotes; and a lone CR stays bare before 3.13
    if quote is None:
        style = csv.QUOTE_NONE
    dialect = {
        "delimiter": sep,
        "quotechar": quote,
        "escapechar": escape,
        "doublequote": escape is None,
        "quoting": style,
    }
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, **dialect).writerows(rows)
    text = out.getvalue()
    if draw(st.booleans()) and not text.endswith((f"{sep}{end}", f"{quote}{quote}{end}")):
        text = text.removesuffix(end)  # the last line end is optional
    found = [row for row in csv.reader(io.StringIO(text, newline=""), **dialect) if row]
    options = {"sep": sep, "quote": quote, "escape": escape}
    return Printed(text.encode(), found, options, width)


_PLAIN_COLUMNS = [
    st.integers(0, 10**6).map(str),
    st.floats(0, 1000).map(lambda value: f"{value:.2f}"),
    st.dates().map(str),
    st.text("abcdé", min_size=1, max_size=8),
    st.sampled_from(["New York", "it's", "a,b", "c;d", 'say "x"', "p|q"]),
]


@st.composite
def plain_tables(draw):
    """Tables that only one separator explains: a header, some records, cells as people have them."""
    sep, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n"]))
    width, size = draw(st.integers(2, 4)), draw(st.integers(3, 8))
    kinds = [draw(st.sampled_from(_PLAIN_COLUMNS)) for _ in range(width)]
    header = [f"name_{number}" for number in range(width)]
    rows = [[draw(kind) for kind in kinds] for _ in range(size)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=sep, lineterminator=end).writerows([header, *rows])
    return Printed(out.getvalue().encode(), [header, *rows], {"sep": sep}, width)


_WHOLE = st.one_of(
    st.integers(-9, 99),
    st.sampled_from([2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, 10**38 - 1, 10**38]),
).map(str)  # fmt: skip
_REAL = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from([".5", "3.", "-0.0", "1e3", "1E-7", "1e999", "1e-400", "0.1000000000000000055511151231257827"]),
)  # fmt: skip
_DATE = st.dates().map(str) | st.sampled_from(["2020-02-30", "0000-01-01", "9999-12-31"])
_TIME = st.one_of(
    st.datetimes().map(lambda t: t.isoformat(sep=" ")),
    st.sampled_from(
        ["2020-01-01T10:00", "2020-01-01 10:00:00Z", "2020-01-01 10:00:00+02:00",
         "2020-01-01 10:00:00-0330", "2020-01-01 10:00:00.1234567", "2020-01-01 24:00:00"]
    ),
)  # fmt: skip
_BOOL = st.sampled_from(["true", "false", "True", "FALSE"])
_NULL = st.sampled_from(["", "NA", "NULL", "n/a", '""'])
_TEXT = st.one_of(
    st.sampled_from(
        [
            "007",
            "+1",
            "0x1F",
            "1_000",
            "nan",
            "inf",
            "x",
            '"a,b"',
            '"p"q',
            '"7"',
            '"a\nb"',
            '"é""ü"',
        ]
    ),
    st.text(st.sampled_from("ab é\0"), max_size=4),
)
_KINDS = [_WHOLE, _REAL, _DATE, _TIME, _BOOL, _TEXT]


@st.composite
def typed_columns(draw, most_rows=12):
    """Raw cells of one column: mostly of one kind, with gaps and now and then a cell of another."""
    kind = draw(st.sampled_from(_KINDS))
    other = draw(st.sampled_from(_KINDS))
    weights = draw(st.sampled_from([[kind], [kind, kind, _NULL], [kind, kind, kind, _NULL, other]]))
    return draw(st.lists(st.one_of(weights), max_size=most_rows))


@st.composite
def typed_files(draw):
    """Files whose columns want types: a header, and records of the same width."""
    width = draw(st.integers(1, 3))
    columns = [draw(typed_columns()) for _ in range(width)]
    size = min(len(column) for column in columns)
    records = [",".join(column[row] for column in columns) for row in range(size)]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    header = ",".join(f"c{number}" for number in range(width))
    return end.join([header, *records, ""]).encode()


_BYTES = st.sampled_from(
    [b"1", b"22", b"2.5", b"007", b"x", b"2020-01-01", b"NA", b"", b"\xff", b"\0", b"\xc3\xa9", b" 3 "]
)  # fmt: skip
_QUOTED = st.sampled_from(
    [b'"x"', b'"a,b"', b'"p"q', b'"two\nlines"', b'"\r\n"', b'""', b'"it""s"', b'"a\\"b"', b'a"b']
)  # fmt: skip
_FAULTS = st.sampled_from(
    [b"1", b"1,2,3", b'"open,1', b"# note", b"", b'"p"q,"r"s', b",", b"\xff,\xfe"]
)
_SOUP = st.sampled_from(
    [b",", b"\n", b"\r\n", b"\r", b'"', b'""', b"#", b" ", b"\\", b"1", b"x", b"\xff"]
)


@st.composite
def wild_files(draw):
    """Files with everything that can be wrong: ragged, open quotes, bad bytes, blank lines."""
    if draw(st.booleans()):
        return b"a,b\n" + b"".join(draw(st.lists(_SOUP, max_size=25)))
    cell = st.one_of(_BYTES, _BYTES, _QUOTED)
    record = st.tuples(cell, cell).map(b",".join)
    records = draw(st.lists(st.one_of(record, record, record, _FAULTS), max_size=10))
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    return end.join([b"a,b", *records, b""])


_OPTIONS = {
    "on_bad_lines": st.sampled_from(["error", "skip", "collect"]),
    "ragged": st.sampled_from(["error", "fill"]),
    "blank_lines": st.sampled_from(["skip", "null", "error"]),
    "strict_quotes": st.booleans(),
    "quote": st.sampled_from(['"', None]),
    "escape": st.sampled_from([None, "\\"]),
    "comment": st.sampled_from([None, "#"]),
    "trim": st.booleans(),
    "newline": st.sampled_from(["auto", "lf", "crlf", "cr"]),
    "nulls": st.sampled_from(["auto", "strict", "pandas"]),
    "invalid_bytes": st.sampled_from(["error", "replace", "binary"]),
    "header": st.sampled_from(["auto", True, False]),
    "skip_rows": st.integers(0, 2),
    "n_rows": st.integers(0, 4),
    "parse_dates": st.booleans(),
    "leading_zeros": st.sampled_from(["string", "number"]),
    "on_int_overflow": st.sampled_from(["decimal", "string", "error"]),
    "infer": st.sampled_from(["full", 1, 2]),
    "dtypes": st.sampled_from(
        [{"a": "int64"}, {"b": "string"}, {"a": "float64", "b": "date"}, {"a": "category"}]
    ),
}


@st.composite
def read_options(draw):
    """At most three options of the reader: with more, the first of them decides alone."""
    names = draw(st.lists(st.sampled_from(sorted(_OPTIONS)), unique=True, max_size=3))
    if "on_bad_lines" in names and "infer" in names:
        names.remove("infer")  # which records are the sample is not settled where some are left out
    return {name: draw(_OPTIONS[name]) for name in names}
