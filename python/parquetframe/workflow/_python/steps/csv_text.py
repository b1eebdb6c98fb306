"""CSV bytes to text columns: pyarrow splits the fields, Python's csv finds the place of an error.

A record ends at a line break outside quotes. Blank lines are no records. An unquoted field that is
exactly a null token is null; a quoted one is text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv as arrow_csv

from parquetframe.errors import CsvError

from ..expressions import require_columns

_BOM: Final = b"\xef\xbb\xbf"
_SAMPLE_BYTES: Final = 1 << 20


def read_text_columns(
    path: str, config: dict[str, Any], columns: list[str] | None, max_rows: int | None
) -> tuple[pa.Table, list[str]]:
    """Read a file as string columns.

    Returns:
        The table, and warnings: columns with another name than in the header, rows left out.

    Raises:
        CsvError: Not text in its encoding, no header, ragged rows, an open quote.
        SchemaError: A wanted column is missing.
    """
    data = _load(path, config, max_rows)
    if max_rows is not None:
        data = _whole_lines(data)
    names, skip, warnings = _header(path, data, config)
    if columns is not None:
        require_columns(pa.table({n: pa.nulls(0) for n in names}), columns, f" in '{path}'")
    bad: list[Any] = []

    def on_bad_row(row: Any) -> str:
        bad.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=skip),
            parse_options=arrow_csv.ParseOptions(
                delimiter=config["delimiter"],
                quote_char=config["quote"] or False,
                escape_char=config["escape"] or False,
                newlines_in_values=True,
                invalid_row_handler=on_bad_row,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=columns or [],
                null_values=config["null_values"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            what = str(error).splitlines()[0]
            raise CsvError(f"{path}: {what}", code="E502", path=path) from error
        chosen = names if columns is None else columns
        table = pa.table({name: pa.array([], pa.string()) for name in chosen})
    if max_rows is not None:
        return table.slice(0, max_rows), []
    _refuse_open_quote(path, data, config)
    warnings += _ragged(path, data, config, bad, len(names))
    return table, warnings


def line_of_row(path: str, config: dict[str, Any], row: int) -> int | None:
    """Line, from 1, on which a data record (from 1) of the file ends; only for error texts."""
    seen = -1 if config["header"] else 0
    for record, line in _records(_load(path, config, None), config):
        seen += bool(record)
        if seen == row:
            return line
    return None


def _load(path: str, config: dict[str, Any], max_rows: int | None) -> bytes:
    try:
        with pa.input_stream(path, compression="detect") as stream:
            data = stream.read() if max_rows is None else stream.read(_SAMPLE_BYTES)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, (FileNotFoundError, PermissionError, IsADirectoryError)):
            raise
        text = str(error).splitlines()[0]
        raise CsvError(f"cannot read {path}: {text}", code="E502", path=path) from error
    if not data:
        raise CsvError(f"the file is empty (0 bytes): {path}", code="E502", path=path)
    data = data.removeprefix(_BOM)
    encoding = config["encoding"]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if max_rows is not None and error.end >= len(data) - 4:
            text = data[: error.start].decode(encoding)
        else:
            line = data.count(b"\n", 0, error.start) + 1
            raise CsvError(
                f"{path}: line {line}, byte {error.start}: not valid {encoding}",
                code="E502", path=path, line=line, byte=error.start,
                hint="say which encoding: encoding: latin-1",
            ) from None  # fmt: skip
    except LookupError:
        raise CsvError(f"unknown encoding '{encoding}'", code="E502", path=path) from None
    if encoding.lower().replace("_", "-") not in {"utf-8", "utf8"}:
        data = text.encode()
    return _without_comments(data, config) if config["comment"] else data


def _without_comments(data: bytes, config: dict[str, Any]) -> bytes:
    """Comment lines become blank, so that line numbers stay true."""
    prefix, quote = config["comment"].encode(), (config["quote"] or "\0").encode()
    lines, inside = [], False
    for line in data.splitlines(keepends=True):
        if not inside and line.startswith(prefix):
            lines.append(b"\n")
            continue
        inside ^= line.count(quote) % 2 == 1
        lines.append(line)
    return b"".join(lines)


def _whole_lines(data: bytes) -> bytes:
    if len(data) < _SAMPLE_BYTES:
        return data
    return data[: data.rfind(b"\n") + 1] or data


def _records(
    data: bytes, config: dict[str, Any], *, strict: bool = False
) -> Iterator[tuple[list[str], int]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    for _ in range(config["skip_rows"]):
        text.readline()
    reader = csv.reader(
        text,
        delimiter=config["delimiter"],
        quotechar=config["quote"] or None,
        quoting=csv.QUOTE_MINIMAL if config["quote"] else csv.QUOTE_NONE,
        escapechar=config["escape"],
        strict=strict,
    )
    for record in reader:
        yield record, reader.line_num + config["skip_rows"]


def _header(path: str, data: bytes, config: dict[str, Any]) -> tuple[list[str], int, list[str]]:
    """Column names, how many lines to skip before the data, and warnings about names."""
    head = data[:_SAMPLE_BYTES]
    first, line = next(
        ((r, at) for r, at in _records(head, config) if r), (None, config["skip_rows"])
    )
    if first is None:
        raise CsvError(f"the file has no header and no rows: {path}", code="E502", path=path)
    if not config["header"]:
        return [f"column_{i}" for i in range(1, len(first) + 1)], config["skip_rows"], []
    names, warnings = _distinct_names(first)
    return names, line, [f"{path}: {text}" for text in warnings]


def _distinct_names(written: list[str]) -> tuple[list[str], list[str]]:
    """Header names; an empty one becomes ``column_<n>``, a repeated one gets ``_1``, ``_2`` ..."""
    names: list[str] = []
    warnings = []
    for index, text in enumerate(written, start=1):
        base = name = text or f"column_{index}"
        number = 0
        while name in names or (name != text and name in written):
            number += 1
            name = f"{base}_{number}"
        if name != text:
            warnings.append(f"column {index} has the name '{text}', read as '{name}'")
        names.append(name)
    return names, warnings


def _ragged(
    path: str, data: bytes, config: dict[str, Any], bad: list[Any], expected: int
) -> list[str]:
    """Raise for rows with a wrong number of fields, or describe those that were skipped."""
    if not bad or config["on_bad_lines"] == "skip":
        return []
    line, found = None, bad[0].actual_columns
    for record, at in _records(data, config):
        if record and len(record) != expected:
            line, found = at, len(record)
            break
    text = f"{path}: line {line}: expected {expected} fields, found {found}"
    if config["on_bad_lines"] == "warn":
        return [f"{text}; {len(bad)} such rows were left out"]
    raise CsvError(
        text, code="E502", path=path, line=line,
        hint="on_bad_lines: skip (or warn) leaves such rows out",
    )  # fmt: skip


def _refuse_open_quote(path: str, data: bytes, config: dict[str, Any]) -> None:
    quote = config["quote"]
    if not quote or config["escape"] or data.count(quote.encode()) % 2 == 0:
        return
    line = config["skip_rows"]
    try:
        for _, at in _records(data, config, strict=True):
            line = at
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            return
        raise CsvError(
            f"{path}: line {line + 1}: a quote opens and never closes",
            code="E502", path=path, line=line + 1,
        ) from None  # fmt: skip
