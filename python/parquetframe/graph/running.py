"""One call of an algorithm: options checked, progress kept in order, the answer delivered."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from parquetframe.cancel import as_flag
from parquetframe.io.machine import THREADS_ENVIRONMENT, thread_count
from parquetframe.io.request import PandasOptions

from .columns import Column, as_numpy, as_table
from .engine import Progress, Work
from .options import one_of

if TYPE_CHECKING:
    from parquetframe.cancel import CancelledFlag

__all__ = ["OUTPUTS", "Call", "Found", "start"]

OUTPUTS = ("table", "arrow", "pandas", "polars", "numpy")


_plain = np.ndarray
Found: TypeAlias = "Mapping[str, Column] | pa.Table"


class Call(NamedTuple):
    """The options that all algorithms have, checked."""

    output: str
    work: Work
    backend: str

    def deliver(self, found: Found, facts: Mapping[str, Any]) -> Any:
        """What was found as the kind of table that was asked for.

        Facts stand in the schema's metadata as JSON under ``pf.<fact>``; a pandas frame has them in
        ``attrs``.
        """
        if self.output == "numpy":
            return {
                name: column if column.__class__ is _plain else as_numpy(column)
                for name, column in found.items()
            }
        table = found if isinstance(found, pa.Table) else as_table(found)
        if self.output in ("table", "arrow"):
            return table.replace_schema_metadata(
                {f"pf.{name}": _json(value) for name, value in facts.items()}
            )
        if self.output == "polars":
            from parquetframe.io.reading import to_polars

            return to_polars(table)
        from parquetframe.io.pandas_frame import to_pandas

        frame = to_pandas(table, PandasOptions(), "parquet")
        frame.attrs.update({f"pf.{name}": value for name, value in facts.items()})
        return frame


def start(
    backend: str,
    *,
    output: str = "table",
    threads: int | None = None,
    progress: Progress | None = None,
    cancel: object = None,
) -> Call:
    """Check the options that all algorithms have.

    Raises:
        ValueError: No such output.
        TypeError: ``progress`` or ``cancel`` is none.
        ImportError: The package of the output is missing.
    """
    one_of("output", output, OUTPUTS)
    if output in ("pandas", "polars"):
        from parquetframe.io.reading import require_output

        require_output(output)
    if threads is None:
        threads = _usual_threads(os.environ.get(THREADS_ENVIRONMENT, ""))
    if threads.__class__ is int and progress is None and cancel is None:
        return _usual(backend, output, threads)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    flag: CancelledFlag | None = None if cancel is None else as_flag(cancel)
    told = None if progress is None else _Monotone(progress)
    return Call(output, Work(thread_count(threads), told, flag), backend)


@cache
def _usual(backend: str, output: str, threads: int) -> Call:
    """A call without more options, made once."""
    return Call(output, Work(thread_count(threads)), backend)


@cache
def _usual_threads(environment: str) -> int:
    """Asked once: what limits the process takes longer to find out than many a call lasts."""
    del environment
    return thread_count(None)


class _Monotone:
    """Passes shares on, unless they are less than one before; 1 once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = -1.0

    def __call__(self, share: float) -> None:
        share = min(share, 1.0)
        if share > self._last:
            self._last = share
            self._progress(share)


_text = cache(json.dumps)  # of the few that facts are


def _json(value: Any) -> str:
    if value.__class__ is int or (value.__class__ is float and math.isfinite(value)):
        return repr(value)  # as JSON has it, in a tenth of the time
    return _text(value) if value.__class__ is str else json.dumps(value)
