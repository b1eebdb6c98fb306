"""CSV files in pure Python: rows by the serial grammar, then types from all cells.

The source is held in memory as a whole; the compiled engine reads in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import CsvError, SchemaError
from parquetframe.types import format_type, parse_type
from parquetframe.workflow.names import suggestion

from ..csv_bad_lines import replacements
from ..engine import FileRequest
from ..evolve import wide_text
from ..request import warn
from .csv_cells import BadCell, convert, strptime
from .csv_header import distinct_names, has_header
from .csv_infer import Inferred, infer
from .csv_input import UNCHECKED
from .csv_nulls import ColumnText, column_text
from .csv_records import escaped
from .csv_rows import Reject, Rows, read_rows
from .csv_sniff import Tell

__all__ = ["CsvTable", "batches", "column_names", "describe", "read", "row_count", "schema"]

_BATCH_ROWS: Final = 131_072
_CATEGORY: Final = pa.dictionary(pa.int32(), pa.large_string())


def schema(request: FileRequest) -> pa.Schema:
    """All columns of the file, with the types that a read gives."""
    return read(request)[0].schema


def column_names(request: FileRequest) -> list[str]:
    """Names of the columns in file order."""
    return CsvTable(request).names


def row_count(request: FileRequest) -> int:
    """Number of rows; no cell is converted but those that tell whether there is a header.

    As in the compiled engine, bytes of UTF-8 need not be text for that.
    """
    unchecked = {**request.decode.csv, UNCHECKED: True}
    found = CsvTable(replace(request, decode=replace(request.decode, csv=unchecked)))
    found.raise_fault()
    return len(found.rows)


def read(request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of one file, and facts for the report."""
    return CsvTable(request).build()


def batches(request: FileRequest) -> Iterator[pa.RecordBatch]:
    """The rows in pieces; the file as a whole is in memory."""
    table, _ = read(request)
    yield from table.combine_chunks().to_batches(request.batch_rows or _BATCH_ROWS)


def describe(request: FileRequest) -> tuple[bool, list[str], dict[str, str]]:
    """Whether there is a header, the names, and the types of the first rows."""
    found = CsvTable(request)
    table, _ = found.build()
    types = {field.name: format_type(field.type) for field in table.schema}
    return found.header, found.names, types


class CsvTable:
    """The rows of a file on their way to columns.

    Args:
        request: The read.
        tell: Called with a text and a category of warnings if the separator was not certain.
    """

    def __init__(self, request: FileRequest, tell: Tell = warn) -> None:
        self._request, self._refused = _answered(request)
        self.rows: Rows = read_rows(self._request, tell)
        self.options = self.rows.options
        self.names = self._take_header()
        if request.n_rows is not None and self.rows.exact:
            self.rows.keep(request.n_rows)
        self._reasons: dict[str, str] = {}
        self._found: dict[str, Inferred] = {}
        self._typed: dict[str, pa.DataType] = self._given_types()

    def build(self) -> tuple[pa.Table, dict[str, Any]]:
        """All wanted columns."""
        wanted = self._wanted()
        self._fixed_by_sample(wanted)
        self._refuse_bad_cells([name for name in wanted if name in self._typed])
        self.raise_fault()
        arrays, fields = [], []
        for name in wanted:
            self._request.check_cancelled()
            array = self._column(name)
            fields.append(pa.field(name, array.type))
            arrays.append(array)
        table = pa.table(arrays, schema=pa.schema(fields)).slice(0, self._request.n_rows)
        rows = self.rows
        return table, {
            "types": {
                field.name: {
                    "type": format_type(field.type), "reason": self._reasons.get(field.name, "")
                }
                for field in table.schema
            },
            "rejects": self._refused
            + [reject.facts() for reject in sorted(rows.rejects, key=_by_record)],
            "blank_lines": rows.blank_lines,
            "anomalies": rows.anomalies,
            "warnings": rows.notes,
        }  # fmt: skip

    def cells(self, name: str) -> pa.Array:
        """Text of the cells that a column of any type but text has; null where there is none."""
        return self._text(name).known

    def raise_fault(self) -> None:
        """Raise the error of the first bad record, if those are errors, or of bytes behind it."""
        if self.rows.fault is not None:
            raise self.rows.fault[1]
        if self.rows.source.invalid is not None:
            raise self.rows.source.invalid

    def _take_header(self) -> list[str]:
        rows, options = self.rows, self.options
        header: Any = options["header"]
        if header == "auto":
            header = rows.first is not None and has_header(rows)
        given = options["names"]
        self.header = header is not False and rows.first is not None
        if self.header:
            rows.take_header()
        else:
            rows.take_all()
        if given is not None and len(given) != rows.width:
            line = rows.first.line if rows.first is not None else 1
            raise SchemaError(
                f"{rows.label}: names has {len(given)} names, but line {line} has "
                f"{rows.width} fields", path=rows.label,
            )  # fmt: skip
        if given is not None:
            return list(given)
        if rows.first is None or not self.header:
            return [f"column_{i}" for i in range(1, rows.width + 1)]
        names, notes = distinct_names([c.decode(errors="replace") for c in rows.first.cells])
        rows.notes += notes
        return names

    def _given_types(self) -> dict[str, pa.DataType]:
        options, types = self.options, {}
        by_column = ("dtypes", "nulls", "parse_dates")
        for option in by_column:
            for name in options[option] if isinstance(options[option], dict) else ():
                if name not in self.names:
                    raise SchemaError(
                        f"{option}: no column '{name}' in {self._request.label}", column=name,
                        hint=suggestion(name, self.names),
                    )  # fmt: skip
        for name, kind in options["dtypes"].items():
            if kind == "category":
                types[name] = _CATEGORY
            elif kind.startswith("time") and "[" in kind:
                types[name] = _TIMES[kind]
            else:
                types[name] = parse_type(kind)
            self._reasons[name] = "asked for"
        return types

    def _wanted(self) -> list[str]:
        if self._request.columns is None:
            return self.names
        wanted = []
        for path in self._request.columns:
            if len(path) > 1 or path[0] not in self.names:
                name = ".".join(path)
                raise SchemaError(
                    f"no column '{name}' in {self._request.label}", column=name,
                    hint=suggestion(name, self.names),
                )  # fmt: skip
            wanted.append(path[0])
        return wanted

    def _fixed_by_sample(self, wanted: list[str]) -> None:
        sample = self.options["infer"]
        if sample == "full":
            return
        for name in wanted:
            if name not in self._typed and not self._pattern(name):
                found = self._inferred(self._text(name, sample))
                if not pa.types.is_null(found.dtype):
                    self._typed[name] = found.dtype
                self._reasons[name] = f"{found.reason} of the first {sample} rows"

    def _refuse_bad_cells(self, names: list[str]) -> None:
        """Handle cells that do not fit a type that is fixed, in the order of the records."""
        bad: dict[int, str] = {}
        for name in names:
            text = self._text(name)
            if pa.types.is_dictionary(self._typed[name]) or _is_text(self._typed[name]):
                continue
            for row in _misfits(text.known, self._typed[name], self.options):
                if row not in bad or self.names.index(name) < self.names.index(bad[row]):
                    bad[row] = name
                if self.options["on_bad_lines"] == "error":
                    break
        rows = self.rows
        for row in sorted(bad):
            error, reject = self.misfit(row, bad[row], self._typed[bad[row]])
            if self.options["on_bad_lines"] == "error":
                if rows.fault is None or reject.record < rows.fault[0].record:
                    raise error
                return
            rows.rejects.append(reject)
        if not bad:
            return
        for name in self._wanted():  # cells of rows that are left out tell the types as well
            text = self._text(name)
            if name not in self._typed and not self._pattern(name) and not text.binary:
                self._found[name] = self._type_of(name, text)
        rows.drop(set(bad))

    def misfit(self, row: int, name: str, dtype: pa.DataType) -> tuple[CsvError, Reject]:
        """The error of a cell that is no value of its column's type."""
        rows, index = self.rows, self.names.index(name)
        line, record, start, end = rows.place(row)
        text = escaped(rows.fields(row)[index] or b"")
        reason = f'"{text}" is not {format_type(dtype)}'
        byte = rows.offset(row, index)
        error = rows.error(
            line, record, byte, reason,
            column=name, hint=f'dtypes={{"{name}": "string"}} keeps the text',
        )  # fmt: skip
        return error, Reject(line, record, byte, name, reason, rows.raw(start, end))

    def _column(self, name: str) -> pa.Array:
        text = self._text(name)
        if text.binary:
            dtype = self._typed.get(name)
            if dtype is not None and not pa.types.is_binary(dtype):
                row = next(i for i, v in enumerate(text.values.to_pylist()) if not _is_utf8(v))
                raise self.misfit(row, name, dtype)[0]
            self._reasons.setdefault(name, "bytes that are no utf-8")
            return text.values.cast(
                wide_text(pa.large_binary(), self._request.decode.string_type)
            )  # fmt: skip
        if name in self._typed:
            return self._convert(text, name, self._typed[name])
        if pattern := self._pattern(name):
            self._reasons[name] = f"by the pattern {pattern}"
            try:
                return strptime(text.known, pattern)
            except BadCell as bad:
                raise self._not_by_pattern(bad.row, name, pattern) from None
        found = self._found.get(name) or self._type_of(name, text)
        self._reasons.setdefault(name, found.reason)
        return self._convert(text, name, found.dtype)

    def _type_of(self, name: str, text: ColumnText) -> Inferred:
        found = self._inferred(text)
        if found.refused is not None:
            error, _ = self.misfit(self._row_of(text.known, found.refused), name, found.dtype)
            error.hint = 'on_int_overflow="decimal" or "string"'
            raise error
        return found

    def _convert(self, text: ColumnText, name: str, dtype: pa.DataType) -> pa.Array:
        layout = wide_text(pa.large_string(), self._request.decode.string_type)
        if pa.types.is_dictionary(dtype):
            return text.values.dictionary_encode().cast(dtype)
        if _is_text(dtype):
            if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
                return text.values.cast(layout)
            return text.values.cast(
                wide_text(pa.large_binary(), self._request.decode.string_type)
            )  # fmt: skip
        if pa.types.is_null(dtype):
            return pa.nulls(len(text.known))
        try:
            return convert(text.known, dtype, self.options)
        except BadCell as bad:
            raise self.misfit(bad.row, name, dtype)[0] from None

    def _inferred(self, text: ColumnText) -> Inferred:
        cells = text.known.drop_null()
        if len(cells):
            return infer(cells, self.options)
        if text.values.null_count + text.tokens < len(text.values):
            return Inferred(pa.large_string(), "quoted empty texts")
        return Inferred(pa.null(), "no cell has a value")

    def _text(self, name: str, limit: int | None = None) -> ColumnText:
        rule = self.options["nulls"]
        if isinstance(rule, dict):
            rule = rule.get(name, "auto")
        return column_text(self.rows, self.names.index(name), rule, limit)

    def _pattern(self, name: str) -> str | None:
        patterns = self.options["parse_dates"]
        return patterns.get(name) if isinstance(patterns, dict) else None

    def _not_by_pattern(self, row: int, name: str, pattern: str) -> CsvError:
        error, reject = self.misfit(row, name, pa.timestamp("us"))
        index = self.names.index(name)
        text = escaped(self.rows.fields(row)[index] or b"")
        return self.rows.error(
            reject.line, reject.record, reject.byte_offset, f'"{text}" does not follow {pattern}',
            column=name, hint=error.hint,
        )  # fmt: skip

    @staticmethod
    def _row_of(known: pa.Array, nth: int) -> int:
        rows = pc.indices_nonzero(pc.is_valid(known))
        return int(rows[nth].as_py())


_TIMES: Final = {
    "time32[s]": pa.time32("s"), "time32[ms]": pa.time32("ms"),
    "time64[us]": pa.time64("us"), "time64[ns]": pa.time64("ns"),
}  # fmt: skip


def _answered(request: FileRequest) -> tuple[FileRequest, list[dict[str, Any]]]:
    """The read with what the user's function makes of the bad lines, and those it refused."""
    if request.decode.on_bad_line is None:
        return request, []

    def with_options(**options: Any) -> FileRequest:
        csv = request.decode.csv | options
        return replace(request, decode=replace(request.decode, csv=csv, on_bad_line=None))

    found = CsvTable(with_options(on_bad_lines="collect"), lambda *_: None)
    rejects = found.build()[1]["rejects"]
    answers, refused = replacements(rejects, found.options["sep"], request)
    return with_options(on_bad_lines="error", replacements=answers), refused


def _misfits(cells: pa.Array, dtype: pa.DataType, options: dict[str, Any]) -> Iterator[int]:
    """Rows of the cells that do not fit, in order; the cells before a bad one are not redone."""
    start, size = 0, len(cells)
    while start < size:
        try:
            convert(cells.slice(start), dtype, options)
        except BadCell as bad:
            start += bad.row + 1
            yield start - 1
        else:
            return


def _is_text(dtype: pa.DataType) -> bool:
    t = pa.types
    return bool(
        t.is_string(dtype) or t.is_large_string(dtype) or t.is_binary(dtype)
        or t.is_large_binary(dtype)
    )  # fmt: skip


def _is_utf8(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _by_record(reject: Reject) -> int:
    return reject.record
