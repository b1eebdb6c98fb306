"""Which step may start: a state machine without threads, clock or data.

The contract of CPython's graphlib (`ready`, `done`; the caller runs the work), with failure and
cancel as states. Every step ends in exactly one of succeeded, failed, skipped, cancelled.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from .dag import Dag

WAITING, RUNNING = "waiting", "running"
SUCCEEDED, FAILED, SKIPPED, CANCELLED = "succeeded", "failed", "skipped", "cancelled"


@dataclass
class Effects:
    """What a transition caused besides its own step.

    Attributes:
        ended: (step, state, because) of steps that will never start.
        released: Datasets whose last consumer is done.
    """

    ended: list[tuple[str, str, str | None]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)


class Schedule:
    """States of all steps of one run.

    Args:
        dag: The steps.
        fail_fast: After a failure start nothing more.
        keep: Datasets that are never released.
    """

    def __init__(self, dag: Dag, *, fail_fast: bool, keep: set[str]) -> None:
        self._dag = dag
        self._fail_fast = fail_fast
        self._keep = keep
        self._names = list(dag.steps)
        self._rank = {name: i for i, name in enumerate(self._names)}
        self._blockers = {name: len(before) for name, before in dag.before.items()}
        self._users = dict(dag.consumers)
        self._ready = [self._rank[n] for n, count in self._blockers.items() if not count]
        self._open = len(self._names)
        self._stopped = False
        self.state = dict.fromkeys(self._names, WAITING)
        self.running = 0

    @property
    def finished(self) -> bool:
        """Every step has its final state."""
        return self._open == 0

    def ready(self) -> str | None:
        """Start and return the next step in file order that waits for nothing, if there is one."""
        while self._ready and not self._stopped:
            name = self._names[heapq.heappop(self._ready)]
            if self.state[name] == WAITING:
                self.state[name] = RUNNING
                self.running += 1
                return name
        return None

    def done(self, step: str) -> Effects:
        """A running step succeeded."""
        effects = self._end(step, SUCCEEDED)
        for other in self._dag.after[step]:
            self._blockers[other] -= 1
            if not self._blockers[other] and self.state[other] == WAITING:
                heapq.heappush(self._ready, self._rank[other])
        return effects

    def fail(self, step: str) -> Effects:
        """A running step failed: its users are skipped; under fail_fast the rest is cancelled."""
        effects = self._end(step, FAILED)
        pending = list(self._dag.after[step])
        while pending:
            name = pending.pop(0)
            if self.state[name] == WAITING:
                self._never(name, SKIPPED, step, effects)
                pending += self._dag.after[name]
        if self._fail_fast:
            self._stop(step, effects)
        return effects

    def stopped(self, step: str) -> Effects:
        """A running step gave up because the run was cancelled."""
        return self._end(step, CANCELLED)

    def cancel(self) -> Effects:
        """Start nothing more; running steps still report their end."""
        effects = Effects()
        self._stop(None, effects)
        return effects

    def _stop(self, because: str | None, effects: Effects) -> None:
        self._stopped = True
        for name in self._names:
            if self.state[name] == WAITING:
                self._never(name, CANCELLED, because, effects)

    def _end(self, step: str, state: str) -> Effects:
        if self.state[step] != RUNNING:
            raise RuntimeError(f"step '{step}' is {self.state[step]}, not running")
        self.running -= 1
        effects = Effects()
        self._settle(step, state, effects)
        return effects

    def _never(self, step: str, state: str, because: str | None, effects: Effects) -> None:
        effects.ended.append((step, state, because))
        self._settle(step, state, effects)

    def _settle(self, step: str, state: str, effects: Effects) -> None:
        self.state[step] = state
        self._open -= 1
        for dataset in dict.fromkeys(self._dag.steps[step]["inputs"]):
            self._users[dataset] -= 1
            if not self._users[dataset] and dataset not in self._keep:
                effects.released.append(dataset)
