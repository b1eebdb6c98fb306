"""The bytes of a CSV file as UTF-8: unpacked, decoded, and with their offset in the file."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from parquetframe.errors import CsvError, IoError, LimitExceeded, SourceNotFound, UnsupportedFeature

from ..engine import FileRequest

__all__ = ["UNCHECKED", "CsvInput", "count_lines", "load"]

RATIO_CAP: Final = 2000
RATIO_FREE_BYTES: Final = 1 << 26
PIECE_BYTES: Final = 1 << 20
# A key of the options: bytes of UTF-8 that are no text are left alone, because no cell is read.
UNCHECKED: Final = "unchecked"

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAGIC: Final = (
    (b"\x1f\x8b", "gz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_SUFFIXES: Final = {
    ".gz": "gz", ".zst": "zst", ".bz2": "bz2", ".xz": "xz", ".lz4": "lz4", ".zip": "zip",
}  # fmt: skip

# What the WHATWG encoding standard calls by these labels, in Python's names.
_LABELS: Final = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "l1": "cp1252", "windows-1252": "cp1252",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "windows-874": "cp874", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932",
    "euc-kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs",
    "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
}  # fmt: skip


@dataclass
class CsvInput:
    """The text of one source.

    Attributes:
        data: The bytes, UTF-8 unless ``binary`` is set.
        base: Offset of ``data`` in the file where that is one number: behind a byte order mark.
        encoding: What the bytes were read as.
        binary: Bytes that are no UTF-8 stay as they are.
        partial: There is more behind ``data``, which ends with a line.
        notes: Texts for the report.
        invalid: The error of bytes that are no text, before which ``data`` ends with a line.
    """

    data: bytes
    base: int = 0
    encoding: str = "utf-8"
    binary: bool = False
    partial: bool = False
    notes: list[str] = field(default_factory=list)
    invalid: CsvError | None = None


def load(request: FileRequest) -> CsvInput:
    """Read, unpack and decode the source.

    Raises:
        CsvError: Not what its compression promises.
        LimitExceeded: Unpacked it passes the memory limit, or a ratio that no data reach.
        SourceNotFound: There is no such file.
        UnsupportedFeature: An encoding that this engine does not know.
    """
    options, label = request.decode.csv, request.label
    raw = _bytes(request)
    codec = _codec(request, raw, options["compression"])
    if codec == "zip" and request.head_bytes is not None:
        raw = _bytes(replace(request, head_bytes=None))  # its directory is at the end
    data = _unpacked(raw, codec, request)
    partial = request.head_bytes is not None and len(data) > request.head_bytes
    if partial and not _in_wide_units(data, options["encoding"]):
        data = _whole_lines(data[: request.head_bytes])
    found = _decoded(data, options, label)
    if found.invalid is not None:
        found.data = _lines_before(found.data, options["newline"])
    found.partial = partial or found.invalid is not None
    return found


def count_lines(data: bytes, newline: str) -> int:
    """How many line ends there are."""
    if newline == "auto":
        return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    return data.count({"lf": b"\n", "cr": b"\r", "crlf": b"\r\n"}[newline])


def _lines_before(data: bytes, newline: str) -> bytes:
    """The data up to its last line end."""
    ends = {"lf": (b"\n",), "cr": (b"\r",), "crlf": (b"\r\n",)}.get(newline, (b"\n", b"\r"))
    return data[: max((data.rfind(end) + len(end) for end in ends if end in data), default=0)]


def _whole_lines(data: bytes) -> bytes:
    """The data up to its last line end; all of it if it is one line."""
    end = max(data.rfind(b"\n"), data[:-1].rfind(b"\r")) + 1
    return data[:end] or data


def _in_wide_units(data: bytes, encoding: str) -> bool:
    """Whether a byte may be a part of a line end, so that the data cannot be cut there."""
    return data.startswith(_WIDE_BOMS) or encoding.startswith(("utf-16", "utf_16"))


def _bytes(request: FileRequest) -> bytes:
    if isinstance(request.source, bytes):
        return request.source
    path, label = Path(request.source), request.label
    if path.is_dir():
        raise IoError(f"{label}: is a directory, not a file", path=label)
    try:
        size = path.stat().st_size
        if request.head_bytes is not None:
            with path.open("rb") as file:  # what does not shrink when packed has enough in it too
                return file.read(2 * request.head_bytes)
        _within(request, size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SourceNotFound(f"File not found: {label}", path=label) from error


def _within(request: FileRequest, size: int) -> None:
    limit = request.memory_limit
    if limit is not None and size > limit:
        raise LimitExceeded(
            f"{request.label}: reading takes at least {size} bytes, the limit is {limit}",
            path=request.label, hint="raise memory_limit, or read in pieces on the rust engine",
        )  # fmt: skip


def _codec(request: FileRequest, raw: bytes, wish: str) -> str:
    if wish != "auto":
        return wish
    for magic, name in _MAGIC:
        if raw.startswith(magic):
            return name
    if isinstance(request.source, str) and raw:
        return _SUFFIXES.get(Path(request.source).suffix.lower(), "none")
    return "none"


def _unpacked(raw: bytes, codec: str, request: FileRequest) -> bytes:
    if codec == "none":
        return raw
    label = request.label
    try:
        stream: Any
        if codec == "gz":
            stream = gzip.GzipFile(fileobj=io.BytesIO(raw))
        elif codec == "bz2":
            stream = bz2.BZ2File(io.BytesIO(raw))
        elif codec == "xz":
            stream = lzma.LZMAFile(io.BytesIO(raw))  # noqa: SIM115 - it is memory
        elif codec == "zip":
            stream = _member(raw, label)
        else:
            stream = pa.CompressedInputStream(
                pa.BufferReader(raw), {"zst": "zstd", "lz4": "lz4"}[codec]
            )
        parts, size = [], 0
        while part := stream.read(PIECE_BYTES):
            request.check_cancelled()
            size += len(part)
            _within(request, size)
            if size > RATIO_FREE_BYTES and size > RATIO_CAP * len(raw):
                raise LimitExceeded(
                    f"{label}: {len(raw)} bytes unpack to more than {RATIO_CAP} times as many",
                    path=label, hint="unpack the file first if it is what it should be",
                )  # fmt: skip
            parts.append(part)
            if request.head_bytes is not None and size > request.head_bytes:
                break
        return b"".join(parts)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error, zipfile.BadZipFile,
            pa.ArrowException, NotImplementedError) as error:  # fmt: skip
        if isinstance(error, (IoError, UnsupportedFeature)):
            raise
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise CsvError(f"{label}: not valid {codec} data: {text}", path=label) from error


def _member(raw: bytes, label: str) -> Any:
    archive = zipfile.ZipFile(io.BytesIO(raw))
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) != 1:
        raise CsvError(
            f"{label}: a zip archive must have one member, this has {len(members)}", path=label,
            hint="unpack the archive and read its files",
        )  # fmt: skip
    return archive.open(members[0])


def _decoded(data: bytes, options: dict[str, Any], where: str) -> CsvInput:
    label, invalid = options["encoding"], options["invalid_bytes"]
    mark = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), None)
    notes: list[str] = []
    if mark is not None:
        encoding, base = mark[1], len(mark[0])
        data = data[base:]
    else:
        encoding, base = _encoding(label, where), 0
    if encoding == "auto":
        encoding = _guess(data, where)
        notes.append(f"encoding guessed: {encoding}")
    if encoding == "utf-8":
        return _checked(data, base, options, where, notes)
    if invalid == "binary":
        raise UnsupportedFeature(
            f"invalid_bytes='binary' needs UTF-8, the encoding is {encoding}",
            hint="invalid_bytes='replace'",
        )
    errors = "csv-windows" if encoding in ("cp1252", "cp874", "cp1254") else "strict"
    try:
        text = data.decode(encoding, "replace" if invalid == "replace" else errors)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode(encoding, "ignore").encode()
        line = count_lines(good, "auto") + 1
        wrong = _invalid(where, line, base + error.start, data[error.start], encoding)
        return CsvInput(good, 0, encoding, notes=notes, invalid=wrong)
    return CsvInput(text.encode(), 0, encoding, notes=notes)


def _checked(
    data: bytes, base: int, options: dict[str, Any], where: str, notes: list[str]
) -> CsvInput:
    invalid = options["invalid_bytes"]
    try:
        if not data.isascii():
            data.decode()
    except UnicodeDecodeError as error:
        if invalid == "error" and not options.get(UNCHECKED):
            line = count_lines(data[: error.start], "auto") + 1
            at = base + error.start
            wrong = _invalid(where, line, at, data[error.start], "utf-8")
            return CsvInput(data[: error.start], base, notes=notes, invalid=wrong)
        if invalid == "replace":
            notes.append("bytes that are no utf-8 were replaced by U+FFFD")
            return CsvInput(data.decode(errors="replace").encode(), base, notes=notes)
        return CsvInput(data, base, binary=True, notes=notes)
    return CsvInput(data, base, notes=notes)


def _invalid(where: str, line: int, at: int, byte: int, encoding: str) -> CsvError:
    return CsvError(
        f"{where}: line {line}, byte {at}: 0x{byte:02X} is not valid {encoding}",
        path=where, line=line, byte=at,
        hint='encoding="windows-1252" or another name; invalid_bytes="replace" or "binary"',
    )  # fmt: skip


def _encoding(label: str, where: str) -> str:
    name = _LABELS.get(label, label)
    if name == "auto":
        return name
    try:
        known = codecs.lookup(name)
    except LookupError:
        raise UnsupportedFeature(
            f"{where}: the encoding '{label}' is not known", hint="utf-8, windows-1252, utf-16 ..."
        ) from None
    if not getattr(known, "_is_text_encoding", True):
        raise UnsupportedFeature(f"{where}: '{label}' is no encoding of text")
    return known.name


def _guess(data: bytes, where: str) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise UnsupportedFeature(
            f"{where}: encoding='auto' finds only UTF-8 and byte order marks on the python engine",
            hint='say which: encoding="windows-1252"',
        ) from None
    return "utf-8"


def _as_control(error: UnicodeError) -> tuple[str, int]:
    """The standard maps bytes that Windows left open to the control character of their number."""
    if not isinstance(error, UnicodeDecodeError) or error.object[error.start] > 0x9F:
        raise error
    return chr(error.object[error.start]), error.start + 1


codecs.register_error("csv-windows", _as_control)
