"""What the readers and writers ask of an engine, and the choice of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from parquetframe import _backend
from parquetframe.errors import Cancelled

if TYPE_CHECKING:
    from types import ModuleType

    import pyarrow as pa

    from parquetframe.cancel import CancelledFlag

__all__ = [
    "Decode",
    "Engine",
    "FileRequest",
    "Footer",
    "Progress",
    "WriteRequest",
    "choose_engine",
]

DISABLE_ENVIRONMENT = "PARQUETFRAME_DISABLE_RUST_IO"
NEEDS = "io_read"

Path = tuple[str, ...]
Progress = Callable[[int, int | None, int], object]


@dataclass(frozen=True)
class Decode:
    """How values come out of a file; the same for all files of a read."""

    string_type: str = "large"
    dictionary_columns: tuple[str, ...] = ()
    int96_unit: str = "ns"
    verify_checksums: bool = False
    reader_schema: str | None = None
    unions: str = "arrow"
    enums: str = "dictionary"
    on_bad_block: str = "error"
    csv: dict[str, Any] = field(default_factory=dict, hash=False)
    on_bad_line: Callable[[list[str], Exception], Any] | None = None


@dataclass(frozen=True)
class FileRequest:
    """What is wanted of one file.

    Attributes:
        source: A path, or the bytes themselves.
        columns: Paths of columns and nested leaves; ``None`` means all.
        predicate: Tree of conditions; an engine that cannot evaluate it may ignore it.
        row_groups: Indices in the order wanted.
        n_rows: The first rows only.
        head_bytes: Look at so many bytes of text only, for a preview; python engine, CSV.
    """

    format: str
    source: str | bytes
    decode: Decode
    columns: tuple[Path, ...] | None = None
    predicate: dict[str, Any] | None = None
    row_groups: tuple[int, ...] | None = None
    n_rows: int | None = None
    batch_rows: int | None = None
    head_bytes: int | None = None
    threads: int = 1
    memory_limit: int | None = None
    cancel: CancelledFlag | None = None
    progress: Progress | None = None

    @property
    def label(self) -> str:
        """The path, or a stand-in for bytes."""
        return self.source if isinstance(self.source, str) else "<bytes>"

    def check_cancelled(self) -> None:
        """Raise ``Cancelled`` once the read was cancelled."""
        if self.cancel is not None and self.cancel.is_cancelled():
            raise Cancelled("the read was cancelled")


@dataclass(frozen=True)
class WriteRequest:
    """What is to be written where; ``options`` are those of the format, complete and checked."""

    format: str
    dest: str
    options: dict[str, Any] = field(default_factory=dict)
    threads: int = 1
    atomic: bool = True
    fsync: bool = True
    overwrite: bool = True
    cancel: CancelledFlag | None = None
    progress: Progress | None = None

    def check_cancelled(self) -> None:
        """Raise ``Cancelled`` once the write was cancelled."""
        if self.cancel is not None and self.cancel.is_cancelled():
            raise Cancelled("the write was cancelled")


class Footer(Protocol):
    """What the footer of a Parquet file says.

    The attributes are those of :class:`parquetframe.ParquetMetadata`; of ``columns`` and
    ``row_groups``, the arguments of their classes.
    """

    rows: int
    names: tuple[str, ...]
    columns: list[dict[str, Any]]
    row_groups: list[dict[str, Any]]
    num_row_groups: int
    created_by: str | None
    version: str
    key_values: dict[str, str]
    footer_bytes: int
    file_bytes: int
    has_page_index: bool
    has_bloom: bool


class Engine(Protocol):
    """Reads and writes single files."""

    name: str

    def for_plan(self) -> Engine:
        """An engine that may remember what it learns of the files of one plan."""
        ...

    def evaluates(self, fmt: str) -> bool:
        """Whether a predicate removes every row for which it is not true."""
        ...

    def schema(self, request: FileRequest) -> pa.Schema:
        """All columns of the file, with the types that a read gives."""
        ...

    def read(self, request: FileRequest) -> tuple[pa.Table, dict[str, Any]]:
        """The rows, and facts for the report."""
        ...

    def batches(self, request: FileRequest) -> Iterator[pa.RecordBatch]:
        """The rows in pieces of at most ``batch_rows``, in bounded memory."""
        ...

    def row_count(self, request: FileRequest) -> int:
        """Number of rows, without decoding values."""
        ...

    def column_names(self, request: FileRequest) -> list[str]:
        """Names of the top-level columns in file order."""
        ...

    def parquet_metadata(self, source: str | bytes) -> Footer:
        """What a footer says."""
        ...

    def parquet_statistics(
        self, source: str | bytes, columns: list[str] | None
    ) -> list[dict[str, Any]]:
        """Typed bounds and counts of each leaf, merged over all row groups."""
        ...

    def avro_header(self, source: str | bytes) -> dict[str, Any]:
        """``schema`` (JSON text), ``codec`` and ``metadata``."""
        ...

    def csv_facts(self, request: FileRequest) -> dict[str, Any]:
        """What a read of a CSV file has to tell beside its rows."""
        ...

    def csv_sniff(self, source: str | bytes, options: dict[str, Any]) -> dict[str, Any]:
        """The facts of :class:`parquetframe.io.CsvDialect`."""
        ...

    def write(self, data: Any, request: WriteRequest) -> dict[str, Any]:
        """Write a stream; ``path``, ``rows``, ``bytes`` and ``files`` of the result."""
        ...


def io_requested(engine: str | None) -> str | None:
    """The engine argument, with the old switch of the environment counted in."""
    if engine in (None, "auto") and os.environ.get(DISABLE_ENVIRONMENT) == "1":
        return "python"
    return engine


def choose_engine(engine: str | None = None) -> Engine:
    """The engine that reads and writes.

    Raises:
        ImportError: ``rust`` was asked for and is absent, or the extension is broken.
        ValueError: An unknown name.
    """
    wish = io_requested(engine)
    if _backend.resolve(wish, needs=NEEDS) == "rust":
        return _compiled(_backend.native())
    if _backend.native() is None:
        _backend.warn_fallback(wish)
    from ._python import PythonEngine

    return PythonEngine()


@cache
def _compiled(module: ModuleType | None) -> Engine:
    from ._native import RustEngine

    return RustEngine(module)
