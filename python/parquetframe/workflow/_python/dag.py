"""The graph of steps: who waits for whom, in which order, and who consumes which dataset."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parquetframe.errors import CycleError, ValidationError


@dataclass
class Dag:
    """Steps by name, in file order.

    Attributes:
        before: For each step the steps it waits for.
        after: The reverse.
        producer: Step that makes each dataset.
        consumers: How many steps read each dataset.
    """

    steps: dict[str, Mapping[str, Any]]
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    producer: dict[str, str] = field(default_factory=dict)
    consumers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, canonical: Mapping[str, Any]) -> Dag:
        """Build and check the graph.

        Raises:
            ValidationError: A dataset or step that nobody provides, or a name given twice.
            CycleError: Steps wait for each other; ``cycle`` names them, first = last.
        """
        dag = cls({step["name"]: step for step in canonical["steps"]})
        if len(dag.steps) != len(canonical["steps"]):
            raise ValidationError("two steps have one name", code="E202")
        for name, step in dag.steps.items():
            if step["output"] in dag.producer:
                other = dag.producer[step["output"]]
                raise ValidationError(
                    f"'{step['output']}' is made by '{other}' and '{name}'", code="E202"
                )
            dag.producer[step["output"]] = name
            dag.after[name] = []
        for name, step in dag.steps.items():
            dag.before[name] = dag._waits_for(name, step)
            for other in dag.before[name]:
                dag.after[other].append(name)
        dag.order()
        return dag

    def _waits_for(self, name: str, step: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for dataset in dict.fromkeys(step["inputs"]):
            if dataset not in self.producer:
                raise ValidationError(f"step '{name}' reads '{dataset}', which no step makes",
                                      code="E203")  # fmt: skip
            self.consumers[dataset] = self.consumers.get(dataset, 0) + 1
            found.append(self.producer[dataset])
        for other in step["depends_on"]:
            if other not in self.steps:
                raise ValidationError(f"step '{name}' depends on unknown '{other}'", code="E203")
            found.append(other)
        return list(dict.fromkeys(found))

    def order(self) -> list[str]:
        """Topological order; among steps that may start, file order.

        Raises:
            CycleError: There is none.
        """
        rank = {name: i for i, name in enumerate(self.steps)}
        names = list(self.steps)
        waiting = {name: len(before) for name, before in self.before.items()}
        ready = [rank[name] for name, count in waiting.items() if not count]
        found = []
        while ready:
            name = names[heapq.heappop(ready)]
            found.append(name)
            for other in self.after[name]:
                waiting[other] -= 1
                if not waiting[other]:
                    heapq.heappush(ready, rank[other])
        if len(found) < len(names):
            cycle = self._cycle(set(names) - set(found))
            raise CycleError(f"steps wait for each other: {' -> '.join(cycle)}", cycle=cycle,
                             code="E201")  # fmt: skip
        return found

    def _cycle(self, among: set[str]) -> list[str]:
        name = min(among, key=list(self.steps).index)
        path: list[str] = []
        while name not in path:
            path.append(name)
            name = next(other for other in self.before[name] if other in among)
        loop = path[path.index(name) :][::-1]
        start = loop.index(min(loop, key=list(self.steps).index))
        loop = loop[start:] + loop[:start]
        return [*loop, loop[0]]

    def levels(self) -> list[list[str]]:
        """Steps by the length of the longest path that leads to them."""
        level: dict[str, int] = {}
        for name in self.order():
            level[name] = 1 + max((level[other] for other in self.before[name]), default=-1)
        found: list[list[str]] = [[] for _ in range(1 + max(level.values(), default=-1))]
        for name in self.steps:
            found[level[name]].append(name)
        return found
