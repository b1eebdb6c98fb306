"""Arithmetic kernels that pyarrow lacks in some of the releases we run on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .tree import Value


def remainder(a: Value, b: Value) -> Value:
    """``a % b`` with the sign of ``a``, as SQL has it; an integer ``b`` of 0 is an error."""
    if not pa.types.is_floating(a.type):
        return pc.subtract(a, pc.multiply(pc.divide_checked(a, b), b))
    if isinstance(a, pa.Scalar) and isinstance(b, pa.Scalar):
        x, y = a.as_py(), b.as_py()
        known = x is not None and y is not None
        return pa.scalar(float(np.fmod(x, y)) if known else None, a.type)
    unknown = pc.or_(pc.is_null(a), pc.is_null(b))
    with np.errstate(invalid="ignore"):
        found = np.fmod(_numbers(a), _numbers(b))
    return pa.array(found, a.type, mask=np.asarray(unknown))


def _numbers(value: Value) -> np.ndarray:
    filled = pc.fill_null(value, 1.0)
    return np.asarray(filled.as_py() if isinstance(filled, pa.Scalar) else filled)
