"""The adapter to the extension: options as JSON text, data as Arrow capsules.

pyarrow is imported where data come, so that what a file says of itself comes without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.cancel import native_token
from parquetframe.types import format_type

from ._native_csv import CsvReads, csv_options, tell_ambiguous
from .atomic import check_destination
from .engine import FileRequest, WriteRequest
from .machine import memory_limit_bytes
from .request import choice

if TYPE_CHECKING:
    from types import ModuleType

    import pyarrow as pa

    from .engine import Footer

__all__ = ["RustEngine", "facts_of"]

DECODER_ENVIRONMENT = "PARQUETFRAME_PARQUET_DECODER"

_STATISTICS_KEYS = ("name", "min", "max", "null_count", "distinct_count", "exact")


class RustEngine:
    """The compiled engine.

    Args:
        module: The extension.
    """

    name = "rust"

    def __init__(self, module: ModuleType | None) -> None:
        self._module: Any = module
        self._csv = CsvReads(module)

    def evaluates(self, fmt: str) -> bool:
        """Whether a predicate removes every row for which it is not true."""
        return fmt in ("parquet", "csv")

    def schema(self, request: FileRequest) -> pa.Schema:
        """All columns of the file, with the types that a read gives."""
        if request.format == "csv":
            return self._csv.schema(request)
        import pyarrow as pa

        options = _schema_options(request)
        return pa.schema(self._module.io_schema(request.format, [request.source], options))

    def read(self, request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
        """The rows, and facts for the report."""
        if request.format == "csv" and request.predicate is not None:
            return self._filtered_csv(request)
        import pyarrow as pa

        extra, refused = self._csv.answers(request)
        with native_token(self._module, request.cancel) as token:
            found = self._module.io_read(
                request.format, [request.source], _read_options(request, extra), token,
                request.progress,
            )  # fmt: skip
        facts = facts_of(found.report, request)
        tell_ambiguous(facts)
        if refused:
            facts["rejects"] = refused
        return pa.table(found), facts

    def for_plan(self) -> RustEngine:
        """An engine that remembers what it learns of the files of one plan."""
        return RustEngine(self._module)

    def _filtered_csv(self, request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
        """Rows of a scan: its types are known, so cells of other rows are not parsed."""
        import pyarrow as pa

        batches = list(self._csv.batches(request))
        schema = self._csv.schema(request)
        if request.columns is not None:
            schema = pa.schema([schema.field(".".join(path)) for path in request.columns])
        return pa.Table.from_batches(batches, schema), self._csv.facts(request)

    def read_pandas(self, request: FileRequest, extra: dict[str, Any]) -> Any:
        """The rows as columns that NumPy owns; see :mod:`parquetframe.io.pandas_frame`."""
        options = _read_options(request, extra)
        with native_token(self._module, request.cancel) as token:
            return self._module.io_read_pandas(
                request.format, [request.source], options, token, request.progress
            )

    def batches(self, request: FileRequest) -> Iterator[pa.RecordBatch]:
        """The rows in pieces of at most ``batch_rows``, in bounded memory."""
        import pyarrow as pa

        if request.decode.on_bad_line is not None:
            table, _ = self.read(request)
            yield from table.combine_chunks().to_batches(request.batch_rows)
            return
        if request.format == "csv":
            yield from self._csv.batches(request)
            return
        with native_token(self._module, request.cancel) as token:
            stream = self._module.io_batches(
                request.format, [request.source], _read_options(request), token
            )
            try:
                for batch in stream:
                    yield pa.record_batch(batch)
            finally:
                stream.close()

    def row_count(self, request: FileRequest) -> int:
        """Number of rows, without decoding values."""
        if request.format == "csv":
            if request.decode.on_bad_line is not None:
                return int(self.read(request)[0].num_rows)
            return self._csv.count(request)
        rows: int = self._module.io_row_count(request.format, [request.source])
        return rows

    def column_names(self, request: FileRequest) -> list[str]:
        """Names of the top-level columns in file order."""
        if request.format == "parquet":
            return list(self.parquet_metadata(request.source).names)
        if request.format == "csv":
            return self._csv.names(request)
        return list(self.schema(request).names)

    def parquet_metadata(self, source: str | bytes) -> Footer:
        """What a footer says."""
        footer: Footer = self._module.io_parquet_metadata(source)
        return footer

    def parquet_statistics(
        self, source: str | bytes, columns: list[str] | None
    ) -> list[dict[str, Any]]:
        """Typed bounds and counts of each leaf, merged over all row groups."""
        found: list[dict[str, Any]] = json.loads(
            self._module.io_parquet_statistics(source, columns)
        )
        return [{key: row[key] for key in _STATISTICS_KEYS} for row in found]

    def avro_header(self, source: str | bytes) -> dict[str, Any]:
        """``schema`` (JSON text), ``codec`` and ``metadata``."""
        found: dict[str, Any] = json.loads(self._module.io_avro_header(source))
        return found

    def csv_facts(self, request: FileRequest) -> dict[str, Any]:
        """What a read of a CSV file has to tell beside its rows."""
        return self._csv.facts(request)

    def csv_sniff(self, source: str | bytes, options: dict[str, Any]) -> dict[str, Any]:
        """The facts of :class:`parquetframe.io.CsvDialect`."""
        found: dict[str, Any] = json.loads(
            self._module.io_csv_sniff(source, json.dumps(options))
        )  # fmt: skip
        tell_ambiguous(found)
        return found | {"types": dict(found["types"])}

    def write(self, data: Any, request: WriteRequest) -> dict[str, Any]:
        """Write a stream; ``path``, ``rows``, ``bytes`` and ``files`` of the result."""
        folder = bool(request.options.get("partition_by"))
        check_destination(Path(request.dest), overwrite=request.overwrite, folder=folder)
        tail = {
            "threads": request.threads,
            "memory_limit": memory_limit_bytes("80%"),  # as readers have it by default
            "atomic": request.atomic,
            "fsync": request.fsync,
            "overwrite": request.overwrite,
        }
        options = json.dumps({**request.options, **tail})
        with native_token(self._module, request.cancel) as token:
            text = self._module.io_write(
                request.format, data, request.dest, options, token, request.progress
            )
        found: dict[str, Any] = json.loads(text)
        return found


def _leaf_type(schema: pa.Schema, path: tuple[str, ...]) -> str | None:
    if schema.names.count(path[0]) > 1:
        return None
    from .leaves import type_at

    return format_type(type_at(schema.field(path[0]).type, path[1:]))


def facts_of(text: str, request: FileRequest) -> dict[str, Any]:
    """The extension's report in the terms of :class:`parquetframe.io.ReadReport`."""
    facts: dict[str, Any] = json.loads(text)
    number, read = facts.pop("row_groups", 0), facts.pop("row_groups_read", 0)
    if request.format == "parquet":
        number = number if request.row_groups is None else len(request.row_groups)
        facts["row_groups"] = number
        facts["row_groups_pruned"] = 0 if request.predicate is None else max(0, number - read)
    return facts


def _read_options(request: FileRequest, extra: dict[str, Any] | None = None) -> str:
    if request.format == "csv":
        return json.dumps(csv_options(request) | (extra or {}))
    decode = request.decode
    options: dict[str, Any] = {
        "columns": None if request.columns is None else [list(path) for path in request.columns],
        "n_rows": request.n_rows,
        "string_type": decode.string_type,
        "threads": request.threads,
        "memory_limit": request.memory_limit,
    }
    if request.batch_rows is not None:
        options["batch_rows"] = request.batch_rows
    if request.format == "parquet":
        groups = request.row_groups
        options |= {
            "predicate": request.predicate,
            "row_groups": None if groups is None else [list(groups)],
            "dictionary_columns": list(decode.dictionary_columns),
            "int96_unit": decode.int96_unit,
            "verify_checksums": decode.verify_checksums,
            "decoder": _decoder(),
        }
    else:
        options |= _avro_options(request)
    return json.dumps(options | (extra or {}))


def _decoder() -> str:
    """Which code decodes pages; tests read every file with both."""
    wish = os.environ.get(DECODER_ENVIRONMENT) or "auto"
    choice(DECODER_ENVIRONMENT, wish, ("auto", "flat", "arrow"))
    return wish


def _schema_options(request: FileRequest) -> str:
    decode = request.decode
    options: dict[str, Any] = {"string_type": decode.string_type}
    if request.format == "parquet":
        options["dictionary_columns"] = list(decode.dictionary_columns)
        options["int96_unit"] = decode.int96_unit
    else:
        options |= _avro_options(request)
    return json.dumps(options)


def _avro_options(request: FileRequest) -> dict[str, Any]:
    decode = request.decode
    return {
        "reader_schema": decode.reader_schema,
        "unions": decode.unions,
        "enums": decode.enums,
        "on_bad_block": decode.on_bad_block,
    }
