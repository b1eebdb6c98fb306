"""Paths of nested columns: which leaves of an Arrow schema they mean, in the order of the file.

A path names a column and then fields of structs. Lists are passed through; a map has the parts
``key`` and ``value``. The groups that Parquet makes lists and maps of may be named, or left out.
"""

from __future__ import annotations

import pyarrow as pa

from parquetframe.errors import SchemaError
from parquetframe.workflow.names import suggestion

__all__ = ["leaf_indices", "leaves_of", "resolve", "type_at"]

_GROUPS = frozenset({"list", "element", "item", "array", "key_value", "bag", "entries"})

Path = tuple[str, ...]


def leaves_of(schema: pa.Schema) -> list[Path]:
    """Paths of all leaves, in file order."""
    return [path for field in schema for path in _leaves(field.type, (field.name,))]


def leaf_indices(leaves: list[Path], path: Path, schema: pa.Schema) -> list[int]:
    """Positions of the leaves that lie at or under ``path``.

    Raises:
        SchemaError: There is none; the hint has the nearest names.
    """
    found = [i for i, leaf in enumerate(leaves) if _starts(leaf, path)]
    if found:
        return found
    name = ".".join(path)
    known = list(schema.names) if path[0] not in schema.names else [
        ".".join(leaf) for leaf in leaves if leaf[0] == path[0]
    ]  # fmt: skip
    raise SchemaError(f"no column '{name}'", column=name, hint=suggestion(name, known))


def resolve(name: str | Path, schema: pa.Schema) -> Path:
    """The path that a caller's name means: an exact column name wins over a dotted path.

    Raises:
        SchemaError: No such column or leaf, or more than one column of that name.
        TypeError: Neither text nor a tuple of text.
    """
    if isinstance(name, str):
        path: Path = (name,)
        if name not in schema.names and "." in name:
            path = _dotted(name, schema)
    elif isinstance(name, tuple) and name and all(isinstance(part, str) for part in name):
        path = name
    else:
        raise TypeError(f"a column must be text or a tuple of text, not {name!r}")
    if schema.names.count(path[0]) > 1:
        raise SchemaError(f"column '{path[0]}' is there more than once", column=path[0])
    leaf_indices(leaves_of(schema), path, schema)
    return path


def type_at(dtype: pa.DataType, path: Path) -> pa.DataType:
    """The type of the leaf that ``path`` leads to from a column of type ``dtype``."""
    t = pa.types
    for part in path:
        if t.is_struct(dtype):
            dtype = dtype.field(part).type
        elif t.is_map(dtype) and part in {"key", "value"}:
            dtype = dtype.key_type if part == "key" else dtype.item_type
        elif part == "element":
            dtype = dtype.value_type
    return dtype


def _dotted(name: str, schema: pa.Schema) -> Path:
    """Split at the dots; the longest column name that fits comes first."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        if ".".join(parts[:length]) in schema.names:
            return (".".join(parts[:length]), *parts[length:])
    return (name,)


def _leaves(dtype: pa.DataType, path: Path) -> list[Path]:
    t = pa.types
    if t.is_struct(dtype):
        return [leaf for field in dtype for leaf in _leaves(field.type, (*path, field.name))]
    if t.is_map(dtype):
        entry = (*path, "key_value")
        inner = _leaves(dtype.key_type, (*entry, "key"))
        return inner + _leaves(dtype.item_type, (*entry, "value"))
    if t.is_list(dtype) or t.is_large_list(dtype) or t.is_fixed_size_list(dtype):
        return _leaves(dtype.value_type, (*path, "list", "element"))
    if isinstance(dtype, pa.BaseExtensionType):
        return _leaves(dtype.storage_type, path)
    return [path]


def _starts(leaf: Path, path: Path) -> bool:
    if leaf[0] != path[0]:
        return False
    rest = iter(leaf[1:])
    for wanted in path[1:]:
        part = next(rest, None)
        while part is not None and part != wanted and part in _GROUPS:
            part = next(rest, None)
        if part != wanted:
            return False
    return True
