"""Make the files that the benchmarks read, once; the same arguments give the same rows.

TPC-H ``lineitem`` comes from ``tpchgen-cli``, which is deterministic by scale factor. It is written
again as the kind of file that people keep: decimals as float64, dates as timestamps of
microseconds, snappy, row groups of 1,048,576 rows. The Avro files hold seeded random records. What
the CSV files hold says ``csv_data.py``.

    python benches/io/data.py [--data FOLDER] [--small]
"""

import argparse
import datetime as dt
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import csv_data

ROW_GROUP_ROWS = 1 << 20
AVRO_SEED = 20_240_229
AVRO_BLOCK_BYTES = 64_000  # what Avro's Java writer makes
DEFAULT_FOLDER = Path.home() / ".cache" / "parquetframe" / "bench"


@dataclass(frozen=True)
class Size:
    """How much data a run uses.

    Attributes:
        name: Ends the names of the files.
        scale: TPC-H scale factor; 1 is 6 million rows of ``lineitem``.
        avro_rows: Records in each Avro file.
        write_groups: Row groups that the writing cases write.
        calls: Calls in one run of a metadata case.
        csv_scale: TPC-H scale factor of the CSV file.
        mixed_rows: Records of the mixed CSV file.
    """

    name: str
    scale: float
    avro_rows: int
    write_groups: int
    calls: int
    csv_scale: float
    mixed_rows: int


TINY = Size("-tiny", 0.001, 100, 1, 1, 0.001, 1_000)  # what a run reads first, untimed
# 26.4 M rows of Parquet in 26 row groups, about 1 GB; CSV files of 534 and 240 MB
FULL = Size("", 4.4, 600_000, 4, 2_000, 0.7, 1_350_000)
SMALL = Size("-small", 0.05, 30_000, 1, 300, 0.05, 100_000)


def lineitem(folder: Path, size: Size) -> Path:
    """The Parquet file, made when it is not there.

    Args:
        folder: Where generated files live.
        size: Which scale.

    Returns:
        Path of the file.
    """
    return _once(folder / f"lineitem{size.name}.parquet", lambda out: _lineitem(out, size.scale))


def avro(folder: Path, size: Size, codec: str) -> Path:
    """The Avro file of mixed records, made when it is not there.

    Args:
        folder: Where generated files live.
        size: How many records.
        codec: ``snappy`` or ``deflate``.

    Returns:
        Path of the file.
    """
    path = folder / f"mixed-{codec}{size.name}.avro"
    return _once(path, lambda out: _avro(out, size.avro_rows, codec))


def lineitem_csv(folder: Path, size: Size) -> Path:
    """``lineitem`` as CSV, made when it is not there.

    Args:
        folder: Where generated files live.
        size: Which scale.

    Returns:
        Path of the file.
    """
    path = folder / f"lineitem{size.name}.csv"
    return _once(path, lambda out: csv_data.lineitem(out, size.csv_scale))


def mixed_csv(folder: Path, size: Size) -> Path:
    """The CSV file of mixed columns, made when it is not there.

    Args:
        folder: Where generated files live.
        size: How many records.

    Returns:
        Path of the file.
    """
    path = folder / f"mixed{size.name}.csv"
    return _once(path, lambda out: csv_data.mixed(out, size.mixed_rows))


SOURCES: dict[str, Callable[[Path, Size], Path]] = {
    "parquet": lineitem,
    "avro-snappy": lambda folder, size: avro(folder, size, "snappy"),
    "avro-deflate": lambda folder, size: avro(folder, size, "deflate"),
    "csv-lineitem": lineitem_csv,
    "csv-mixed": mixed_csv,
}


def _once(path: Path, make: Callable[[Path], None]) -> Path:
    """Make a file under another name first: one that exists is complete."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"making {path}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        new = Path(scratch) / path.name
        make(new)
        new.rename(path)
    return path


def _lineitem(out: Path, scale: float) -> None:
    generator = csv_data.generator(out)
    command = [str(generator), "parquet", "--tables", "lineitem", "--scale-factor", str(scale)]
    command += ["--output-dir", str(out.parent), "--no-progress", "--quiet"]
    subprocess.run(command, check=True)
    raw = out.parent / "raw.parquet"
    (out.parent / "lineitem.parquet").rename(raw)
    _convert(raw, out)
    raw.unlink()


def _convert(raw: Path, out: Path) -> None:
    """Write the file again with plain types, one row group in memory at a time."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    with pq.ParquetFile(raw) as source:
        schema = pa.schema([(field.name, _plain(field.type)) for field in source.schema_arrow])
        with pq.ParquetWriter(out, schema, compression="snappy") as writer:
            waiting: list[Any] = []
            rows = 0
            for batch in source.iter_batches(batch_size=1 << 16):
                waiting.append(batch)
                rows += batch.num_rows
                while rows >= ROW_GROUP_ROWS:
                    table = pa.Table.from_batches(waiting)
                    group = table.slice(0, ROW_GROUP_ROWS).cast(schema)
                    writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                    waiting = table.slice(ROW_GROUP_ROWS).to_batches()
                    rows -= ROW_GROUP_ROWS
            if rows:
                rest = pa.Table.from_batches(waiting).cast(schema)
                writer.write_table(rest, row_group_size=ROW_GROUP_ROWS)


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_date(kind):
        return pa.timestamp("us")
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return kind


def _nullable(kind: Any) -> list[Any]:
    return ["null", kind]


AVRO_FIELDS: dict[str, Any] = {
    "id": "long",
    "store": "int",
    "parent": _nullable("long"),
    "score": "float",
    "price": "double",
    "discount": _nullable("double"),
    "active": "boolean",
    "checked": _nullable("boolean"),
    "country": "string",
    "name": "string",
    "nick": _nullable("string"),
    "comment": "string",
    "token": "bytes",
    "day": {"type": "int", "logicalType": "date"},
    "seen": {"type": "long", "logicalType": "timestamp-millis"},
    "created": {"type": "long", "logicalType": "timestamp-micros"},
    "closed": _nullable({"type": "long", "logicalType": "timestamp-micros"}),
}

_COUNTRIES = ("CH", "DE", "FR", "IT", "AT", "LI", "ES", "PT", "NL", "BE", "SE", "NO")
_WORDS = (
    *("quickly", "slowly", "bold", "final", "ironic", "pending", "regular", "silent", "special"),
    *("careful", "packages", "deposits", "requests", "accounts", "theodolites", "instructions"),
    *("foxes", "ideas", "pinto", "beans", "sleep", "wake", "haggle", "nag"),
)


def _avro(out: Path, rows: int, codec: str) -> None:
    import fastavro

    fields = [{"name": name, "type": kind} for name, kind in AVRO_FIELDS.items()]
    schema = {"type": "record", "name": "mixed", "fields": fields}
    with out.open("wb") as sink:
        fastavro.writer(
            sink,
            fastavro.parse_schema(schema),
            _records(rows),
            codec=codec,
            sync_interval=AVRO_BLOCK_BYTES,
            sync_marker=bytes(range(16)),
        )


def _records(rows: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(AVRO_SEED)  # noqa: S311 - test data, and the same every time
    start = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
    first_day = start.date()
    for index in range(rows):
        created = start + dt.timedelta(microseconds=rng.randrange(10**15 // 4))
        yield {
            "id": index,
            "store": rng.randrange(5_000),
            "parent": rng.randrange(1 << 40) if rng.random() < 0.8 else None,
            "score": rng.randrange(1 << 20) / 1024,
            "price": round(rng.uniform(0, 1000), 2),
            "discount": round(rng.random(), 3) if rng.random() < 0.5 else None,
            "active": rng.random() < 0.7,
            "checked": rng.random() < 0.5 if rng.random() < 0.9 else None,
            "country": rng.choice(_COUNTRIES),
            "name": f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {rng.randrange(10_000)}",
            "nick": rng.choice(_WORDS) if rng.random() < 0.6 else None,
            "comment": " ".join(rng.choices(_WORDS, k=rng.randrange(3, 12))),
            "token": rng.randbytes(8),
            "day": first_day + dt.timedelta(days=rng.randrange(4_000)),
            "seen": created.replace(microsecond=created.microsecond // 1000 * 1000),
            "created": created,
            "closed": created + dt.timedelta(hours=5) if rng.random() < 0.3 else None,
        }


def main() -> None:
    """Make the files of one size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, metavar="FOLDER")
    parser.add_argument("--small", action="store_true", help="the files of a quick check")
    given = parser.parse_args()
    size = SMALL if given.small else FULL
    for path in [make(given.data, size) for make in SOURCES.values()]:
        print(f"{path.stat().st_size:>13,}  {path}")


if __name__ == "__main__":
    main()
