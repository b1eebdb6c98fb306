"""Types from all cells, without losing a value: one test per rule."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import CsvError, SchemaError


def column(*cells, **options):
    """One column, with a text column beside it so that no record is a blank line."""
    data = "v,t\n" + "".join(f"{cell},x\n" for cell in cells)
    return pf.read_csv(data.encode(), **({"sep": ","} | options)).column("v").combine_chunks()


UTC = dt.UTC


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["1", "-2", ""], pa.int64(), [1, -2, None]),
        (["9223372036854775807", "-9223372036854775808"], pa.int64(), [2**63 - 1, -(2**63)]),
        (["9223372036854775808", "0"], pa.uint64(), [2**63, 0]),
        (["18446744073709551615"], pa.uint64(), [2**64 - 1]),
        (["18446744073709551616"], pa.decimal128(38, 0), [Decimal(2**64)]),
        (["9223372036854775808", "-1"], pa.decimal128(38, 0), [Decimal(2**63), Decimal(-1)]),
        (["9" * 38], pa.decimal128(38, 0), [Decimal("9" * 38)]),
        (["9" * 39], pa.large_string(), ["9" * 39]),
        (["007", "12"], pa.large_string(), ["007", "12"]),
        (["+5", "12"], pa.large_string(), ["+5", "12"]),
        (["0", "-0"], pa.float64(), [0.0, -0.0]),  # an integer has no sign to keep
        (["0x1F"], pa.large_string(), ["0x1F"]),
        (["1_000"], pa.large_string(), ["1_000"]),
        (["1.5", "2", "-.5", "3.", "1e3"], pa.float64(), [1.5, 2.0, -0.5, 3.0, 1000.0]),
        (["inf", "-inf", "1.5"], pa.float64(), [math.inf, -math.inf, 1.5]),
        (["1e999", "1.5"], pa.large_string(), ["1e999", "1.5"]),
        (["1e-400", "1.5"], pa.large_string(), ["1e-400", "1.5"]),
        (["0e-400", "4.9e-324"], pa.float64(), [0.0, 5e-324]),
        (["9007199254740992", "0.5"], pa.float64(), [2.0**53, 0.5]),
        (
            ["9007199254740993", "0.5"],
            pa.decimal128(38, 1),
            [Decimal("9007199254740993.0"), Decimal("0.5")],
        ),
        (["9007199254740993", "1e3"], pa.large_string(), ["9007199254740993", "1e3"]),
        (["true", "False", "TRUE"], pa.bool_(), [True, False, True]),
        (["true", "1"], pa.large_string(), ["true", "1"]),
        (["2020-02-29"], pa.date32(), [dt.date(2020, 2, 29)]),
        (["2020-02-30"], pa.large_string(), ["2020-02-30"]),
        (["2020-01-01T10:00"], pa.timestamp("us"), [dt.datetime(2020, 1, 1, 10)]),
        (
            ["2020-01-01", "2020-01-01 10:00:00.5"],
            pa.timestamp("us"),
            [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, 10, 0, 0, 500_000)],
        ),
        (
            ["2020-01-01 10:00:00Z"],
            pa.timestamp("us", "UTC"),
            [dt.datetime(2020, 1, 1, 10, tzinfo=UTC)],
        ),
        (
            ["2020-01-01 10:00:00+02:00", "2020-01-01 10:00:00-0300"],
            pa.timestamp("us", "UTC"),
            [dt.datetime(2020, 1, 1, 8, tzinfo=UTC), dt.datetime(2020, 1, 1, 13, tzinfo=UTC)],
        ),
        (
            ["2020-01-01", "2020-01-01 10:00:00Z"],
            pa.large_string(),
            ["2020-01-01", "2020-01-01 10:00:00Z"],
        ),
        (["", ""], pa.null(), [None, None]),
        (["x", ""], pa.large_string(), ["x", None]),
    ],
)
def test_inferred_types(backend, cells, dtype, values):
    found = column(*cells)
    assert found.type == dtype
    assert found.to_pylist() == values


def test_one_offset_stays_the_zone(backend):
    found = column("2020-01-01 10:00:00+02:00", "2020-06-01 10:00:00+02:00")
    assert found.type == pa.timestamp("us", "+02:00")
    assert found.cast(pa.int64())[0].as_py() == 1577865600 * 10**6


def test_nanoseconds_where_they_are(backend):
    found = column("2020-01-01 10:00:00.1234567", "2020-01-01 10:00:00")
    assert found.type == pa.timestamp("ns")
    assert found.cast(pa.int64())[0].as_py() % 10**9 == 123_456_700
    beyond = column("2020-01-01 10:00:00.1234567", "9999-01-01 10:00:00")
    assert beyond.type == pa.large_string()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_floats_have_the_bits_of_python(values):
    found = column(
        *[repr(v) if "." in repr(v) or "e" in repr(v) else f"{v!r}.0" for v in values],
        engine="python",
    )
    assert [v.hex() for v in found.to_pylist()] == [v.hex() for v in values]


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=10))
@settings(max_examples=100, deadline=None)
def test_integers_keep_their_digits(values):
    found = column(*values, engine="python")
    assert [str(v) for v in found.to_pylist()] == [str(v) for v in values]


@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters='",\n\r\0'), min_size=1
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None)
def test_text_comes_back_as_it_is(cells):
    found = column(*[f'"{cell}"' for cell in cells], engine="python", parse_dates=False)
    if found.type == pa.large_string():
        assert found.to_pylist() == cells


def test_null_rules(backend):
    data = b'n,t,q\n1,NA,""\n,,x\nNA,w,y\n'
    auto = pf.read_csv(data, sep=",")
    assert auto.to_pydict() == {"n": [1, None, None], "t": ["NA", None, "w"], "q": ["", "x", "y"]}
    strict = pf.read_csv(data, sep=",", nulls="strict")
    assert strict.column("n").to_pylist() == ["1", None, "NA"]
    like_pandas = pf.read_csv(data, sep=",", nulls="pandas")
    assert like_pandas.column("t").to_pylist() == [None, None, "w"]
    listed = pf.read_csv(data, sep=",", nulls=["NA"])
    assert listed.column("n").to_pylist() == ["1", "", None]
    by_column = pf.read_csv(data, sep=",", nulls={"t": ["w"]})
    assert by_column.column("t").to_pylist() == ["NA", "", None]
    assert by_column.column("n").to_pylist() == [1, None, None]


def test_quoted_cells_type_and_quoted_empties_are_null_in_typed_columns(backend):
    table = pf.read_csv(b'a,b\n"1",""\n"2","3"\n', sep=",")
    assert table.to_pydict() == {"a": [1, 2], "b": [None, 3]}
    assert pf.read_csv(b'a,b\n"",1\n,2\n', sep=",").column("a").to_pylist() == ["", None]


def test_overflow_rules(backend):
    cells = ["9223372036854775808", "1"]
    assert column(*cells, on_int_overflow="string").to_pylist() == cells
    with pytest.raises(CsvError, match="9223372036854775808"):
        column("1", cells[0], on_int_overflow="error")


def test_number_marks(backend):
    data = b"a;b\n1.234,5;1.000\n2,25;2\n"
    table = pf.read_csv(data, sep=";", decimal=",", thousands=".")
    assert table.to_pydict() == {"a": [1234.5, 2.25], "b": [1000, 2]}
    assert column("007", leading_zeros="number").to_pylist() == [7]


def test_own_truth_values_and_no_dates(backend):
    found = column("yes", "no", true_values=["yes"], false_values=["no"])
    assert found.to_pylist() == [True, False]
    assert column("2020-01-01", parse_dates=False).to_pylist() == ["2020-01-01"]


def test_patterns_of_dates(backend):
    dates = column("31.12.2020", parse_dates={"v": "%d.%m.%Y"})
    assert dates.to_pylist() == [dt.date(2020, 12, 31)]
    times = column("31.12.2020 10:30", parse_dates={"v": "%d.%m.%Y %H:%M"})
    assert times.to_pylist() == [dt.datetime(2020, 12, 31, 10, 30)]
    with pytest.raises(CsvError, match=r"line 2, record 2, column 'v', byte 4"):
        column("2020-12-31", parse_dates={"v": "%d.%m.%Y"})


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("int8", "-128", -128),
        ("uint64", "18446744073709551615", 2**64 - 1),
        ("int32", "007", 7),
        ("float32", "0.1", 0.10000000149011612),
        ("float64", "3", 3.0),
        ("decimal(5,2)", "1.25", Decimal("1.25")),
        ("string", "1", "1"),
        ("string", "NA", "NA"),
        ("binary", "ab", b"ab"),
        ("bool", "true", True),
        ("date", "2020-01-01", dt.date(2020, 1, 1)),
        ("timestamp(ms)", "2020-01-01 10:00:00.125", dt.datetime(2020, 1, 1, 10, 0, 0, 125_000)),
        ("time64[us]", "10:30:00.5", dt.time(10, 30, 0, 500_000)),
        ("category", "x", "x"),
        ("int64", "NA", None),
    ],
)
def test_types_that_were_asked_for(backend, kind, cell, value):
    found = column(cell, dtypes={"v": kind})
    assert found.to_pylist() == [value]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("int8", "128"),
        ("int64", "1.0"),
        ("float64", "1e999"),
        ("decimal(5,2)", "1.255"),
        ("decimal(3,2)", "12.5"),
        ("bool", "1"),
        ("date", "2020-01-01 10:00"),
        ("timestamp(s)", "2020-01-01 10:00:00.5"),
        ("timestamp(us)", "2020-01-01 10:00:00Z"),
        ("timestamp(us, UTC)", "2020-01-01 10:00:00"),
        ("time32[s]", "25:00:00"),
    ],
)
def test_cells_that_do_not_fit_say_where(backend, kind, cell):
    with pytest.raises(CsvError) as error:
        pf.read_csv(f'a,v\nx,\n"p\nq",{cell}\n'.encode(), sep=",", dtypes={"v": kind})
    assert "column 'v'" in str(error.value) and f'"{cell}" is not {kind}' in str(error.value)
    assert (error.value.line, error.value.row, error.value.column) == (3, 3, "v")
    assert error.value.byte == 13
    assert "dtypes" in error.value.hint


def test_a_sample_of_rows_and_a_later_mismatch(backend):
    assert column("1", "2", "3", infer=2).type == pa.int64()
    with pytest.raises(CsvError, match='"x" is not int64'):
        column("1", "2", "x", infer=2)


def test_unknown_names_are_errors(backend):
    data = b"alpha,b\n1,2\n"
    for options in ({"columns": ["alpa"]}, {"dtypes": {"alpa": "int8"}}, {"nulls": {"alpa": []}}):
        with pytest.raises(SchemaError, match="alpa") as error:
            pf.read_csv(data, sep=",", **options)
        assert "alpha" in error.value.hint


def test_types_of_a_schema(backend):
    schema = pa.schema([("b", pa.dictionary(pa.int32(), pa.string())), ("a", pa.int16())])
    table = pf.read_csv(b"a,b,c\n1,x,2\n", sep=",", schema=schema)
    assert table.schema.types == [
        pa.int16(), pa.dictionary(pa.int32(), pa.large_string()), pa.int64(),
    ]  # fmt: skip


def test_the_report_gives_reasons(backend):
    report = pf.ReadReport()
    pf.read_csv(b"a,b\n1,2\nx,3\n", sep=",", report=report)
    assert report.types == {"a": "string", "b": "int64"}
    assert report.reasons.keys() == {"a", "b"}
    assert report.rows == 2


def test_numbers_are_those_of_pandas(backend):
    rows = "\n".join(f"{i},{i / 7!r},{i * 1e300!r}" for i in range(1000))
    data = f"a,b,c\n{rows}\n".encode()
    import io

    expected = pd.read_csv(io.BytesIO(data))
    found = pf.read_csv(data, sep=",", output="pandas")
    pd.testing.assert_frame_equal(found, expected)
