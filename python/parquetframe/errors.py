"""Every exception that parquetframe raises; the extension imports these same classes.

Data of an error are attributes (``path``, ``line``, ``column``, ``step``, ``hint`` ...), so callers
never parse the text. Leaves also inherit the builtin that one would catch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AmbiguousDialect",
    "AvroError",
    "Cancelled",
    "CheckError",
    "CsvError",
    "CycleError",
    "DestinationExists",
    "ExpressionError",
    "GraphError",
    "GraphTooLarge",
    "InternalError",
    "IoError",
    "LimitExceeded",
    "NegativeCycle",
    "NegativeWeight",
    "NotADag",
    "NotConverged",
    "OutputLockedError",
    "ParquetError",
    "ParquetFrameError",
    "ResumeError",
    "RunCancelled",
    "SchemaError",
    "SourceNotFound",
    "StepError",
    "UnsupportedFeature",
    "ValidationError",
    "VertexNotFound",
    "WorkflowError",
    "WriteError",
]


class ParquetFrameError(Exception):
    """Root of all errors raised by parquetframe.

    Args:
        message: The text for people.
        **data: Facts about the error; each becomes an attribute.
    """

    hint: str | None = None

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        for name, value in data.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        return self.message


class IoError(ParquetFrameError, OSError, ValueError):
    """A file could not be read or written."""

    path: str | None = None
    line: int | None = None
    row: int | None = None
    column: str | None = None
    byte: int | None = None


class SourceNotFound(IoError, FileNotFoundError):
    """The file, directory or glob matches nothing. The text starts with ``File not found``."""


class ParquetError(IoError):
    """The bytes are not valid Parquet."""


class CsvError(IoError):
    """The bytes are not valid CSV, or a cell does not fit its column's type."""


class AmbiguousDialect(CsvError, UserWarning):
    """More than one CSV dialect explains a file, or none explains all of it.

    A warning where one of them was taken, an error where the choice would change the rows.
    """

    candidates: Sequence[str] = ()


class AvroError(IoError):
    """The bytes are not a valid Avro container."""


class LimitExceeded(IoError, MemoryError):
    """Reading on would pass a limit; nothing was allocated."""


class WriteError(IoError):
    """The destination could not be written; what stood there before still does."""


class DestinationExists(WriteError, FileExistsError):
    """The destination is there and may not be replaced."""


class UnsupportedFeature(ParquetFrameError, NotImplementedError):
    """The chosen engine does not offer this; the text names the option and what does."""


class SchemaError(ParquetFrameError, ValueError):
    """A column is missing, has the wrong type, or is null where none may be."""

    column: str | None = None


class ExpressionError(ParquetFrameError, ValueError):
    """An SQL expression does not parse or type-check, or fails on a row."""

    text: str | None = None
    position: int | None = None


class GraphError(ParquetFrameError, ValueError):
    """Edges or vertices that a graph algorithm cannot use."""


class VertexNotFound(GraphError, KeyError):
    """A vertex id that is not in the graph."""


class NegativeWeight(GraphError):
    """A negative edge weight where the method needs weights >= 0."""


class NegativeCycle(GraphError):
    """A cycle of negative weight: shortest paths do not exist."""


class NotADag(GraphError):
    """A cycle where an acyclic graph is needed."""


class NotConverged(GraphError, RuntimeError):
    """An iteration did not reach its tolerance."""


class GraphTooLarge(GraphError):
    """More vertices than 32-bit ids hold."""


class WorkflowError(ParquetFrameError):
    """Root of the errors of workflows."""


class ValidationError(WorkflowError, ValueError):
    """The workflow is not valid; nothing was run.

    Attributes:
        problems: All problems found, in file order.
    """

    problems: Sequence[Any] = ()


class CycleError(ValidationError):
    """Steps wait for each other.

    Attributes:
        cycle: Names of the steps; the first is repeated at the end.
    """

    cycle: Sequence[str] = ()


class StepError(WorkflowError):
    """A step failed. ``__cause__`` is the typed error or the exception of the user's function.

    Attributes:
        step: Name of the step.
        kind: ``io``, ``data``, ``python``, ``memory`` or ``internal``.
        location: ``file:line:column`` of the step or key, where known.
    """

    step: str | None = None
    kind: str | None = None
    location: str | None = None


class CheckError(StepError):
    """A ``check`` step found rows that break its rules."""


class OutputLockedError(WorkflowError):
    """Another run is writing the same output."""


class ResumeError(WorkflowError):
    """There is nothing to resume, or the workflow changed."""


class Cancelled(ParquetFrameError):
    """The work was cancelled by its token or by Ctrl-C."""


class RunCancelled(Cancelled, WorkflowError):
    """A workflow run was cancelled."""


class InternalError(ParquetFrameError, RuntimeError):
    """A defect of parquetframe itself; please report it."""
