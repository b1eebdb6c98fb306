"""What it costs to convert a graph of networkx, next to one walk over it in Python.

The walk is what any conversion in Python does at least: it looks at each neighbour, and at the
weight of each edge where weights are wanted. The ratio should stay below 1.2.

    python benches/graph/nx_conversion.py [--nodes 200000] [--edges 1000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import networkx as nx

from parquetframe.nx_backend import backend


def make(cls: Any, nodes: list[Any], edges: int, weighted: bool) -> Any:
    """A graph with random edges."""
    rng = random.Random(7)  # noqa: S311 - no secret
    made = cls()
    made.add_nodes_from(nodes)
    for _ in range(edges):
        u, v = rng.choice(nodes), rng.choice(nodes)
        if weighted:
            made.add_edge(u, v, weight=rng.random())
        else:
            made.add_edge(u, v)
    return made


def walk(graph: Any, weight: str | None) -> int:
    """One look at every neighbour, and at its weight."""
    arcs = 0
    multigraph = graph.is_multigraph()
    for _, row in graph.adjacency():
        for _, data in row.items():  # noqa: PERF102 - the walk of a conversion
            if weight is None:
                arcs += 1
            elif multigraph:
                for attributes in data.values():
                    attributes.get(weight, 1)
                    arcs += 1
            else:
                data.get(weight, 1)
                arcs += 1
    return arcs


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=200_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    n, m = options.nodes, options.edges
    shuffled = list(range(n))
    random.Random(1).shuffle(shuffled)  # noqa: S311 - no secret
    names = {
        "0..n-1": list(range(n)), "integers": shuffled,
        "text": [f"node {i}" for i in range(n)], "tuples": [(i, "x") for i in range(n)],
    }  # fmt: skip
    kinds = [
        (nx.Graph, "0..n-1", False), (nx.DiGraph, "0..n-1", False), (nx.DiGraph, "0..n-1", True),
        (nx.Graph, "integers", True), (nx.Graph, "text", False), (nx.Graph, "text", True),
        (nx.DiGraph, "text", False), (nx.DiGraph, "tuples", False), (nx.MultiDiGraph, "text", True),
    ]  # fmt: skip
    print(f"{n} nodes, {m} edges, median of {options.rounds} rounds, interleaved\n")
    print("| graph | nodes | weights | walk, s | conversion, s | ratio |")
    print("|---|---|---|---|---|---|")
    for cls, nodes, weighted in kinds:
        graph = make(cls, names[nodes], m, weighted)
        weight = "weight" if weighted else None
        attrs = {"weight": 1} if weighted else None
        walks, conversions = [], []
        for _ in range(options.rounds):
            walks.append(timed(lambda g=graph, w=weight: walk(g, w)))
            conversions.append(
                timed(lambda g=graph, a=attrs: backend.convert_from_nx(g, edge_attrs=a))
            )
        a, b = statistics.median(walks), statistics.median(conversions)
        print(
            f"| {cls.__name__} | {nodes} | {'yes' if weighted else 'no'} "
            f"| {a:.3f} | {b:.3f} | {b / a:.2f} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
