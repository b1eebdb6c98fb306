"""Comparison kernels: NaN equals NaN and is larger than every number; NULL stays NULL."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .tree import Kernel, Value


def equal(a: Value, b: Value) -> Value:
    """``a = b``."""
    plain = pc.equal(*_comparable(a, b))
    if not _any_nan(a, b):
        return plain
    return pc.or_(plain, pc.and_(pc.is_nan(a), pc.is_nan(b)))


def less(a: Value, b: Value) -> Value:
    """``a < b``."""
    plain = pc.less(*_comparable(a, b))
    if not _any_nan(a, b):
        return plain
    return pc.or_(plain, pc.and_(pc.invert(pc.is_nan(a)), pc.is_nan(b)))


def not_distinct(a: Value, b: Value) -> Value:
    """``a IS NOT DISTINCT FROM b``: like equal, but NULL equals NULL."""
    both = pc.and_(pc.is_null(a), pc.is_null(b))
    return pc.or_(pc.fill_null(equal(a, b), False), both)


def is_in(values: Value, choices: pa.Array, *, has_null: bool) -> Value:
    """``values IN (choices)``; with a NULL among the choices "not found" is NULL."""
    if pa.types.is_floating(values.type):  # -0.0 is 0.0
        zero = pa.scalar(0.0, values.type)
        found = pc.is_in(pc.add(values, zero), value_set=pc.add(choices, zero))
        if pc.any(pc.is_nan(choices)).as_py():  # whatever the bits of a NaN are
            found = pc.or_(found, pc.fill_null(pc.is_nan(values), False))
    else:
        found = pc.is_in(values, value_set=choices)
    if has_null:
        found = pc.if_else(found, found, pa.scalar(None, pa.bool_()))
    return pc.if_else(pc.is_null(values), pa.scalar(None, pa.bool_()), found)


def _comparable(a: Value, b: Value) -> tuple[Value, Value]:
    if pa.types.is_boolean(a.type):
        return a.cast(pa.uint8()), b.cast(pa.uint8())
    if pa.types.is_null(a.type):
        return a.cast(pa.int8()), b.cast(pa.int8())
    return a, b


def _any_nan(*values: Any) -> bool:
    for value in values:
        if not pa.types.is_floating(value.type):
            return False
        nan = pc.is_nan(value)
        if isinstance(nan, pa.Scalar):
            if nan.as_py():
                return True
        elif pc.any(nan).as_py():
            return True
    return False


KERNELS: Final[dict[str, Kernel]] = {
    "=": equal,
    "<>": lambda a, b: pc.invert(equal(a, b)),
    "<": less,
    ">": lambda a, b: less(b, a),
    "<=": lambda a, b: pc.invert(less(b, a)),
    ">=": lambda a, b: pc.invert(less(a, b)),
}
