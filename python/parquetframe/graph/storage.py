"""Graphs in files: one Arrow IPC record of one row, whose columns are lists.

``indptr``, ``indices``, ``weights``, ``edge_ids`` and ``ids`` are the arrays of a graph, ``rows``,
``vertices`` and ``edges`` what stands beside them. A file is mapped into memory when it is loaded,
checked once, and used in place.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from parquetframe.errors import GraphError, IoError, SourceNotFound
from parquetframe.io.atomic import check_destination, replacing

from .building import Built
from .csr_input import checked_csr
from .engine import Csr, GraphEngine, Work
from .id_types import id_kind

__all__ = ["load_graph", "save_graph"]

KEY = b"parquetframe.graph"
VERSION = 1


def save_graph(built: Built, path: str | os.PathLike[str]) -> None:
    """Write the file, whole or not at all.

    Raises:
        WriteError: The destination cannot be written.
    """
    handle = built.handle
    rows = handle.csr()
    columns: dict[str, pa.Array | None] = {
        "indptr": pa.array(rows.indptr),
        "indices": pa.array(rows.indices),
        "weights": None if rows.weights is None else pa.array(rows.weights),
        "edge_ids": pa.array(rows.edge_ids),
        "ids": None if built.dense else handle.ids,
        "rows": None if built.rows is None else pa.array(built.rows),
        "vertices": _struct(built.vertex_properties),
        "edges": _struct(built.edge_properties),
    }
    facts = {
        "version": VERSION,
        "directed": handle.is_directed,
        "sorted_rows": built.sorted_rows,
        "num_vertices": handle.num_vertices,
        "num_edges": handle.num_edges,
    }
    given = {name: _one_list(array) for name, array in columns.items() if array is not None}
    batch = pa.record_batch(list(given.values()), names=list(given))
    batch = batch.replace_schema_metadata({KEY: json.dumps(facts).encode()})
    dest = Path(path)
    check_destination(dest, overwrite=True)
    with (
        replacing(dest, atomic=True, fsync=True, overwrite=True) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_file(file, batch.schema) as writer,
    ):
        writer.write_batch(batch)


def load_graph(engine: GraphEngine, path: str | os.PathLike[str]) -> Built:
    """Map a file into memory and check it.

    Raises:
        SourceNotFound: There is no such file.
        IoError: It is no graph, or of a later version.
        GraphError: Its arrays are no graph.
    """
    name = os.fspath(path)
    if not Path(name).is_file():
        raise SourceNotFound(f"File not found: {name}", path=name)
    try:
        file = pa.ipc.open_file(pa.memory_map(name))
        metadata = file.schema.metadata or {}
        if KEY not in metadata or file.num_record_batches != 1:
            raise IoError(f"{name}: no graph of parquetframe", path=name)
        facts = json.loads(metadata[KEY])
        batch = file.get_batch(0)
        batch.validate(full=True)
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, IoError):
            raise
        raise IoError(f"{name}: no graph of parquetframe ({error})", path=name) from error
    if not isinstance(facts, dict):
        raise IoError(f"{name}: no graph of parquetframe", path=name)
    if facts.get("version") != VERSION:
        raise IoError(
            f"{name}: written by another version of parquetframe (format {facts.get('version')}, "
            f"this one reads {VERSION})",
            path=name,
        )
    return _built(engine, _columns(batch, name), facts, name)


def _built(
    engine: GraphEngine, columns: dict[str, pa.Array], facts: dict[str, Any], name: str
) -> Built:
    missing = [key for key in ("indptr", "indices", "edge_ids") if key not in columns]
    if missing:
        raise IoError(f"{name}: no column {', '.join(missing)}", path=name)
    directed = facts.get("directed") is True
    weights = columns.get("weights")
    csr: Csr = checked_csr(
        _view(columns["indptr"], name),
        _view(columns["indices"], name),
        None if weights is None else _view(weights, name),
        directed=directed,
        copy=False,
        edge_ids=_view(columns["edge_ids"], name),
    )
    n, m = len(csr.indptr) - 1, int(csr.edge_ids.max(initial=-1)) + 1
    ids = columns.get("ids")
    if ids is not None and (ids.null_count or id_kind(ids.type) is None):
        raise IoError(f"{name}: ids of type {ids.type}", path=name)
    if ids is not None and len(ids.unique()) != len(ids):
        raise GraphError(f"{name}: an id is there twice")
    for key, length in (("ids", n), ("vertices", n), ("edges", m), ("rows", m)):
        if key in columns and len(columns[key]) != length:
            raise GraphError(f"{name}: {key} has {len(columns[key])} items, not {length}")
    handle = engine.adopt_csr(csr, ids=ids, directed=directed, work=Work())
    rows = columns.get("rows")
    return Built(
        handle,
        ids is None,
        facts.get("sorted_rows") is True,
        None if rows is None else _view(rows, name),
        _table(columns.get("edges")),
        _table(columns.get("vertices")),
    )


def _columns(batch: pa.RecordBatch, name: str) -> dict[str, pa.Array]:
    if batch.num_rows != 1 or not all(pa.types.is_large_list(f.type) for f in batch.schema):
        raise IoError(f"{name}: no graph of parquetframe", path=name)
    if any(column.null_count for column in batch.columns):
        raise IoError(f"{name}: no graph of parquetframe", path=name)
    return {
        name: column.flatten()
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }


def _view(array: pa.Array, name: str) -> np.ndarray[Any, Any]:
    if array.null_count or not (
        pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    ):
        raise IoError(f"{name}: a column of type {array.type}", path=name)
    return np.asarray(array.to_numpy(zero_copy_only=True))


def _one_list(array: pa.Array) -> pa.Array:
    offsets = pa.array([0, len(array)], pa.int64())
    return pa.LargeListArray.from_arrays(offsets, array)


def _struct(table: pa.Table | None) -> pa.Array | None:
    if table is None:
        return None
    whole = table.combine_chunks()
    arrays = [
        column.chunk(0) if column.num_chunks else pa.array([], column.type)
        for column in whole.columns
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(table.schema))


def _table(struct: pa.Array | None) -> pa.Table | None:
    if struct is None:
        return None
    return pa.Table.from_arrays(struct.flatten(), schema=pa.schema(list(struct.type)))
