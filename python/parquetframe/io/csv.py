"""CSV files: read, write, and tell their dialect."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .engine import Progress, choose_engine
from .report import ReadReport, WriteReport
from .sources import one_file

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CsvDialect", "read_csv", "sniff_csv", "write_csv"]


@dataclass(frozen=True)
class CsvDialect:
    """How a CSV file is written, as far as its sample tells.

    Attributes:
        sep: Between fields.
        quote: Around fields, or ``None``.
        escape: Inside quotes, takes the next character as it is.
        header: Whether the first record names the columns.
        encoding: Encoding of the bytes.
        newline: ``"lf"``, ``"crlf"``, ``"cr"``, or ``"auto"`` if they are mixed.
        comment: Prefix of lines that are comments.
        skip_rows: Lines of a preamble before the table.
        names: Names of the columns.
        types: Type of each column in the sample.
        confidence: From 0 to 1: how far the next best dialect is away.
        candidates: Other dialects that explain every record, best first.
        notes: What else is worth to know.
    """

    sep: str
    quote: str | None
    escape: str | None
    header: bool
    encoding: str
    newline: str
    comment: str | None
    skip_rows: int
    names: tuple[str, ...]
    types: dict[str, str]
    confidence: float
    candidates: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    def options(self) -> dict[str, Any]:
        """The dialect as options of :func:`read_csv`."""
        keys = ("sep", "quote", "escape", "header", "encoding", "newline", "comment", "skip_rows")
        return {key: getattr(self, key) for key in keys}

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain data."""
        return asdict(self)


def read_csv(
    src: Any,
    columns: Sequence[str] | None = None,
    *,
    sep: str = "auto",
    quote: str | None = '"',
    escape: str | None = None,
    header: bool | int | str = "auto",
    names: Sequence[str] | None = None,
    dtypes: Mapping[str, str | pa.DataType] | None = None,
    schema: pa.Schema | None = None,
    infer: str | int = "full",
    nulls: str | Sequence[str] | Mapping[str, Sequence[str]] = "auto",
    true_values: Sequence[str] | None = None,
    false_values: Sequence[str] | None = None,
    parse_dates: bool | Mapping[str, str] = True,
    decimal: str = ".",
    thousands: str | None = None,
    leading_zeros: str = "string",
    on_int_overflow: str = "decimal",
    comment: str | None = None,
    skip_rows: int = 0,
    n_rows: int | None = None,
    blank_lines: str = "skip",
    newline: str = "auto",
    strict_quotes: bool = False,
    trim: bool = False,
    ragged: str = "error",
    on_bad_lines: str | Callable[[list[str], Exception], Sequence[str] | None] = "error",
    encoding: str = "utf-8",
    invalid_bytes: str = "error",
    compression: str | None = "auto",
    filters: Any = None,
    storage_options: Any = None,
    output: str = "table",
    string_type: str = "auto",
    threads: int | None = None,
    memory_limit: str | int | None = "80%",
    progress: Progress | None = None,
    cancel: object = None,
    report: ReadReport | None = None,
    engine: str | None = "auto",
    dtype_backend: str | None = None,
    null_ints: str = "exact",
    dates: str = "auto",
    decimals: str = "object",
) -> Any:
    r"""Read CSV files; types come from all cells, and no value is changed in silence.

    The common options are those of :func:`parquetframe.read_parquet`.

    Args:
        src: A path, glob, folder, bytes, binary file object (read into memory), or a list of those.
        columns: Columns of the result, in this order.
        sep: Character between fields; ``"auto"`` finds the one that explains every record.
        quote: Character around fields; ``None`` reads quotes as text.
        escape: Inside quotes, takes the next character as it is.
        header: ``True``, ``False``, the number of a record from 1, or ``"auto"``: the first record,
            unless one of its cells is a number, date or bool as its column is below.
        names: Names of the columns instead of those in the file.
        dtypes: Types by column, such as ``{"zip": "string", "c": "category"}``.
        schema: The same as a :class:`pyarrow.Schema`.
        infer: ``"full"`` looks at every cell; a number looks at so many rows, and a cell that does
            not fit behind them is an error.
        nulls: ``"auto"``: an unquoted empty field, and ``NA``, ``NULL`` and the like in columns
            that are no text; ``"strict"``: an unquoted empty field alone; ``"pandas"``: what pandas
            takes, everywhere; else the texts, for all columns or by column.
        true_values: Texts that are true.
        false_values: Texts that are false.
        parse_dates: ISO 8601 dates and timestamps, none (``False``), or ``strptime`` patterns by
            column.
        decimal: Character before a fraction.
        thousands: Character between groups of three digits.
        leading_zeros: ``"string"`` keeps columns with ``007`` or ``+7`` text, ``"number"`` does
            not.
        on_int_overflow: Beyond int64: uint64, then ``"decimal"``, or ``"string"`` or ``"error"``.
        comment: Lines that start with this are left out.
        skip_rows: Lines before the table.
        n_rows: The first n rows; reading stops early.
        blank_lines: ``"skip"``, ``"null"`` (a row of nulls) or ``"error"``.
        newline: ``"auto"`` takes LF, CRLF and CR as they come; or one of ``"lf"``, ``"crlf"``,
            ``"cr"``.
        strict_quotes: Text behind a closing quote is an error.
        trim: Leave out spaces around fields without quotes.
        ragged: ``"fill"`` fills records that are too short with nulls.
        on_bad_lines: Records that are too long or too short, and cells that are not of the type
            asked for: ``"error"``, ``"warn"``, ``"skip"``, ``"collect"`` (into
            ``report.rejects``), or a function of the fields and the error that returns the fields
            to take, or ``None``.
        encoding: A name of an encoding, or ``"auto"``. Byte order marks count.
        invalid_bytes: ``"error"``, ``"replace"``, or ``"binary"`` columns.
        compression: ``"gz"``, ``"zst"``, ``"bz2"``, ``"xz"``, ``"lz4"``, ``"zip"`` (one member),
            ``None``, or ``"auto"``: by the first bytes, then by suffix.
        filters: SQL text or tuples; rows for which it is true.
        storage_options: Not offered yet.
        output: ``"table"``, ``"pandas"`` or ``"polars"``.
        string_type: Layout of text.
        threads: Threads to use.
        memory_limit: Bytes, ``"8GiB"``, a share of the memory, or ``None``.
        progress: Called with bytes done, bytes in all (or ``None``) and rows.
        cancel: A token or a :class:`threading.Event`.
        report: A :class:`ReadReport` to fill.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.
        dtype_backend: pandas only.
        null_ints: pandas only.
        dates: pandas: ``"datetime64"`` (``"auto"``) or ``"object"``.
        decimals: pandas only.

    Returns:
        n rows in the order of the files.

    Raises:
        SourceNotFound: No such file.
        CsvError: Bytes or records that are no table, or a cell that is not of its type.
        AmbiguousDialect: ``sep="auto"`` and no separator, or several, explain the file.
        SchemaError: An unknown column, or files that do not go together.
        ExpressionError: A filter that does not parse or type-check.
        LimitExceeded: It needs more memory than ``memory_limit``.
        UnsupportedFeature: What the chosen engine does not offer.
        Cancelled: ``cancel`` was set.

    Examples:
        >>> import parquetframe as pf
        >>> table = pf.read_csv(b"zip,delay\n00501,3\n10001,\n", sep=",")
        >>> table.to_pydict()
        {'zip': ['00501', '10001'], 'delay': [3, None]}
    """
    from .csv_options import csv_request
    from .reading import collect

    options = dict(locals())
    for name in ("csv_request", "collect", "src", "columns"):
        options.pop(name)
    return collect(csv_request(src, columns, **options))


def write_csv(
    data: Any,
    dest: str | os.PathLike[str] | Any,
    *,
    sep: str = ",",
    quote: str | None = '"',
    quote_style: str = "necessary",
    escape: str | None = None,
    header: bool = True,
    null: str = "",
    float_format: str | None = None,
    date_format: str | None = None,
    timestamp_format: str | None = None,
    line_end: str = "\n",
    encoding: str = "utf-8",
    bom: bool = False,
    compression: str | None = "auto",
    compression_level: int | None = None,
    index: bool | str = "auto",
    atomic: bool = True,
    fsync: bool = True,
    overwrite: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: object = None,
    engine: str | None = "auto",
) -> WriteReport:
    r"""Write a CSV file; the destination holds the old file or the complete new one.

    Args:
        data: Anything with ``__arrow_c_stream__``, a pandas frame, or a dict of arrays or lists.
        dest: Path of the file, or a binary file object.
        sep: Character between fields.
        quote: Character around fields, or ``None``.
        quote_style: ``"necessary"`` (also around empty text, so that it is no null), ``"always"``,
            ``"nonnumeric"``, or ``"never"``, which raises if a value would need quotes.
        escape: Before quotes inside fields; doubled quotes without it.
        header: Write the names first.
        null: Text of nulls.
        float_format: Such as ``"%.3f"``; without it the shortest text that reads back the same.
        date_format: A ``strftime`` pattern; ISO 8601 without it.
        timestamp_format: A ``strftime`` pattern; ISO 8601 without it.
        line_end: ``"\n"``, ``"\r\n"`` or ``"\r"``.
        encoding: Encoding of the file.
        bom: Begin with a byte order mark.
        compression: ``"gz"``, ``"zst"``, ``"bz2"``, ``"xz"``, ``"lz4"``, ``None``, or ``"auto"``:
            by suffix.
        compression_level: How hard the codec tries.
        index: Store the index of a pandas frame: ``"auto"`` unless it is a plain range.
        atomic: Write to a temporary sibling and rename it.
        fsync: Sync file and folder to the disk.
        overwrite: ``False`` raises if the destination is there.
        threads: ``PARQUETFRAME_THREADS`` by default, else the usable cores.
        progress: Called with bytes done, ``None`` and rows.
        cancel: A token or a :class:`threading.Event`.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.

    Returns:
        Path, rows, bytes and files.

    Raises:
        WriteError: The destination cannot be written, a value needs quotes and may have none, or
            nulls would be blank lines.
        UnsupportedFeature: A column type that has no text.
        Cancelled: ``cancel`` was set.
    """
    from .csv_options import write_options
    from .writing import WriterTail, write

    tail = WriterTail.of(
        atomic=atomic,
        fsync=fsync,
        overwrite=overwrite,
        threads=threads,
        progress=progress,
        cancel=cancel,
        engine=engine,
        index=index,
    )
    options = write_options(
        sep=sep,
        quote=quote,
        quote_style=quote_style,
        escape=escape,
        header=header,
        null=null,
        float_format=float_format,
        date_format=date_format,
        timestamp_format=timestamp_format,
        line_end=line_end,
        encoding=encoding,
        bom=bom,
        compression=compression,
        compression_level=compression_level,
    )
    return write("csv", data, dest, options, tail)


def sniff_csv(
    src: Any,
    sample_bytes: int | None = None,
    *,
    encoding: str = "utf-8",
    compression: str | None = "auto",
    engine: str | None = "auto",
) -> CsvDialect:
    r"""Tell the dialect of a CSV file from a sample of it.

    A dialect counts only if it explains every record of the sample; one column is an answer too.

    Args:
        src: A file, its bytes, or a binary file object.
        sample_bytes: Bytes of the start to look at; 256 KiB by default.
        encoding: A name of an encoding, or ``"auto"``.
        compression: As for :func:`read_csv`.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.

    Raises:
        SourceNotFound: No such file.
        CsvError: An empty file, or bytes that are no text.
        AmbiguousDialect: No dialect, or several, explain the sample.

    Examples:
        >>> import parquetframe as pf
        >>> pf.sniff_csv(b"a;b\n1;x\n2;y\n").sep
        ';'
    """
    from .csv_options import sniff_options

    options = sniff_options(sample_bytes, encoding, compression)
    facts = choose_engine(engine).csv_sniff(one_file(src).content, options)
    facts = {key: facts[key] for key in CsvDialect.__dataclass_fields__}
    for key in ("names", "candidates", "notes"):
        facts[key] = tuple(facts[key])
    return CsvDialect(**facts)
