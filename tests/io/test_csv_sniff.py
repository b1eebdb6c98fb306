"""The dialect that `sniff_csv` tells; it explains every record or says that none does."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parquetframe as pf
from parquetframe.errors import AmbiguousDialect, CsvError


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (b"a,b\n1,x\n2,y\n", {"sep": ",", "header": True, "names": ("a", "b"), "newline": "lf"}),
        (b"a;b\r\n1,5;x\r\n2,5;y\r\n", {"sep": ";", "newline": "crlf"}),
        (b"a\tb\n1\tx, y\n2\ty\n", {"sep": "\t"}),
        (b"1|2\n3|4\n", {"sep": "|", "header": False}),
        (b"'a','b'\n'1,5','x'\n", {"sep": ",", "quote": "'"}),
        (b'"a","b"\n"p\\"q","x"\n', {"sep": ",", "quote": '"', "escape": "\\"}),
        (b"c0\nv0\na;b\n", {"names": ("c0",), "header": True}),
        (b"# by me\na,b\n1,x\n", {"comment": "#", "names": ("a", "b")}),
        (b"title\n\na,b\n1,x\n2,y\n", {"skip_rows": 2, "names": ("a", "b")}),
        ("a,b\n1,é\n".encode("utf-16"), {"encoding": "utf-16le", "sep": ","}),
    ],
)
def test_dialects(backend, data, facts):
    found = pf.sniff_csv(data)
    assert {key: getattr(found, key) for key in facts} == facts
    assert 0.0 <= found.confidence <= 1.0
    pf.read_csv(data, **found.options())


def test_types_and_plain_data(backend):
    found = pf.sniff_csv(b"a,b\n1,2020-01-01\n2,2020-01-02\n")
    assert found.types == {"a": "int64", "b": "date"}
    assert found.to_dict()["sep"] == ","
    assert "sep" in found.options() and "names" not in found.options()


def test_no_record_is_left_out_to_make_a_dialect_fit(backend):
    with pytest.raises(AmbiguousDialect) as error:
        pf.sniff_csv(b"a,b\n1,2\n3,4\n5\n")
    assert error.value.line == 4
    assert "," in error.value.candidates


def test_empty(backend):
    with pytest.raises(CsvError, match="empty"):
        pf.sniff_csv(b"")


@given(
    st.sampled_from(",;\t|"),
    st.lists(
        st.tuples(st.integers(), st.text("abc", min_size=1), st.floats(0, 1)),
        min_size=2,
        max_size=9,
    ),
)
@settings(max_examples=100, deadline=None)
def test_what_csv_writes_is_recognised(sep, rows):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=sep).writerows([("i", "s", "f"), *rows])
    found = pf.sniff_csv(out.getvalue().encode(), engine="python")
    assert (found.sep, found.names) == (sep, ("i", "s", "f"))
