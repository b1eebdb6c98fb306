"""Who runs in which case, at which settings.

A contestant prepares (imports, opens what is not timed) and hands back the call that is timed.
Each peer runs at its defaults and at its best known settings; the better one counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import data

Run = Callable[[], Any]
OURS = "parquetframe"

COLUMNS = ["l_extendedprice", "l_shipdate", "l_shipmode"]
FROM_DAY, TO_DAY = dt.datetime(1995, 3, 1), dt.datetime(1995, 3, 26)  # noqa: DTZ001 - no zones here
ROW_GROUP_ROWS = 1 << 20
ZSTD_LEVEL = 3  # for everyone; the defaults differ
THP = {"POLARS_THP": "1"}
MALLOC_THP = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


@dataclass(frozen=True)
class Job:
    """What one process is to do.

    Attributes:
        path: The input file.
        out: The file to write, in writing cases.
        threads: Threads that every contestant may use.
        calls: Repetitions inside one run of a metadata case.
        keys: Half-open range of ``l_orderkey`` that holds 1 % of the rows.
        rows: Rows that the writing cases write.
    """

    path: str
    out: str
    threads: int
    calls: int
    keys: tuple[int, int]
    rows: int


@dataclass(frozen=True)
class Contestant:
    """One peer at one setting.

    Attributes:
        peer: Name of the library.
        setting: What differs from its defaults.
        prepare: Makes the timed call.
        env: Environment that the library reads when it loads.
        ordered: Whether the rows are promised in file order.
    """

    peer: str
    setting: str
    prepare: Callable[[Job], Run]
    env: dict[str, str] = field(default_factory=dict)
    ordered: bool = True

    @property
    def name(self) -> str:
        """Peer and setting."""
        return f"{self.peer} ({self.setting})" if self.setting else self.peer


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        title: For the table.
        source: ``parquet``, ``avro-snappy`` or ``avro-deflate``.
        gives: ``arrow``, ``pandas``, ``value`` or ``file``: how results are compared.
        contestants: Who takes part.
    """

    title: str
    source: str
    gives: str
    contestants: list[Contestant]


def pf_parquet(**options: Any) -> Callable[[Job], Run]:
    """Our reader."""

    def prepare(job: Job) -> Run:
        import parquetframe as pf

        chosen = {name: _now(value, job) for name, value in options.items()}
        return lambda: pf.read_parquet(job.path, threads=job.threads, **chosen)

    return prepare


def pandas_parquet(**options: Any) -> Callable[[Job], Run]:
    """``pandas.read_parquet``; pyarrow is what it reads with."""

    def prepare(job: Job) -> Run:
        import pandas as pd

        _limit_pyarrow(job)
        chosen = {name: _now(value, job) for name, value in options.items()}
        return lambda: pd.read_parquet(job.path, **chosen)

    return prepare


def pyarrow_parquet(to_pandas: dict[str, Any] | None = None, **options: Any) -> Any:
    """``pyarrow.parquet.read_table``, then to pandas if asked."""

    def prepare(job: Job) -> Run:
        from pyarrow import parquet as pq

        _limit_pyarrow(job)
        chosen = {name: _now(value, job) for name, value in options.items()}
        if to_pandas is None:
            return lambda: pq.read_table(job.path, **chosen)
        return lambda: pq.read_table(job.path, **chosen).to_pandas(**to_pandas)

    return prepare


def polars_parquet(output: str = "arrow", where: str = "", columns: list[str] | None = None) -> Any:
    """Polars; ``newest`` hands out views, which costs it nothing."""

    def prepare(job: Job) -> Run:
        import polars as pl

        def run() -> Any:
            if where:
                frame = pl.scan_parquet(job.path).filter(_polars_where(pl, where, job)).collect()
            else:
                frame = pl.read_parquet(job.path, columns=columns)
            if output == "pandas":
                return frame.to_pandas()
            if output == "newest":
                return frame.to_arrow(compat_level=pl.CompatLevel.newest())
            return frame.to_arrow()

        return run

    return prepare


def sql(
    engine: str, output: str = "arrow", where: str = "", select: str = "*", **options: Any
) -> Any:
    """A query by duckdb or datafusion."""

    def prepare(job: Job) -> Run:
        ask = _duckdb(job, options) if engine == "duckdb" else _datafusion(job)
        query = f"SELECT {select} FROM {{}}" + _sql_where(where, job)  # noqa: S608 - our own text
        return lambda: ask(query, output)

    return prepare


def _duckdb(job: Job, options: dict[str, Any]) -> Callable[[str, str], Any]:
    import duckdb

    connection = duckdb.connect(config={"threads": job.threads, **options})

    def ask(query: str, output: str) -> Any:
        answer = connection.execute(query.format(f"read_parquet('{job.path}')"))
        return answer.df() if output == "pandas" else answer.to_arrow_table()

    return ask


def _datafusion(job: Job) -> Callable[[str, str], Any]:
    from datafusion import SessionConfig, SessionContext

    context = SessionContext(SessionConfig().with_target_partitions(job.threads))
    context.register_parquet("input", job.path)

    def ask(query: str, output: str) -> Any:
        frame = context.sql(query.format("input"))
        return frame.to_pandas() if output == "pandas" else frame.to_arrow_table()

    return ask


def many(call: Callable[[str], Callable[[], Any]]) -> Callable[[Job], Run]:
    """One run of many short calls; gives the last answer."""

    def prepare(job: Job) -> Run:
        once = call(job.path)

        def run() -> Any:
            for _ in range(job.calls - 1):
                once()
            return once()

        return run

    return prepare


def pf_metadata(path: str) -> Callable[[], Any]:
    """Our footer."""
    import parquetframe as pf

    def once() -> tuple[int, int]:
        footer = pf.read_parquet_metadata(path)
        return footer.rows, len(footer.row_groups)

    return once


def pf_count(path: str) -> Callable[[], Any]:
    """Our row count."""
    import parquetframe as pf

    return lambda: pf.get_row_count(path)


def pyarrow_metadata(path: str) -> Callable[[], Any]:
    """The footer by pyarrow."""
    from pyarrow import parquet as pq

    def once() -> tuple[int, int]:
        footer = pq.read_metadata(path)
        return footer.num_rows, footer.num_row_groups

    return once


def pyarrow_count(path: str) -> Callable[[], Any]:
    """The row count by pyarrow."""
    from pyarrow import parquet as pq

    return lambda: pq.read_metadata(path).num_rows


def polars_count(path: str) -> Callable[[], Any]:
    """The row count by polars."""
    import polars as pl

    return lambda: pl.scan_parquet(path).select(pl.len()).collect().item()


def duckdb_count(path: str) -> Callable[[], Any]:
    """The row count by duckdb."""
    import duckdb

    connection = duckdb.connect()
    query = f"SELECT count(*) FROM read_parquet('{path}')"  # noqa: S608 - our own path
    return lambda: connection.execute(query).fetchall()[0][0]


def writer(engine: str, codec: str, **options: Any) -> Callable[[Job], Run]:
    """Writes the first rows of the file, held as an Arrow table, again."""

    def prepare(job: Job) -> Run:
        _limit_pyarrow(job)
        write = _WRITERS[engine](_first_rows(job), job, codec, options)

        def run() -> str:
            write()
            return job.out

        return run

    return prepare


def _first_rows(job: Job) -> Any:
    from pyarrow import parquet as pq

    with pq.ParquetFile(job.path) as file:
        rows = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        groups = [i for i in range(len(rows)) if sum(rows[:i]) < job.rows]
        return file.read_row_groups(groups).combine_chunks()


def _level(codec: str) -> int | None:
    return ZSTD_LEVEL if codec == "zstd" else None


def _write_pf(table: Any, job: Job, codec: str, options: dict[str, Any]) -> Run:
    import parquetframe as pf

    return lambda: pf.write_parquet(
        table,
        job.out,
        compression=codec,
        compression_level=_level(codec),
        row_group_rows=ROW_GROUP_ROWS,
        threads=job.threads,
        **options,
    )


def _write_pyarrow(table: Any, job: Job, codec: str, options: dict[str, Any]) -> Run:
    from pyarrow import parquet as pq

    return lambda: pq.write_table(
        table,
        job.out,
        compression=codec,
        compression_level=_level(codec),
        row_group_size=ROW_GROUP_ROWS,
        **options,
    )


def _write_polars(table: Any, job: Job, codec: str, options: dict[str, Any]) -> Run:
    import polars as pl

    frame = pl.DataFrame(table)
    return lambda: frame.write_parquet(
        job.out,
        compression=codec,  # type: ignore[arg-type]
        compression_level=_level(codec),
        row_group_size=ROW_GROUP_ROWS,
        **options,
    )


def _write_duckdb(table: Any, job: Job, codec: str, options: dict[str, Any]) -> Run:
    import duckdb

    connection = duckdb.connect(config={"threads": job.threads, **options})
    connection.register("input", table)
    level = f", COMPRESSION_LEVEL {ZSTD_LEVEL}" if codec == "zstd" else ""
    kind = f"FORMAT parquet, COMPRESSION {codec}{level}, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
    query = f"COPY (SELECT * FROM input) TO '{job.out}' ({kind})"  # noqa: S608 - our own text
    return lambda: connection.execute(query)


_WRITERS = {
    OURS: _write_pf,
    "pyarrow": _write_pyarrow,
    "polars": _write_polars,
    "duckdb": _write_duckdb,
}


def pf_avro(job: Job) -> Run:
    """Our Avro reader."""
    import parquetframe as pf

    return lambda: pf.read_avro(job.path, threads=job.threads)


def polars_avro(output: str) -> Callable[[Job], Run]:
    """The Avro reader of polars."""

    def prepare(job: Job) -> Run:
        import polars as pl

        level = pl.CompatLevel.newest() if output == "newest" else None
        return lambda: pl.read_avro(job.path).to_arrow(compat_level=level)

    return prepare


def fastavro_columns(job: Job) -> Run:
    """The records of fastavro, gathered by column: the fastest way from them to Arrow."""
    import fastavro
    import pyarrow as pa

    schema = _avro_schema()

    def run() -> Any:
        with Path(job.path).open("rb") as stream:
            records: list[Any] = list(fastavro.reader(stream))
        columns = {name: [record[name] for record in records] for name in schema.names}
        return pa.table(columns, schema)

    return run


def fastavro_rows(job: Job) -> Run:
    """The records of fastavro, handed to pyarrow as they are."""
    import fastavro
    import pyarrow as pa

    schema = _avro_schema()

    def run() -> Any:
        with Path(job.path).open("rb") as stream:
            return pa.Table.from_pylist(list(fastavro.reader(stream)), schema)

    return run


def _avro_schema() -> Any:
    """What the records hold; left to guess, pyarrow would take wider numbers."""
    import pyarrow as pa

    plain = {
        "long": pa.int64(),
        "int": pa.int32(),
        "float": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "string": pa.large_string(),
        "bytes": pa.large_binary(),
        "date": pa.date32(),
        "timestamp-millis": pa.timestamp("ms", "UTC"),
        "timestamp-micros": pa.timestamp("us", "UTC"),
    }

    def arrow(kind: Any) -> Any:
        inner: Any = kind[1] if isinstance(kind, list) else kind
        return plain[inner["logicalType"] if isinstance(inner, dict) else inner]

    return pa.schema([(name, arrow(kind)) for name, kind in data.AVRO_FIELDS.items()])


def _limit_pyarrow(job: Job) -> None:
    import pyarrow as pa

    pa.set_cpu_count(job.threads)
    pa.set_io_thread_count(job.threads)


def _now(value: Any, job: Job) -> Any:
    """An option that depends on the job is a function of it."""
    return value(job) if callable(value) else value


def _tuples(where: str) -> Callable[[Job], list[tuple[str, str, Any]]]:
    def make(job: Job) -> list[tuple[str, str, Any]]:
        column, low, high = _range(where, job)
        return [(column, ">=", low), (column, "<", high)]

    return make


def _range(where: str, job: Job) -> tuple[str, Any, Any]:
    if where == "scattered":
        return "l_shipdate", FROM_DAY, TO_DAY
    return "l_orderkey", *job.keys


def _polars_where(pl: Any, where: str, job: Job) -> Any:
    column, low, high = _range(where, job)
    return (pl.col(column) >= low) & (pl.col(column) < high)


def _sql_where(where: str, job: Job) -> str:
    if not where:
        return ""
    column, low, high = _range(where, job)
    if isinstance(low, dt.datetime):
        low, high = f"TIMESTAMP '{low}'", f"TIMESTAMP '{high}'"
    return f" WHERE {column} >= {low} AND {column} < {high}"


def _readers(**given: Any) -> list[Contestant]:
    """Everybody's way from Parquet to Arrow: all, some columns, or some rows."""
    where = given.get("where", "")
    columns = given.get("columns")
    options: dict[str, Any] = {"columns": columns} if columns else {}
    if where:
        options["filters"] = _tuples(where)
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
    ),
    "write-snappy": Case("Arrow to Parquet, snappy", "parquet", "file", _writers("snappy")),
    "write-zstd": Case("Arrow to Parquet, zstd", "parquet", "file", _writers("zstd")),
    "avro-snappy": Case("Avro to Arrow, snappy", "avro-snappy", "arrow", _avro_readers()),
    "avro-deflate": Case("Avro to Arrow, deflate", "avro-deflate", "arrow", _avro_readers()),
}
