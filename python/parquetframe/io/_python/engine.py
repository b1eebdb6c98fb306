"""One file at a time, on pyarrow and fastavro."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from parquetframe.errors import UnsupportedFeature

from ..engine import FileRequest, WriteRequest
from . import avro_read, avro_write, footer, parquet_read, parquet_write

if TYPE_CHECKING:
    import pyarrow as pa

    from ..engine import Footer

__all__ = ["PythonEngine"]


class PythonEngine:
    """The pure-Python engine."""

    name = "python"

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

    def write(self, data: Any, request: WriteRequest) -> dict[str, Any]:
        """Write a stream; ``path``, ``rows``, ``bytes`` and ``files`` of the result."""
        if request.format == "parquet":
            return parquet_write.write(data, request)
        return avro_write.write(data, request)


def _reader(request: FileRequest) -> Any:
    if request.format == "parquet":
        return parquet_read
    if request.format == "avro":
        return avro_read
    raise UnsupportedFeature(f"the format '{request.format}' is not offered yet")
