"""Small CSV inputs on which readers disagree, with the results that can be defended and why."""

from __future__ import annotations

import datetime as dt
import gzip
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

ERROR = "an error"
LATE_ROW = 200_000
_LINES = 60_000


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes:
        name: What it is about.
        data: The file.
        right: Results that can be defended: rows, or ``ERROR``; long ones are their last row.
        why: Why just those.
        options: What each library is told beside the path; one that is not named cannot do it.
        suffix: Of the file's name.
        tail: Only the number of rows and the last row are compared and shown.
        rows: How many rows there are, where only the last is compared.
        shown: The file in the table, if not its bytes.
    """

    name: str
    data: bytes
    right: list[Any]
    why: str
    options: dict[str, dict[str, Any]] | None = None
    suffix: str = ".csv"
    tail: bool = False
    rows: int = 0
    shown: str = field(default="")


_INSTANT = dt.datetime(2024, 3, 31, 0, 30, tzinfo=dt.UTC)
_NANOSECOND = pd.Timestamp("2024-01-01 00:00:00.123456789")
_DIGITS = (
    "0.30000000000000004",
    "2.2250738585072011e-308",
    "179769313486231570000e288",
    "0.1" + "0" * 17 + "1",
)

INPUTS = [
    Input(
        "leading zeros",
        b"zip,n\n00501,1\n10001,2\n",
        [[["00501", 1], ["10001", 2]]],
        "00501 is a name made of digits; 501 is another one",
    ),
    Input(
        "plus signs",
        b"phone,n\n+1,1\n+49,2\n",
        [[["+1", 1], ["+49", 2]], [[1, 1], [49, 2]]],
        "the numbers are the same; how they were written survives only as text",
    ),
    Input(
        "2^63",
        b"v,n\n9223372036854775808,1\n-1,2\n",
        [[[2**63, 1], [-1, 2]], [["9223372036854775808", 1], ["-1", 2]]],
        "every digit counts; the float is right by luck, being a power of two",
    ),
    Input(
        "2^64 + 1",
        b"v,n\n18446744073709551617,1\n5,2\n",
        [[[2**64 + 1, 1], [5, 2]], [["18446744073709551617", 1], ["5", 2]]],
        "a float64 has 53 bits, and the last digits change",
    ),
    Input(
        "int64 with a gap",
        b"v,n\n9007199254740993,1\n,2\n",
        [[[2**53 + 1, 1], [None, 2]]],
        "a missing value is no reason to round the others",
    ),
    Input(
        "ints beyond 2^53 among floats",
        b"v,n\n9007199254740993,1\n0.5,2\n",
        [[[Decimal(2**53 + 1), 1], [0.5, 2]], [["9007199254740993", 1], ["0.5", 2]]],
        "no float64 is 9007199254740993",
    ),
    Input(
        "1e999",
        b"v,n\n1e999,1\n1.5,2\n",
        [[["1e999", 1], ["1.5", 2]], ERROR],
        "it is finite, and infinity is not",
    ),
    Input(
        "many digits",
        ("v,n\n" + "".join(f"{text},1\n" for text in _DIGITS)).encode(),
        [[[float(text), 1] for text in _DIGITS]],
        "the nearest float64, bit for bit, is what the standard asks for",
    ),
    Input(
        "NA in a text column",
        b"country,n\nNA,1\nCH,2\n",
        [[["NA", 1], ["CH", 2]]],
        "Namibia; in a column of numbers NA can only mean a gap",
    ),
    Input(
        "quoted empty",
        b'a,n\n"",1\n,2\nx,3\n',
        [[["", 1], [None, 2], ["x", 3]]],
        "the only way for a CSV file to tell empty text from no text",
    ),
    Input(
        "text behind a closing quote",
        b'a,n\n"p"q,1\nr,2\n',
        [[["pq", 1], ["r", 2]], ERROR],
        "RFC 4180 does not allow it; Python's csv appends it, or one may refuse",
    ),
    Input(
        "short record",
        b"a,b,c\n1,2,3\n4,5\n",
        [ERROR],
        "a field is lost, and which one is unknown; to fill it up must be asked for",
    ),
    Input(
        "long record",
        b"a,b\n1,2\n3,4,5\n",
        [ERROR],
        "a value without a column would be dropped",
    ),
    Input(
        "separator at the end of all records",
        b"a,b\n1,2,\n3,4,\n",
        [ERROR, [[1, 2], [3, 4]], [[1, 2, None], [3, 4, None]]],
        "no value may move to the column beside its own",
    ),
    Input(
        "quoted line ends, 1 MB",
        b"a,n\n" + b"".join(b'"x\ny, %d",%d\n' % (n, n) for n in range(_LINES)),
        [[[f"x\ny, {_LINES - 1}", _LINES - 1]]],
        "quotes protect line ends in files of any size",
        tail=True,
        rows=_LINES,
        shown='`a,n\\n"x\\ny, 0",0\\n"x\\ny, 1",1\\n` ... 60,000 records',
    ),
    Input(
        "lone CR",
        b"a,n\rx,1\ry,2\r",
        [[["x", 1], ["y", 2]]],
        "files of old Macs and of some instruments; one row of nonsense helps nobody",
    ),
    Input(
        "UTF-16 with a byte order mark",
        "a,n\nKöln,1\n".encode("utf-16"),
        [[["Köln", 1]], ERROR],
        "the mark says what it is; an error is honest, garbage is not",
        shown='`"a,n\\nKöln,1\\n".encode("utf-16")`',
    ),
    Input(
        "invalid UTF-8",
        "a,n\nKöln,1\n".encode("latin-1"),
        [ERROR, [["Köln".encode("latin-1"), 1]]],
        "an error or the bytes; replacement characters lose what was there",
    ),
    Input(
        "time with an offset",
        b"t,n\n2024-03-31T01:30:00+01:00,1\n",
        [[[_INSTANT, 1]], [["2024-03-31T01:30:00+01:00", 1]]],
        "the instant must survive",
    ),
    Input(
        "nanoseconds",
        b"t,n\n2024-01-01 00:00:00.123456789,1\n",
        [[[_NANOSECOND, 1]], [["2024-01-01 00:00:00.123456789", 1]]],
        "three digits are cut without a word",
    ),
    Input(
        "dates with slashes",
        b"d,n\n01/02/2024,1\n05/06/2024,2\n",
        [[["01/02/2024", 1], ["05/06/2024", 2]]],
        "nothing in the file tells whether the month or the day comes first",
    ),
    Input(
        "T and F",
        b"code,n\nT,1\nF,2\n",
        [[["T", 1], ["F", 2]]],
        "letters are codes of many things; `true_values=` says when they are bools",
    ),
    Input(
        "text in row 200,001 of a column of numbers",
        b"v,n\n" + b"1,2\n" * LATE_ROW + b"x,2\n",
        [[["x", 2]]],
        "text, because one cell is; that it comes late changes nothing",
        tail=True,
        rows=LATE_ROW + 1,
        shown="`v,n\\n`, 200,000 times `1,2\\n`, `x,2\\n`; the first and the last cell",
    ),
    Input(
        "blank line in one column",
        b"a\n1\n\n3\n",
        [[[1], [3]], [[1], [None], [3]]],
        "RFC 4180 leaves it open; to leave it out must be visible (`report.blank_lines`)",
    ),
    Input(
        "quote that never closes",
        b'a,n\n"x,1\ny,2\n',
        [ERROR],
        "the rest of the file is in that cell, or the file is cut",
    ),
    Input(
        "NUL byte",
        b"a,n\nx\0y,1\n",
        [[["x\0y", 1]], ERROR],
        "it is data; text that ends there is cut",
    ),
    Input(
        "one column, and a semicolon in it",
        b"c0\nv0\na;b\n",
        [[["v0"], ["a;b"]]],
        "one column is a legal answer; no row is skipped to make a dialect fit",
    ),
    Input(
        "comments, and the sign inside cells",
        b'a,n\n"# x",1\n# left out\ny#z,2\n',
        [[["# x", 1], ["y#z", 2]]],
        "a comment is a line that begins with the sign; cells may hold it",
        options={
            "parquetframe": {"comment": "#"},
            "pandas": {"comment": "#"},
            "polars": {"comment_prefix": "#"},
            "duckdb": {"comment": "#"},
        },
    ),
    Input(
        "thousands signs that are none",
        b"v;n\n1,234;1\n12,34;2\n",
        [[["1,234", 1], ["12,34", 2]], ERROR],
        "groups have three digits; 12,34 is a decimal comma and not 1234",
        options={
            "parquetframe": {"thousands": ",", "sep": ";"},
            "pandas": {"thousands": ",", "sep": ";"},
            "duckdb": {"thousands": ",", "sep": ";"},
        },
    ),
    Input(
        "the separator as thousands sign, in quotes",
        b'v,n\n"1,234",1\n"5,678",2\n',
        [[[1234, 1], [5678, 2]], ERROR],
        "the quotes tell which comma is which; to refuse that is honest too",
        options={
            "parquetframe": {"thousands": ","},
            "pandas": {"thousands": ","},
            "duckdb": {"thousands": ","},
        },
    ),
    Input(
        "a name twice",
        b"a,a\n1,2\n",
        [[[1, 2]]],
        "both columns have values; names are made different and that is reported",
    ),
    Input(
        "no header",
        b"1,2\n3,4\n",
        [[[1, 2], [3, 4]]],
        "numbers are no names; the others need an option, or the first record is lost",
    ),
    Input(
        "gzip of two members",
        gzip.compress(b"a,n\nx,1\n", mtime=0) + gzip.compress(b"y,2\n", mtime=0),
        [[["x", 1], ["y", 2]]],
        "RFC 1952: members are joined",
        suffix=".csv.gz",
        shown='`gzip("a,n\\nx,1\\n") + gzip("y,2\\n")`',
    ),
]
