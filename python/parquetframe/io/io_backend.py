"""The metadata functions of parquetframe 2.0 under their old names, on the chosen engine.

New code uses :func:`parquetframe.read_parquet_metadata` and its neighbours.
"""

from __future__ import annotations

import os
from typing import Any

from parquetframe.io_rust import column_names, column_stats, metadata_dict

from .metadata import get_row_count

__all__ = [
    "get_parquet_column_names_fast",
    "get_parquet_column_stats_fast",
    "get_parquet_row_count_fast",
    "read_parquet_metadata_fast",
    "try_get_parquet_column_names_fast",
    "try_get_parquet_column_stats_fast",
    "try_get_parquet_row_count_fast",
    "try_read_parquet_metadata_fast",
]

_Path = str | os.PathLike[str]


def read_parquet_metadata_fast(path: _Path) -> dict[str, Any]:
    """The footer's main facts; keys as of :meth:`RustIOEngine.get_parquet_metadata`."""
    return metadata_dict(path)


def get_parquet_row_count_fast(path: _Path) -> int:
    """Number of rows."""
    return get_row_count(path, "parquet")


def get_parquet_column_names_fast(path: _Path) -> list[str]:
    """Names of the top-level columns."""
    return column_names(path)


def get_parquet_column_stats_fast(path: _Path) -> list[dict[str, Any]]:
    """Counts and bounds of each leaf, the bounds as text."""
    return column_stats(path)


def try_read_parquet_metadata_fast(path: _Path) -> dict[str, Any] | None:
    """As without ``try_``, but ``None`` on any failure."""
    try:
        return read_parquet_metadata_fast(path)
    except Exception:
        return None


def try_get_parquet_row_count_fast(path: _Path) -> int | None:
    """As without ``try_``, but ``None`` on any failure."""
    try:
        return get_parquet_row_count_fast(path)
    except Exception:
        return None


def try_get_parquet_column_names_fast(path: _Path) -> list[str] | None:
    """As without ``try_``, but ``None`` on any failure."""
    try:
        return get_parquet_column_names_fast(path)
    except Exception:
        return None


def try_get_parquet_column_stats_fast(path: _Path) -> list[dict[str, Any]] | None:
    """As without ``try_``, but ``None`` on any failure."""
    try:
        return get_parquet_column_stats_fast(path)
    except Exception:
        return None
