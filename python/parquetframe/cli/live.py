"""The live table of a run on a terminal: step, state, rows, elapsed time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parquetframe.cli.progress import Progress, format_seconds
from parquetframe.cli.session import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import RenderableType

__all__ = ["LiveProgress"]

_REFRESH_PER_SECOND = 8
_LINES_AROUND = 5  # heading, header, rule, the line of steps left out, the cursor
_ENDS = {
    "step_completed": "completed",
    "step_failed": "failed",
    "step_cancelled": "cancelled",
    "step_skipped": "skipped",
}
_STYLES = {
    "waiting": "dim",
    "running": "bold cyan",
    "completed": "green",
    "failed": "bold red",
    "cancelled": "yellow",
    "skipped": "yellow",
}


@dataclass
class _Row:
    state: str = "waiting"
    rows: int | None = None
    started: float | None = None
    wall_ms: float | None = None


class LiveProgress(Progress):
    """Redraws itself until the run ends, then leaves the screen to the summary."""

    def __init__(self, name: str, steps: Sequence[str]) -> None:
        self._name = name
        self._rows = {step: _Row() for step in steps}
        self._warnings: list[str] = []
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._console = Console(stderr=True)
        self._live = Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=_REFRESH_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the table off the screen; warnings stay."""
        self._live.stop()
        for text in self._warnings:
            self._console.print(Text(f"warning: {clean(text)}", style="yellow"))

    def __call__(self, event: dict[str, Any]) -> None:
        """Change the row of the event's step."""
        kind, step = event["type"], event["step"]
        with self._lock:
            if kind == "warning":
                self._warnings.append(f"{step}: {event['message']}" if step else event["message"])
                return
            if step is None:
                return
            row = self._rows.setdefault(step, _Row())
            if kind == "step_started":
                row.state, row.started = "running", time.monotonic()
            elif kind in _ENDS:
                row.state, row.rows = _ENDS[kind], event.get("rows")
                if row.started is not None:
                    row.wall_ms = (time.monotonic() - row.started) * 1000

    def _draw(self) -> RenderableType:
        now = time.monotonic()
        with self._lock:
            rows = list(self._rows.items())
        done = sum(1 for _, row in rows if row.state not in ("waiting", "running"))
        heading = Text.assemble(
            (clean(self._name), "bold"),
            f"  {done} of {len(rows)} steps  {format_seconds((now - self._began) * 1000)}",
        )
        shown = _window(rows, max(3, self._console.height - _LINES_AROUND))
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("step", "state"):
            table.add_column(column, overflow="ellipsis", no_wrap=True)
        for column in ("rows", "elapsed"):
            table.add_column(column, justify="right", no_wrap=True)
        for step, row in shown:
            count = "" if row.rows is None else f"{row.rows:,}"
            state = Text(row.state, style=_STYLES[row.state])
            table.add_row(Text(clean(step)), state, count, _elapsed(row, now))
        left_out = len(rows) - len(shown)
        tail = [Text(f"... and {left_out} more", style="dim")] if left_out else []
        return Group(heading, table, *tail)


def _elapsed(row: _Row, now: float) -> str:
    if row.wall_ms is not None:
        return format_seconds(row.wall_ms)
    return "" if row.started is None else format_seconds((now - row.started) * 1000)


def _window(rows: list[tuple[str, _Row]], height: int) -> list[tuple[str, _Row]]:
    """As many rows as the screen holds: failed and running ones first, then what ended last."""
    if len(rows) <= height:
        return rows
    rank = {"failed": 0, "running": 1, "completed": 2, "cancelled": 2, "skipped": 2, "waiting": 3}
    order = sorted(
        range(len(rows)), key=lambda i: (rank[rows[i][1].state], -(rows[i][1].started or 0), i)
    )
    return [rows[i] for i in sorted(order[:height])]
