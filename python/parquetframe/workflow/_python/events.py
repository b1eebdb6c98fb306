"""Numbers and stamps the events of a run and hands them to the caller's function."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

_logger = logging.getLogger("parquetframe")


class EventLog:
    """All events of one run, delivered in order from the thread that drives the run.

    A callback that raises is logged once and then left alone; its KeyboardInterrupt asks the run
    to cancel, between two transitions and never inside one.

    Attributes:
        interrupted: The callback raised KeyboardInterrupt.
    """

    def __init__(self, run_id: str, callback: Callable[[dict[str, Any]], None] | None) -> None:
        self._run_id = run_id
        self._callback = callback
        self._seq = 0
        self.interrupted = False
        self._start = time.perf_counter()

    def elapsed_ms(self) -> float:
        """Milliseconds since the run began."""
        return (time.perf_counter() - self._start) * 1000.0

    def emit(self, kind: str, step: str | None = None, **facts: Any) -> None:
        """Deliver one event."""
        if self._callback is None:
            return
        event: dict[str, Any] = {
            "v": 1,
            "seq": self._seq,
            "type": kind,
            "run_id": self._run_id,
            "ts": time.time(),
            "t_ms": self.elapsed_ms(),
            "step": step,
            "message": None,
            "rows": None,
            "error": None,
            "because": None,
            **facts,
        }
        self._seq += 1
        try:
            self._callback(event)
        except KeyboardInterrupt:
            self.interrupted = True
        except Exception:
            _logger.exception("on_event raised; it gets no more events of this run")
            self._callback = None
