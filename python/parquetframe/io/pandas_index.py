"""What pandas notes in a schema about its index and column labels, and how both come back."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["index_columns", "restore"]


def index_columns(schema: pa.Schema) -> list[str]:
    """Names of the columns that hold the index."""
    return [entry for entry in _noted(schema).get("index_columns", []) if isinstance(entry, str)]


def restore(frame: pd.DataFrame, schema: pa.Schema) -> pd.DataFrame:
    """The frame with the index and the column labels it was written with."""
    noted = _noted(schema)
    if not noted:
        return frame
    frame = _with_index(frame, noted)
    frame.columns = _labels(frame.columns, noted)
    return frame


def _with_index(frame: pd.DataFrame, noted: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    entries = noted.get("index_columns", [])
    names = [entry for entry in entries if isinstance(entry, str) and entry in frame.columns]
    if names:
        labels = {c.get("field_name"): c.get("name") for c in noted.get("columns", [])}
        frame = frame.set_index(names)
        frame.index.names = [labels.get(name, name) for name in names]
        return frame
    if len(entries) == 1 and isinstance(entries[0], dict) and entries[0].get("kind") == "range":
        span = entries[0]
        index = pd.RangeIndex(span["start"], span["stop"], span["step"], name=span.get("name"))
        if len(index) == len(frame):  # another number of rows was chosen otherwise
            frame.index = index
    return frame


def _labels(columns: Any, noted: dict[str, Any]) -> Any:
    import pandas as pd

    levels = noted.get("column_indexes") or []
    names = {c.get("field_name"): c.get("name") for c in noted.get("columns", [])}
    if len(levels) > 1:
        try:
            whole = [_is_whole(level) for level in levels]
            tuples = [
                tuple(int(p) if w else p for p, w in zip(ast.literal_eval(c), whole, strict=True))
                for c in columns
            ]
            return pd.MultiIndex.from_tuples(tuples, names=[level.get("name") for level in levels])
        except (ValueError, SyntaxError, TypeError):
            return columns
    if len(levels) == 1:
        if _is_whole(levels[0]):
            try:
                columns = pd.Index([int(names.get(c) or c) for c in columns])
            except ValueError:
                return columns
        columns = columns.rename(levels[0].get("name"))
    return columns


def _is_whole(level: dict[str, Any]) -> bool:
    """Whether the labels of a level were integers."""
    return str(level.get("pandas_type", "")).startswith(("int", "uint"))


def _noted(schema: pa.Schema) -> dict[str, Any]:
    text = (schema.metadata or {}).get(b"pandas")
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
