"""Runs a schedule on a thread pool: event driven, never in waves.

The caller's thread owns the schedule, delivers the events and hears Ctrl-C; worker threads run the
step bodies and report over one queue. Workers touch no shared state.
"""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from parquetframe.errors import Cancelled, SchemaError

from .dag import Dag
from .events import EventLog
from .failure import error_dict
from .interrupts import Interrupts
from .registry import STEPS
from .schedule import CANCELLED, FAILED, SUCCEEDED, Effects, Schedule
from .steps.context import StepContext

if TYPE_CHECKING:
    import pyarrow as pa

_POLL_S: Final = 0.05
_INLINE: Final = {"noop"}
# A wrong name or type anywhere in these is found before a value in another place can fail.
_MANY_EXPRESSIONS: Final = {"select", "transform", "cast", "groupby"}


@dataclass
class _Report:
    step: str
    context: StepContext
    start_ms: float
    end_ms: float
    table: pa.Table | None = None
    error: BaseException | None = None


class Run:
    """One run of one canonical workflow."""

    def __init__(
        self,
        canonical: Mapping[str, Any],
        max_parallel: int,
        on_event: Callable[[dict[str, Any]], None] | None,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._canonical = canonical
        self._dag = Dag.of(canonical)
        self._max_parallel = max(1, max_parallel)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._run_id = f"{stamp}-{secrets.token_hex(3)}"
        self._log = EventLog(self._run_id, on_event)
        self._asked = is_cancelled
        self._interrupts = Interrupts()
        self._cancelled = False
        self._failed_fast = False
        keep = set(canonical["keep"]) | self._terminal()
        self._schedule = Schedule(
            self._dag, fail_fast=canonical["settings"]["fail_fast"], keep=keep
        )
        self._keep = keep
        self._tables: dict[str, pa.Table] = {}
        self._reports: queue.SimpleQueue[_Report] = queue.SimpleQueue()
        self._records = {
            name: _record(step, index) for index, (name, step) in enumerate(self._dag.steps.items())
        }
        self._warnings: list[str] = []
        self._first_error: dict[str, Any] | None = None
        self._busy_ms = 0.0
        self._peak = 0

    def _terminal(self) -> set[str]:
        return {
            step["output"]
            for step in self._dag.steps.values()
            if step["type"] != "save" and not self._dag.consumers.get(step["output"])
        }

    def execute(self) -> dict[str, Any]:
        """Run all steps; the result dict of the engine contract."""
        pool = ThreadPoolExecutor(self._max_parallel, thread_name_prefix="parquetframe-step")
        try:
            with self._interrupts.listening():
                self._log.emit("run_started")
                self._warn_of_memory_limit()
                self._drive(pool)
        except BaseException:  # a second Ctrl-C: leave now; threads see the flag and stop soon
            self._cancelled = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        result = self._result()
        self._log.emit("run_finished", status=result["status"])
        return result

    def _warn_of_memory_limit(self) -> None:
        if self._canonical["settings"]["memory_limit"] is not None:
            text = "settings.memory_limit has no effect on the python engine"
            self._warnings.append(text)
            self._log.emit("warning", message=text)

    def _drive(self, pool: ThreadPoolExecutor) -> None:
        while True:
            self._hear_cancel()
            self._start_steps(pool)
            if self._schedule.finished:
                return
            try:
                report = self._reports.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            self._finish(report)

    def _hear_cancel(self) -> None:
        if not self._cancelled and self._is_asked():
            self._cancel()

    def _is_asked(self) -> bool:
        return self._interrupts.heard or self._log.interrupted or self._asked()

    def _stopping(self) -> bool:
        """Whether running steps shall give up."""
        return self._cancelled or self._failed_fast or self._is_asked()

    def _cancel(self) -> None:
        self._cancelled = True
        self._apply(self._schedule.cancel())

    def _start_steps(self, pool: ThreadPoolExecutor) -> None:
        while self._schedule.running < self._max_parallel:
            name = self._schedule.ready()
            if name is None:
                return
            self._peak = max(self._peak, self._schedule.running)
            self._log.emit("step_started", name)
            step = self._dag.steps[name]
            inputs = [self._tables.get(dataset) for dataset in step["inputs"]]
            if step["type"] in _INLINE:
                self._finish(self._work(step, inputs))
                self._hear_cancel()
            else:
                pool.submit(self._report, step, inputs)

    def _report(self, step: Mapping[str, Any], inputs: list[Any]) -> None:
        self._reports.put(self._work(step, inputs))

    def _work(self, step: Mapping[str, Any], inputs: list[Any]) -> _Report:
        """Run one step body; on a worker thread."""
        context = StepContext(
            step=step["name"],
            inputs=tuple(step["inputs"]),
            run_id=self._run_id,
            base_dir=self._canonical["base_dir"],
            variables=self._canonical["variables"],
            function=self._canonical.get("callables", {}).get(step["name"]),
            cancelled=self._stopping,
        )
        report = _Report(step["name"], context, self._log.elapsed_ms(), 0.0)
        try:
            context.check_cancelled()
            _require_tables(step, inputs)
            if step["type"] in _MANY_EXPRESSIONS:
                dry = replace(context, planning=True, warnings=[], info={})
                STEPS[step["type"]](step["config"], [table.slice(0, 0) for table in inputs], dry)
            report.table = STEPS[step["type"]](step["config"], inputs, context)
            if report.table is None and self._dag.consumers.get(step["output"]):
                _refuse_nothing(step)
        except BaseException as error:
            report.error = error
        report.end_ms = self._log.elapsed_ms()
        return report

    def _finish(self, report: _Report) -> None:
        """Take a step's end into the schedule, the record and the events."""
        record = self._records[report.step]
        wall = report.end_ms - report.start_ms
        self._busy_ms += wall
        record |= {"start_ms": report.start_ms, "end_ms": report.end_ms, "wall_ms": wall}
        record["info"] = report.context.info
        record["file"] = report.context.file
        for text in report.context.warnings:
            self._warnings.append(text)
            self._log.emit("warning", report.step, message=text)
        if report.context.file is not None:
            file = report.context.file
            self._log.emit(
                "output_published",
                report.step,
                path=file["path"],
                rows=file["rows"],
                bytes=file["bytes"],
            )
        if isinstance(report.error, Cancelled) and self._stopping():
            record["status"] = CANCELLED
            effects = self._schedule.stopped(report.step)
            self._log.emit("step_cancelled", report.step)
        elif report.error is not None:
            record["status"] = FAILED
            record["error"] = error = error_dict(report.step, report.error)
            self._first_error = self._first_error or error
            self._failed_fast = self._canonical["settings"]["fail_fast"]
            effects = self._schedule.fail(report.step)
            self._log.emit("step_failed", report.step, error=error, message=error["message"])
        else:
            record["status"] = SUCCEEDED
            effects = self._schedule.done(report.step)
            if report.table is not None:
                record["rows"] = report.table.num_rows
                output = self._dag.steps[report.step]["output"]
                if output in self._keep or self._dag.consumers.get(output):
                    self._tables[output] = report.table
            self._log.emit("step_completed", report.step, rows=record["rows"])
        self._apply(effects)

    def _apply(self, effects: Effects) -> None:
        for name, state, because in effects.ended:
            self._records[name] |= {"status": state, "because": because}
            self._log.emit(f"step_{state}", name, because=because)
        for dataset in effects.released:
            self._tables.pop(dataset, None)

    def _result(self) -> dict[str, Any]:
        states = [record["status"] for record in self._records.values()]
        failed = states.count(FAILED)
        status = "cancelled" if self._cancelled else "failed" if failed else "completed"
        return {
            "status": status,
            "run_id": self._run_id,
            "total_steps": len(states),
            "steps_executed": states.count(SUCCEEDED),
            "failed_steps": failed,
            "skipped_steps": states.count("skipped"),
            "execution_time_ms": self._log.elapsed_ms(),
            "busy_ms": self._busy_ms,
            "parallel_workers": self._max_parallel,
            "peak_parallelism": self._peak,
            "cancelled": self._cancelled,
            "error": self._first_error,
            "outputs": {n: t for n, t in self._tables.items() if n in self._keep},
            "warnings": self._warnings,
            "steps": self._records,
        }


def _record(step: Mapping[str, Any], group: int) -> dict[str, Any]:
    return {
        "status": "waiting",
        "type": step["type"],
        "rows": None,
        "start_ms": None,
        "end_ms": None,
        "wall_ms": None,
        "group": group,
        "fused_with": [],
        "error": None,
        "because": None,
        "file": None,
        "info": {},
    }


def _require_tables(step: Mapping[str, Any], inputs: list[Any]) -> None:
    if step["type"] in _INLINE:
        return
    for dataset, table in zip(step["inputs"], inputs, strict=True):
        if table is None:
            raise SchemaError(f"'{dataset}' holds no table", code="E601")


def _refuse_nothing(step: Mapping[str, Any]) -> None:
    if step["type"] in _INLINE:
        return
    raise SchemaError(
        f"{step['config'].get('call', step['type'])} returned None, but other steps use "
        f"'{step['output']}'",
        code="E603",
        hint="return a pyarrow.Table, a pandas or polars DataFrame or a dict of arrays",
    )
