"""One call of an algorithm: options checked, progress kept in order, the answer delivered."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from parquetframe.cancel import as_flag
from parquetframe.io.machine import THREADS_ENVIRONMENT, thread_count
from parquetframe.io.request import PandasOptions, choice

from .engine import Handle, Progress, Work

if TYPE_CHECKING:
    from parquetframe.cancel import CancelledFlag

__all__ = ["OUTPUTS", "Answer", "Call", "start"]

OUTPUTS = ("table", "arrow", "pandas", "polars", "numpy")


@dataclass
class Answer:
    """What an engine found.

    Attributes:
        columns: By name; vertices as indices.
        facts: About the run, with ``seconds`` and ``backend``.
    """

    columns: dict[str, pa.Array]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """The options that all algorithms have, checked."""

    output: str
    work: Work
    backend: str

    def run(
        self,
        handle: Handle,
        algorithm: str,
        params: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray[Any, Any]] | None = None,
    ) -> Answer:
        """Let the engine work."""
        before = time.perf_counter()
        columns, facts = handle.run(algorithm, params or {}, arrays or {}, self.work)
        if self.work.progress is not None:
            self.work.progress(1.0)
        facts = {**facts, "seconds": time.perf_counter() - before, "backend": self.backend}
        return Answer(columns, facts)

    def deliver(self, columns: Mapping[str, pa.Array], facts: Mapping[str, Any]) -> Any:
        """The columns as the kind of table that was asked for.

        Facts stand in the schema's metadata as JSON under ``pf.<fact>``; a pandas frame has them in
        ``attrs``.
        """
        table = pa.table(dict(columns))
        if self.output == "pandas":
            from parquetframe.io.pandas_frame import to_pandas

            frame = to_pandas(table, PandasOptions(), "parquet")
            frame.attrs.update({f"pf.{name}": value for name, value in facts.items()})
            return frame
        if self.output == "polars":
            from parquetframe.io.reading import to_polars

            return to_polars(table)
        if self.output == "numpy":
            return {name: _as_numpy(column) for name, column in columns.items()}
        metadata = {f"pf.{name}": json.dumps(value) for name, value in facts.items()}
        return table.replace_schema_metadata(metadata)


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
    choice("output", output, OUTPUTS)
    if output in ("pandas", "polars"):
        from parquetframe.io.reading import require_output

        require_output(output)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    flag: CancelledFlag | None = None if cancel is None else as_flag(cancel)
    told = None if progress is None else _Monotone(progress)
    number = _usual_threads(os.environ.get(THREADS_ENVIRONMENT, "")) if threads is None else threads
    return Call(output, Work(thread_count(number), told, flag), backend)


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


def _as_numpy(column: pa.Array) -> np.ndarray[Any, Any]:
    """The values; a masked array where there are nulls."""
    values = column.to_numpy(zero_copy_only=False)
    if not column.null_count:
        return np.asarray(values)
    mask = np.asarray(column.is_null())
    if values.dtype != object:
        values = column.filter(column.is_valid()).to_numpy(zero_copy_only=False)
        filled = np.zeros(len(column), values.dtype)
        filled[~mask] = values
        values = filled
    return np.ma.MaskedArray(values, mask)
