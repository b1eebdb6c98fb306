"""Footers of Parquet files through pyarrow, as the data that the public classes are made of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..leaves import leaf_indices, leaves_of, resolve, type_at
from .parquet_read import open_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ..engine import Footer

__all__ = ["metadata", "statistics"]

_OWN_KEYS = frozenset({"ARROW:schema"})


def metadata(source: str | bytes) -> Footer:
    """What a footer says."""
    with open_parquet(source) as file:
        facts, schema = file.metadata, file.schema_arrow
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
        pairs = facts.metadata or {}
        return SimpleNamespace(
            rows=facts.num_rows,
            columns=_columns(file, schema),
            names=tuple(schema.names),
            row_groups=[_group(group) for group in groups],
            num_row_groups=facts.num_row_groups,
            created_by=facts.created_by,
            version=facts.format_version,
            key_values={
                key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
                for key, value in pairs.items()
            },
            footer_bytes=facts.serialized_size,
            file_bytes=len(source) if isinstance(source, bytes) else Path(source).stat().st_size,
            has_page_index=any(c.has_column_index or c.has_offset_index for c in chunks),
            has_bloom=any(getattr(c, "bloom_filter_offset", None) is not None for c in chunks),
        )


def statistics(source: str | bytes, columns: list[str] | None) -> list[dict[str, Any]]:
    """Bounds and counts of each leaf, ``None`` where any row group lacks them."""
    with open_parquet(source) as file:
        schema, facts = file.schema_arrow, file.metadata
        leaves = leaves_of(schema)
        wanted = list(range(len(leaves)))
        if columns is not None:
            paths = [resolve(name, schema) for name in columns]
            wanted = [i for path in paths for i in leaf_indices(leaves, path, schema)]
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        return [_merged(file.schema.column(i).path, [g.column(i) for g in groups]) for i in wanted]


def _columns(file: pq.ParquetFile, schema: pa.Schema) -> list[dict[str, Any]]:
    from parquetframe.types import format_type

    facts, found = file.metadata, []
    for i, path in enumerate(leaves_of(schema)):
        leaf = file.schema.column(i)
        chunks = [facts.row_group(g).column(i) for g in range(facts.num_row_groups)]
        root = schema.field(path[0]) if schema.names.count(path[0]) == 1 else None
        logical = str(leaf.logical_type)
        found.append({
            "name": path[0],
            "path": leaf.path,
            "type": None if root is None else format_type(type_at(root.type, path[1:])),
            "physical": leaf.physical_type,
            "logical": None if logical == "None" else logical,
            "nullable": leaf.max_definition_level > 0,
            "codecs": tuple(sorted({chunk.compression.lower() for chunk in chunks})),
            "encodings": tuple(sorted({name for chunk in chunks for name in chunk.encodings})),
            "compressed_bytes": sum(chunk.total_compressed_size for chunk in chunks),
            "bytes": sum(chunk.total_uncompressed_size for chunk in chunks),
        })  # fmt: skip
    return found


def _group(group: Any) -> dict[str, Any]:
    chunks = [group.column(i) for i in range(group.num_columns)]
    return {
        "rows": group.num_rows,
        "bytes": group.total_byte_size,
        "compressed_bytes": sum(chunk.total_compressed_size for chunk in chunks),
        "sorting": tuple(
            {
                "column": chunks[s.column_index].path_in_schema,
                "descending": s.descending,
                "nulls_first": s.nulls_first,
            }
            for s in group.sorting_columns
        ),
    }


def _merged(path: str, chunks: list[Any]) -> dict[str, Any]:
    stats = [chunk.statistics if chunk.is_stats_set else None for chunk in chunks]
    known = [s for s in stats if s is not None]
    complete = len(known) == len(stats) and bool(known)
    counts = [s.null_count if s.has_null_count else None for s in known] if complete else [None]
    # A row group of nulls has no bounds, and moves none.
    filled = [s for s in known if s.has_min_max or s.num_values]
    bounded = complete and bool(filled) and all(s.has_min_max for s in filled)
    exact = [
        getattr(s, name, None)
        for s in filled
        for name in ("is_min_value_exact", "is_max_value_exact")
    ]
    single = known[0] if complete and len(known) == 1 else None
    return {
        "name": path,
        "min": min(s.min for s in filled) if bounded else None,
        "max": max(s.max for s in filled) if bounded else None,
        "null_count": None if None in counts else sum(counts),
        "distinct_count": single.distinct_count if single and single.has_distinct_count else None,
        "exact": bounded and all(flag is not False for flag in exact),
    }
