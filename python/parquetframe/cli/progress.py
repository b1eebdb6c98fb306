"""How a run is shown while it goes on: plain lines or, on a terminal, a live table."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from parquetframe.cli.session import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["PROGRESS_CHOICES", "PlainProgress", "Progress", "choose_progress", "format_seconds"]

PROGRESS_CHOICES = ("auto", "rich", "plain", "none")

_MS_PER_S = 1000.0


class Progress(AbstractContextManager["Progress"]):
    """Receives the events of a run; this one shows nothing."""

    def __call__(self, event: dict[str, Any]) -> None:
        """Take note of one event."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""


class PlainProgress(Progress):
    """One timestamped line on stderr per start and end; no control characters."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        """Print the event, if it is one that people follow."""
        text = self._line(event)
        if text is not None:
            clock = datetime.fromtimestamp(event["ts"]).astimezone().strftime("%H:%M:%S.%f")[:-3]
            sys.stderr.write(f"{clock} {clean(text)}\n")
            sys.stderr.flush()

    def _line(self, event: dict[str, Any]) -> str | None:
        kind, step = event["type"], event["step"]
        if kind == "step_started":
            self._started[step] = event["t_ms"]
            return f"started    {step}"
        if kind == "step_completed":
            rows = event.get("rows")
            count = "" if rows is None else f"{rows:,} rows, "
            return f"completed  {step}  ({count}{self._elapsed(event)})"
        if kind == "step_failed":
            # The full text with place and hint follows when the run has ended.
            return f"failed     {step}  ({self._elapsed(event)})"
        if kind == "step_cancelled":
            return f"cancelled  {step}"
        if kind == "step_skipped":
            because = event.get("because")
            return f"skipped    {step}" + (f"  (because of {because})" if because else "")
        if kind == "warning":
            where = f"{step}: " if step else ""
            return f"warning    {where}{event['message']}"
        return None

    def _elapsed(self, event: dict[str, Any]) -> str:
        start = self._started.get(event["step"], event["t_ms"])
        return format_seconds(event["t_ms"] - start)


def format_seconds(ms: float) -> str:
    """Milliseconds below one second, seconds above.

    Examples:
        >>> format_seconds(12.34), format_seconds(1234.5)
        ('12.3 ms', '1.23 s')
    """
    return f"{ms:.1f} ms" if ms < _MS_PER_S else f"{ms / _MS_PER_S:.2f} s"


def choose_progress(choice: str, *, quiet: bool, steps: Sequence[str], name: str) -> Progress:
    """The display for ``--progress``.

    Args:
        choice: One of ``auto``, ``rich``, ``plain``, ``none``; ``auto`` is live on a terminal
            unless ``NO_COLOR`` or ``CI`` is set.
        quiet: Show nothing, unless a display was asked for by name.
        steps: Names of all steps, in file order.
        name: Name of the workflow.
    """
    if choice == "auto":
        if quiet:
            return Progress()
        live = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")
        choice = "rich" if live else "plain"
    if choice == "rich":
        from parquetframe.cli.live import LiveProgress

        return LiveProgress(name, steps)
    return PlainProgress() if choice == "plain" else Progress()
