"""Who runs in which case, at which settings.

Each peer runs at its defaults and at its best known settings; the better one counts.
"""

from __future__ import annotations

from typing import Any

from case import MALLOC_THP, THP, Case, Contestant
from csv_contestants import CSV_CASES
from peers import (
    OURS,
    duckdb_count,
    fastavro_columns,
    fastavro_rows,
    many,
    pandas_parquet,
    pf_avro,
    pf_count,
    pf_metadata,
    pf_parquet,
    polars_avro,
    polars_count,
    polars_parquet,
    pyarrow_count,
    pyarrow_metadata,
    pyarrow_parquet,
    sql,
    tuples,
    writer,
)

COLUMNS = ["l_extendedprice", "l_shipdate", "l_shipmode"]


def _readers(**given: Any) -> list[Contestant]:
    """Everybody's way from Parquet to Arrow: all, some columns, or some rows."""
    where = given.get("where", "")
    columns = given.get("columns")
    options: dict[str, Any] = {"columns": columns} if columns else {}
    if where:
        options["filters"] = tuples(where)
    select = ", ".join(columns or ["*"])
    arrow_types = {"dtype_backend": "pyarrow"}
    return [
        Contestant(OURS, "", pf_parquet(**options)),
        Contestant("pandas", "", pandas_parquet(**options)),
        Contestant("pandas", "pyarrow dtypes", pandas_parquet(**options, **arrow_types)),
        Contestant("pyarrow", "", pyarrow_parquet(**options)),
        Contestant(
            "pyarrow", "mmap, huge pages", pyarrow_parquet(memory_map=True, **options), MALLOC_THP
        ),
        Contestant("polars", "", polars_parquet(where=where, columns=columns)),
        Contestant(
            "polars", "THP, views", polars_parquet("newest", where=where, columns=columns), THP
        ),
        Contestant("duckdb", "", sql("duckdb", where=where, select=select)),
        Contestant(
            "duckdb",
            "any order",
            sql("duckdb", where=where, select=select, preserve_insertion_order=False),
            ordered=False,
        ),
        Contestant("datafusion", "", sql("datafusion", where=where, select=select), ordered=False),
    ]


def _to_pandas() -> list[Contestant]:
    frugal = {"split_blocks": True, "self_destruct": True}
    return [
        Contestant(OURS, "", pf_parquet(output="pandas")),
        Contestant("pandas", "", pandas_parquet()),
        Contestant("pandas", "split_blocks", pandas_parquet(to_pandas_kwargs=frugal)),
        Contestant(
            "pandas",
            "split_blocks, huge pages",
            pandas_parquet(to_pandas_kwargs=frugal),
            MALLOC_THP,
        ),
        Contestant("pyarrow", "", pyarrow_parquet({})),
        Contestant("pyarrow", "split_blocks", pyarrow_parquet(frugal)),
        Contestant("polars", "THP", polars_parquet("pandas"), THP),
        Contestant("duckdb", "", sql("duckdb", "pandas")),
        Contestant("datafusion", "", sql("datafusion", "pandas"), ordered=False),
    ]


def _writers(codec: str) -> list[Contestant]:
    return [
        Contestant(OURS, "", writer(OURS, codec)),
        Contestant(OURS, "no fsync, as the others", writer(OURS, codec, fsync=False)),
        Contestant("pyarrow", "", writer("pyarrow", codec)),
        Contestant("polars", "", writer("polars", codec)),
        Contestant("polars", "THP", writer("polars", codec), THP),
        Contestant("duckdb", "", writer("duckdb", codec)),
        Contestant(
            "duckdb",
            "any order",
            writer("duckdb", codec, preserve_insertion_order=False),
            {},
            False,
        ),
    ]


def _avro_readers() -> list[Contestant]:
    return [
        Contestant(OURS, "", pf_avro),
        Contestant("polars", "", polars_avro("arrow")),
        Contestant("polars", "THP, views", polars_avro("newest"), THP),
        Contestant("fastavro", "", fastavro_rows),
        Contestant("fastavro", "by column", fastavro_columns),
    ]


CASES = {
    "parquet-arrow": Case("Parquet to Arrow", "parquet", "arrow", _readers()),
    "parquet-pandas": Case("Parquet to pandas", "parquet", "pandas", _to_pandas()),
    "parquet-columns": Case(
        "3 of 16 columns to Arrow", "parquet", "arrow", _readers(columns=COLUMNS)
    ),
    "parquet-filter": Case(
        "1 % of the rows, scattered, to Arrow", "parquet", "arrow", _readers(where="scattered")
    ),
    "parquet-range": Case(
        "1 % of the rows, side by side, to Arrow", "parquet", "arrow", _readers(where="clustered")
    ),
    "parquet-metadata": Case(
        "Parquet footer",
        "parquet",
        "value",
        [
            Contestant(OURS, "", many(pf_metadata)),
            Contestant("pyarrow", "", many(pyarrow_metadata)),
        ],
        repeated=True,
    ),
    "parquet-count": Case(
        "Parquet row count",
        "parquet",
        "value",
        [
            Contestant(OURS, "", many(pf_count)),
            Contestant("pyarrow", "", many(pyarrow_count)),
            Contestant("polars", "", many(polars_count)),
            Contestant("duckdb", "", many(duckdb_count)),
        ],
        repeated=True,
    ),
    "write-snappy": Case("Arrow to Parquet, snappy", "parquet", "file", _writers("snappy")),
    "write-zstd": Case("Arrow to Parquet, zstd", "parquet", "file", _writers("zstd")),
    "avro-snappy": Case("Avro to Arrow, snappy", "avro-snappy", "arrow", _avro_readers()),
    "avro-deflate": Case("Avro to Arrow, deflate", "avro-deflate", "arrow", _avro_readers()),
    **CSV_CASES,
}
