"""NumPy results as Arrow columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["floats", "hops", "indices", "integers"]


def indices(values: Any) -> pa.Array:
    """Vertex indices as uint32; -1 is null."""
    values = np.asarray(values, dtype=np.int64)
    missing = values < 0
    return pa.array(
        np.where(missing, 0, values).astype(np.uint32), mask=missing if missing.any() else None
    )


def hops(values: Any) -> pa.Array:
    """Counts as int64; -1 is null."""
    values = np.asarray(values, dtype=np.int64)
    missing = values < 0
    return pa.array(values, mask=missing if missing.any() else None)


def integers(values: Any) -> pa.Array:
    """Integers as int64."""
    return pa.array(np.asarray(values, dtype=np.int64))


def floats(values: Any, missing: np.ndarray[Any, Any] | None = None) -> pa.Array:
    """Numbers as float64; ``missing`` ones are null."""
    mask = None if missing is None or not missing.any() else missing
    return pa.array(np.asarray(values, dtype=np.float64), mask=mask)
