"""Cancellation and progress inside kernels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine import Work

__all__ = ["Watch"]

_REPORT_S = 0.05
_STRIDE = 1 << 12


class Watch:
    """Asks for the wish to stop and reports the share that is done, at most 20 times a second.

    Args:
        work: How the call runs.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._next = 0.0
        self._count = 0

    def tick(self, done: float = 0.0, total: float = 0.0) -> None:
        """Called between pieces of work, each of which takes far less than 50 ms per 10^6 items.

        Raises:
            Cancelled: The call was cancelled.
        """
        work = self._work
        work.check_cancelled()
        if work.progress is not None and total > 0:
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _REPORT_S
                work.progress(min(done / total, 1.0))

    def step(self, done: float = 0.0, total: float = 0.0) -> None:
        """As :meth:`tick`, for calls in inner loops: most of them do nothing."""
        self._count += 1
        if self._count >= _STRIDE:
            self._count = 0
            self.tick(done, total)
