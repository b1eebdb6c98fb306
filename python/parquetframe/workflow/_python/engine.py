"""The pure-Python engine behind the interface that the compiled engine also has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parquetframe.errors import UnsupportedFeature

from .dag import Dag
from .executor import Run
from .planner import find_problems
from .registry import STEPS


class PythonEngine:
    """Runs canonical workflows on pyarrow; needs no compiled extension.

    Each step is a group of its own: nothing is fused, nothing spills to disk. Results do not
    depend on ``max_parallel``; ``settings.deterministic`` therefore changes nothing here, and
    ``settings.memory_limit`` is the business of the compiled engine.
    """

    name = "python"

    def plan(self, canonical: Mapping[str, Any], *, data: bool) -> dict[str, Any]:
        """Order, levels, groups and, with ``data``, problems found in headers and footers.

        Raises:
            ValidationError: The steps do not form a graph without cycles.
        """
        dag = Dag.of(canonical)
        levels = dag.levels()
        group = {name: index for index, name in enumerate(dag.steps)}
        return {
            "order": dag.order(),
            "levels": levels,
            "edges": [[a, b] for b in dag.steps for a in dag.before[b]],
            "groups": [
                {"id": i, "steps": [n], "reads": sorted({group[o] for o in dag.before[n]})}
                for n, i in group.items()
            ],
            "width": max((len(level) for level in levels), default=0),
            "problems": find_problems(canonical, dag) if data else [],
        }

    def run(
        self,
        canonical: Mapping[str, Any],
        *,
        max_parallel: int,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        cancel: Any = None,
    ) -> dict[str, Any]:
        """Run all steps; a failed step is part of the result, not an exception.

        Args:
            canonical: The plan, with every default filled in.
            max_parallel: Steps that may run at once.
            on_event: Called with each event, in order, from this thread.
            cancel: A token with ``is_cancelled()``, or a ``threading.Event``.

        Raises:
            ValidationError: The steps do not form a graph without cycles.
            UnsupportedFeature: A step type that this engine does not run.
        """
        for step in canonical["steps"]:
            if step["type"] not in STEPS:
                hint = "step_handler needs the rust engine" if step["type"] == "handler" else None
                raise UnsupportedFeature(
                    f"step '{step['name']}': the python engine has no step type '{step['type']}'",
                    hint=hint,
                )
        return Run(canonical, max_parallel, on_event, _flag(cancel)).execute()


def _flag(cancel: Any) -> Callable[[], bool]:
    if cancel is None:
        return lambda: False
    for name in ("is_cancelled", "is_set"):
        if hasattr(cancel, name):
            return getattr(cancel, name)  # type: ignore[no-any-return]
    raise TypeError(
        f"cancel takes a CancellationToken or a threading.Event, not {type(cancel).__name__}"
    )
