"""How each library does the work: one function per way to read or write.

A function gives a `prepare`: it imports and opens what is not timed, and hands back the timed call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import data

Run = Callable[[], Any]
OURS = "parquetframe"
FLOOR = "bytes only"  # no peer: what reading the file costs without looking at it

FROM_DAY, TO_DAY = dt.datetime(1995, 3, 1), dt.datetime(1995, 3, 26)  # noqa: DTZ001 - no zones here
ROW_GROUP_ROWS = 1 << 20
ZSTD_LEVEL = 3  # for everyone; the defaults differ


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

        limit_pyarrow(job)
        chosen = {name: _now(value, job) for name, value in options.items()}
        return lambda: pd.read_parquet(job.path, **chosen)

    return prepare


def pyarrow_parquet(to_pandas: dict[str, Any] | None = None, **options: Any) -> Any:
    """``pyarrow.parquet.read_table``, then to pandas if asked."""

    def prepare(job: Job) -> Run:
        from pyarrow import parquet as pq

        limit_pyarrow(job)
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
        # `execute` would copy the rows once more.
        answer = connection.sql(query.format(f"read_parquet('{job.path}')"))
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
        return footer.rows, footer.num_row_groups

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
        limit_pyarrow(job)
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


def limit_pyarrow(job: Job) -> None:
    """As many threads for pyarrow as for everybody."""
    import pyarrow as pa

    pa.set_cpu_count(job.threads)
    pa.set_io_thread_count(job.threads)


def _now(value: Any, job: Job) -> Any:
    """An option that depends on the job is a function of it."""
    return value(job) if callable(value) else value


def tuples(where: str) -> Callable[[Job], list[tuple[str, str, Any]]]:
    """The rows to keep, as pyarrow's tuples; which keys they are depends on the job."""

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
