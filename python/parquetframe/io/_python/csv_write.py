"""Writes CSV in pure Python, behind the atomic sink."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from parquetframe.errors import CsvError, UnsupportedFeature, WriteError

from ..atomic import replacing
from ..csv_checks import check_level
from ..engine import WriteRequest
from .csv_text import formatter

__all__ = ["write"]

_ROWS: Final = 8192
_SUFFIXES: Final = {".gz": "gz", ".zst": "zst", ".bz2": "bz2", ".xz": "xz", ".lz4": "lz4"}


def write(data: Any, request: WriteRequest) -> dict[str, Any]:
    """Write a stream as records.

    Raises:
        WriteError: A value that the dialect cannot hold.
        UnsupportedFeature: A column type that has no text, or a codec that is not offered.
    """
    reader = pa.RecordBatchReader.from_stream(data)
    dest = Path(request.dest)
    lines = _Lines(reader.schema, request.options)
    encode = _encoder(request.options)
    rows = 0
    with replacing(
        dest, atomic=request.atomic, fsync=request.fsync, overwrite=request.overwrite
    ) as target:
        with _opened(target, dest, request.options) as file:
            file.write(encode(lines.header()))
            for batch in reader:
                for start in range(0, batch.num_rows, _ROWS):
                    request.check_cancelled()
                    part = batch.slice(start, _ROWS)
                    file.write(encode(lines.records(part, rows)))
                    rows += part.num_rows
                    if request.progress is not None:
                        request.progress(0, None, rows)
        request.check_cancelled()
        size = target.stat().st_size
    return {"path": str(dest), "rows": rows, "bytes": size, "files": 1}


class _Lines:
    """Columns as text of records."""

    def __init__(self, schema: pa.Schema, options: dict[str, Any]) -> None:
        self._options, self._schema = options, schema
        self._sep: str = options["sep"]
        self._end: str = options["line_end"]
        self._texts = [formatter(field, options) for field in schema]
        self._quote_all = [self._always(field.type) for field in schema]
        special = [options["sep"], options["quote"], "\n", "\r", options["escape"]]
        self._special = [text for text in special if text]

    def header(self) -> str:
        """The first record."""
        if not self._options["header"]:
            return ""
        every = self._options["quote_style"] in ("always", "nonnumeric")
        names = [self._cell(name, every=every, row=0, name=name) for name in self._schema.names]
        return self._sep.join(names) + self._end

    def records(self, batch: pa.RecordBatch, before: int) -> str:
        """The records of a batch."""
        columns: list[list[str]] = []
        for column, field, text, every in zip(
            batch.columns, self._schema, self._texts, self._quote_all, strict=True
        ):
            cells = text(column)
            columns.append(
                [
                    self._null(field.name, before + i)
                    if cell is None
                    else self._cell(cell, every=every, row=before + i + 1, name=field.name)
                    for i, cell in enumerate(cells)
                ]
            )
        if not columns:
            return self._end * int(batch.num_rows)
        join = self._sep.join
        return "".join([join(record) + self._end for record in zip(*columns, strict=True)])

    def _always(self, dtype: pa.DataType) -> bool:
        style = self._options["quote_style"]
        if style != "nonnumeric":
            return bool(style == "always")
        t = pa.types
        return not (t.is_integer(dtype) or t.is_floating(dtype) or t.is_decimal(dtype))

    def _null(self, name: str, row: int) -> str:
        null: str = self._options["null"]
        if not null and len(self._schema) == 1:
            raise WriteError(
                f"row {row + 1}, column '{name}': a null in the only column would be a blank line",
                column=name, row=row + 1, hint='null="NA"',
            )  # fmt: skip
        return null

    def _cell(self, cell: str, *, every: bool, row: int, name: str) -> str:
        quote, escape = self._options["quote"], self._options["escape"]
        needed = (
            any(text in cell for text in self._special) or cell == self._options["null"] or not cell
        )
        if not every and not needed:
            return cell
        if quote is None or self._options["quote_style"] == "never":
            if not needed:
                return cell
            where = f"row {row}" if row else "the header"
            raise WriteError(
                f"{where}, column '{name}': the cell needs quotes, which "
                f"{'quote=None' if quote is None else 'quote_style=never'} forbids",
                column=name, row=row or None, hint='quote_style="necessary"',
            )  # fmt: skip
        if escape and escape != quote:
            cell = cell.replace(escape, escape + escape).replace(quote, escape + quote)
        else:
            cell = cell.replace(quote, quote + quote)
        return f"{quote}{cell}{quote}"


def _encoder(options: dict[str, Any]) -> Callable[[str], bytes]:
    name = options["encoding"]
    try:
        known = codecs.lookup(name)
    except LookupError:
        raise UnsupportedFeature(f"the encoding '{name}' is not known") from None
    first = [options["bom"]]

    def encode(text: str) -> bytes:
        try:
            found = known.encode(text)[0]
        except UnicodeEncodeError as error:
            sign = error.object[error.start]
            raise CsvError(
                f"{name} has no character {sign!r}", hint='encoding="utf-8" has all'
            ) from None  # fmt: skip
        if first[0]:
            first[0] = False
            return known.encode("\ufeff")[0] + found
        return found

    return encode


@contextlib.contextmanager
def _opened(target: Path, dest: Path, options: dict[str, Any]) -> Iterator[Any]:
    codec = options["compression"]
    if codec == "auto":
        codec = _SUFFIXES.get(dest.suffix.lower(), "none")
        if dest.suffix.lower() == ".zip":
            raise UnsupportedFeature(
                "zip archives are not written", hint="a name that ends in .gz or .zst"
            )
    level = options["compression_level"]
    if level is not None:
        check_level(codec, level)
    with target.open("wb") as file:
        if codec == "none":
            yield file
        elif codec == "gz":
            with gzip.GzipFile("", "wb", 6 if level is None else level, file, mtime=0) as packed:
                yield packed
        elif codec == "bz2":
            with bz2.BZ2File(file, "wb", compresslevel=level or 9) as packed_bz2:
                yield packed_bz2
        elif codec == "xz":
            with lzma.LZMAFile(file, "wb", preset=level) as packed_xz:
                yield packed_xz
        else:
            name = {"zst": "zstd", "lz4": "lz4"}[codec]
            sink = pa.PythonFile(file, mode="w")
            if level is None:
                with pa.CompressedOutputStream(sink, name) as packed_arrow:
                    yield packed_arrow
            else:
                whole = bytearray()
                yield _Collected(whole)
                file.write(pa.Codec(name, compression_level=level).compress(whole, asbytes=True))


class _Collected:
    """A file in memory."""

    def __init__(self, whole: bytearray) -> None:
        self._whole = whole

    def write(self, data: bytes) -> None:
        """More bytes."""
        self._whole += data
