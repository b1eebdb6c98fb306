"""Runs a read: files in order, each by one call to the engine, then joined."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from parquetframe.errors import Cancelled

from ._native import facts_of
from .csv_bad_lines import tell
from .engine import Engine, FileRequest, Progress, choose_engine
from .pandas_frame import from_native, to_pandas
from .plan import FilePlan, ReadPlan, base_request, like, make_plan, shape
from .report import ReadReport
from .request import ReadRequest
from .sources import Source, expand

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["collect", "count_rows", "iterate", "plan_of", "require_output"]

_BATCH_ROWS = 131_072
_PROGRESS_S = 0.1


def plan_of(request: ReadRequest) -> ReadPlan:
    """Choose the engine and resolve the request."""
    return make_plan(request, choose_engine(request.common.engine))


def require_output(output: str) -> None:
    """Fail before any work if the package of the output is missing.

    Raises:
        ImportError: It names the extra to install.
    """
    if output == "table":
        return
    import importlib

    try:
        importlib.import_module(output)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"output={output!r} needs the package {output}; "
            f"install it with: pip install 'parquetframe[{output}]'",
            name=output,
        ) from error


def collect(request: ReadRequest) -> Any:
    """The whole result, in the kind that the request asks for."""
    common = request.common
    require_output(common.output)
    if request.format == "csv" and request.filters is None:
        # The types of a CSV file are known once it is read: no look at it before.
        return _collect_csv(request)
    plan = plan_of(request)
    _check_cancelled(request)
    report = _started(plan)
    if common.output == "pandas" and (frame := _direct_frame(plan, report)) is not None:
        return frame
    return _as_output(_table(plan, report), request, report)


def _as_output(table: pa.Table, request: ReadRequest, report: ReadReport) -> Any:
    common = request.common
    report.rows = table.num_rows
    report.set_types(table.schema)
    if common.output == "pandas":
        return to_pandas(table, common.pandas, request.format, report)
    return to_polars(table) if common.output == "polars" else table


def _collect_csv(request: ReadRequest) -> Any:
    files = _Files(request, choose_engine(request.common.engine), expand(request.src, "csv", False))
    _check_cancelled(request)
    report = _started(files)
    ask = replace(base_request(request, files.sources[0]), columns=_paths(request))
    if request.common.output == "pandas" and len(files.sources) == 1:
        frame = _native_frame(files, files.sources[0], ask, report)
        if frame is not None:
            return frame
    meter = _Meter(files)
    tables: list[pa.Table] = []
    rows = 0
    for source in files.sources:
        left = None if request.n_rows is None else request.n_rows - rows
        if left is not None and left <= 0 and tables:
            break
        _check_cancelled(request)
        meter.opened(source)
        one = replace(ask, source=source.content, n_rows=left, progress=meter.callback(rows))
        table, facts = files.engine.read(one)
        _count(report, source, facts, request)
        tables.append(table if not tables else like(table, tables[0].schema, request, source))
        rows += table.num_rows
        meter.closed(source, rows)
    return _as_output(tables[0] if len(tables) == 1 else pa.concat_tables(tables), request, report)


def _count(report: ReadReport, source: Source, facts: dict[str, Any], request: ReadRequest) -> None:
    """Count one file; a CSV file may have bad lines to tell of."""
    report.add_file(source.size, facts)
    policy = request.decode.csv.get("on_bad_lines")
    text = tell(policy, facts.get("rejects") or (), source.label)
    if text is not None:
        report.warnings.append(text)


def _paths(request: ReadRequest) -> tuple[tuple[str, ...], ...] | None:
    if request.columns is None:
        return None
    return tuple((name,) if isinstance(name, str) else name for name in request.columns)


def to_polars(table: pa.Table) -> pl.DataFrame:
    """The table as a polars frame; numbers and views are shared."""
    import polars as pl

    return pl.DataFrame(table)


def iterate(
    plan: ReadPlan, batch_rows: int | None = None, batch_bytes: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows in pieces, decoded as they are asked for."""
    report = _started(plan)
    size = batch_rows or plan.request.batch_rows or _BATCH_ROWS
    left = plan.request.n_rows
    meter = _Meter(plan)
    report.set_types(plan.schema)
    for file in plan.files():
        if file is None:
            report.files_pruned += 1
            continue
        if left is not None and left <= 0:
            return
        if plan.request.decode.csv.get("on_bad_lines", "error") in ("error", "callable"):
            report.add_file(file.source.size, {})
        else:
            _count(report, file.source, plan.engine.csv_facts(file.request), plan.request)
        meter.opened(file.source)
        for table in _pieces(plan, file, size, left):
            _check_cancelled(plan.request)
            piece = table if left is None else table.slice(0, left)
            if left is not None:
                left -= piece.num_rows
            report.rows += piece.num_rows
            meter.tell(0, report.rows)
            yield from _split(piece, size, batch_bytes)
            if left is not None and left <= 0:
                return
        meter.closed(file.source, report.rows)


def count_rows(plan: ReadPlan) -> int:
    """Number of rows of the result; values are decoded only where a filter needs them."""
    request = plan.request
    if plan.conjuncts or request.row_groups is not None:
        return sum(batch.num_rows for batch in iterate(plan))
    total = sum(plan.engine.row_count(f.request) for f in plan.files() if f is not None)
    return total if request.n_rows is None else min(total, request.n_rows)


def _table(plan: ReadPlan, report: ReadReport) -> pa.Table:
    request = plan.request
    left = request.n_rows
    meter = _Meter(plan)
    tables = []
    rows = 0
    for file in plan.files():
        if file is None:
            report.files_pruned += 1
            continue
        if left is not None and rows >= left:
            break
        _check_cancelled(request)
        meter.opened(file.source)
        table, facts = _read_file(plan, file, None if left is None else left - rows, meter, rows)
        _count(report, file.source, facts, request)
        tables.append(table if left is None else table.slice(0, left - rows))
        rows += tables[-1].num_rows
        meter.closed(file.source, rows)
    if len(tables) == 1:
        return tables[0]
    schema = plan.schema
    return pa.concat_tables([t.cast(schema) for t in tables] or [schema.empty_table()])


def _read_file(
    plan: ReadPlan, file: FilePlan, left: int | None, meter: _Meter, rows: int
) -> tuple[pa.Table, dict[str, Any]]:
    if file.only_count:
        number = plan.engine.row_count(file.request)
        number = number if left is None or file.residual else min(number, left)
        return shape(pa.table({"": pa.nulls(number)}), file, plan), {}
    ask = replace(file.request, progress=meter.callback(rows))
    if left is not None and ask.n_rows is not None:
        ask = replace(ask, n_rows=left)
    table, facts = plan.engine.read(ask)
    return shape(table, file, plan), facts


def _pieces(plan: ReadPlan, file: FilePlan, size: int, left: int | None) -> Iterator[pa.Table]:
    if file.only_count:
        number = plan.engine.row_count(file.request)
        for start in range(0, number, size):
            yield shape(pa.table({"": pa.nulls(min(size, number - start))}), file, plan)
        return
    ask = replace(file.request, batch_rows=size)
    if left is not None and ask.n_rows is not None:
        ask = replace(ask, n_rows=left)
    for batch in plan.engine.batches(ask):
        yield shape(pa.Table.from_batches([batch]), file, plan)


def _split(table: pa.Table, rows: int, most_bytes: int | None) -> Iterator[pa.RecordBatch]:
    if not table.num_rows:
        return
    if most_bytes is not None and table.nbytes > most_bytes:
        rows = max(1, min(rows, table.num_rows * most_bytes // table.nbytes))
    yield from table.combine_chunks().to_batches(max_chunksize=rows)


def _direct_frame(plan: ReadPlan, report: ReadReport) -> pd.DataFrame | None:
    """Columns that NumPy owns, straight from the decoder, where nothing is left to do."""
    options = plan.request.common.pandas
    read = getattr(plan.engine, "read_pandas", None)
    if read is None or len(plan.sources) != 1 or options.dtype_backend is not None:
        return None
    file = next(plan.files())
    if file is None or not file.untouched:
        return None
    return _native_frame(plan, file.source, file.request, report)


def _native_frame(
    plan: ReadPlan | _Files, source: Source, ask: FileRequest, report: ReadReport
) -> pd.DataFrame | None:
    options = plan.request.common.pandas
    read = getattr(plan.engine, "read_pandas", None)
    if read is None or options.dtype_backend is not None or ask.decode.on_bad_line is not None:
        return None
    if ask.n_rows is None:
        ask = replace(ask, n_rows=plan.request.n_rows)
    meter = _Meter(plan)
    meter.opened(source)
    dates = options.dates
    if dates == "auto" and plan.request.format != "parquet":
        dates = "datetime64"
    extra = {
        "null_ints": options.null_ints,
        "dates": dates,
        "decimals": "float64" if options.decimals == "float64" else "decimal",
    }
    native = read(replace(ask, progress=meter.callback(0)), extra)
    _count(report, source, facts_of(native.report, ask), plan.request)
    return from_native(native, plan.request, report)


@dataclass(frozen=True)
class _Files:
    """A read of whole files, without a plan."""

    request: ReadRequest
    engine: Engine
    sources: list[Source]


def _started(plan: ReadPlan | _Files) -> ReadReport:
    report = plan.request.common.report or ReadReport()
    report.reset()
    report.engine = plan.engine.name
    report.threads = plan.request.common.threads
    return report


def _check_cancelled(request: ReadRequest) -> None:
    cancel = request.common.cancel
    if cancel is not None and cancel.is_cancelled():
        raise Cancelled("the read was cancelled")


class _Meter:
    """Progress over all files, told at most ten times per second and once at the end."""

    def __init__(self, plan: ReadPlan | _Files) -> None:
        self._tell = plan.request.common.progress
        self._total = sum(s.size for s in plan.sources) if self._tell is not None else 0
        self._done = 0
        self._size = 0
        self._last = 0.0

    def opened(self, source: Source) -> None:
        """A file begins."""
        self._size = source.size if self._tell is not None else 0

    def closed(self, source: Source, rows: int) -> None:
        """A file ends."""
        del source
        self._done += self._size
        self._size = 0
        self.tell(0, rows, at_once=True)

    def callback(self, before: int) -> Progress | None:
        """What the engine calls with the bytes and rows of one file."""
        if self._tell is None:
            return None

        def told(done: int, total: int | None, rows: int) -> None:
            share = min(1.0, done / total) if total else min(1.0, done / max(self._size, 1))
            self.tell(int(self._size * share), before + rows)

        return told

    def tell(self, part: int, rows: int, *, at_once: bool = False) -> None:
        """Call the user's function, if it is time."""
        now = time.monotonic()
        if self._tell is not None and (at_once or now - self._last >= _PROGRESS_S):
            self._last = now
            self._tell(self._done + part, self._total, rows)
