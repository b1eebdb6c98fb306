"""The CSV files of the benchmarks: TPC-H ``lineitem``, and a seeded table of mixed columns.

``lineitem`` is as ``tpchgen-cli`` prints it: decimals of two digits, ISO dates, short texts. The
mixed file is what scripts print: floats of six digits, integers of several widths, a bool, a
timestamp, a float with gaps, and text in quotes with commas, doubled quotes and umlauts.
"""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

SEED = 20_240_307
CHUNK_ROWS = 50_000

# Types by name: int64, float64, bool, text, date, timestamp.
LINEITEM = {
    "l_orderkey": "int64",
    "l_partkey": "int64",
    "l_suppkey": "int64",
    "l_linenumber": "int64",
    "l_quantity": "int64",
    "l_extendedprice": "float64",
    "l_discount": "float64",
    "l_tax": "float64",
    "l_returnflag": "text",
    "l_linestatus": "text",
    "l_shipdate": "date",
    "l_commitdate": "date",
    "l_receiptdate": "date",
    "l_shipinstruct": "text",
    "l_shipmode": "text",
    "l_comment": "text",
}
_FLOATS = {f"f{number}": "float64" for number in range(1, 9)}
_INTS = dict.fromkeys(("id", "small", "year", "change", "wide"), "int64")
MIXED = _FLOATS | _INTS | {"active": "bool", "seen": "timestamp", "note": "text", "gap": "float64"}

_WORDS = (
    *("Größe", "Straße", "Zürich", "Öl", "Käse", "Übung", "naïve", "Müller", "São", "Łódź"),
    *("order", "sent", "late", "paid", "open", "blue", "box", "red", "north", "of", "the"),
)
_SHAPES = ('"{}, {} {}"', '"{} ""{}"" {}"', '"{}, ""{}"", {}"', '"{} {} {}"')


class MissingGeneratorError(Exception):
    """A file is not there, and what would make it is not installed."""


def generator(out: Path) -> Path:
    """The program that makes TPC-H tables.

    Args:
        out: What it is to make, for the error.

    Raises:
        MissingGeneratorError: ``tpchgen-cli`` is not installed beside this Python.
    """
    program = Path(sys.executable).parent / "tpchgen-cli"
    if not program.exists():
        raise MissingGeneratorError(
            f"{out.name} is not there, and neither is tpchgen-cli, which makes it "
            "(pip install -r benches/io/requirements.txt)"
        )
    return program


def lineitem(out: Path, scale: float) -> None:
    """Write ``lineitem`` as CSV.

    Args:
        out: The file; its folder must be empty of other tables.
        scale: TPC-H scale factor; 0.7 is 4.2 million rows, 534 MB.

    Raises:
        MissingGeneratorError: ``tpchgen-cli`` is not installed beside this Python.
    """
    command = [str(generator(out)), "csv", "--tables", "lineitem", "--scale-factor", str(scale)]
    command += ["--output-dir", str(out.parent), "--no-progress", "--quiet"]
    subprocess.run(command, check=True)
    (out.parent / "lineitem.csv").rename(out)


def mixed(out: Path, rows: int) -> None:
    """Write the table of mixed columns; the same number of rows gives the same bytes.

    Args:
        out: The file.
        rows: Number of records behind the header; a million has about 190 MB.
    """
    rng = random.Random(SEED)  # noqa: S311 - test data, and the same every time
    with out.open("w", encoding="utf-8", newline="") as sink:
        sink.write(",".join(MIXED) + "\n")
        for first in range(0, rows, CHUNK_ROWS):
            sink.writelines(
                _record(rng, row) for row in range(first, min(first + CHUNK_ROWS, rows))
            )


def _record(rng: random.Random, row: int) -> str:
    uniform, below = rng.random, rng.randrange
    floats = ",".join(
        f"{value:.6f}"
        for value in (
            uniform(),
            uniform() * 1e4,
            uniform() * 200 - 100,
            uniform() * 1e-3,
            uniform() * 1e7,
            uniform() - 0.5,
            uniform() * 360,
            uniform() * -5e3,
        )
    )
    seen = _START + dt.timedelta(seconds=below(300_000_000))
    first, second, third = rng.choices(_WORDS, k=3)
    note = _SHAPES[below(4)].format(first, second, third)
    gap = "" if uniform() < 0.2 else f"{uniform() * 1e3:.3f}"
    return (
        f"{floats},{row},{below(10)},{1950 + below(90)},{below(2_000_001) - 1_000_000},"
        f"{below(10**15)},{'true' if uniform() < 0.3 else 'false'},{seen},{note},{gap}\n"
    )


_START = dt.datetime(2015, 1, 1)  # noqa: DTZ001 - the file has no zones


def arrow_schema(types: dict[str, str]) -> Any:
    """The types as a :class:`pyarrow.Schema`: what every result is cast to before it is compared.

    Args:
        types: ``LINEITEM``, ``MIXED`` or some of their columns.

    Returns:
        The schema, in the same order.
    """
    import pyarrow as pa

    kinds = {
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "text": pa.large_string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in types.items()])


def named(types: dict[str, str], *kinds: str) -> list[str]:
    """Columns of some types.

    Args:
        types: Types by name.
        kinds: The types wanted.

    Returns:
        Their names, in file order.
    """
    return [name for name, kind in types.items() if kind in kinds]
