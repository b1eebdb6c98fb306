"""Text of a column to values of one type, all cells at once; the first cell that does not fit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BadCell", "convert", "numbers", "offsets_of", "overflows", "strptime"]

YEAR: Final = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"  # 0001 to 9999
DATE: Final = rf"{YEAR}-[0-9]{{2}}-[0-9]{{2}}"
CLOCK: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
ZONE: Final = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
MOMENT: Final = rf"{DATE}(?:[T ]{CLOCK})?"

_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_NS_SECONDS: Final = 9_223_372_036
_SHORT: Final = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%D": "%m/%d/%y", "%R": "%H:%M"}
_CLOCK_SIGNS: Final = re.compile(r"%-?[HIMSfpXczsT+R]")


class BadCell(Exception):
    """A cell that does not fit its type.

    Args:
        row: Index of the cell.
    """

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def convert(cells: pa.Array, dtype: pa.DataType, options: dict[str, Any]) -> pa.Array:
    """Cells as values of a type that was asked for.

    Args:
        cells: Text of n cells; null where there is no value.
        dtype: The type.
        options: Those of the read.

    Raises:
        BadCell: The first cell that is no value of the type, or would lose something.
    """
    try:
        return _converted(cells, dtype, options)
    except BadCell as bad:
        # All cells are looked at for one thing after the other: an earlier one may fail later on.
        if bad.row:
            convert(cells.slice(0, bad.row), dtype, options)
        raise


def _converted(cells: pa.Array, dtype: pa.DataType, options: dict[str, Any]) -> pa.Array:
    t = pa.types
    if t.is_boolean(dtype):
        return _booleans(cells, options)
    if t.is_integer(dtype) or t.is_floating(dtype) or t.is_decimal(dtype):
        return _number(cells, dtype, options)
    if t.is_date(dtype):
        return _cast(_matching(cells, rf"^{DATE}$"), dtype)
    if t.is_time(dtype):
        return _clocks(cells, dtype)
    if t.is_timestamp(dtype):
        return _moments(cells, dtype)
    msg = f"no cells of type {dtype}"
    raise TypeError(msg)


def numbers(cells: pa.Array, options: dict[str, Any]) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Cells with plain marks, and which of them are whole numbers or other numbers.

    Whole numbers with leading zeros or a leading plus are neither, unless ``leading_zeros`` says
    that they count.
    """
    point, comma = re.escape(options["decimal"]), options["thousands"]
    zeros = options["leading_zeros"] == "number"
    whole = r"[+-]?[0-9]+" if zeros else r"(?:0|-?[1-9][0-9]*)"
    fraction = rf"[+-]?(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)"
    if comma:
        mark = re.escape(comma)
        whole = rf"(?:{whole}|-?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+)"
        grouped = rf"-?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+{point}[0-9]*"
        fraction = rf"(?:{fraction}|{grouped})"
    special = r"(?i:nan|[+-]?inf(?:inity)?)"
    # A whole number with leading zeros is a number with a fraction only if it has a mark.
    odd = r"^(?:\+[0-9]+|-?0[0-9]+)$" if not zeros else r"^$"
    is_whole = pc.match_substring_regex(cells, rf"^{whole}$")
    is_float = pc.match_substring_regex(cells, rf"^(?:{fraction}(?:[eE][+-]?[0-9]+)?|{special})$")
    is_odd = pc.match_substring_regex(cells, odd)
    is_float = pc.and_not(pc.and_not(is_float, is_whole), is_odd)
    return plain_numbers(cells, options), is_whole, is_float


def plain_numbers(cells: pa.Array, options: dict[str, Any]) -> pa.Array:
    """Numbers with a point and no other marks."""
    if options["thousands"]:
        cells = pc.replace_substring(cells, options["thousands"], "")
    if options["decimal"] != ".":
        cells = pc.replace_substring(cells, options["decimal"], ".")
    return pc.replace_substring_regex(cells, r"^\+", "")


def overflows(texts: pa.Array, floats: pa.Array) -> pa.Array:
    """Where a literal became infinite or zero only because no float64 holds it."""
    infinite = pc.and_not(pc.is_inf(floats), pc.match_substring_regex(texts, "(?i)inf"))
    nonzero = pc.match_substring_regex(texts, r"^[^eE]*[1-9]")
    return pc.or_(infinite, pc.and_(pc.equal(floats, 0.0), nonzero))


def offsets_of(cells: pa.Array) -> set[int]:
    """Offsets from UTC in minutes that the cells name."""
    found = pc.unique(pc.struct_field(pc.extract_regex(cells, rf"(?P<zone>{ZONE})$"), "zone"))
    return {_minutes(text) for text in found.to_pylist() if text}


def strptime(cells: pa.Array, pattern: str) -> pa.Array:
    """Cells by a pattern: dates if it has no clock in it, else timestamps.

    Raises:
        BadCell: A cell does not follow the pattern.
    """
    for short, long in _SHORT.items():
        pattern = pattern.replace(short, long)
    clock = _CLOCK_SIGNS.search(pattern) is not None
    known: dict[str, Any] = {}
    values = []
    for row, text in enumerate(cells.to_pylist()):
        if text is not None and text not in known:
            try:
                known[text] = dt.datetime.strptime(text, pattern)  # noqa: DTZ007 - as the file says
            except (ValueError, OverflowError):
                raise BadCell(row) from None
        values.append(None if text is None else known[text])
    if not clock:
        return pa.array([v and v.date() for v in values], pa.date32())
    return pa.array(values, pa.timestamp("us", "UTC" if "%z" in pattern else None))


def _booleans(cells: pa.Array, options: dict[str, Any]) -> pa.Array:
    true = pa.array(options["true_values"], cells.type)
    false = pa.array(options["false_values"], cells.type)
    is_true = pc.is_in(cells, value_set=true)
    known = pc.or_(is_true, pc.is_in(cells, value_set=false))
    _require(pc.or_(known, pc.is_null(cells)))
    return pc.if_else(pc.is_null(cells), pa.scalar(None, pa.bool_()), is_true)


def _number(cells: pa.Array, dtype: pa.DataType, options: dict[str, Any]) -> pa.Array:
    lenient = options | {"leading_zeros": "number"}
    texts, whole, other = numbers(cells, lenient)
    if pa.types.is_integer(dtype):
        _require(whole)
        return _cast(texts, dtype)
    _require(pc.or_(whole, other))
    if pa.types.is_decimal(dtype):
        _require(pc.invert(pc.match_substring_regex(texts, "(?i)[in]")))
        return _cast(texts, dtype)
    if dtype == pa.float16():
        return _cast(texts, pa.float32()).cast(dtype)
    values = _cast(texts, dtype)
    _require(pc.invert(overflows(texts, values)))
    return values


def _clocks(cells: pa.Array, dtype: pa.DataType) -> pa.Array:
    pattern = re.compile(
        rf"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]){_fraction(dtype.unit)})?"
    )
    digits = _DIGITS[dtype.unit]
    values: list[int | None] = []
    for row, text in enumerate(cells.to_pylist()):
        found = None if text is None else pattern.fullmatch(text)
        if found is None:
            if text is not None:
                raise BadCell(row)
            values.append(None)
            continue
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
        values.append(seconds * 10**digits + int(text.partition(".")[2].ljust(digits, "0") or 0))
    width = pa.int32() if dtype.bit_width == 32 else pa.int64()
    return pa.array(values, width).cast(dtype)


def _moments(cells: pa.Array, dtype: pa.DataType) -> pa.Array:
    zone = ZONE if dtype.tz is not None else ""
    clock = rf"[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}{_fraction(dtype.unit)})?"
    shape = rf"^{DATE}[T ]{clock}{zone}$" if zone else rf"^{DATE}(?:[T ]{clock})?$"
    texts = _matching(cells, shape)
    if dtype.unit == "ns":
        seconds = _cast(
            pc.replace_substring_regex(texts, r"\.[0-9]+", ""), pa.timestamp("s", dtype.tz)
        ).cast(pa.int64())
        inside = pc.and_(
            pc.greater(seconds, -_NS_SECONDS), pc.less(seconds, _NS_SECONDS)
        )  # fmt: skip
        _require(inside)
    return _cast(texts, dtype)


def _fraction(unit: str) -> str:
    digits = _DIGITS[unit]
    return rf"(?:\.[0-9]{{1,{digits}}})?" if digits else ""


def _minutes(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    value = int(digits[:2]) * 60 + int(digits[2:])
    return -value if text[0] == "-" else value


def _matching(cells: pa.Array, pattern: str) -> pa.Array:
    _require(pc.match_substring_regex(cells, pattern))
    return cells


def _require(fits: pa.Array) -> None:
    row = pc.index(pc.fill_null(fits, True), value=False).as_py()
    if row >= 0:
        raise BadCell(row)


def _cast(texts: pa.Array, dtype: pa.DataType) -> pa.Array:
    try:
        return texts.cast(dtype)
    except pa.ArrowInvalid:
        raise BadCell(_first(len(texts), lambda n: texts.slice(0, n).cast(dtype))) from None


def _first(size: int, work: Callable[[int], Any]) -> int:
    """Index of the first cell that makes ``work`` on the cells up to it fail."""
    low, high = 0, size
    while high - low > 1:
        middle = (low + high) // 2
        try:
            work(middle)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return high - 1
