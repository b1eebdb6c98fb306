"""One file at a time, on pyarrow and fastavro."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from parquetframe.errors import UnsupportedFeature

from ..engine import FileRequest, WriteRequest
from . import (
    avro_read,
    avro_write,
    csv_read,
    csv_sniff,
    csv_write,
    footer,
    parquet_read,
    parquet_write,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from ..engine import Footer

__all__ = ["PythonEngine"]


class PythonEngine:
    """The pure-Python engine."""

    name = "python"

    def for_plan(self) -> PythonEngine:
        """This engine remembers nothing."""
        return self

    def evaluates(self, fmt: str) -> bool:
        """Never: conditions are evaluated on the rows."""
        del fmt
        return False

    def schema(self, request: FileRequest) -> pa.Schema:
        """All columns of the file, with the types that a read gives."""
        return _reader(request).schema(request)

    def read(self, request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
        """The rows, and facts for the report."""
        found: tuple[pa.Table, dict[str, Any]] = _reader(request).read(request)
        return found

    def batches(self, request: FileRequest) -> Iterator[pa.RecordBatch]:
        """The rows in pieces of at most ``batch_rows``, in bounded memory."""
        found: Iterator[pa.RecordBatch] = _reader(request).batches(request)
        return found

    def row_count(self, request: FileRequest) -> int:
        """Number of rows, without decoding values."""
        return int(_reader(request).row_count(request))

    def column_names(self, request: FileRequest) -> list[str]:
        """Names of the top-level columns in file order."""
        if request.format == "csv":
            return csv_read.column_names(request)
        return list(self.schema(request).names)

    def parquet_metadata(self, source: str | bytes) -> Footer:
        """What a footer says."""
        return footer.metadata(source)

    def parquet_statistics(
        self, source: str | bytes, columns: list[str] | None
    ) -> list[dict[str, Any]]:
        """Typed bounds and counts of each leaf, merged over all row groups."""
        return footer.statistics(source, columns)

    def avro_header(self, source: str | bytes) -> dict[str, Any]:
        """``schema`` (JSON text), ``codec`` and ``metadata``."""
        return avro_read.header(source)

    def csv_facts(self, request: FileRequest) -> dict[str, Any]:
        """What a read of a CSV file has to tell beside its rows; it is read for that."""
        return csv_read.read(request)[1]

    def csv_sniff(self, source: str | bytes, options: dict[str, Any]) -> dict[str, Any]:
        """The facts of :class:`parquetframe.io.CsvDialect`."""
        return csv_sniff.sniff(source, options)

    def write(self, data: Any, request: WriteRequest) -> dict[str, Any]:
        """Write a stream; ``path``, ``rows``, ``bytes`` and ``files`` of the result."""
        if request.format == "parquet":
            return parquet_write.write(data, request)
        if request.format == "csv":
            return csv_write.write(data, request)
        return avro_write.write(data, request)


def _reader(request: FileRequest) -> Any:
    if request.format == "parquet":
        return parquet_read
    if request.format == "avro":
        return avro_read
    if request.format == "csv":
        return csv_read
    raise UnsupportedFeature(f"the format '{request.format}' is not offered yet")
