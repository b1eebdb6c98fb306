"""On which CSV inputs do readers disagree, and who is right? Prints a Markdown page.

    python benches/io/csv_disagreements.py [--engine rust] [--out docs/guide/csv-peers.md]

Everybody reads the same file by its path, at defaults; options are given only where the input is
about one. A result is right if its values are among those that ``disagreement_inputs`` defends.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from disagreement_inputs import ERROR, INPUTS, Input

MOST_SHOWN = 60
Rows = list[list[Any]]


def _parquetframe(path: str, engine: str, **options: Any) -> Rows:
    import parquetframe as pf

    return _of_arrow(pf.read_csv(path, engine=engine, **options))


def _pandas(path: str, _engine: str, **options: Any) -> Rows:
    import pandas as pd

    frame = pd.read_csv(path, **options)
    columns = [frame.iloc[:, number] for number in range(frame.shape[1])]
    plain = [[None if pd.isna(v) else v for v in column.astype(object)] for column in columns]
    return [list(row) for row in zip(*plain, strict=True)]


def _pyarrow(path: str, _engine: str) -> Rows:
    from pyarrow import csv

    return _of_arrow(csv.read_csv(path))


def _polars(path: str, _engine: str, **options: Any) -> Rows:
    import polars as pl

    return [list(row) for row in pl.read_csv(path, try_parse_dates=True, **options).rows()]


def _duckdb(path: str, _engine: str, **options: Any) -> Rows:
    import duckdb

    given = "".join(f", {name} = '{value}'" for name, value in options.items())
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    answer = connection.sql(f"SELECT * FROM read_csv('{path}'{given})")  # noqa: S608 - our own text
    return _of_arrow(answer.to_arrow_table())


def _of_arrow(table: Any) -> Rows:
    columns = [column.to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


READERS: dict[str, Callable[..., Rows]] = {
    "parquetframe": _parquetframe,
    "pandas": _pandas,
    "pyarrow": _pyarrow,
    "polars": _polars,
    "duckdb": _duckdb,
}


def outcome(reader: str, given: Input, path: str, engine: str) -> tuple[bool | None, str]:
    """What a reader makes of an input.

    Args:
        reader: Name of the library.
        given: The input.
        path: Its file.
        engine: Engine of parquetframe.

    Returns:
        Whether that is right, or ``None`` if the library has no such option; and how it looks.
    """
    if given.options is not None and reader not in given.options:
        return None, "no such option"
    options = (given.options or {}).get(reader, {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = READERS[reader](path, engine, **options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # polars panics with one that is no Exception
        return ERROR in given.right, f"*{type(error).__name__}*"
    if given.tail:
        whole = len(rows) == given.rows and _same(rows[-1:], given.right[0])
        first = rows[0][0] if rows else None
        # One column, one type: a cell from the first rows must be text if the last one is.
        whole = whole and isinstance(first, type(given.right[0][0][0]))
        ends = f"{_short(first)} ... {_short(rows[-1][0])}" if rows else ""
        return whole, f"{len(rows):,} rows, {ends}"
    right = any(_same(rows, one) for one in given.right if one != ERROR)
    return right, "; ".join(", ".join(_short(cell) for cell in row) for row in rows) or "no rows"


def _same(rows: Rows, expected: Rows) -> bool:
    return [len(row) for row in rows] == [len(row) for row in expected] and all(
        _equal(cell, wish)
        for row, wishes in zip(rows, expected, strict=True)
        for cell, wish in zip(row, wishes, strict=True)
    )


def _equal(cell: Any, wish: Any) -> bool:
    if isinstance(cell, float) and isinstance(wish, float):
        return math.isclose(cell, wish, rel_tol=0, abs_tol=0)
    if isinstance(cell, bool) != isinstance(wish, bool):
        return False
    try:
        return bool(cell == wish)
    except TypeError:  # an instant beside a time without a zone
        return False


def _short(cell: Any) -> str:
    if cell is None:
        return "null"
    numpy_scalar = hasattr(cell, "item") and not isinstance(cell, (str, bytes))
    plain = cell.item() if numpy_scalar else cell
    text = str(plain) if hasattr(plain, "isoformat") else repr(plain)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."


def page(engine: str) -> str:
    """The whole page.

    Args:
        engine: Engine of parquetframe.

    Returns:
        Markdown.
    """
    wins = dict.fromkeys(READERS, 0)
    asked = dict.fromkeys(READERS, 0)
    body, overview, agreed = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, given in enumerate(INPUTS):
            path = Path(folder) / f"{number}{given.suffix}"
            path.write_bytes(given.data)
            found = {reader: outcome(reader, given, str(path), engine) for reader in READERS}
            for reader, (right, _) in found.items():
                wins[reader] += right is True
                asked[reader] += right is not None
            if all(right for right, _ in found.values()):
                agreed.append(given.name)
            else:
                overview.append(_line(given.name, [_mark(right) for right, _ in found.values()]))
            body += ["", f"### {given.name[0].upper()}{given.name[1:]}", "", _input(given), ""]
            body += ["| reader | result | |", "|---|---|---|"]
            body += [_line(reader, [s, _mark(right)]) for reader, (right, s) in found.items()]
            body += ["", f"Right: {_right(given)}", "", f"{given.why[0].upper()}{given.why[1:]}."]
    overview.append(_line("right", [f"{wins[one]} of {asked[one]}" for one in READERS]))
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in READERS)
    head = _HEAD.format(versions=versions, readers=" | ".join(READERS))
    everybody = ["", f"Everybody is right, if not equal, about: {', '.join(agreed)}."]
    return "\n".join([head, *overview, *everybody, *body]) + "\n"


def _line(name: str, cells: list[str]) -> str:
    return f"| {' | '.join(_cell(text) for text in [name, *cells])} |"


def _mark(right: bool | None) -> str:
    return "" if right is None else "right" if right else "**wrong**"


_HEAD = """\
# CSV files on which readers disagree

Made by `benches/io/csv_disagreements.py`. Versions: {versions}.

Everybody reads the same file by its path, at defaults (polars with `try_parse_dates=True`); options
are given only where the input is about one. A result is right if it keeps the values of the file,
or refuses where they cannot be known; where RFC 4180 leaves more than one answer open, all of them
are right. Whole numbers that a library gives as equal floats count as right.

| input | {readers} |
|---|---|---|---|---|---|"""


def _input(given: Input) -> str:
    text = given.shown or f"`{repr(given.data)[2:-1]}`"
    options = "" if given.options is None else f", with {_options(given)}"
    return f"Input: {text}{options}"


def _options(given: Input) -> str:
    wish = (given.options or {})["parquetframe"]
    texts = ", ".join(f"{name}={value!r}" for name, value in wish.items())
    return f"`{texts}` by its name in each reader"


def _right(given: Input) -> str:
    if given.tail:
        return f"{given.rows:,} rows, the last one " + ", ".join(map(_short, given.right[0][0]))
    shown = [
        ERROR if one == ERROR else "; ".join(", ".join(map(_short, row)) for row in one)
        for one in given.right
    ]
    return _cell(" or ".join(shown))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="auto", choices=["auto", "rust", "python"])
    parser.add_argument("--out", type=Path, help="write there instead of printing")
    given = parser.parse_args()
    text = page(given.engine)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
