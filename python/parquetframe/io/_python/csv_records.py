"""The grammar of CSV as a serial machine over bytes: the definition of what a record is.

A quote opens only at the start of a field; inside, a doubled quote is one quote and ``escape``
takes the next byte as it is. Behind the closing quote, text up to the separator is appended. LF,
CRLF and a lone CR end a record outside quotes, unless ``newline`` fixes one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Grammar", "Record", "escaped"]

BLANK: Final = "a blank line"
OPEN: Final = "the quote that opens here is not closed"
TEXT_BEHIND: Final = "text behind a closing quote"

SNIPPET: Final = 120
_LINE_ENDS: Final = {"auto": rb"\r\n?|\n", "lf": rb"\n", "crlf": rb"\r\n", "cr": rb"\r"}


@dataclass(slots=True)
class Record:
    """One record.

    Attributes:
        cells: Text of each field.
        quoted: Whether each field stood in quotes; ``None`` if none did.
        line: Line on which it begins, from 1.
        start: Offset of its first byte.
        end: Offset behind its last byte, without the line end.
        fault: What is wrong with it, and the offset of that.
    """

    cells: list[bytes]
    quoted: list[bool] | None
    line: int
    start: int
    end: int
    fault: tuple[str, int] | None = None


@dataclass
class Grammar:
    """Divides bytes into records by the options of a read.

    Attributes:
        blank_lines: How many lines of no bytes were passed over.
        anomalies: How many fields had text behind their closing quote.
        partial: More follows the data, so that a quote open at its end is no fault.
    """

    data: bytes
    options: dict[str, Any]
    blank_lines: int = 0
    anomalies: int = 0
    partial: bool = False
    _end: re.Pattern[bytes] = field(init=False, repr=False)
    _stop: re.Pattern[bytes] = field(init=False, repr=False)
    _inside: re.Pattern[bytes] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ends = _LINE_ENDS[self.options["newline"]]
        self._sep = self.options["sep"].encode()
        quote, escape = self.options["quote"], self.options["escape"]
        self._quote = quote.encode() if quote else None
        self._escape = escape.encode() if escape and escape != quote else None
        self._comment = self.options["comment"].encode() if self.options["comment"] else None
        self._trim = self.options["trim"]
        self._end = re.compile(ends)
        self._stop = re.compile(re.escape(self._sep) + b"|" + ends)
        self._inside = None
        if self._quote is not None:
            special = b"|".join(re.escape(b) for b in (self._quote, self._escape) if b)
            self._inside = re.compile(special)

    def skip_lines(self, number: int) -> tuple[int, int]:
        """Offset and line number behind the first ``number`` physical lines."""
        at, line = 0, 1
        for _ in range(number):
            found = self._end.search(self.data, at)
            if found is None:
                return len(self.data), line
            at, line = found.end(), line + 1
        return at, line

    def records(self, at: int = 0, line: int = 1) -> Iterator[Record]:
        """All records from an offset on, comments and skipped blank lines left out."""
        data, size, search = self.data, len(self.data), self._end.search
        sep, quote, comment = self._sep, self._quote, self._comment
        keep_blank = self.options["blank_lines"] != "skip"
        is_fault = self.options["blank_lines"] == "error"
        while at < size:
            found = search(data, at)
            stop, after = (found.start(), found.end()) if found else (size, size)
            if stop == at:
                self.blank_lines += 1
                if keep_blank:
                    yield Record([], None, line, at, at, (BLANK, at) if is_fault else None)
                at, line = after, line + 1
                continue
            if comment is not None and data.startswith(comment, at):
                at, line = after, line + 1
                continue
            text = data[at:stop]
            if quote is None or quote not in text:
                cells = text.split(sep)
                if self._trim:
                    cells = [cell.strip(b" ") for cell in cells]
                yield Record(cells, None, line, at, stop)
                at, line = after, line + 1
                continue
            record, at, lines = self._quoted(at, line)
            if record is None:
                return
            line += lines
            yield record

    def offset_of(self, record: Record, index: int) -> int:
        """Offset of a field's first byte, its quote included; for errors only."""
        at = record.start
        for _ in range(index):
            if record.quoted is not None and self.data.startswith(self._quote or b"", at):
                _, at, _ = self._body(at)
            found = self._stop.search(self.data, at, record.end)
            if found is None:
                return record.start
            at = found.end()
        return at

    def _quoted(self, start: int, line: int) -> tuple[Record | None, int, int]:
        """One record, field by field; the offset behind it, and its number of line ends."""
        data, size = self.data, len(self.data)
        cells: list[bytes] = []
        quoted: list[bool] = []
        fault: tuple[str, int] | None = None
        lines, at, known = 0, start, self.anomalies
        while True:
            opened = at
            if data.startswith(self._quote or b"", at):
                text, at, closed = self._body(at)
                found = self._stop.search(data, at)
                stop = found.start() if found else size
                lines += sum(1 for _ in self._end.finditer(data, opened, at))
                if not closed:
                    if self.partial:
                        return None, size, 0
                    fault = OPEN, opened
                    self.anomalies = known
                elif stop > at:
                    if self.options["strict_quotes"] and fault is None:
                        fault = TEXT_BEHIND, at
                    self.anomalies += 1
                    text += data[at:stop]
                cells.append(text)
                quoted.append(True)
            else:
                found = self._stop.search(data, at)
                stop = found.start() if found else size
                cell = data[at:stop]
                cells.append(cell.strip(b" ") if self._trim else cell)
                quoted.append(False)
            if found is None or found.group() != self._sep:
                after = found.end() if found else size
                record = Record(cells, quoted, line, start, stop, fault)
                return record, after, lines + (1 if found else 0)
            at = found.end()

    def _body(self, at: int) -> tuple[bytes, int, bool]:
        """Text between quotes, the offset behind the closing one, and whether there is one."""
        data, size, inside = self.data, len(self.data), self._inside
        parts = []
        at += 1
        begin = at
        while inside is not None:
            found = inside.search(data, at)
            if found is None:
                break
            if found.group() == self._escape and self._escape is not None:
                if found.end() == size:
                    break
                parts.append(data[begin : found.start()])
                begin, at = found.end(), found.end() + 1
            elif data.startswith(found.group(), found.end()):
                parts.append(data[begin : found.end()])
                begin = at = found.end() + 1
            else:
                parts.append(data[begin : found.start()])
                return b"".join(parts), found.end(), True
        return b"".join([*parts, data[begin:]]), size, False


def escaped(raw: bytes) -> str:
    """Text for an error: cut, and with control characters written out."""
    text = raw[: SNIPPET * 4].decode(errors="replace")
    cut = text[:SNIPPET] + ("..." if len(text) > SNIPPET else "")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
