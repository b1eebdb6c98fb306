"""Reads that start when their rows are asked for, any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .csv_options import csv_request
from .report import ReadReport
from .request import ReadRequest, avro_request, count, parquet_request
from .sources import detect_format, expand, lasting

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Scan", "iter_batches", "scan"]

BATCH_ROWS = 131_072
_BUILDERS: dict[str, Callable[..., ReadRequest]] = {
    "parquet": parquet_request,
    "avro": avro_request,
    "csv": csv_request,
}


class Scan:
    """A read that has not begun; immutable, and each use of it reads anew.

    Made by :func:`parquetframe.scan`. It has ``__arrow_c_stream__``, so that duckdb, polars and
    pyarrow take it as it is; each call starts a fresh stream.
    """

    def __init__(self, request: ReadRequest) -> None:
        self._request = request
        self._report = request.common.report or ReadReport()

    @property
    def schema(self) -> pa.Schema:
        """Columns of the result."""
        from .reading import plan_of

        return plan_of(self._request).schema

    @property
    def report(self) -> ReadReport:
        """What the last read did."""
        return self._report

    def select(self, columns: Sequence[str | tuple[str, ...]]) -> Scan:
        """Only these columns, in this order.

        Raises:
            SchemaError: A column that the scan does not have.
        """
        request = parquet_request(self._request.src, columns)
        if self._request.columns is not None:
            from .leaves import resolve

            for name in request.columns or ():
                resolve(name, self.schema)
        return Scan(replace(self._request, columns=request.columns))

    def filter(self, expr: str | Sequence[Any]) -> Scan:
        """Only rows for which the condition is true; several filters must all be.

        Raises:
            ValueError: After :meth:`head`; the first rows would be others.
        """
        from .filters import as_sql

        if self._request.n_rows is not None:
            raise ValueError("filter before head: a filter behind the first rows is not offered")
        text, before = as_sql(expr), self._request.filters
        both = text if before is None else f"({before}) AND ({text})"
        return Scan(replace(self._request, filters=both))

    def head(self, n: int) -> Scan:
        """The first n rows of the result."""
        wanted = count("n", n)
        before = self._request.n_rows
        least = wanted if before is None or wanted is None else min(before, wanted)
        return Scan(replace(self._request, n_rows=least))

    def batches(
        self, batch_rows: int | None = None, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows in pieces, decoded as they are asked for.

        Args:
            batch_rows: Rows of a piece at most.
            batch_bytes: Bytes of a piece at most, roughly; at least one row comes.
        """
        from .reading import iterate, plan_of

        rows = count("batch_rows", batch_rows, least=1)
        size = count("batch_bytes", batch_bytes, least=1)
        return iterate(plan_of(self._reported()), rows, size)

    def collect(self, output: str = "table") -> Any:
        """All rows as ``"table"``, ``"pandas"`` or ``"polars"``."""
        from .reading import collect

        request = self._reported()
        if output == "polars" and request.common.string_type == "auto":
            layout = replace(request.decode, string_type="view")
            request = replace(request, decode=layout)
        return collect(request.with_output(output))

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas frame."""
        frame: pd.DataFrame = self.collect("pandas")
        return frame

    def to_polars(self) -> pl.DataFrame:
        """All rows as a polars frame."""
        frame: pl.DataFrame = self.collect("polars")
        return frame

    def count_rows(self) -> int:
        """Number of rows; from footers and block headers where no filter needs values."""
        from .reading import count_rows, plan_of

        return count_rows(plan_of(self._reported()))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A fresh stream of the rows, as an Arrow capsule."""
        import pyarrow as pa

        from .reading import iterate, plan_of

        plan = plan_of(self._reported())
        schema = plan.schema
        batches = (pa.record_batch(b.columns, schema=schema) for b in iterate(plan))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return reader.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        request = self._request
        return f"<Scan {request.format} columns={request.columns} filters={request.filters!r}>"

    def _reported(self) -> ReadRequest:
        common = replace(self._request.common, report=self._report)
        return replace(self._request, common=common)


class _Batches:
    """Iterable that reads anew each time it is iterated over."""

    def __init__(self, scan: Scan, rows: int | None, size: int | None) -> None:
        self._scan, self._rows, self._size = scan, rows, size
        self._running: Iterator[pa.RecordBatch] | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self._scan.batches(self._rows, self._size)

    def __next__(self) -> pa.RecordBatch:
        if self._running is None:
            self._running = iter(self)
        return next(self._running)

    @property
    def schema(self) -> pa.Schema:
        """Columns of the batches."""
        return self._scan.schema


def scan(src: Any, format: str | None = None, **reader_options: Any) -> Scan:  # noqa: A002 - the name users know
    """A lazy read.

    Args:
        src: What the readers take; a file object is read into memory once.
        format: ``"parquet"``, ``"avro"`` or ``"csv"``; by suffix, then by the first bytes.
        **reader_options: Options of the format's reader, except for ``output``.

    Returns:
        A scan that can be used any number of times.

    Raises:
        SourceNotFound: No such file.
        IoError: The format cannot be told.
        TypeError: An unknown option.

    Examples:
        >>> import parquetframe as pf
        >>> scan = pf.scan("flights/*.parquet").filter("delay > 15")  # doctest: +SKIP
        >>> scan.select(["carrier"]).to_pandas()  # doctest: +SKIP
    """
    if "output" in reader_options:
        raise TypeError("scan takes no output; collect(output) does")
    src = lasting(src)
    found = detect_format([] if format else expand(src, None), wanted=format)
    return Scan(_BUILDERS[found](src, **reader_options))


def iter_batches(
    src: Any,
    format: str | None = None,  # noqa: A002 - the name users know
    *,
    batch_rows: int = BATCH_ROWS,
    batch_bytes: int | None = None,
    **reader_options: Any,
) -> _Batches:
    """The rows of files in pieces, in bounded memory.

    Args:
        src: What the readers take.
        format: ``"parquet"``, ``"avro"`` or ``"csv"``; by suffix, then by the first bytes.
        batch_rows: Rows of a piece at most.
        batch_bytes: Bytes of a piece at most, roughly; at least one row comes.
        **reader_options: Options of the format's reader, except for ``output``.

    Returns:
        An iterable of :class:`pyarrow.RecordBatch`; iterating over it again reads again.

    Raises:
        SourceNotFound, IoError, TypeError, ValueError: As :func:`scan`.
    """
    rows = count("batch_rows", batch_rows, least=1)
    size = count("batch_bytes", batch_bytes, least=1)
    return _Batches(scan(src, format, **reader_options), rows, size)
