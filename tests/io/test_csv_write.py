"""What `write_csv` writes: read back by Python's csv, by pandas and by `read_csv`."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import UnsupportedFeature, WriteError


def written(data, **options):
    out = io.BytesIO()
    pf.write_csv(data, out, **options)
    return out.getvalue()


def test_values_of_all_types(backend):
    table = pa.table(
        {
            "i": pa.array([1, None], pa.int8()),
            "u": pa.array([2**64 - 1, 0], pa.uint64()),
            "f": [0.1, 1e300],
            "g": pa.array([0.1, None], pa.float32()),
            "b": [True, None],
            "s": ["x", ""],
            "d": pa.array([dt.date(2020, 1, 2), None]),
            "t": pa.array([dt.datetime(2020, 1, 2, 3, 4, 5, 600_000), None], pa.timestamp("us")),
            "z": pa.array([dt.datetime(2020, 1, 2, 3), None], pa.timestamp("s", "UTC")),
            "n": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "k": pa.array(["p", None]).dictionary_encode(),
        }
    )
    lines = written(table).decode().split("\n")
    assert lines[0] == "i,u,f,g,b,s,d,t,z,n,k"
    assert lines[1] == (
        "1,18446744073709551615,0.1,0.1,true,x,2020-01-02,2020-01-02T03:04:05.600,"
        "2020-01-02T03:00:00Z,1.50,p"
    )
    assert lines[2] == ',0,1e+300,,,"",,,,,'


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=10,
    )
)
@settings(max_examples=200, deadline=None)
def test_pythons_csv_reads_it_back(rows):
    table = pa.table({"s": pa.array([s for s, _ in rows], pa.string()), "f": [f for _, f in rows]})
    if not rows:
        table = table.cast(pa.schema([("s", pa.string()), ("f", pa.float64())]))
    text = written(table, engine="python").decode()
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found[0] == ["s", "f"]
    assert [(s, float(f).hex()) for s, f in found[1:]] == [(s, f.hex()) for s, f in rows]


@given(st.lists(st.one_of(st.none(), st.text(st.sampled_from('a",\n\r '), max_size=4)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_we_read_it_back_with_nulls_and_empties_apart(values):
    table = pa.table({"s": pa.array(values, pa.large_string()), "i": list(range(len(values)))})
    if not values:
        return
    data = written(table, engine="python")
    found = pf.read_csv(data, sep=",", dtypes={"s": "string"}, engine="python")
    assert found.column("s").to_pylist() == values


def test_quote_styles(backend):
    data = {"s": ["a", 'b"c'], "i": [1, 2]}
    assert written(data, quote_style="always") == b'"s","i"\n"a","1"\n"b""c","2"\n'
    assert written(data, quote_style="nonnumeric") == b'"s","i"\n"a",1\n"b""c",2\n'
    assert written(data, escape="\\") == b's,i\na,1\n"b\\"c",2\n'
    assert written({"s": ["a b"]}, quote_style="never") == b"s\na b\n"
    with pytest.raises(WriteError, match="row 2, column 's'"):
        written(data, quote_style="never")


def test_null_text(backend):
    assert written({"a": [1, None], "b": ["NA", None]}, null="NA") == b'a,b\n1,"NA"\nNA,NA\n'
    with pytest.raises(WriteError, match="blank line") as error:
        written({"a": [1, None]})
    assert "NA" in error.value.hint
    assert written({"a": [1, None]}, null="-") == b"a\n1\n-\n"


def test_formats_ends_and_marks(backend):
    data = {"f": [1.5], "d": [dt.date(2020, 1, 2)], "t": [dt.datetime(2020, 1, 2, 3)]}
    text = written(
        data, float_format="%.3f", date_format="%d.%m.%Y", timestamp_format="%H:%M", sep=";",
        line_end="\r\n", header=False, bom=True,
    )  # fmt: skip
    assert text == b"\xef\xbb\xbf1.500;02.01.2020;03:00\r\n"


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz", "lz4"])
def test_compression_by_suffix(backend, tmp_path, suffix):
    path = tmp_path / f"a.csv.{suffix}"
    report = pf.write_csv({"a": [1, 2]}, path)
    assert (report.rows, report.files, report.bytes) == (2, 1, path.stat().st_size)
    assert pf.read_csv(path).to_pydict() == {"a": [1, 2]}


def test_the_old_file_stays_when_writing_fails(backend, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old\n")
    with pytest.raises(WriteError):
        pf.write_csv({"a": [1, None]}, path)
    assert path.read_bytes() == b"old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(FileExistsError):
        pf.write_csv({"a": [1]}, path, overwrite=False)
    with pytest.raises(WriteError):
        pf.write_csv({"a": [1]}, tmp_path / "no" / "a.csv")


def test_types_without_text(backend):
    with pytest.raises(UnsupportedFeature, match="column 'l'"):
        written({"l": [[1]]})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sep": "ab"}, "sep"),
        ({"quote_style": "some"}, "quote_style"),
        ({"line_end": "x"}, "line_end"),
        ({"float_format": "{:f}"}, "float_format"),
        ({"null": "a,b"}, "null"),
        ({"compression": "rar"}, "compression"),
        ({"quote": None, "quote_style": "always"}, "quote"),
    ],
)
def test_options_are_checked(options, text):
    with pytest.raises(ValueError, match=text):
        written({"a": [1]}, **options)
