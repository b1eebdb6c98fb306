"""The I/O names of parquetframe 2.0, on the compiled engine.

New code uses :func:`parquetframe.read_parquet` and its neighbours, which also run without the
extension.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from parquetframe import _backend

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "RustIOEngine",
    "is_rust_io_available",
    "read_avro_fast",
    "read_csv_fast",
    "read_parquet_fast",
]

_Path = str | os.PathLike[str]


def is_rust_io_available() -> bool:
    """Whether the compiled engine is installed, and not ruled out by the environment."""
    from parquetframe.io.engine import NEEDS, io_requested

    if _backend.requested(io_requested(None)) == "python":
        return False
    module = _backend.native()
    return module is not None and hasattr(module, NEEDS)


class RustIOEngine:
    """The compiled engine under its 2.0 name.

    Raises:
        RuntimeError: This installation has no compiled engine.
    """

    def __init__(self) -> None:
        _require()

    @staticmethod
    def is_available() -> bool:
        """Whether the compiled engine can be used."""
        return is_rust_io_available()

    def read_parquet(
        self,
        path: _Path,
        columns: Sequence[str] | None = None,
        row_groups: Sequence[int] | None = None,
    ) -> pa.Table:
        """Read one Parquet file."""
        return read_parquet_fast(path, columns, row_groups)

    def read_csv(
        self,
        path: _Path,
        delimiter: str = ",",
        has_header: bool = True,
        infer_schema: bool = True,
    ) -> pa.Table:
        """Read one CSV file; without ``infer_schema`` all columns are text."""
        return read_csv_fast(path, delimiter, has_header, infer_schema)

    def read_avro(self, path: _Path, batch_size: int | None = None) -> pa.Table:
        """Read one Avro file."""
        return read_avro_fast(path, batch_size)

    def get_parquet_metadata(self, path: _Path) -> dict[str, Any]:
        """The footer's main facts.

        Returns:
            ``num_rows``, ``num_row_groups``, ``num_columns``, ``file_size_bytes``, ``version``,
            ``column_names`` and ``column_types``.
        """
        return metadata_dict(path, "rust")

    def get_parquet_row_count(self, path: _Path) -> int:
        """Number of rows."""
        from parquetframe.io.metadata import get_row_count

        return get_row_count(path, "parquet", engine="rust")

    def get_parquet_column_names(self, path: _Path) -> list[str]:
        """Names of the top-level columns."""
        return column_names(path, "rust")

    def get_parquet_column_stats(self, path: _Path) -> list[dict[str, Any]]:
        """``name``, ``null_count``, ``distinct_count``, ``min_value`` and ``max_value`` as text."""
        return column_stats(path, "rust")


def read_parquet_fast(
    path: _Path, columns: Sequence[str] | None = None, row_groups: Sequence[int] | None = None
) -> pa.Table:
    """Read one Parquet file on the compiled engine.

    Raises:
        RuntimeError: This installation has no compiled engine.
    """
    from parquetframe.io.parquet import read_parquet

    _require()
    table: pa.Table = read_parquet(path, columns, row_groups=row_groups, engine="rust")
    return table


def read_csv_fast(
    path: _Path, delimiter: str = ",", has_header: bool = True, infer_schema: bool = True
) -> pa.Table:
    """Read one CSV file on the compiled engine.

    Raises:
        RuntimeError: This installation has no compiled engine.
    """
    from parquetframe.io.csv import read_csv

    _require()
    dtypes = None
    if not infer_schema:
        from parquetframe.io.csv_options import READ_DEFAULTS
        from parquetframe.io.engine import Decode, FileRequest, choose_engine

        options = READ_DEFAULTS | {"sep": delimiter, "header": has_header}
        ask = FileRequest("csv", os.fspath(path), Decode(csv=options))
        dtypes = dict.fromkeys(choose_engine("rust").column_names(ask), "string")
    table: pa.Table = read_csv(
        path, sep=delimiter, header=has_header, dtypes=dtypes, engine="rust"
    )  # fmt: skip
    return table


def read_avro_fast(path: _Path, batch_size: int | None = None) -> pa.Table:
    """Read one Avro file on the compiled engine.

    Raises:
        RuntimeError: This installation has no compiled engine.
    """
    from parquetframe.io.avro import read_avro

    _require()
    rows = 65_536 if batch_size is None else batch_size
    table: pa.Table = read_avro(path, batch_rows=rows, engine="rust")
    return table


def metadata_dict(path: _Path, engine: str | None = "auto") -> dict[str, Any]:
    """The footer's main facts in the shape of 2.0."""
    from parquetframe.io.metadata import read_parquet_metadata, read_parquet_schema
    from parquetframe.types import format_type

    facts = read_parquet_metadata(path, engine=engine)
    schema = read_parquet_schema(path, engine=engine)
    return {
        "num_rows": facts.rows,
        "num_row_groups": facts.num_row_groups,
        "num_columns": facts.num_columns,
        "file_size_bytes": facts.file_bytes,
        "version": facts.version,
        "column_names": list(facts.names),
        "column_types": [format_type(field.type) for field in schema],
    }


def column_names(path: _Path, engine: str | None = "auto") -> list[str]:
    """Names of the top-level columns."""
    from parquetframe.io.metadata import read_parquet_metadata

    return list(read_parquet_metadata(path, engine=engine).names)


def column_stats(path: _Path, engine: str | None = "auto") -> list[dict[str, Any]]:
    """Counts and bounds of each leaf, the bounds as text."""
    from parquetframe.io.metadata import get_column_statistics

    return [
        {
            "name": row["name"],
            "null_count": row["null_count"],
            "distinct_count": row["distinct_count"],
            "min_value": _text(row["min"]),
            "max_value": _text(row["max"]),
        }
        for row in get_column_statistics(path, engine=engine)
    ]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):  # bytes are not text
        return value.hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _require() -> None:
    if not is_rust_io_available():
        msg = (
            "the compiled I/O engine is not available; parquetframe.read_parquet and its "
            "neighbours read the same files on the pure-Python engine"
        )
        raise RuntimeError(msg)
