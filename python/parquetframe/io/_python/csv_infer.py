"""The type of a column from all of its cells.

The lattice is ``null < bool``, ``null < int64 < uint64 < decimal < string``,
``int64 < float64 < string``, ``date < timestamp < string``. A type is taken only if every cell
keeps its value: ``007``, ``+5`` and ``1e999`` keep a column text, integers that no float64 holds
make decimals beside fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .csv_cells import CLOCK, DATE, MOMENT, ZONE, BadCell, convert, numbers, offsets_of, overflows

__all__ = ["Inferred", "infer"]

DIGITS: Final = 38
_TIMED: Final = rf"^{DATE}[T ]{CLOCK}"
_SURE_DIGITS: Final = 15  # integers of so many digits are below this:
_EXACT: Final = 1 << 53  # integers up to here are exact in a float64, and so are all below


@dataclass
class Inferred:
    """A type, why it is that one, and the row of a cell that an option forbids."""

    dtype: pa.DataType
    reason: str
    refused: int | None = None


def infer(cells: pa.Array, options: dict[str, Any]) -> Inferred:
    """The narrowest type that holds every cell.

    Args:
        cells: Text of the cells that have a value, at least one; no nulls.
        options: Those of the read.
    """
    if _all_in(cells, [*options["true_values"], *options["false_values"]]):
        return Inferred(pa.bool_(), "every cell is a truth value")
    texts, whole, other = numbers(cells, options)
    if _all(whole):
        return _integers(texts, options)
    if _all(pc.or_(whole, other)):
        return _floats(texts, whole)
    if options["parse_dates"] is not False and (found := _dates(cells)) is not None:
        return found
    return Inferred(pa.large_string(), _why_text(cells, whole, other))


def _integers(texts: pa.Array, options: dict[str, Any]) -> Inferred:
    if _fits(texts, pa.int64()):
        return Inferred(pa.int64(), "every cell is a whole number")
    rule = options["on_int_overflow"]
    if rule == "error":
        try:
            convert(texts, pa.int64(), options | {"decimal": ".", "thousands": None})
        except BadCell as bad:
            return Inferred(pa.int64(), "", bad.row)
    if rule == "string":
        return Inferred(pa.large_string(), "a whole number is beyond int64")
    if _fits(texts, pa.uint64()):
        return Inferred(pa.uint64(), "a whole number is beyond int64")
    if pc.max(pc.utf8_length(pc.utf8_ltrim(texts, characters="-0"))).as_py() <= DIGITS:
        return Inferred(pa.decimal128(DIGITS, 0), "a whole number is beyond uint64 or negative")
    return Inferred(pa.large_string(), f"a whole number has more than {DIGITS} digits")


def _floats(texts: pa.Array, whole: pa.Array) -> Inferred:
    values = texts.cast(pa.float64())
    if pc.any(overflows(texts, values)).as_py():
        return Inferred(pa.large_string(), "no float64 holds one of the numbers")
    integers = texts.filter(whole)
    long = integers.filter(pc.greater(pc.utf8_length(integers), _SURE_DIGITS))
    if all(abs(int(text)) <= _EXACT for text in long.to_pylist()):
        return Inferred(pa.float64(), "every cell is a number")
    if pc.any(pc.match_substring_regex(texts, "[eEnNiI]")).as_py():
        return Inferred(pa.large_string(), "no float64 holds one of the whole numbers")
    parts = pc.extract_regex(texts, r"^-?0*(?P<whole>[0-9]*)\.?(?P<rest>[0-9]*)$")
    before = pc.max(pc.utf8_length(pc.struct_field(parts, "whole"))).as_py()
    behind = pc.max(pc.utf8_length(pc.struct_field(parts, "rest"))).as_py()
    if before + behind <= DIGITS:
        return Inferred(pa.decimal128(DIGITS, behind), "no float64 holds one of the whole numbers")
    return Inferred(pa.large_string(), f"the numbers need more than {DIGITS} digits")


def _dates(cells: pa.Array) -> Inferred | None:
    if not _all(pc.match_substring_regex(cells, rf"^{MOMENT}{ZONE}?$")):
        return None
    if _all(pc.match_substring_regex(cells, rf"^{DATE}$")):
        fits = _converts(cells, pa.date32())
        return Inferred(pa.date32(), "every cell is a date") if fits else None
    zoned = pc.match_substring_regex(cells, rf"{_TIMED}{ZONE}$")
    offsets: set[int] = set()
    if _all(zoned):
        offsets = offsets_of(cells)
    elif pc.any(zoned).as_py() or not _all(pc.match_substring_regex(cells, rf"^{MOMENT}$")):
        return None
    zone = _zone(offsets) if offsets else None
    fine = pc.any(pc.match_substring_regex(cells, r"\.[0-9]{7}")).as_py()
    dtype = pa.timestamp("ns" if fine else "us", zone)
    if not _converts(cells, dtype):
        return None
    return Inferred(dtype, "every cell is a timestamp")


def _zone(offsets: set[int]) -> str:
    if len(offsets) > 1 or offsets == {0}:
        return "UTC"
    minutes = next(iter(offsets))
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _why_text(cells: pa.Array, whole: pa.Array, other: pa.Array) -> str:
    numeric = pc.or_(whole, other)
    row = pc.index(numeric, value=False).as_py() if pc.any(numeric).as_py() else 0
    text = cells[row].as_py()
    shown = text if len(text) <= 40 else text[:40] + "..."
    return f"{shown!r} is text"


def _converts(cells: pa.Array, dtype: pa.DataType) -> bool:
    try:
        convert(cells, dtype, {})
    except BadCell:
        return False
    return True


def _fits(texts: pa.Array, dtype: pa.DataType) -> bool:
    try:
        texts.cast(dtype)
    except pa.ArrowInvalid:
        return False
    return True


def _all(mask: pa.Array) -> bool:
    return bool(pc.all(mask).as_py())


def _all_in(cells: pa.Array, tokens: list[str]) -> bool:
    return _all(pc.is_in(cells, value_set=pa.array(tokens, cells.type)))
