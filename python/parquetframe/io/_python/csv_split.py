"""Records of usual CSV files all at once; what is not usual is left to the serial grammar.

A quote toggles between inside and outside. That is what the grammar says as long as each quote that
opens stands at the start of a field, and each one that closes stands before a separator, a line
end or another quote; this is checked, and then cells, rows and flags follow from places alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Split", "split"]

_LF: Final = 10
_CR: Final = 13
_MOST_BYTES: Final = 1 << 29  # places and masks take several times as much

_Bytes = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.int64]


@dataclass
class Split:
    """All records of a file, each with the same number of fields.

    Attributes:
        cells: Text of all cells, record by record.
        width: Fields of a record.
        quoted: Which of the cells stood in quotes; ``None`` if there is no quote.
        blank_lines: Lines of no bytes, which are no records.
    """

    cells: pa.LargeBinaryArray
    width: int
    quoted: _Mask | None
    blank_lines: int


def split(data: bytes, start: int, options: dict[str, Any]) -> Split | None:
    """Divide the data from an offset on, or ``None`` where the grammar has to do it."""
    separator = options["sep"].encode()
    quote = (options["quote"] or "").encode()
    escape = (options["escape"] or "").encode()
    if start >= len(data) or len(data) > _MOST_BYTES or not _plain(data, options, escape, quote):
        return None
    if len(separator) != 1 or len(quote) > 1 or separator == quote:
        return None
    text = np.frombuffer(data, np.uint8)[start:]
    if text[-1] != _LF and text[-1] != _CR:
        first = data.find(b"\r", start)
        pair = first >= 0 and data[first + 1 : first + 2] == b"\n"
        text = np.append(text, np.array([_CR, _LF] if pair else [_LF], np.uint8))
    ends = _line_ends(text, options["newline"])
    if ends is None:
        return None
    stops = ends | (text == separator[0])
    quotes = text == quote[0] if quote and quote in data else None
    kept = None
    if quotes is not None and not quotes.any():
        quotes = None
    if quotes is not None:
        kept = _doubled(text, quotes, stops)
        if kept is None:
            return None
        outside = ~np.logical_xor.accumulate(quotes)
        ends &= outside
        stops &= outside
    return _cells(text, ends, stops, quotes, kept)


def _plain(data: bytes, options: dict[str, Any], escape: bytes, quote: bytes) -> bool:
    comment = options["comment"]
    if comment and comment.encode() in data:
        return False
    if options["trim"] and b" " in data:
        return False
    return not escape or escape == quote or escape not in data


def _line_ends(text: _Bytes, newline: str) -> _Mask | None:
    """The last byte of each line end; only where all line ends are of one kind."""
    feeds: _Mask = text == _LF
    returns: _Mask = text == _CR
    if not returns.any():
        return feeds if newline in ("auto", "lf") else None
    if newline != "auto":
        return None
    if not feeds.any():
        return returns
    # Each CR before an LF, so that no line end has one byte in one place and two in another.
    pairs = returns[:-1] & feeds[1:]
    if np.count_nonzero(pairs) != np.count_nonzero(returns):
        return None
    return feeds if np.count_nonzero(pairs) == np.count_nonzero(feeds) else None


def _doubled(text: _Bytes, quotes: _Mask, stops: _Mask) -> _Mask | None:
    """The quotes that are text, or ``None`` if a quote is where the parity says too little."""
    places = np.flatnonzero(quotes)
    if len(places) % 2:
        return None
    opening, closing = places[0::2], places[1::2]
    second = np.zeros(len(opening), np.bool_)
    second[1:] = opening[1:] == closing[:-1] + 1
    before = opening[~second]
    if not np.all((before == 0) | stops[before - 1]):
        return None
    after = closing[~np.append(second[1:], False)] + 1
    after_cr = (text[after] == _CR) & (np.append(text, 0)[after + 1] == _LF)
    if not np.all(stops[after] | after_cr):
        return None
    kept = np.zeros(len(text), np.bool_)
    kept[opening[second]] = True
    return kept


def _cells(
    text: _Bytes, ends: _Mask, stops: _Mask, quotes: _Mask | None, kept: _Mask | None
) -> Split | None:
    # What is no text: separators, line ends with their CR, and quotes that are not doubled.
    gone = stops.copy()
    last = np.flatnonzero(ends)
    pairs = last[(last > 0) & (text[last] == _LF)]
    gone[pairs[text[pairs - 1] == _CR] - 1] = True
    line_starts = np.append(0, last[:-1] + 1)
    bare = last - (gone[np.maximum(last - 1, 0)] & (text[np.maximum(last - 1, 0)] == _CR) & (
        text[last] == _LF
    )) == line_starts  # fmt: skip
    blank = int(np.count_nonzero(bare))
    fields = np.flatnonzero(stops)
    if blank:
        fields = fields[~np.isin(fields, last[bare], assume_unique=True)]
    rows = len(last) - blank
    if rows == 0 or len(fields) % rows:
        return None
    width = len(fields) // rows
    if not np.array_equal(fields[width - 1 :: width], last[~bare] if blank else last):
        return None
    if np.count_nonzero(ends[fields]) != rows:
        return None
    quoted = None
    if quotes is not None and kept is not None:
        starts = np.empty(len(fields), np.int64)
        starts[0], starts[1:] = 0, fields[:-1] + 1
        if blank:  # a record behind blank lines starts where its line does
            starts[::width] = line_starts[~bare]
        quoted = quotes[starts]
        gone |= quotes & ~kept
    return Split(_array(text, gone, fields), width, quoted, blank)


def _array(text: _Bytes, gone: _Mask, fields: _Places) -> pa.LargeBinaryArray:
    values = text[~gone]
    before = np.searchsorted(np.flatnonzero(gone), fields)
    offsets = np.append(np.int64(0), fields - before)
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(fields), [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    )
