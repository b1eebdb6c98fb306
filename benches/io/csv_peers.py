"""How each library reads and writes CSV: one function per way, as in ``peers``.

Everybody parses the dates, so a way that leaves them as text casts them within the timed call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from csv_data import arrow_schema, named
from peers import Job, Run, limit_pyarrow

Types = dict[str, str]
Prepare = Callable[[Job], Run]
BLOCK_BYTES = 1 << 20


def pf_read(**options: Any) -> Prepare:
    """Our reader."""

    def prepare(job: Job) -> Run:
        import parquetframe as pf

        return lambda: pf.read_csv(job.path, threads=job.threads, **options)

    return prepare


def pf_rows(job: Job) -> Run:
    """Our row count."""
    import parquetframe as pf

    return lambda: pf.get_row_count(job.path)


def pandas_read(types: Types, columns: list[str] | None = None, **options: Any) -> Prepare:
    """``pandas.read_csv`` that parses the dates itself; its C engine is serial then."""

    def prepare(job: Job) -> Run:
        import pandas as pd

        limit_pyarrow(job)
        dates = named(_chosen(types, columns), "date", "timestamp")
        return lambda: pd.read_csv(job.path, parse_dates=dates, usecols=columns, **options)

    return prepare


def pandas_parallel(types: Types, cast: str) -> Prepare:
    """``pandas.read_csv`` in parallel, the dates cast behind it by pandas or by Arrow."""

    def prepare(job: Job) -> Run:
        import pandas as pd
        import pyarrow as pa

        limit_pyarrow(job)
        dates = {name: types[name] for name in named(types, "date", "timestamp")}
        patterns = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M:%S"}

        def by_pandas(frame: Any, name: str) -> Any:
            return pd.to_datetime(frame[name], format=patterns[dates[name]])

        def by_arrow(frame: Any, name: str) -> Any:
            texts = pa.array(frame[name].array)
            days = texts.cast(pa.date32()) if dates[name] == "date" else texts
            return days.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)

        change = by_pandas if cast == "pandas" else by_arrow

        def run() -> Any:
            frame = pd.read_csv(job.path)
            return frame.assign(**{name: change(frame, name) for name in dates})

        return run

    return prepare


def pandas_rows(types: Types) -> Prepare:
    """The row count by way of one column; pandas has no other."""

    def prepare(job: Job) -> Run:
        import pandas as pd

        return lambda: len(pd.read_csv(job.path, usecols=[next(iter(types))]))

    return prepare


def pyarrow_read(
    columns: list[str] | None = None, block_bytes: int | None = None, output: str = "arrow"
) -> Prepare:
    """``pyarrow.csv.read_csv``."""

    def prepare(job: Job) -> Run:
        from pyarrow import csv

        limit_pyarrow(job)
        reading = csv.ReadOptions(block_size=block_bytes)
        converting = csv.ConvertOptions(include_columns=columns)

        def run() -> Any:
            table = csv.read_csv(job.path, read_options=reading, convert_options=converting)
            return table.to_pandas(split_blocks=True, self_destruct=True, date_as_object=False) \
                if output == "pandas" else table  # fmt: skip

        return run

    return prepare


def pyarrow_rows(job: Job) -> Run:
    """The row count by pyarrow's dataset, which parses in parallel."""
    from pyarrow import dataset

    limit_pyarrow(job)
    return lambda: dataset.dataset(job.path, format="csv").count_rows()


def polars_read(
    types: Types,
    columns: list[str] | None = None,
    *,
    given: bool = False,
    lazy: bool = False,
    output: str = "arrow",
) -> Prepare:
    """``polars.read_csv`` or ``scan_csv``; ``given`` names the types, ``views`` is the output."""

    def prepare(job: Job) -> Run:
        import polars as pl

        kinds = {
            "int64": pl.Int64(),
            "float64": pl.Float64(),
            "bool": pl.Boolean(),
            "text": pl.String(),
            "date": pl.Date(),
            "timestamp": pl.Datetime("us"),
        }
        schema = {name: kinds[kind] for name, kind in types.items()} if given else None

        def run() -> Any:
            if lazy:
                plan = pl.scan_csv(job.path, schema=schema, try_parse_dates=not given)
                frame = (plan.select(columns) if columns else plan).collect(engine="streaming")
            else:
                frame = pl.read_csv(
                    job.path, columns=columns, schema=schema, try_parse_dates=not given
                )
            if output == "pandas":
                return frame.to_pandas()
            if output == "views":
                return frame.to_arrow(compat_level=pl.CompatLevel.newest())
            return frame.to_arrow()

        return run

    return prepare


def polars_rows(job: Job) -> Run:
    """The row count by polars."""
    import polars as pl

    return lambda: pl.scan_csv(job.path).select(pl.len()).collect().item()


def duckdb_read(
    types: Types, select: str = "*", *, given: bool = False, output: str = "arrow", **options: Any
) -> Prepare:
    """A query by duckdb; ``given`` names dialect and types, so that nothing is sniffed."""

    def prepare(job: Job) -> Run:
        connection = _duckdb(job, options)
        query = f"SELECT {select} FROM {_duckdb_source(job, types if given else None)}"  # noqa: S608 - our own text

        def run() -> Any:
            answer = connection.sql(query)  # `execute` would copy the rows once more
            return answer.df() if output == "pandas" else answer.to_arrow_table()

        return run

    return prepare


def duckdb_rows(job: Job) -> Run:
    """The row count by duckdb."""
    connection = _duckdb(job, {})
    query = f"SELECT count(*) FROM {_duckdb_source(job, None)}"  # noqa: S608 - our own text
    return lambda: connection.execute(query).fetchall()[0][0]


def _duckdb(job: Job, options: dict[str, Any]) -> Any:
    import duckdb

    return duckdb.connect(config={"threads": job.threads, **options})


def _duckdb_source(job: Job, types: Types | None) -> str:
    if types is None:
        return f"read_csv('{job.path}')"
    kinds = {
        "int64": "BIGINT",
        "float64": "DOUBLE",
        "bool": "BOOLEAN",
        "text": "VARCHAR",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
    }
    columns = ", ".join(f"'{name}': '{kinds[kind]}'" for name, kind in types.items())
    dialect = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    return f"read_csv('{job.path}', {dialect}, columns = {{{columns}}})"


def bytes_only(job: Job) -> Run:
    """The floor: the file's bytes by all threads into blocks that are used again."""
    size = Path(job.path).stat().st_size
    share = -(-size // job.threads)

    def part(number: int) -> int:
        block, at, done = bytearray(BLOCK_BYTES), number * share, 0
        end = min(at + share, size)
        descriptor = os.open(job.path, os.O_RDONLY)
        while at + done < end:
            wanted = min(BLOCK_BYTES, end - at - done)
            done += os.preadv(descriptor, [memoryview(block)[:wanted]], at + done)
        os.close(descriptor)
        return done

    def run() -> int:
        with ThreadPoolExecutor(job.threads) as pool:
            return sum(pool.map(part, range(job.threads)))

    return run


def csv_writer(engine: str, types: Types, **options: Any) -> Prepare:
    """Writes the file, held as an Arrow table or the library's own frame, again."""

    def prepare(job: Job) -> Run:
        write = _WRITERS[engine](_table(job, types), job, options)

        def run() -> str:
            write()
            return job.out

        return run

    return prepare


def _table(job: Job, types: Types) -> Any:
    from pyarrow import csv

    limit_pyarrow(job)
    return csv.read_csv(
        job.path,
        convert_options=csv.ConvertOptions(column_types=arrow_schema(types)),
    ).combine_chunks()


def _write_pf(table: Any, job: Job, options: dict[str, Any]) -> Run:
    import parquetframe as pf

    return lambda: pf.write_csv(table, job.out, threads=job.threads, **options)


def _write_pandas(table: Any, job: Job, options: dict[str, Any]) -> Run:
    frame = table.to_pandas(date_as_object=False)
    return lambda: frame.to_csv(job.out, index=False, **options)


def _write_pyarrow(table: Any, job: Job, options: dict[str, Any]) -> Run:
    from pyarrow import csv

    chosen = csv.WriteOptions(**options)
    return lambda: csv.write_csv(table, job.out, chosen)


def _write_polars(table: Any, job: Job, options: dict[str, Any]) -> Run:
    import polars as pl

    frame = pl.DataFrame(table)
    return lambda: frame.write_csv(job.out, **options)


def _write_duckdb(table: Any, job: Job, options: dict[str, Any]) -> Run:
    connection = _duckdb(job, options)
    connection.register("input", table)
    query = f"COPY (SELECT * FROM input) TO '{job.out}' (FORMAT csv, HEADER)"  # noqa: S608 - our own text
    return lambda: connection.execute(query)


_WRITERS = {
    "parquetframe": _write_pf,
    "pandas": _write_pandas,
    "pyarrow": _write_pyarrow,
    "polars": _write_polars,
    "duckdb": _write_duckdb,
}


def _chosen(types: Types, columns: list[str] | None) -> Types:
    return {name: types[name] for name in columns or types}
