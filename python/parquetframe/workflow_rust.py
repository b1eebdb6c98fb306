"""The workflow names of parquetframe 2.0, on the compiled engine.

New code uses :class:`parquetframe.Workflow`, which also runs without the extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parquetframe import _backend
from parquetframe.cancel import CancellationToken, as_flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    RUST_WORKFLOW_AVAILABLE: bool

__all__ = [
    "RUST_WORKFLOW_AVAILABLE",
    "CancellationToken",
    "RustWorkflowEngine",
    "execute_workflow_rust",
    "is_rust_workflow_available",
]


def is_rust_workflow_available() -> bool:
    """Whether the compiled engine is installed, and not ruled out by the environment."""
    if _backend.requested() == "python":
        return False
    module = _backend.native()
    return module is not None and hasattr(module, "execute_workflow")


def __getattr__(name: str) -> bool:
    if name == "RUST_WORKFLOW_AVAILABLE":
        return is_rust_workflow_available()
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


class RustWorkflowEngine:
    """The compiled engine under its 2.0 name.

    Args:
        max_parallel: Steps to run at the same time at most; the number of cores by default.

    Raises:
        RuntimeError: This installation has no compiled engine.
    """

    def __init__(self, max_parallel: int | None = None) -> None:
        if max_parallel is not None and (
            isinstance(max_parallel, bool) or not isinstance(max_parallel, int) or max_parallel < 1
        ):
            msg = f"max_parallel must be an integer of at least 1, not {max_parallel!r}"
            raise ValueError(msg)
        self.max_parallel = max_parallel
        self._module = _module()

    @staticmethod
    def is_available() -> bool:
        """Whether the compiled engine can be used."""
        return is_rust_workflow_available()

    def execute_step(
        self, step_type: str, config: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Run one step.

        Args:
            step_type: Type of the step, such as ``read``.
            config: Its keys.
            context: ``variables`` by name, and ``data``: Arrow tables by dataset name.

        Returns:
            ``status`` (``executed``), ``step_type``, ``message``, ``rows`` and ``output``.

        Raises:
            ValidationError: The step is not valid.
            StepError: The step failed.
        """
        result: dict[str, Any] = self._module.execute_step(step_type, config, context)
        return result

    def create_dag(self, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Order steps by their dependencies.

        Returns:
            ``dag_created``, ``num_steps``, ``message``, ``levels`` and ``edges``.

        Raises:
            ValueError: Steps wait for each other; the text has the cycle.
        """
        result: dict[str, Any] = self._module.create_dag(steps)
        return result

    def execute_workflow(
        self,
        workflow_config: Mapping[str, Any],
        *,
        on_progress: Callable[[dict[str, Any]], object] | None = None,
        cancel_token: object = None,
        step_handler: Callable[[str, str, dict[str, Any], dict[str, Any]], object] | None = None,
    ) -> dict[str, Any]:
        """Run a workflow; a failed step is part of the result.

        Args:
            workflow_config: ``steps``, ``variables`` and settings.
            on_progress: Called with ``type``, ``step_id``, ``timestamp``, ``message`` (``error``).
            cancel_token: A :class:`CancellationToken`.
            step_handler: ``(step_type, name, config, ctx)``; replaces every step body.

        Returns:
            ``status`` (``completed`` or ``failed``), ``total_steps``, ``steps_executed``,
            ``failed_steps``, ``execution_time_ms``, ``parallel_workers``, ``peak_parallelism``,
            ``cancelled``, ``skipped_steps``, ``run_id``, ``error``, ``outputs``, ``steps`` and
            ``warnings``.

        Raises:
            ValidationError: The configuration is not valid; nothing was run.
        """
        from parquetframe.cancel import native_token

        flag = None if cancel_token is None else as_flag(cancel_token)
        with native_token(self._module, flag) as token:
            result: dict[str, Any] = self._module.execute_workflow(
                workflow_config,
                max_parallel=self.max_parallel,
                on_progress=on_progress,
                cancel_token=token,
                step_handler=step_handler,
            )
        return result

    def get_metrics(self) -> dict[str, Any]:
        """Totals over all runs of this process: ``total_workflows``, ``avg_execution_ms`` ..."""
        metrics: dict[str, Any] = self._module.workflow_metrics()
        return metrics


def execute_workflow_rust(
    workflow_config: Mapping[str, Any],
    max_parallel: int | None = None,
    *,
    on_progress: Callable[[dict[str, Any]], object] | None = None,
    cancel_token: object = None,
    step_handler: Callable[[str, str, dict[str, Any], dict[str, Any]], object] | None = None,
) -> dict[str, Any]:
    """Run a workflow on a new :class:`RustWorkflowEngine`."""
    return RustWorkflowEngine(max_parallel).execute_workflow(
        workflow_config,
        on_progress=on_progress,
        cancel_token=cancel_token,
        step_handler=step_handler,
    )


def _module() -> ModuleType:
    module = _backend.native() if is_rust_workflow_available() else None
    if module is None:
        msg = (
            "the compiled workflow engine is not available; parquetframe.Workflow runs the same "
            "workflows on the pure-Python engine"
        )
        raise RuntimeError(msg)
    return module
