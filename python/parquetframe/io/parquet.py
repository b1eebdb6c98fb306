"""Parquet files: read and write them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .engine import Progress
from .report import ReadReport, WriteReport

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_parquet", "write_parquet"]


def read_parquet(
    src: Any,
    columns: Sequence[str | tuple[str, ...]] | None = None,
    *,
    filters: str | Sequence[Any] | None = None,
    row_groups: Sequence[int] | Sequence[Sequence[int]] | None = None,
    n_rows: int | None = None,
    schema: pa.Schema | None = None,
    dictionary_columns: Sequence[str] | None = None,
    int96_unit: str = "ns",
    hive: bool | str = "auto",
    include_path: str | None = None,
    missing_columns: str = "error",
    extra_columns: str = "error",
    cast: str = "error",
    verify_checksums: bool = False,
    decryption: Any = None,
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
    """Read Parquet files.

    Args:
        src: A path, glob, folder, bytes, binary file object (read into memory), or a list of those.
        columns: Columns of the result, in this order; a dotted path or a tuple names a nested leaf.
        filters: Rows to keep: SQL text such as ``"x > 1 AND name LIKE 'a%'"``, or a list of
            ``(column, operator, value)`` tuples (a list of such lists means OR).
        row_groups: Indices of row groups; a list of lists, one per file, for several files.
        n_rows: The first n rows of the result; reading stops early.
        schema: Reference of several files and types of the result; the first file's by default.
        dictionary_columns: Text columns that come as Arrow dictionaries.
        int96_unit: Unit of INT96 timestamps: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
        hive: ``key=value`` folders become columns: ``"auto"`` below a folder or glob, ``True`` in
            whole paths, ``False`` never.
        include_path: Name of a column that gets the path of each row's file.
        missing_columns: ``"null"`` fills a column that a file lacks.
        extra_columns: ``"ignore"`` leaves out a column that the reference lacks.
        cast: ``"widen"`` allows lossless casts to the reference's types.
        verify_checksums: Compare the checksums of pages. On the rust engine an error for nested
            columns and others that its own decoder does not read.
        decryption: Not offered yet.
        storage_options: Not offered yet.
        output: ``"table"`` (:class:`pyarrow.Table`), ``"pandas"`` or ``"polars"``.
        string_type: Layout of text: ``"large"``, ``"view"``, ``"utf8"``; ``"auto"`` is views for
            polars and large strings elsewhere.
        threads: ``PARQUETFRAME_THREADS`` by default, else the usable cores.
        memory_limit: Bytes, ``"8GiB"``, a share of the memory, or ``None``.
        progress: Called with bytes done, bytes in all (or ``None``) and rows.
        cancel: A :class:`parquetframe.CancellationToken` or a :class:`threading.Event`.
        report: A :class:`ReadReport` to fill.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.
        dtype_backend: pandas: ``"numpy_nullable"`` or ``"pyarrow"``.
        null_ints: pandas: integers with nulls become ``float64`` if that is exact, else masked
            (``"exact"``), always masked, always ``"float64"``, or an ``"error"``.
        dates: pandas: ``"object"`` (``"auto"``) or ``"datetime64"``.
        decimals: pandas: ``"object"``, ``"arrow"`` or ``"float64"``.

    Returns:
        n rows in the order of files and row groups.

    Raises:
        SourceNotFound: No such file; the text starts with ``File not found``.
        ParquetError: Bytes that are not valid Parquet.
        SchemaError: An unknown column, or files that do not go together.
        ExpressionError: A filter that does not parse or type-check.
        LimitExceeded: ``memory_limit`` would be passed.
        UnsupportedFeature: URLs, ``decryption`` and ``storage_options``.
        Cancelled: ``cancel`` was set.

    Examples:
        >>> import io, parquetframe as pf
        >>> buffer = io.BytesIO()
        >>> _ = pf.write_parquet({"x": [1, 2, 3]}, buffer)
        >>> pf.read_parquet(buffer.getvalue(), filters="x > 1")["x"].to_pylist()
        [2, 3]
    """
    from .reading import collect
    from .request import parquet_request

    request = parquet_request(
        src,
        columns,
        filters=filters,
        row_groups=row_groups,
        n_rows=n_rows,
        schema=schema,
        dictionary_columns=dictionary_columns,
        int96_unit=int96_unit,
        hive=hive,
        include_path=include_path,
        missing_columns=missing_columns,
        extra_columns=extra_columns,
        cast=cast,
        verify_checksums=verify_checksums,
        decryption=decryption,
        storage_options=storage_options,
        output=output,
        string_type=string_type,
        threads=threads,
        memory_limit=memory_limit,
        progress=progress,
        cancel=cancel,
        report=report,
        engine=engine,
        dtype_backend=dtype_backend,
        null_ints=null_ints,
        dates=dates,
        decimals=decimals,
    )
    return collect(request)


def write_parquet(
    data: Any,
    dest: str | os.PathLike[str] | Any,
    *,
    compression: str | None = "snappy",
    compression_level: int | None = None,
    row_group_rows: int = 1_048_576,
    page_bytes: int = 1 << 20,
    dictionary: bool | Sequence[str] = True,
    statistics: str = "page",
    bloom: Sequence[str] | Mapping[str, float] | None = None,
    page_index: bool = True,
    sorting: Sequence[tuple[str, str]] | None = None,
    partition_by: Sequence[str] | None = None,
    encryption: Any = None,
    metadata: Mapping[str, str] | None = None,
    index: bool | str = "auto",
    atomic: bool = True,
    fsync: bool = True,
    overwrite: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: object = None,
    engine: str | None = "auto",
) -> WriteReport:
    """Write a Parquet file; the destination holds the old file or the complete new one.

    Args:
        data: Anything with ``__arrow_c_stream__``, a pandas frame, or a dict of arrays or lists.
        dest: Path of the file; of the folder with ``partition_by``. A binary file object is
            written directly.
        compression: ``"snappy"``, ``"zstd"``, ``"gzip"``, ``"lz4"``, ``"brotli"``, ``"none"``.
        compression_level: How hard the codec tries (zstd, gzip and brotli).
        row_group_rows: Rows of a row group at most.
        page_bytes: Bytes of a page before compression at most, roughly.
        dictionary: Whether columns may have a dictionary, or the names of those that may.
        statistics: ``"page"``, ``"chunk"`` or ``"none"``.
        bloom: Columns with a bloom filter, or a dict from column to false-positive rate.
        page_index: Store where pages begin and, with page statistics, their bounds.
        sorting: ``(column, "asc" | "desc")`` pairs that the rows are in; checked. NaN is the
            largest number, nulls come last.
        partition_by: Columns that become ``key=value`` folders.
        encryption: Not offered yet.
        metadata: Texts for the footer, by key.
        index: Store the index of a pandas frame: ``"auto"`` unless it is a plain range.
        atomic: Write to a temporary sibling and rename it.
        fsync: Sync file and folder to the disk.
        overwrite: ``False`` raises if the destination is there.
        threads: ``PARQUETFRAME_THREADS`` by default, else the usable cores.
        progress: Called with bytes done, ``None`` and rows.
        cancel: A :class:`parquetframe.CancellationToken` or a :class:`threading.Event`.
        engine: ``"auto"``, ``"rust"`` or ``"python"``.

    Returns:
        Path, rows, bytes and files.

    Raises:
        WriteError: The destination cannot be written (``FileExistsError`` too for
            ``overwrite=False``), or the rows are not in the order of ``sorting``.
        SchemaError: An unknown column, or a name twice.
        UnsupportedFeature: ``encryption``, or what the chosen engine does not offer.
        Cancelled: ``cancel`` was set.
    """
    from .writing import WriterTail, parquet_options, write

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
    options = parquet_options(
        compression=compression,
        compression_level=compression_level,
        row_group_rows=row_group_rows,
        page_bytes=page_bytes,
        dictionary=dictionary,
        statistics=statistics,
        bloom=bloom,
        page_index=page_index,
        sorting=sorting,
        partition_by=partition_by,
        encryption=encryption,
        metadata=metadata,
    )
    return write("parquet", data, dest, options, tail)
