"""What a step body sees of its run, and what it leaves behind besides its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from parquetframe.errors import Cancelled


@dataclass(frozen=True)
class _Flag:
    """A token that asks the run."""

    asked: Callable[[], bool]

    def cancel(self) -> None:
        """Nothing: only the run is cancelled."""

    def is_cancelled(self) -> bool:
        """Whether the work shall stop."""
        return self.asked()


@dataclass
class StepContext:
    """One step of one run.

    Attributes:
        function: The function of a python step that was given as an object, not by name.
        planning: Tables have no rows and no file may be written: only names and types matter.
        warnings: Texts for the run's warnings.
        info: Facts for the step's record, such as ``converged``.
        file: Record of the file that a save published.
    """

    step: str
    inputs: tuple[str, ...]
    run_id: str = ""
    base_dir: str = "."
    variables: Mapping[str, Any] = field(default_factory=dict)
    function: Callable[..., Any] | None = None
    planning: bool = False
    cancelled: Callable[[], bool] = lambda: False
    warnings: list[str] = field(default_factory=list)
    info: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] | None = None

    @property
    def flag(self) -> _Flag:
        """The wish to stop, as readers and writers ask for it."""
        return _Flag(self.cancelled)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` once the run was cancelled; called between chunks of work."""
        if self.cancelled():
            raise Cancelled("cancelled")
