"""Records of a CSV file as rows of one width: header, bad lines, and where each row stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from parquetframe.errors import CsvError

from ..engine import FileRequest
from ..request import warn
from .csv_input import CsvInput, count_lines, load
from .csv_records import BLANK, OPEN, Grammar, Record
from .csv_sniff import Tell, find_separator
from .csv_split import Split, split

__all__ = ["HEADER_SAMPLE", "Reject", "Rows", "read_rows"]

_CANCEL_EVERY = 1 << 14

#: Records behind the first one that tell whether it is a header.
HEADER_SAMPLE = 256


@dataclass
class Reject:
    """A record that was left out; the names are those of the rejects table."""

    line: int
    record: int
    byte_offset: int
    column: str | None
    reason: str
    raw: str

    def facts(self) -> dict[str, Any]:
        """As a dict."""
        return dict(self.__dict__)


@dataclass
class Rows:
    """All data rows, and what the file is called by.

    Rows are held as columns as long as nobody asks for more than their cells; the grammar runs
    once more for the places of records.

    Attributes:
        first: The first record, which may be the header.
        width: Fields of a row.
        rejects: Records that were left out.
        fault: The first bad record, if it is an error; what is wrong in an earlier one comes first.
        notes: Texts for the report.
        blank_lines: Lines of no bytes.
        anomalies: Fields with text behind their closing quote.
        held: The cells of each row, ``None`` where a record is too short, unless ``at_once``.
        flags: Of rows with quotes, which cells stood in them.
        places: Line, number, start and end of each row's record.
        ahead: Blank lines before the first record that are records themselves.
        blank_ahead: How many lines of no bytes there are before the first record.
        anomalies_ahead: The anomalies of the first record and those before it.
        at_once: The rows as columns.
        begin: The first row of those that counts.
        again: Makes rows of the file by the grammar.
    """

    label: str
    source: CsvInput
    options: dict[str, Any]
    first: Record | None = None
    width: int = 0
    rejects: list[Reject] = field(default_factory=list)
    fault: tuple[Reject, CsvError] | None = None
    notes: list[str] = field(default_factory=list)
    blank_lines: int = 0
    anomalies: int = 0
    held: list[list[Any]] = field(default_factory=list)
    flags: dict[int, list[bool]] = field(default_factory=dict)
    places: list[tuple[int, int, int, int]] = field(default_factory=list)
    ahead: list[tuple[Record, int]] = field(default_factory=list)
    blank_ahead: int = 0
    anomalies_ahead: int = 0
    at_once: Split | None = None
    begin: int = 0
    again: Callable[[], None] | None = None

    @property
    def exact(self) -> bool:
        """Every record is a row; if not, all of the file tells the types of the first rows."""
        return self.options["on_bad_lines"] == "error" and "replacements" not in self.options

    def __len__(self) -> int:
        if self.at_once is not None:
            return len(self.at_once.cells) // self.width - self.begin
        return len(self.held)

    def column(self, index: int, limit: int | None = None) -> pa.Array:
        """The cells of a column, null where a record is too short."""
        if self.at_once is None:
            return pa.array([row[index] for row in self.held[:limit]], pa.large_binary())
        if self.width == 1:
            return self.at_once.cells[self.begin :][:limit]
        stop = len(self) if limit is None else min(limit, len(self))
        places = np.arange(stop, dtype=np.int64) + self.begin
        return self.at_once.cells.take(pa.array(places * self.width + index))

    def quoted(self, index: int, size: int) -> pa.Array | None:
        """Which of the first cells of a column stood in quotes; ``None`` if none of all."""
        if self.at_once is not None:
            if self.at_once.quoted is None:
                return None
            flags = self.at_once.quoted[index :: self.width][self.begin :][:size]
            return pa.array(flags) if flags.any() else None
        if not any(each[index] for each in self.flags.values()):
            return None
        found = [False] * size
        for row, each in self.flags.items():
            if row < size:
                found[row] = each[index]
        return pa.array(found)

    def fields(self, row: int) -> list[Any]:
        """The cells of a row."""
        self._exactly()
        return self.held[row]

    def place(self, row: int) -> tuple[int, int, int, int]:
        """Line, number, start and end of a row's record."""
        self._exactly()
        return self.places[row]

    def offset(self, row: int, index: int) -> int:
        """Offset in the file of a field."""
        line, _, start, end = self.place(row)
        record = Record(self.held[row], self.flags.get(row), line, start, end)
        return self.source.base + Grammar(self.source.data, self.options).offset_of(record, index)

    def drop(self, rows: set[int]) -> None:
        """Leave rows out."""
        self._exactly()
        kept = [i for i in range(len(self.held)) if i not in rows]
        self.flags = {
            new: self.flags[old] for new, old in enumerate(kept) if old in self.flags
        }  # fmt: skip
        self.held = [self.held[i] for i in kept]
        self.places = [self.places[i] for i in kept]

    def take_header(self) -> None:
        """The first record is the header: it and what is before it is no row."""
        if self.at_once is not None:
            self.begin = 1
        else:
            self.drop({0})
        self.blank_lines -= self.blank_ahead
        self.anomalies -= self.anomalies_ahead
        first = self.first
        if first is None:
            return
        wrong = None
        if first.fault is not None and first.fault[0] == OPEN:
            wrong = "the quote that opens in the header is not closed"
        elif any(not _is_utf8(cell) for cell in first.cells):
            wrong = "a name is not UTF-8"
        elif any(b"\0" in cell for cell in first.cells) and self.options["names"] is None:
            wrong = "a name has a NUL byte"
        if wrong is not None:
            line, byte = first.line, self.source.base + first.start
            raise CsvError(
                f"{self.label}: line {line}, byte {byte}: {wrong}",
                path=self.label, line=line, byte=byte,
            )  # fmt: skip

    def take_all(self) -> None:
        """There is no header: the first record and the blank lines before it are rows as well."""
        if self.first is not None and self.first.fault is not None:
            record, fault, number = self.first, self.first.fault, self.places[0][1]
            self.drop({0})
            self.refuse(record, number, fault)
        for record, number in reversed(self.ahead):
            if record.fault is not None:
                self.refuse(record, number, record.fault)
                continue
            self.flags = {row + 1: flags for row, flags in self.flags.items()}
            self.held.insert(0, [None] * self.width)
            self.places.insert(0, (record.line, number, record.start, record.end))

    def keep(self, rows: int) -> None:
        """Leave out all but the first rows, and what was wrong behind them."""
        if len(self) < rows:
            return
        self._exactly()
        last = self.places[rows - 1][1] if rows else 0
        self.drop(set(range(rows, len(self.held))))
        self.rejects = [reject for reject in self.rejects if reject.record < last]
        self.source.invalid = None
        if self.fault is not None and self.fault[0].record > last:
            self.fault = None

    def error(self, line: int, record: int, byte: int, reason: str, **facts: Any) -> CsvError:
        """An error with its place."""
        place = f"line {line}, record {record}"
        if facts.get("column") is not None:
            place += f", column '{facts['column']}'"
        return CsvError(
            f"{self.label}: {place}, byte {byte}: {reason}",
            path=self.label, line=line, row=record, record=record, byte=byte, **facts,
        )  # fmt: skip

    def raw(self, start: int, end: int) -> str:
        """The bytes of a record, as text."""
        return self.source.data[start:end].decode(errors="replace")

    def refuse(
        self, record: Record, number: int, fault: tuple[str, int], hint: str | None = None
    ) -> None:
        """Leave a record out; the policy says whether that is an error."""
        reason, at = fault
        byte = self.source.base + at
        before = self.source.data[record.start : at]
        line = record.line + count_lines(before, self.options["newline"])
        end = len(self.source.data) if reason == OPEN else record.end
        raw = "" if reason == BLANK else self.raw(record.start, end)
        reject = Reject(line, number, byte, None, reason, raw)
        if self.options["on_bad_lines"] != "error":
            self.rejects.append(reject)
        elif self.fault is None or number < self.fault[0].record:
            self.fault = reject, self.error(line, number, byte, reason, hint=hint)

    def _exactly(self) -> None:
        if self.at_once is None or self.again is None:
            return
        start, self.at_once = self.begin, None
        self.again()
        if start:
            self.drop({0})


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_rows(request: FileRequest, tell: Tell = warn) -> Rows:
    """Divide a source into rows; the first record is kept apart, it may be the header.

    Args:
        request: The read.
        tell: Called with a text and a category of warnings if the separator was not certain.

    Raises:
        CsvError: An empty source.
        UnsupportedFeature, LimitExceeded, SourceNotFound: As :func:`csv_input.load`.
    """
    source, label = load(request), request.label
    options = dict(request.decode.csv)
    rows = Rows(label, source, options, notes=list(source.notes))
    if source.invalid is not None and not source.data:
        raise source.invalid
    if not source.data and options["names"] is None:
        raise CsvError(f"{label}: the file is empty (0 bytes)", path=label,
                       hint="names= says what the columns are called")  # fmt: skip
    if options["sep"] == "auto":
        options["sep"], notes = find_separator(source, options, label, tell)
        rows.notes += notes
    grammar = Grammar(source.data, options, partial=source.partial)
    at, line = grammar.skip_lines(options["skip_rows"])
    if not _at_once(request, rows, at, line):
        _collect(request, rows, grammar, at, line)
        rows.blank_lines, rows.anomalies = grammar.blank_lines, grammar.anomalies
    if rows.first is None and source.invalid is not None:
        raise source.invalid
    if rows.first is None and options["names"] is None:
        raise CsvError(f"{label}: the file has no header and no rows", path=label)
    return rows


def _at_once(request: FileRequest, rows: Rows, at: int, line: int) -> bool:
    """Divide a usual file by places."""
    options, data = rows.options, rows.source.data
    numbered = options["header"] not in (True, False, "auto", 1)
    if numbered or rows.source.partial or request.n_rows is not None or "replacements" in options:
        return False
    found = split(data, at, options)
    if found is None or (found.blank_lines and options["blank_lines"] != "skip"):
        return False
    grammar = Grammar(data, options)
    rows.first = next(grammar.records(at, line))
    rows.width, rows.at_once, rows.blank_ahead = found.width, found, grammar.blank_lines
    rows.blank_lines = found.blank_lines
    rows.again = lambda: _collect(request, rows, Grammar(data, options), at, line)
    return True


def _collect(request: FileRequest, rows: Rows, grammar: Grammar, at: int, line: int) -> None:
    options, header, wanted = rows.options, rows.options["header"], request.n_rows
    wanted = wanted if rows.exact else None
    skip = header - 1 if isinstance(header, int) and not isinstance(header, bool) else 0
    answers: dict[str, Any] = options.get("replacements") or {}
    # No row is lost if the first record turns out to be one.
    most = None if wanted is None else max(wanted, HEADER_SAMPLE) + 1
    number, first = 0, None
    for record in grammar.records(at, line):
        number += 1
        if number % _CANCEL_EVERY == 0:
            request.check_cancelled()
        if first is None:
            if not record.cells:
                rows.ahead.append((record, number))
            elif skip:
                skip -= 1
                rows.ahead.clear()
            else:
                first = rows.first = record
                rows.width, rows.blank_ahead = len(record.cells), grammar.blank_lines
                rows.anomalies_ahead = grammar.anomalies
                _add(rows, record, number)
            continue
        answer = answers.get(str(number), record)
        if answer is None:
            continue
        if answer is not record:
            _replace(rows, record, number, answer)
        elif record.fault is not None:
            rows.refuse(record, number, record.fault)
            continue
        elif len(record.cells) != rows.width and not _mended(rows, record, number):
            continue
        _add(rows, record, number)
        if most is not None and len(rows.held) >= most:
            break
        if rows.fault is not None and len(rows.held) > HEADER_SAMPLE:
            break
    if first is None and options["names"] is not None:
        grammar.blank_lines = len(rows.ahead)
        rows.width = len(options["names"])


def _add(rows: Rows, record: Record, number: int) -> None:
    if record.quoted is not None:
        rows.flags[len(rows.held)] = record.quoted
    rows.held.append(record.cells)
    rows.places.append((record.line, number, record.start, record.end))


def _replace(rows: Rows, record: Record, number: int, answer: list[str]) -> None:
    """Take the fields that the user's function gave for a bad record."""
    found, width = len(answer), rows.width
    if found != width:
        fields = "field" if found == 1 else "fields"
        raise rows.error(
            record.line, number, rows.source.base + record.start,
            f"on_bad_lines gave {found} {fields}, expected {width}",
        )  # fmt: skip
    record.cells, record.quoted = [text.encode() for text in answer], None


def _mended(rows: Rows, record: Record, number: int) -> bool:
    """Bring a record to the width of the others, if the options allow it."""
    found, width = len(record.cells), rows.width
    if not record.cells:  # a blank line that stands for nulls
        record.cells = [None] * width  # type: ignore[list-item]
        return True
    if found < width and rows.options["ragged"] == "fill":
        record.cells += [None] * (width - found)  # type: ignore[list-item]
        if record.quoted is not None:
            record.quoted += [False] * (width - found)
        return True
    hint = 'ragged="fill" fills short rows with nulls' if found < width else (
        'on_bad_lines="collect" leaves such rows out and lists them'
    )  # fmt: skip
    fields = "field" if width == 1 else "fields"
    reason = f"expected {width} {fields}, found {found}"
    rows.refuse(record, number, (reason, record.start), hint)
    return False
