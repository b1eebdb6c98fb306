"""Time networkx's functions on networkx, on parquetframe, and on other backends that are installed.

Every answer is compared with networkx's before it is timed; one that differs has no time. Ours is
compared in the order of its items and to nine digits, those of others in any order, to 1e-6.
"First" converts the graph in the call, "again" finds it converted in networkx's cache. Times are
medians in milliseconds, a factor is networkx's time over that of the backend: above 1 the backend
is faster.

    python benches/graph/nx_backend.py --size 10 --size 100 --size 10000 --size 200000
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import statistics
import time
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

OURS = "parquetframe"
EDGES_PER_NODE = 5
LONG = 1.0  # seconds; what takes longer is timed once
SEED = 42


@dataclass(frozen=True)
class Case:
    """A function with its arguments.

    Attributes:
        name: As networkx dispatches on it.
        graph: ``undirected``, ``directed`` or ``acyclic``.
        arguments: Made from the nodes.
        most_nodes: Larger graphs take networkx too long.
        label: What to show, if not the name.
    """

    name: str
    graph: str
    arguments: Callable[[list[Any]], dict[str, Any]] = lambda _: {}
    most_nodes: int = 10**9
    label: str = ""
    comparable: bool = True

    @property
    def function(self) -> Callable[..., Any]:
        """Of networkx."""
        found: Any = getattr(nx, self.name, None) or getattr(nx.community, self.name)
        return found  # type: ignore[no-any-return]


def _source(nodes: list[Any]) -> dict[str, Any]:
    return {"source": nodes[0]}


def _ends(nodes: list[Any]) -> dict[str, Any]:
    return {"source": nodes[0], "target": nodes[-1]}


CASES = [
    Case("pagerank", "directed"),
    Case("bfs_edges", "undirected", _source),
    Case("bfs_predecessors", "undirected", _source),
    Case("bfs_successors", "undirected", _source),
    Case("bfs_layers", "undirected", lambda nodes: {"sources": nodes[0]}),
    Case("descendants_at_distance", "undirected", lambda n: {"source": n[0], "distance": 3}),
    Case("dfs_edges", "undirected", _source),
    Case("dfs_preorder_nodes", "undirected", _source),
    Case("dfs_postorder_nodes", "undirected", _source),
    Case("dfs_predecessors", "undirected", _source),
    Case("ancestors", "directed", _source),
    Case("descendants", "directed", _source),
    Case("has_path", "undirected", _ends),
    Case("shortest_path_length", "undirected", _ends, label="shortest_path_length, two nodes"),
    Case("shortest_path_length", "undirected", _source, label="shortest_path_length, one source"),
    Case("single_source_shortest_path_length", "undirected", _source),
    Case("single_target_shortest_path_length", "directed", lambda n: {"target": n[0]}),
    Case("dijkstra_path_length", "undirected", _ends),
    Case("single_source_dijkstra_path_length", "undirected", _source),
    Case("multi_source_dijkstra_path_length", "undirected", lambda n: {"sources": n[:3]}),
    Case("single_source_bellman_ford_path_length", "undirected", _source),
    Case("connected_components", "undirected"),
    Case("number_connected_components", "undirected"),
    Case("is_connected", "undirected"),
    Case("node_connected_component", "undirected", lambda nodes: {"n": nodes[0]}),
    Case("weakly_connected_components", "directed"),
    Case("number_weakly_connected_components", "directed"),
    Case("is_weakly_connected", "directed"),
    Case("strongly_connected_components", "directed"),
    Case("number_strongly_connected_components", "directed"),
    Case("is_strongly_connected", "directed"),
    Case("topological_sort", "acyclic"),
    Case("topological_generations", "acyclic"),
    Case("is_directed_acyclic_graph", "acyclic"),
    Case("triangles", "undirected"),
    Case("clustering", "undirected"),
    Case("clustering", "directed", label="clustering, directed"),
    Case("average_clustering", "undirected"),
    Case("transitivity", "undirected"),
    Case("core_number", "undirected"),
    Case("betweenness_centrality", "undirected", most_nodes=1000),
    Case(
        "betweenness_centrality", "undirected", lambda _: {"k": 4, "seed": 1},
        label="betweenness_centrality, k=4",
    ),
    Case("closeness_centrality", "undirected", most_nodes=1000),
    Case("closeness_centrality", "undirected", lambda n: {"u": n[0]}, label="closeness, one node"),
    Case("harmonic_centrality", "undirected", most_nodes=1000),
    Case("harmonic_centrality", "undirected", lambda n: {"nbunch": n[:3]}, label="harmonic of 3"),
    Case(
        "louvain_communities", "undirected", lambda _: {"seed": 1}, most_nodes=10_000,
        label="louvain_communities (other communities)", comparable=False,
    ),
]  # fmt: skip


def make_graph(kind: str, n: int) -> Any:
    """Random edges with whole weights, nodes in random order; the same on every machine."""
    rng = random.Random(SEED)  # noqa: S311 - reproducible
    nodes = list(range(n))
    rng.shuffle(nodes)
    graph = nx.Graph() if kind == "undirected" else nx.DiGraph()
    graph.add_nodes_from(nodes)
    while graph.number_of_edges() < min(EDGES_PER_NODE * n, n * (n - 1) // 4):
        missing = EDGES_PER_NODE * n - graph.number_of_edges()
        for _ in range(missing):
            u, v = rng.randrange(n), rng.randrange(n)
            if u != v:
                low, high = (u, v) if kind != "acyclic" or u < v else (v, u)
                graph.add_edge(low, high, weight=rng.randint(1, 100))
            if n < 100 and graph.number_of_edges() >= n * (n - 1) // 4:
                break
    return graph


def run(case: Case, graph: Any, backend: str) -> Any:
    """The whole answer; what a generator gives, as a list."""
    nodes = list(itertools.islice(graph, 50))
    found = case.function(graph, **case.arguments(nodes), backend=backend)
    if isinstance(found, Mapping):  # some backends have mappings of their own
        return dict(found)
    return list(found) if isinstance(found, types.GeneratorType) else found


def same(a: Any, b: Any, *, ordered: bool) -> bool:
    """Equal in values, floats up to rounding; ordered: dicts also in the order of their keys."""
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12 if ordered else 1e-6)
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys() or (ordered and list(a) != list(b)):
            return False
        return all(same(value, b[key], ordered=ordered) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(
            same(x, y, ordered=ordered) for x, y in zip(a, b, strict=True)
        )
    return bool(a == b)


def seconds(call: Callable[[], Any], rounds: int, budget: float) -> float:
    """Median; fewer rounds once the budget is spent."""
    times: list[float] = []
    spent = 0.0
    while len(times) < rounds and (spent < budget or not times):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
        spent += times[-1]
    return statistics.median(times)


def rows(n: int, backends: list[str], wanted: list[str], rounds: int) -> Iterator[list[str]]:
    """A line of the table for each case."""
    graphs: dict[str, Any] = {}
    for case in CASES:
        if n > case.most_nodes or (wanted and case.name not in wanted):
            continue
        if case.graph not in graphs:
            graphs.clear()
            graphs[case.graph] = make_graph(case.graph, n)
        graph = graphs[case.graph]
        line = [case.label or case.name, f"{n:,}"]
        before = time.perf_counter()
        expected = run(case, graph, "networkx")
        theirs = time.perf_counter() - before
        if theirs < LONG:
            theirs = seconds(lambda c=case, g=graph: run(c, g, "networkx"), rounds, 1.0)  # type: ignore[misc]
        line.append(shown(theirs))
        for backend in backends:
            line += measured(case, graph, backend, expected, theirs, rounds)
        yield line


def measured(
    case: Case, graph: Any, backend: str, expected: Any, theirs: float, rounds: int
) -> list[str]:
    """Time and factor with the conversion, and of ours also without."""
    width = 4 if backend == OURS else 2
    try:
        with nx.config(cache_converted_graphs=False):
            found = run(case, graph, backend)
            if case.comparable and not same(found, expected, ordered=backend == OURS):
                return ["differs", *[""] * (width - 1)]
            first = seconds(lambda: run(case, graph, backend), rounds, 1.0)
    except (NotImplementedError, ImportError, TypeError, AttributeError) as error:
        reason = "" if isinstance(error, NotImplementedError) else type(error).__name__
        return [reason or "has none", *[""] * (width - 1)]
    cells = [shown(first), factor(theirs, first)]
    if backend == OURS:
        getattr(graph, "__networkx_cache__", {}).clear()
        run(case, graph, backend)
        again = seconds(lambda: run(case, graph, backend), rounds, 1.0)
        cells += [shown(again), factor(theirs, again)]
        getattr(graph, "__networkx_cache__", {}).clear()
    return cells


def shown(duration: float) -> str:
    """Milliseconds with three digits."""
    number = duration * 1000
    return f"{number:.{max(0, 2 - math.floor(math.log10(max(number, 1e-6))))}f}"


def factor(theirs: float, ours: float) -> str:
    """How many times faster."""
    ratio = theirs / ours
    return f"**{ratio:.3g}**" if ratio >= 1 else f"{ratio:.2g}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="speed of networkx's functions by backend")
    parser.add_argument("--size", type=int, action="append", help="nodes; five edges for each")
    parser.add_argument("--function", action="append", default=[], help="only these")
    parser.add_argument("--backend", action="append", default=[], help="next to parquetframe")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    nx.config.warnings_to_ignore.add("cache")
    warnings.simplefilter("ignore")
    backends = [OURS, *given.backend]
    head = ["function", "nodes", "networkx", "first", "factor", "again", "factor"]
    for backend in given.backend:
        head += [backend, "factor"]
    print(f"networkx {nx.__version__}")
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * 2 + " ---: |" * (len(head) - 2))
    for n in given.size or [10, 100, 10_000, 200_000]:
        for line in rows(n, backends, given.function, given.rounds):
            print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
