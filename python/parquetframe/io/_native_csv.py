"""CSV in the compiled engine: scans whose types are known, names, counts, the user's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.cancel import native_token
from parquetframe.errors import AmbiguousDialect

from .csv_bad_lines import replacements
from .engine import FileRequest
from .request import warn

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CsvReads", "csv_options"]


class CsvReads:
    """Reads of CSV files that share what is learned of the file that was looked at last.

    Args:
        module: The extension.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._last: tuple[Any, Any] | None = None

    def schema(self, request: FileRequest) -> pa.Schema:
        """Names and types of the columns; takes a pass over the file."""
        import pyarrow as pa

        return pa.schema(self._scan(request))

    def names(self, request: FileRequest) -> list[str]:
        """Names of the columns; takes a look at the first records."""
        options = json.dumps(csv_options(request))
        return list(self._module.io_csv_names(request.source, options))

    def count(self, request: FileRequest) -> int:
        """Number of rows that a read would give."""
        with native_token(self._module, request.cancel) as token:
            options = json.dumps(csv_options(request))
            return int(self._module.io_csv_count(request.source, options, token))

    def batches(self, request: FileRequest) -> Iterator[pa.RecordBatch]:
        """The rows for which the predicate holds, in pieces of at most ``batch_rows``."""
        import pyarrow as pa

        scan = self._scan(request)
        columns = request.columns
        options = {
            "columns": None if columns is None else [".".join(path) for path in columns],
            "predicate": request.predicate,
            "n_rows": request.n_rows,
            "batch_rows": request.batch_rows or 0,
            "threads": request.threads,
            "memory_limit": request.memory_limit,
        }
        with native_token(self._module, request.cancel) as token:
            stream = scan.batches(json.dumps(options), token)
            try:
                for batch in stream:
                    yield pa.record_batch(batch)
            finally:
                stream.close()

    def facts(self, request: FileRequest) -> dict[str, Any]:
        """What a read of this file has to tell."""
        found: dict[str, Any] = json.loads(self._scan(request).report)
        return found

    def answers(self, request: FileRequest) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """Options that hold what the user's function makes of the bad lines, and those left out.

        A first read collects the bad lines.
        """
        if request.decode.on_bad_line is None:
            return None, []
        options = json.dumps(csv_options(request) | {"on_bad_lines": "collect"})
        with native_token(self._module, request.cancel) as token:
            found = self._module.io_read("csv", [request.source], options, token, None)
        report = json.loads(found.report)
        answers, refused = replacements(report["rejects"], report["separator"], request)
        again = {"on_bad_lines": "error", "replacements": answers, "sep": report["separator"]}
        return again, refused

    def _scan(self, request: FileRequest) -> Any:
        # Which columns and rows are wanted does not change the types.
        whole = replace(request, columns=None, predicate=None, n_rows=None, batch_rows=None)
        options = json.dumps(csv_options(whole))
        key = (_state(request.source), options)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        with native_token(self._module, request.cancel) as token:
            scan = self._module.io_csv_scan(request.source, options, token)
        tell_ambiguous(json.loads(scan.report))
        self._last = (key, scan)
        return scan


def csv_options(request: FileRequest) -> dict[str, Any]:
    """The options of a read as the extension takes them."""
    columns = request.columns
    options: dict[str, Any] = {
        **request.decode.csv,
        "columns": None if columns is None else [".".join(path) for path in columns],
        "n_rows": request.n_rows,
        "string_type": request.decode.string_type,
        "threads": request.threads,
        "memory_limit": request.memory_limit,
    }
    if request.batch_rows is not None:
        options["batch_rows"] = request.batch_rows
    return options


def tell_ambiguous(facts: dict[str, Any]) -> None:
    """Warn if another separator would do as well as the one that was taken."""
    text = facts.pop("ambiguous", None)
    if text is not None:
        warn(text, AmbiguousDialect)


def _state(source: str | bytes) -> Any:
    if isinstance(source, bytes):
        return source
    try:
        found = Path(source).stat()
    except OSError:
        return None  # opening it gives the better error
    return source, found.st_mtime_ns, found.st_size
