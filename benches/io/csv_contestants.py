"""Who runs in the CSV cases, at which settings.

Which settings are best was tried: pandas 3 parses in parallel only without ``parse_dates``, so its
best way casts the texts behind it; naming the types makes its C engine slower. pyarrow gains from
larger blocks or from huge pages, polars from views, a given schema and huge pages.
"""

from __future__ import annotations

from typing import Any

from case import MALLOC_THP, THP, Case, Contestant
from csv_data import LINEITEM, MIXED
from csv_peers import (
    bytes_only,
    csv_writer,
    duckdb_read,
    duckdb_rows,
    pandas_parallel,
    pandas_read,
    pandas_rows,
    pf_read,
    pf_rows,
    polars_read,
    polars_rows,
    pyarrow_read,
    pyarrow_rows,
)
from peers import FLOOR, OURS

PANDAS2 = "pandas 2"
COLUMNS = ["l_extendedprice", "l_shipdate", "l_shipmode"]
BLOCKS = 4 << 20
PYARROW_ENGINE: dict[str, Any] = {"engine": "pyarrow", "dtype_backend": "pyarrow"}
ANY_ORDER: dict[str, Any] = {"preserve_insertion_order": False}


def _readers(types: dict[str, str], columns: list[str] | None = None) -> list[Contestant]:
    """Everybody's way from CSV to Arrow (pandas: to its frame): all columns or some."""
    select = ", ".join(columns or ["*"])
    wish: dict[str, Any] = {"columns": columns} if columns else {}
    whole = [
        Contestant("pandas", "parallel, dates by pandas", pandas_parallel(types, "pandas")),
        Contestant("pandas", "parallel, dates by Arrow", pandas_parallel(types, "arrow")),
    ]
    return [
        Contestant(FLOOR, "", bytes_only),
        Contestant(OURS, "", pf_read(**wish)),
        Contestant(OURS, "sep given", pf_read(sep=",", header=True, **wish)),
        Contestant("pandas", "", pandas_read(types, **wish)),
        *([] if columns else whole),
        Contestant("pandas", "pyarrow engine", pandas_read(types, **wish, **PYARROW_ENGINE)),
        Contestant(PANDAS2, "", pandas_read(types, **wish), rounds=3, interpreter="pandas2"),
        Contestant("pyarrow", "", pyarrow_read(columns)),
        Contestant("pyarrow", "4 MiB blocks", pyarrow_read(columns, BLOCKS)),
        Contestant(
            "pyarrow", "4 MiB blocks, huge pages", pyarrow_read(columns, BLOCKS), MALLOC_THP
        ),
        Contestant("polars", "", polars_read(types, columns)),
        Contestant("polars", "views", polars_read(types, columns, output="views")),
        Contestant(
            "polars",
            "THP, views, types given",
            polars_read(types, columns, given=True, output="views"),
            THP,
        ),
        Contestant(
            "polars",
            "THP, views, lazy",
            polars_read(types, columns, lazy=True, output="views"),
            THP,
        ),
        Contestant("duckdb", "", duckdb_read(types, select)),
        Contestant("duckdb", "types given", duckdb_read(types, select, given=True)),
        Contestant(
            "duckdb",
            "types given, any order",
            duckdb_read(types, select, given=True, **ANY_ORDER),
            ordered=False,
        ),
    ]


def _to_pandas(types: dict[str, str]) -> list[Contestant]:
    return [
        Contestant(FLOOR, "", bytes_only),
        Contestant(OURS, "", pf_read(output="pandas")),
        Contestant("pandas", "", pandas_read(types)),
        Contestant("pandas", "parallel, dates by pandas", pandas_parallel(types, "pandas")),
        Contestant("pandas", "parallel, dates by Arrow", pandas_parallel(types, "arrow")),
        Contestant("pandas", "pyarrow engine", pandas_read(types, **PYARROW_ENGINE)),
        Contestant(PANDAS2, "", pandas_read(types), rounds=3, interpreter="pandas2"),
        Contestant("pyarrow", "split_blocks", pyarrow_read(output="pandas")),
        Contestant(
            "pyarrow",
            "split_blocks, 4 MiB blocks, huge pages",
            pyarrow_read(block_bytes=BLOCKS, output="pandas"),
            MALLOC_THP,
        ),
        Contestant("polars", "THP", polars_read(types, output="pandas"), THP),
        Contestant("duckdb", "types given", duckdb_read(types, given=True, output="pandas")),
    ]


def _counters(types: dict[str, str]) -> list[Contestant]:
    return [
        Contestant(FLOOR, "", bytes_only),
        Contestant(OURS, "", pf_rows),
        Contestant("pandas", "one column", pandas_rows(types)),
        Contestant("pyarrow", "dataset", pyarrow_rows),
        Contestant("polars", "", polars_rows),
        Contestant("duckdb", "", duckdb_rows),
    ]


def _writers(types: dict[str, str]) -> list[Contestant]:
    return [
        Contestant(OURS, "", csv_writer(OURS, types)),
        Contestant(OURS, "no fsync, as the others", csv_writer(OURS, types, fsync=False)),
        Contestant("pandas", "", csv_writer("pandas", types), rounds=1),
        Contestant("pyarrow", "", csv_writer("pyarrow", types)),
        Contestant("pyarrow", "64 Ki rows", csv_writer("pyarrow", types, batch_size=1 << 16)),
        Contestant("polars", "", csv_writer("polars", types)),
        Contestant("polars", "16 Ki rows", csv_writer("polars", types, batch_size=1 << 14)),
        Contestant("duckdb", "", csv_writer("duckdb", types)),
        Contestant("duckdb", "any order", csv_writer("duckdb", types, **ANY_ORDER), ordered=False),
    ]


CSV_CASES = {
    "csv-lineitem": Case(
        "CSV lineitem to Arrow, dates parsed", "csv-lineitem", "arrow", _readers(LINEITEM), LINEITEM
    ),
    "csv-mixed": Case("CSV mixed to Arrow", "csv-mixed", "arrow", _readers(MIXED), MIXED),
    "csv-projection": Case(
        "3 of 16 CSV columns to Arrow",
        "csv-lineitem",
        "arrow",
        _readers(LINEITEM, COLUMNS),
        {name: LINEITEM[name] for name in COLUMNS},
    ),
    "csv-count": Case("CSV row count", "csv-lineitem", "value", _counters(LINEITEM)),
    "csv-count-mixed": Case("CSV row count, quotes", "csv-mixed", "value", _counters(MIXED)),
    "csv-pandas-lineitem": Case(
        "CSV lineitem to pandas", "csv-lineitem", "pandas", _to_pandas(LINEITEM), LINEITEM
    ),
    "csv-pandas-mixed": Case(
        "CSV mixed to pandas", "csv-mixed", "pandas", _to_pandas(MIXED), MIXED
    ),
    "csv-write-lineitem": Case(
        "Arrow to CSV, lineitem", "csv-lineitem", "csv", _writers(LINEITEM), LINEITEM
    ),
    "csv-write-mixed": Case("Arrow to CSV, mixed", "csv-mixed", "csv", _writers(MIXED), MIXED),
}
