"""Avro container files: read and write them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .engine import Progress
from .report import ReadReport, WriteReport

__all__ = ["read_avro", "write_avro"]


def read_avro(
    src: Any,
    columns: Sequence[str | tuple[str, ...]] | None = None,
    *,
    reader_schema: Mapping[str, Any] | str | None = None,
    n_rows: int | None = None,
    batch_rows: int = 65_536,
    unions: str = "arrow",
    enums: str = "dictionary",
    on_bad_block: str = "error",
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
    """Read Avro container files.

    The common options are those of :func:`parquetframe.read_parquet`.

    Args:
        src: A path, glob, folder, bytes, binary file object (read into memory), or a list of those.
        columns: Columns of the result, in this order.
        reader_schema: Schema to resolve records to (defaults, aliases, promotions).
        n_rows: The first n rows; reading stops early.
        batch_rows: Rows of a piece when streaming.
        unions: Unions of several types become Arrow unions (``"arrow"``), a ``"struct"`` of
            branches, or ``"json"`` text.
        enums: ``"dictionary"`` or ``"string"``.
        on_bad_block: ``"skip"`` goes on behind a broken block and counts it in ``report.rejects``.
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
        AvroError: Bytes that are no valid container.
        SchemaError: An unknown column, or files that do not go together.
        ImportError: The python engine without the extra ``avro``.
        UnsupportedFeature: What the chosen engine does not offer.
        Cancelled: ``cancel`` was set.
    """
    from .reading import collect
    from .request import avro_request

    request = avro_request(
        src,
        columns,
        reader_schema=reader_schema,
        n_rows=n_rows,
        batch_rows=batch_rows,
        unions=unions,
        enums=enums,
        on_bad_block=on_bad_block,
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


def write_avro(
    data: Any,
    dest: str | os.PathLike[str] | Any,
    *,
    schema: Mapping[str, Any] | str | None = None,
    codec: str = "deflate",
    codec_level: int | None = None,
    block_bytes: int = 262_144,
    sync: bytes | None = None,
    index: bool | str = "auto",
    atomic: bool = True,
    fsync: bool = True,
    overwrite: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: object = None,
    engine: str | None = "auto",
) -> WriteReport:
    """Write an Avro container file; the destination holds the old file or the complete new one.

    Args:
        data: Anything with ``__arrow_c_stream__``, a pandas frame, or a dict of arrays or lists.
        dest: Path of the file, or a binary file object.
        schema: Avro schema instead of the one that follows from the columns.
        codec: ``"deflate"``, ``"snappy"``, ``"zstd"``, ``"bzip2"``, ``"xz"`` or ``"null"``.
        codec_level: How hard the codec tries.
        block_bytes: Bytes of a block before compression, roughly.
        sync: The 16 bytes between blocks, for files that come out the same each time.
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
        WriteError: The destination cannot be written.
        SchemaError: Columns that the Avro schema does not fit.
        ImportError: The python engine without the extra ``avro``.
        UnsupportedFeature: A column type that Avro lacks.
        Cancelled: ``cancel`` was set.
    """
    from .writing import WriterTail, avro_options, write

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
    options = avro_options(
        schema=schema,
        codec=codec,
        codec_level=codec_level,
        block_bytes=block_bytes,
        sync=sync,
    )
    return write("avro", data, dest, options, tail)
