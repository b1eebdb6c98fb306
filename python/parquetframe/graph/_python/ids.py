"""Vertex ids to indices 0..n-1, by Arrow's hash tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .rows import Ints

__all__ = ["map_ids"]


def map_ids(
    src: pa.ChunkedArray,
    dst: pa.ChunkedArray,
    vertices: pa.ChunkedArray | None,
    *,
    sorted_ids: bool,
) -> tuple[pa.Array, Ints, Ints]:
    """Distinct ids, and both columns as indices; all columns have one type. O(n + m).

    Ids come in the order of their first appearance (``vertices``, then row by row, ``src`` before
    ``dst``) or ascending.
    """
    parts = [src, dst] if vertices is None else [vertices, src, dst]
    chunks = [chunk for part in parts for chunk in part.chunks]
    encoded = pa.chunked_array(chunks, src.type).dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        nothing = np.zeros(0, np.int64)
        return pa.array([], src.type), nothing, nothing
    ids = encoded.chunk(0).dictionary
    codes = np.concatenate([np.asarray(c.indices, dtype=np.int64) for c in encoded.chunks])
    given = 0 if vertices is None else len(vertices)
    rows = len(src)
    if sorted_ids:
        order = _ascending(ids)
    else:
        seen = np.empty(given + 2 * rows, np.int64)
        seen[:given] = codes[:given]
        seen[given::2] = codes[given : given + rows]
        seen[given + 1 :: 2] = codes[given + rows :]
        first = np.empty(len(ids), np.int64)
        first[seen[::-1]] = np.arange(len(seen))[::-1]  # the last write is the first place
        order = np.argsort(first)
    place = np.empty(len(ids), np.int64)
    place[order] = np.arange(len(ids))
    codes = place[codes[given:]]
    return ids.take(pa.array(order)), codes[:rows], codes[rows:]


def _ascending(ids: pa.Array) -> np.ndarray[Any, Any]:
    if pa.types.is_boolean(ids.type):
        ids = ids.cast(pa.uint8())
    return np.asarray(pc.sort_indices(ids), dtype=np.int64)
