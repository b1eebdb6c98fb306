"""Parquet files through pyarrow, behind the atomic sink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parquetframe.errors import SchemaError, UnsupportedFeature, WriteError
from parquetframe.workflow._python.expressions import compare

from ..atomic import replacing
from ..engine import WriteRequest
from ..sources import NULL_KEY

__all__ = ["write"]


def write(data: Any, request: WriteRequest) -> dict[str, Any]:
    """Write a stream to a file, or to the folders of ``partition_by``."""
    reader = pa.RecordBatchReader.from_stream(data)
    dest = Path(request.dest)
    keys = request.options["partition_by"]
    with replacing(
        dest,
        atomic=request.atomic,
        fsync=request.fsync,
        overwrite=request.overwrite,
        folder=bool(keys),
    ) as target:
        if keys:
            rows, files = _write_folders(reader, target, request)
        else:
            rows, files = _write_file(reader, target, request), [Path()]
        size = sum((target / name).stat().st_size for name in files)
        request.check_cancelled()
    return {
        "path": str(dest),
        "rows": rows,
        "bytes": size,
        "files": len(files),
    }


def _write_file(reader: pa.RecordBatchReader, path: Path, request: WriteRequest) -> int:
    limit = request.options["row_group_rows"]
    order = _Order(reader.schema, request.options["sorting"])
    rows = 0
    with path.open("wb") as sink, _writer(sink, reader.schema, request) as writer:
        for part in _row_groups(reader, limit):
            request.check_cancelled()
            order.check(part)
            writer.write_table(part, row_group_size=limit)
            rows += part.num_rows
            if request.progress is not None:
                request.progress(sink.tell(), None, rows)
    return rows


def _row_groups(reader: pa.RecordBatchReader, limit: int) -> Iterator[pa.Table]:
    """The stream in pieces of ``limit`` rows; one piece without rows if it is empty."""
    held: list[pa.RecordBatch] = []
    rows, some = 0, False
    for batch in reader:
        held.append(batch)
        rows += batch.num_rows
        while rows >= limit:
            table = pa.Table.from_batches(held, reader.schema)
            yield table.slice(0, limit)
            some = True
            rest = table.slice(limit)
            held, rows = rest.to_batches(), rest.num_rows
    if rows or not some:
        yield pa.Table.from_batches(held, reader.schema)


def _writer(sink: Any, schema: pa.Schema, request: WriteRequest) -> pq.ParquetWriter:
    options = request.options
    codec = options["compression"]
    extra: dict[str, Any] = {}
    if options["bloom"]:
        extra["bloom_filter_options"] = {
            name: {"fpp": rate} for name, rate in options["bloom"].items()
        }
    if options["sorting"]:
        keys = [(n, "ascending" if d == "asc" else "descending") for n, d in options["sorting"]]
        extra["sorting_columns"] = pq.SortingColumn.from_ordering(
            schema, keys, null_placement="at_end"
        )
    try:
        writer = pq.ParquetWriter(
            sink,
            schema,
            compression=codec,
            compression_level=options["compression_level"],
            use_dictionary=options["dictionary"],
            write_statistics=options["statistics"] != "none",
            write_page_index=options["page_index"] and options["statistics"] == "page",
            data_page_size=options["page_bytes"],
            **extra,
        )
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise UnsupportedFeature(
            f"Parquet cannot hold these columns: {str(error).splitlines()[0]}"
        ) from error
    except TypeError as error:
        if "bloom_filter_options" not in str(error):
            raise
        raise UnsupportedFeature(
            "bloom needs a newer pyarrow on the python engine", hint="the rust engine writes them"
        ) from error
    if options["metadata"]:
        writer.add_key_value_metadata(options["metadata"])
    return writer


def _write_folders(
    reader: pa.RecordBatchReader, folder: Path, request: WriteRequest
) -> tuple[int, list[Path]]:
    """One file per combination of keys, in the order of first appearance."""
    table = reader.read_all()
    keys = request.options["partition_by"]
    rest = [name for name in table.column_names if name not in keys]
    for name in keys:
        kind = table.schema.field(name).type
        if pa.types.is_nested(kind):
            raise SchemaError(f"column '{name}' of type {kind} cannot name folders", column=name)
    numbered = table.select(keys).append_column(
        "\0row", pa.array(range(table.num_rows), pa.int64())
    )
    groups = numbered.group_by(keys, use_threads=False).aggregate([("\0row", "list")])
    files = []
    for group in groups.to_pylist():
        request.check_cancelled()
        path = Path(*(_folder(name, group[name]) for name in keys), "part-0.parquet")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        part = table.select(rest).take(pa.array(group["\0row_list"], pa.int64()))
        _write_file(part.to_reader(), folder / path, request)
        files.append(path)
    return table.num_rows, files


def _folder(name: str, value: Any) -> str:
    text = NULL_KEY if value is None else quote(str(value), safe=" -_.,:+@()")
    return f"{quote(name, safe=' -_.,:+@()')}={text}"


class _Order:
    """Checks that rows come in the order that was promised."""

    def __init__(self, schema: pa.Schema, sorting: list[list[str]]) -> None:
        self._sorting = sorting
        self._last: pa.Table | None = None
        self._row = 0
        for name, _ in sorting:
            if pa.types.is_nested(schema.field(name).type):
                raise SchemaError(f"column '{name}' has no order", column=name)

    def check(self, part: pa.Table) -> None:
        """Raise for the first row that is smaller than the one before it."""
        if not self._sorting or not part.num_rows:
            return
        names = [name for name, _ in self._sorting]
        keys = part.select(names)
        both = keys if self._last is None else pa.concat_tables([self._last, keys])
        before, after = both.slice(0, both.num_rows - 1), both.slice(1)
        bad = _out_of_order(before, after, self._sorting)
        if bad is not None and (row := pc.index(bad, True).as_py()) >= 0:
            number = self._row + row + (1 if self._last is None else 0)
            raise WriteError(
                f"row {number + 1} is out of the order that sorting promises: "
                f"{', '.join(f'{n} {d}' for n, d in self._sorting)}",
                row=number + 1,
                hint="sort the rows first, or leave sorting out",
            )
        self._row += part.num_rows
        self._last = keys.slice(part.num_rows - 1)


def _out_of_order(before: pa.Table, after: pa.Table, sorting: list[list[str]]) -> Any:
    if not before.num_rows:
        return None
    bad: Any = None
    for name, direction in reversed(sorting):
        a, b = before.column(name), after.column(name)
        if pa.types.is_dictionary(a.type):
            a, b = a.cast(a.type.value_type), b.cast(b.type.value_type)
        smaller = compare.less(b, a) if direction == "asc" else compare.less(a, b)
        wrong = pc.or_(pc.fill_null(smaller, False), pc.and_(pc.is_null(a), pc.is_valid(b)))
        if bad is not None:
            wrong = pc.or_(wrong, pc.and_(compare.not_distinct(a, b), bad))
        bad = wrong
    return bad
