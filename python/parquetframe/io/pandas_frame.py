"""pandas frames whose columns are writable and not consolidated.

Each column is an array of its own that NumPy owns, so that assignment works and nothing is copied
twice. pandas makes a Python object per decimal and per date cell; ``decimals="arrow"`` and
``dates="datetime64"`` avoid that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parquetframe.errors import SchemaError

from .pandas_index import restore
from .report import ReadReport
from .request import PandasOptions, ReadRequest, warn

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_native", "to_pandas"]

_EXACT = 2**53
_NULLABLE = {
    "int8": "Int8", "int16": "Int16", "int32": "Int32", "int64": "Int64",
    "uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
    "float": "Float32", "double": "Float64", "bool": "boolean",
}  # fmt: skip


def to_pandas(
    table: pa.Table, options: PandasOptions, fmt: str, report: ReadReport | None = None
) -> pd.DataFrame:
    """A table as a frame.

    Args:
        table: n rows; the schema may hold what pandas noted about its index.
        options: See the readers.
        fmt: Format of the source; ``dates="auto"`` depends on it.
        report: Gets the warnings.

    Raises:
        SchemaError: ``null_ints="error"`` and an integer column with nulls, or a name twice.
    """
    if len(set(table.column_names)) < table.num_columns:
        twice = next(n for n in table.column_names if table.column_names.count(n) > 1)
        raise SchemaError(f"column '{twice}' is there more than once", column=twice)
    columns = {
        field.name: _column(table.column(i), field, options, fmt, report)
        for i, field in enumerate(table.schema)
    }
    return _frame(columns, table.num_rows, table.schema)


def from_native(native: Any, request: ReadRequest, report: ReadReport) -> pd.DataFrame:
    """The columns that the extension decoded as a frame."""
    options, fmt = request.common.pandas, request.format
    schema = pa.schema(native.arrow_schema)
    report.rows = native.num_rows
    report.set_types(schema)
    columns = {}
    for index, (name, kind, values, mask) in enumerate(native.columns):
        field = schema.field(index)
        if kind == "numpy":
            columns[name] = _zoned(values, field.type)
        elif kind == "masked":
            if pa.types.is_integer(field.type) and options.null_ints == "exact":
                _warn_masked(name, report)
            columns[name] = _masked(values, mask)
        else:
            chunks = pa.chunked_array(values)
            columns[name] = _column(chunks, field, options, fmt, report)
    return _frame(columns, native.num_rows, schema)


def _frame(columns: dict[str, Any], rows: int, schema: pa.Schema) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows), copy=False)
    return restore(frame, schema)


def _column(
    column: pa.ChunkedArray,
    field: pa.Field,
    options: PandasOptions,
    fmt: str,
    report: ReadReport | None,
) -> Any:
    import pandas as pd

    t, dtype = pa.types, column.type
    if options.dtype_backend == "pyarrow":
        return pd.arrays.ArrowExtensionArray(column)
    if options.dtype_backend == "numpy_nullable" and str(dtype) in _NULLABLE:
        return _nullable(column)
    if t.is_integer(dtype):
        if not column.null_count:
            return _owned(column)
        return _null_integers(column, field.name, options.null_ints, report)
    if t.is_float32(dtype) or t.is_float64(dtype):
        return _filled(column, np.nan)
    if t.is_boolean(dtype):
        return _owned(column) if not column.null_count else _objects(column)
    if t.is_timestamp(dtype) or t.is_duration(dtype):
        return _zoned(_instants(column), dtype)
    if t.is_date(dtype):
        as_objects = options.dates == "object" or (options.dates == "auto" and fmt == "parquet")
        return _objects(column) if as_objects else _instants(column.cast(pa.timestamp("s")))
    if t.is_decimal(dtype):
        if options.decimals == "arrow":
            return pd.arrays.ArrowExtensionArray(column)
        if options.decimals == "float64":
            return _filled(column.cast(pa.float64()), np.nan)
        return _objects(column)
    if t.is_string(dtype) or t.is_large_string(dtype) or t.is_string_view(dtype):
        return _text(column, nullable=options.dtype_backend == "numpy_nullable")
    if t.is_dictionary(dtype):
        return _categorical(column)
    return _objects(column)


def _owned(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """A writable array of a column without nulls."""
    parts = [chunk.to_numpy(zero_copy_only=False) for chunk in column.chunks]
    if len(parts) == 1:
        return np.array(parts[0])
    empty = np.empty(0, column.type.to_pandas_dtype())
    return np.concatenate(parts) if parts else empty


def _filled(column: pa.ChunkedArray, value: float) -> np.ndarray[Any, Any]:
    if not column.null_count:
        return _owned(column)
    valid = _valid(column)
    values = _owned(pc.fill_null(column, 0.0))
    values[~valid] = value
    return values


def _valid(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    return _owned(pc.is_valid(column)).astype(bool, copy=False)


def _null_integers(column: pa.ChunkedArray, name: str, rule: str, report: ReadReport | None) -> Any:
    if rule == "error":
        raise SchemaError(
            f"column '{name}' holds integers and nulls", column=name,
            hint='null_ints="masked" keeps both',
        )  # fmt: skip
    mask = ~_valid(column)
    values = _owned(pc.fill_null(column, 0))
    if rule == "float64" or (rule == "exact" and _all_exact(values)):
        floats = values.astype(np.float64)
        floats[mask] = np.nan
        return floats
    if rule == "exact":
        _warn_masked(name, report)
    return _masked(values, mask)


def _all_exact(values: np.ndarray[Any, Any]) -> bool:
    """Whether float64 holds every value exactly."""
    if values.itemsize < 8 or not len(values):
        return True
    if int(values.max()) <= _EXACT and int(values.min()) >= -_EXACT:
        return True
    floats = values.astype(np.float64)
    low, high = (-(2.0**63), 2.0**63) if values.dtype.kind == "i" else (0.0, 2.0**64)
    inside = (floats >= low) & (floats < high)
    if not inside.all():
        return False
    return bool((floats.astype(values.dtype) == values).all())


def _warn_masked(name: str, report: ReadReport | None) -> None:
    text = (
        f"column '{name}' holds nulls and integers that float64 cannot hold exactly; it became a "
        "masked integer column (null_ints= chooses)"
    )
    if report is not None:
        report.warnings.append(text)
    warn(text)


def _masked(values: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]) -> Any:
    import pandas as pd

    mask = np.asarray(mask, dtype=bool)
    if values.dtype.kind == "b":
        return pd.arrays.BooleanArray(values, mask)
    if values.dtype.kind == "f":
        return pd.arrays.FloatingArray(values, mask)
    return pd.arrays.IntegerArray(values, mask)


def _nullable(column: pa.ChunkedArray) -> Any:
    mask = ~_valid(column)
    zero = False if pa.types.is_boolean(column.type) else 0
    filled = pc.fill_null(column, pa.scalar(zero, column.type)) if column.null_count else column
    return _masked(_owned(filled), mask)


def _instants(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """``datetime64`` or ``timedelta64`` in the column's unit, NaT for null, writable."""
    kind = "m8" if pa.types.is_duration(column.type) else "M8"
    numbers = column.cast(pa.int64())
    values = _owned(pc.fill_null(numbers, np.iinfo(np.int64).min)).astype(np.int64, copy=False)
    return values.view(f"{kind}[{column.type.unit}]")


def _zoned(values: np.ndarray[Any, Any], dtype: pa.DataType) -> Any:
    """The values with their time zone, if the type has one."""
    zone = dtype.tz if pa.types.is_timestamp(dtype) else None
    if zone is None:
        return values
    import pandas as pd

    arrays: Any = pd.arrays.DatetimeArray
    wanted = pd.DatetimeTZDtype(dtype.unit, _zone(zone))
    if pd.__version__.startswith(("2.2.", "2.3.", "3.")):
        try:  # the public way copies 8 bytes per row
            return arrays._simple_new(values, dtype=wanted)  # noqa: SLF001
        except (AttributeError, TypeError):
            pass
    return pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(wanted.tz).array


def _zone(name: str) -> Any:
    """The zone as pyarrow names it for pandas, so that frames of both compare equal."""
    return pa.lib.string_to_tzinfo(name)


def _text(column: pa.ChunkedArray, *, nullable: bool) -> Any:
    import pandas as pd

    dtype: Any
    if nullable:
        dtype = pd.StringDtype("pyarrow")
        return dtype.__from_arrow__(column)
    if int(pd.__version__.partition(".")[0]) < 3:
        return _objects(column)
    large = column if pa.types.is_large_string(column.type) else column.cast(pa.large_string())
    dtype = pd.StringDtype("pyarrow", na_value=np.nan)
    return dtype.__from_arrow__(large)


def _categorical(column: pa.ChunkedArray) -> Any:
    import pandas as pd

    unified = column.unify_dictionaries()
    if unified.num_chunks == 0:
        unified = pa.chunked_array([pa.array([], column.type)])
    codes = pa.chunked_array([chunk.indices for chunk in unified.chunks])
    categories = unified.chunk(0).dictionary
    dtype = categories.type
    if categories.null_count:  # a null among the categories is a null of the column
        return pd.Categorical(
            column.cast(dtype.value_type if hasattr(dtype, "value_type") else dtype).to_pandas()
        )
    text = pa.types.is_string(dtype) or pa.types.is_large_string(dtype)
    labels = (
        pd.Index(_text(pa.chunked_array([categories]), nullable=False))
        if text
        else (pd.Index(categories.to_pandas()))
    )
    numbers = _owned(pc.fill_null(codes.cast(pa.int64()), -1))
    narrow = np.min_scalar_type(-max(len(labels), 1))
    return pd.Categorical.from_codes(
        numbers.astype(narrow, copy=False), labels, ordered=column.type.ordered
    )


def _objects(column: pa.ChunkedArray) -> Any:
    """Python objects, as ``Table.to_pandas`` makes them."""
    found = column.to_pandas(date_as_object=True, timestamp_as_object=False)
    values = found.to_numpy(dtype=object, copy=False)
    return values if values.flags.writeable else values.copy()
