"""What a run left behind: tables, files, one record per step, numbers."""

from __future__ import annotations

import glob
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parquetframe.errors import IoError
from parquetframe.workflow.names import suggestion

if TYPE_CHECKING:
    import pyarrow as pa

    from parquetframe.errors import StepError
    from parquetframe.workflow.engine import Engine

__all__ = ["FileRecord", "Outputs", "RunResult", "StepRecord", "build_result"]

_MS_PER_S = 1000.0


@dataclass(frozen=True)
class FileRecord:
    """A file that a ``save`` step published.

    Attributes:
        path: Absolute path.
        rows: Number of rows written.
        bytes: Size of the file.
        checksum: Checksum of its bytes, with the algorithm in front.
    """

    path: str
    rows: int
    bytes: int
    checksum: str | None


@dataclass(frozen=True)
class StepRecord:
    """What happened to one step; times are milliseconds since the run began.

    Attributes:
        status: ``succeeded``, ``failed``, ``cancelled`` or ``skipped``.
        type: Step type.
        rows: Rows of its output, where counted.
        start_ms: When it began, or ``None`` if it never did.
        end_ms: When it ended.
        wall_ms: Time between the two.
        group: Number of its fused group.
        fused_with: Other steps of that group.
        error: The failure.
        because: Step whose failure kept this one from running.
        file: The published file of a ``save`` step.
        info: Further facts, such as ``converged`` of a graph algorithm.
    """

    status: str
    type: str
    rows: int | None
    start_ms: float | None
    end_ms: float | None
    wall_ms: float | None
    group: int | None
    fused_with: tuple[str, ...]
    error: StepError | None
    because: str | None
    file: FileRecord | None
    info: Mapping[str, Any]


class Outputs(Mapping[str, "pa.Table"]):
    """Datasets by name: those kept in memory, and saved ones, which are read on first use."""

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        canonical: Mapping[str, Any],
        steps: Mapping[str, StepRecord],
        engine: Engine,
    ) -> None:
        self._tables = dict(tables)
        self._producers = {step["output"]: step["name"] for step in canonical["steps"]}
        self._steps = steps
        self._engine = engine
        self._saved: dict[str, tuple[FileRecord, Mapping[str, Any]]] = {}
        saves = [step for step in canonical["steps"] if step["type"] == "save"]
        # Formats that hold the types come before CSV.
        for step in sorted(saves, key=lambda save: save["config"]["format"] == "csv"):
            record = steps.get(step["name"])
            if record is not None and record.file is not None:
                for dataset in (*step["inputs"], step["output"]):
                    self._saved.setdefault(dataset, (record.file, step["config"]))

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._tables:
            if name not in self._saved:
                raise KeyError(self._why_missing(name))
            file, config = self._saved[name]
            self._tables[name] = _read_back(file, config, self._engine)
        return self._tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self._tables or name in self._saved

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._producers if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Outputs: {', '.join(self) or 'none'}>"

    def _why_missing(self, name: str) -> str:
        producer = self._producers.get(name)
        if producer is None:
            return f"no dataset '{name}'; {suggestion(name, self._producers, 'datasets')}"
        record = self._steps.get(producer)
        status = "not run" if record is None else record.status
        if status != "succeeded":
            return f"no dataset '{name}': step '{producer}' was {status}".replace(
                "was failed", "failed"
            )
        return f"dataset '{name}' was released after its last use; run(keep=['{name}']) keeps it"


@dataclass(frozen=True, eq=False)
class RunResult:
    """The outcome of :meth:`parquetframe.Workflow.run`.

    Attributes:
        name: Name of the workflow.
        status: ``completed``, ``failed`` or ``cancelled``.
        run_id: Identity of the run.
        engine: ``rust`` or ``python``.
        outputs: Datasets by name. Terminal datasets and those of ``keep=`` are in memory; saved
            ones are read back on first use, a CSV file with the types that reading infers.
        files: Published files by name of their ``save`` step.
        steps: One record per step, in file order.
        metrics: Counts and times of the run.
        warnings: Texts of warnings.
        error: The first root cause of a failed run; later ones are in ``steps``.
        execution_time_ms: Wall time of the run.
    """

    name: str
    status: str
    run_id: str
    engine: str
    outputs: Outputs = field(repr=False)
    files: Mapping[str, FileRecord] = field(repr=False)
    steps: Mapping[str, StepRecord] = field(repr=False)
    metrics: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = field(repr=False)
    error: StepError | None = field(repr=False)
    execution_time_ms: float

    def summary(self) -> str:
        """The run as text: one line, then one per step, file and warning."""
        metrics = self.metrics
        head = (
            f"{self.name} {self.status} in {_seconds(self.execution_time_ms)}: "
            f"{metrics['steps_executed']} of {metrics['total_steps']} steps, "
            f"{metrics['parallel_workers']} workers, peak {metrics['peak_parallelism']}, "
            f"engine {self.engine}"
        )
        lines = [head]
        rows = [
            (name, step.type, step.status, _rows(step.rows), _seconds(step.wall_ms))
            for name, step in self.steps.items()
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)] if rows else []
        for name, kind, status, count, wall in rows:
            lines.append(
                f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {status:<{widths[2]}}  "
                f"{count:>{widths[3]}}  {wall:>{widths[4]}}".rstrip()
            )
        lines += [
            f"  {name} -> {file.path} ({file.rows:,} rows, {file.bytes:,} bytes)"
            for name, file in self.files.items()
        ]
        lines += [f"  warning: {text}" for text in self.warnings]
        if self.error is not None:
            lines.append(str(self.error))
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the tables, as data for JSON."""
        return {
            "name": self.name,
            "status": self.status,
            "run_id": self.run_id,
            "engine": self.engine,
            "execution_time_ms": self.execution_time_ms,
            "metrics": dict(self.metrics),
            "outputs": list(self.outputs),
            "files": {name: vars(file).copy() for name, file in self.files.items()},
            "steps": {name: _step_dict(step) for name, step in self.steps.items()},
            "warnings": list(self.warnings),
            "error": None if self.error is None else str(self.error),
        }

    def _repr_html_(self) -> str:
        cells = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(text)}</td>"
                for text in (name, step.type, step.status, _rows(step.rows), _seconds(step.wall_ms))
            )
            + "</tr>"
            for name, step in self.steps.items()
        )
        error = "" if self.error is None else f"<pre>{html.escape(str(self.error))}</pre>"
        return (
            f"<p><b>{html.escape(self.name)}</b> {html.escape(self.status)} in "
            f"{_seconds(self.execution_time_ms)}</p><table><thead><tr><th>step</th><th>type</th>"
            f"<th>status</th><th>rows</th><th>time</th></tr></thead><tbody>{cells}</tbody></table>"
            f"{error}"
        )


def build_result(
    raw: Mapping[str, Any],
    canonical: Mapping[str, Any],
    errors: Mapping[str, StepError],
    engine: Engine,
) -> RunResult:
    """Turn an engine's dictionary into a :class:`RunResult`.

    Args:
        raw: The run result of the engine.
        canonical: The workflow that it ran.
        errors: Exceptions by name of the failed step.
        engine: Reads saved datasets back.
    """
    steps = {
        step["name"]: _step_record(raw["steps"][step["name"]], errors.get(step["name"]))
        for step in canonical["steps"]
        if step["name"] in raw["steps"]
    }
    first = raw["error"]
    wall, busy = float(raw["execution_time_ms"]), float(raw["busy_ms"])
    counts = (
        "total_steps",
        "steps_executed",
        "failed_steps",
        "skipped_steps",
        "parallel_workers",
        "peak_parallelism",
    )
    return RunResult(
        name=canonical["name"],
        status=raw["status"],
        run_id=raw["run_id"],
        engine=engine.name,
        outputs=Outputs(raw["outputs"], canonical, steps, engine),
        files={name: step.file for name, step in steps.items() if step.file is not None},
        steps=steps,
        metrics={
            **{key: raw[key] for key in counts},
            "execution_time_ms": wall,
            "busy_ms": busy,
            "parallel_speedup": busy / wall if wall > 0 else 0.0,
        },
        warnings=tuple(raw["warnings"]),
        error=None if first is None else errors[first["step"]],
        execution_time_ms=wall,
    )


def _step_record(raw: Mapping[str, Any], error: StepError | None) -> StepRecord:
    file = raw["file"]
    return StepRecord(
        status=raw["status"],
        type=raw["type"],
        rows=raw["rows"],
        start_ms=raw["start_ms"],
        end_ms=raw["end_ms"],
        wall_ms=raw["wall_ms"],
        group=raw["group"],
        fused_with=tuple(raw["fused_with"]),
        error=error,
        because=raw["because"],
        file=None
        if file is None
        else FileRecord(file["path"], file["rows"], file["bytes"], file["checksum"]),
        info=dict(raw["info"]),
    )


def _step_dict(step: StepRecord) -> dict[str, Any]:
    return {
        **vars(step),
        "fused_with": list(step.fused_with),
        "error": None if step.error is None else str(step.error),
        "file": None if step.file is None else vars(step.file).copy(),
        "info": dict(step.info),
    }


def _read_back(file: FileRecord, config: Mapping[str, Any], engine: Engine) -> pa.Table:
    """Read a published file through the engine that wrote it, unless somebody changed it."""
    from parquetframe.workflow.compile import compile_plan
    from parquetframe.workflow.document import document_from_dict

    path = Path(file.path)
    size = path.stat().st_size if path.exists() else None
    if size != file.bytes:
        found = "is gone" if size is None else f"has {size:,} bytes"
        msg = f"{file.path}: {found} since the run, which wrote {file.bytes:,} bytes"
        raise IoError(msg, path=file.path)
    literal = glob.escape(file.path) if glob.has_magic(file.path) else file.path
    read: dict[str, Any] = {"name": "saved", "type": "read", "path": literal.replace("${", "$${")}
    read["format"] = config["format"]
    if config["format"] == "csv":
        csv = config["csv"]
        same = ("sep", "escape", "header", "encoding", "compression")
        read |= {name: csv[name] for name in same if csv[name] is not None}
        read |= {"quote": csv["quote"] or "none", "nulls": [csv["null"]]}
    compiled = compile_plan(document_from_dict({"name": "read back", "steps": [read]}), environ={})
    compiled.raise_if_invalid()
    raw = engine.run(compiled.canonical, max_parallel=1, on_event=None, cancel=None)
    if raw["error"] is not None:
        raise IoError(f"{file.path}: {raw['error']['message']}", path=file.path)
    table: pa.Table = raw["outputs"]["saved"]
    return table


def _rows(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _seconds(ms: float | None) -> str:
    if ms is None:
        return "-"
    return f"{ms:.1f} ms" if ms < _MS_PER_S else f"{ms / _MS_PER_S:.2f} s"
