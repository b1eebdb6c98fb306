"""What a read or write did, for those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ReadReport", "WriteReport"]


@dataclass
class ReadReport:
    """Filled by a reader that got it as ``report=``; a second read starts it anew.

    Attributes:
        engine: ``rust`` or ``python``.
        rows: Rows of the result.
        bytes: Bytes of the files that were opened.
        threads: Threads the read might use.
        files: Files that were read.
        files_pruned: Files that a filter on folder names or paths left out unopened.
        row_groups: Row groups of the files read, before pruning.
        row_groups_pruned: Row groups that statistics left out.
        peak_bytes: Most memory that was charged at a time; ``None`` where it is not measured.
        types: Name and type of each column of the result.
        reasons: Of a CSV file, why each column has the type that it has.
        blank_lines: Lines of CSV files that were passed over because nothing is in them.
        anomalies: Fields of CSV files with text behind their closing quote.
        warnings: Texts for people.
        rejects: Rows or blocks that were skipped on request, one row each.
        details: What the engine says about each file.
    """

    engine: str | None = None
    rows: int = 0
    bytes: int = 0
    threads: int | None = None
    files: int = 0
    files_pruned: int = 0
    row_groups: int = 0
    row_groups_pruned: int = 0
    peak_bytes: int | None = None
    types: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    blank_lines: int = 0
    anomalies: int = 0
    warnings: list[str] = field(default_factory=list)
    rejects: pa.Table | None = None
    details: list[dict[str, Any]] = field(default_factory=list)

    def reset(self) -> None:
        """Forget an earlier read."""
        self.__dict__.update(ReadReport().__dict__)

    def add_file(self, size: int, facts: Mapping[str, Any]) -> None:
        """Count one file, and what the engine tells of it."""
        self.files += 1
        self.bytes += size
        self.row_groups += int(facts.get("row_groups") or 0)
        self.row_groups_pruned += int(facts.get("row_groups_pruned") or 0)
        peak = facts.get("peak_bytes")
        if peak is not None:
            self.peak_bytes = max(self.peak_bytes or 0, int(peak))
        self.blank_lines += int(facts.get("blank_lines") or 0)
        self.anomalies += int(facts.get("anomalies") or 0)
        for name, found in (facts.get("types") or {}).items():
            self.reasons.setdefault(name, str(found.get("reason", "")))
        self.warnings += [str(text) for text in facts.get("warnings") or ()]
        self.details.append(dict(facts))
        rejects = [entry for entry in facts.get("rejects") or () if isinstance(entry, dict)]
        if rejects:
            import pyarrow as pa

            found = pa.Table.from_pylist(rejects, _rejects_schema(rejects[0]))
            before = [] if self.rejects is None else [self.rejects]
            self.rejects = pa.concat_tables([*before, found], promote_options="permissive")

    def set_types(self, schema: pa.Schema) -> None:
        """Note the types of the result."""
        from parquetframe.types import format_type

        self.types = {column.name: format_type(column.type) for column in schema}


def _rejects_schema(entry: Mapping[str, Any]) -> pa.Schema | None:
    """The types of the rejects of CSV files, whatever their first ones hold."""
    import pyarrow as pa

    if "byte_offset" not in entry:
        return None
    numbers = ("line", "record", "byte_offset")
    texts = ("column", "reason", "raw")
    return pa.schema(
        [pa.field(n, pa.int64()) for n in numbers] + [pa.field(n, pa.large_string()) for n in texts]
    )


@dataclass(frozen=True)
class WriteReport:
    """What a writer left on disk.

    Attributes:
        path: The destination; ``None`` for a file object.
        rows: Rows written.
        bytes: Size of all files.
        files: Number of files, more than one with ``partition_by``.
    """

    path: str | None
    rows: int
    bytes: int
    files: int
