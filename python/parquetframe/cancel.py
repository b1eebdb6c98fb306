"""The token that stops work from another thread; every engine listens to it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from parquetframe import _backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["CancellationToken", "CancelledFlag", "as_flag", "native_token"]

_POLL_S = 0.02


@runtime_checkable
class CancelledFlag(Protocol):
    """What the engines and the run need of a token."""

    def cancel(self) -> None:
        """Ask for the work to stop."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the work shall stop."""
        ...


class PythonCancellationToken:
    """A flag that is set once, from any thread.

    Examples:
        >>> token = PythonCancellationToken()
        >>> token.cancel()
        >>> token.is_cancelled()
        True
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the work to stop; a second call changes nothing."""
        self._event.set()

    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._event.is_set()

    def __repr__(self) -> str:
        return f"<CancellationToken cancelled={self.is_cancelled()}>"


class _EventFlag:
    """A ``threading.Event`` seen as a token."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def cancel(self) -> None:
        self._event.set()

    def is_cancelled(self) -> bool:
        return self._event.is_set()


def as_flag(cancel: object) -> CancelledFlag:
    """Accept a token of either kind or a ``threading.Event``.

    Raises:
        TypeError: Anything else.
    """
    if isinstance(cancel, CancelledFlag):
        return cancel
    if isinstance(cancel, threading.Event):
        return _EventFlag(cancel)
    msg = f"cancel must be a CancellationToken or a threading.Event, not {type(cancel).__name__}"
    raise TypeError(msg)


@contextmanager
def native_token(module: ModuleType, cancel: CancelledFlag | None) -> Iterator[Any]:
    """The extension's own token; a foreign one is watched for the length of the run."""
    if cancel is None or isinstance(cancel, module.CancellationToken):
        yield cancel
        return
    token = module.CancellationToken()
    finished = threading.Event()

    def watch() -> None:
        while not cancel.is_cancelled():
            if finished.wait(_POLL_S):
                return
        token.cancel()

    if cancel.is_cancelled():
        token.cancel()
    watcher = threading.Thread(target=watch, name="parquetframe-cancel", daemon=True)
    watcher.start()
    try:
        yield token
    finally:
        finished.set()
        watcher.join()


def _token_class() -> Any:
    module = None if _backend.requested() == "python" else _backend.native()
    return getattr(module, "CancellationToken", PythonCancellationToken)


if TYPE_CHECKING:
    CancellationToken = PythonCancellationToken
else:
    CancellationToken = _token_class()
