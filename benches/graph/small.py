"""What a call costs where the graph is nothing: ten vertices, every method, against networkx.

Both sides start from a graph that exists and end with an answer that holds the ids of the vertices:
a dict, list or set there; ours as NumPy arrays, as lists of Python values and as a table. Building
starts from the same two lists. Each time is the median over rounds of the mean of a loop; rounds of
all sides alternate. Before that the answers are compared.

    python benches/graph/small.py [--rounds 15] [--engine rust] [--only NAME]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

import parquetframe as pf

VERTICES = 10
EDGES_PER_VERTEX = 2.4


@dataclass(frozen=True)
class Case:
    """One question: how each side asks it, and the two columns that answer it."""

    name: str
    theirs: Callable[[], Any]
    ours: Callable[..., Any]
    columns: tuple[str, str] | None = None
    close: bool = False
    compare: Callable[[Any, Any], bool] | None = None


@dataclass(frozen=True)
class Graphs:
    """The same edges as each side holds them."""

    n: int
    src: list[int]
    dst: list[int]
    weights: list[float]
    engine: str

    def ours(self, directed: bool = True, weighted: bool = False, acyclic: bool = False) -> Any:
        """``pf.Graph``."""
        src, dst, weights = self._acyclic() if acyclic else (self.src, self.dst, self.weights)
        table: dict[str, Any] = {"src": src, "dst": dst}
        if weighted:
            table["weight"] = weights
        column = "weight" if weighted else None
        return pf.Graph.from_edges(
            table, weight=column, directed=directed, engine=self.engine,
            vertices=list(range(self.n)),
        )  # fmt: skip

    def theirs(self, directed: bool = True, weighted: bool = False, acyclic: bool = False) -> Any:
        """A graph of networkx."""
        src, dst, weights = self._acyclic() if acyclic else (self.src, self.dst, self.weights)
        graph = nx.DiGraph() if directed else nx.Graph()
        graph.add_nodes_from(range(self.n))
        if weighted:
            graph.add_weighted_edges_from(zip(src, dst, weights, strict=True))
        else:
            graph.add_edges_from(zip(src, dst, strict=True))
        return graph

    def _acyclic(self) -> tuple[list[int], list[int], list[float]]:
        ends = [(min(pair), max(pair)) for pair in zip(self.src, self.dst, strict=True)]
        once = dict(zip(ends, self.weights, strict=True))
        return [u for u, _ in once], [v for _, v in once], list(once.values())


def graphs(engine: str, n: int = VERTICES, seed: int = 7) -> Graphs:
    """Different edges without loops, none of them the reverse of another."""
    draw = random.Random(seed)  # noqa: S311 - test data
    pairs: dict[frozenset[int], tuple[int, int]] = {}
    while len(pairs) < int(EDGES_PER_VERTEX * n):
        u, v = draw.sample(range(n), 2)
        pairs.setdefault(frozenset((u, v)), (u, v))
    weights = [float(draw.randint(1, 255)) for _ in pairs]
    src, dst = zip(*pairs.values(), strict=True)
    return Graphs(n, list(src), list(dst), weights, engine)


def cases(g: Graphs) -> list[Case]:
    """All methods that networkx has too."""
    d, n = g.ours(), g.theirs()
    w, nw = g.ours(weighted=True), g.theirs(weighted=True)
    u, nu = g.ours(directed=False), g.theirs(directed=False)
    uw, nuw = g.ours(directed=False, weighted=True), g.theirs(directed=False, weighted=True)
    a, na = g.ours(acyclic=True), g.theirs(acyclic=True)
    start = g.src[0]
    return [
        Case("from_edges", g.theirs, lambda _: g.ours(), compare=_same_graph),
        Case("from_edges, weighted", lambda: g.theirs(weighted=True),
             lambda _: g.ours(weighted=True), compare=_same_graph),
        Case("bfs", lambda: (nx.single_source_shortest_path_length(n, start),
                             dict(nx.bfs_predecessors(n, start))),
             lambda output: d.bfs(start, output=output), ("vertex", "distance"),
             compare=lambda found, want: found == want[0]),
        Case("dfs", lambda: (list(nx.dfs_preorder_nodes(n, start)),
                             list(nx.dfs_postorder_nodes(n, start)),
                             nx.dfs_predecessors(n, start)),
             lambda output: d.dfs(start, output=output), ("vertex", "discover"),
             compare=lambda found, want: sorted(found, key=found.get) == want[0]),
        Case("dfs_edges", lambda: list(nx.dfs_labeled_edges(n, start)),
             lambda output: d.dfs_edges(start, output=output), ("src", "dst"),
             compare=lambda found, want: len(found) <= len(want)),
        Case("shortest_paths", lambda: nx.dijkstra_predecessor_and_distance(nw, start),
             lambda output: w.shortest_paths(start, output=output), ("vertex", "distance"),
             compare=lambda found, want: found == want[1]),
        Case("shortest_paths, distances", lambda: nx.single_source_dijkstra_path_length(nw, start),
             lambda output: w.shortest_paths(start, predecessors=False, output=output),
             ("vertex", "distance")),
        Case("shortest_paths, bellman-ford",
             lambda: nx.bellman_ford_predecessor_and_distance(nw, start),
             lambda output: w.shortest_paths(start, method="bellman-ford", output=output),
             ("vertex", "distance"), compare=lambda found, want: found == want[1]),
        Case("shortest_paths, target", lambda: nx.dijkstra_path(nuw, start, g.dst[5]),
             lambda output: uw.shortest_paths(start, g.dst[5], output=output),
             ("vertex", "distance"), compare=lambda found, want: list(found) == want),
        Case("topological_sort", lambda: list(nx.topological_sort(na)),
             lambda output: a.topological_sort(output=output), ("vertex", "position"),
             compare=lambda found, want: list(found) == want),
        Case("connected_components", lambda: list(nx.weakly_connected_components(n)),
             lambda output: d.connected_components(output=output), ("vertex", "component_id"),
             compare=_same_parts),
        Case("connected_components, strong", lambda: list(nx.strongly_connected_components(n)),
             lambda output: d.connected_components("strong", output=output),
             ("vertex", "component_id"), compare=_same_parts),
        Case("pagerank", lambda: nx.pagerank(n, tol=1e-7),
             lambda output: d.pagerank(tol=1e-6, output=output), ("vertex", "rank"), close=True),
        Case("pagerank, weighted", lambda: nx.pagerank(nw, tol=1e-7),
             lambda output: w.pagerank(tol=1e-6, output=output), ("vertex", "rank"), close=True),
        Case("hits", lambda: nx.hits(n),
             lambda output: d.hits(max_iter=1000, output=output), ("vertex", "hub"),
             compare=lambda found, want: all(abs(found[v] - want[0][v]) < 1e-6 for v in found)),
        Case("degree", lambda: dict(n.out_degree()), lambda output: d.degree(output=output),
             ("vertex", "degree")),
        Case("triangles", lambda: nx.triangles(nu), lambda output: u.triangles(output=output),
             ("vertex", "triangles")),
        Case("triangle_count", lambda: sum(nx.triangles(nu).values()) // 3,
             lambda _: u.triangle_count()),
        Case("clustering", lambda: nx.clustering(nu), lambda output: u.clustering(output=output),
             ("vertex", "clustering"), close=True),
        Case("transitivity", lambda: nx.transitivity(nu), lambda _: u.transitivity()),
        Case("core_number", lambda: nx.core_number(nu),
             lambda output: u.core_number(output=output), ("vertex", "core_number")),
        Case("betweenness", lambda: nx.betweenness_centrality(n),
             lambda output: d.betweenness(output=output), ("vertex", "betweenness"), close=True),
        Case("closeness", lambda: nx.closeness_centrality(n),
             lambda output: d.closeness(output=output), ("vertex", "closeness"), close=True),
        Case("harmonic", lambda: nx.harmonic_centrality(n),
             lambda output: d.harmonic(output=output), ("vertex", "harmonic"), close=True),
        Case("louvain", lambda: nx.community.louvain_communities(nu, seed=0),
             lambda output: u.louvain(output=output), ("vertex", "community_id"),
             compare=lambda found, want: nx.community.modularity(nu, _parts(found))
             >= nx.community.modularity(nu, want) - 0.05),
        Case("label_propagation",
             lambda: list(nx.community.fast_label_propagation_communities(nu, seed=0)),
             lambda output: u.label_propagation(output=output), ("vertex", "community_id"),
             compare=lambda found, _: len(found) == g.n),
        Case("minimum_spanning_forest",
             lambda: list(nx.minimum_spanning_edges(nuw)),
             lambda output: uw.minimum_spanning_forest(output=output), ("edge_id", "weight"),
             compare=lambda found, want: sum(found.values()) == sum(e[2]["weight"] for e in want)),
        Case("neighbors", lambda: list(n.successors(start)),
             lambda _: d.neighbors(start), compare=_same_ids),
        Case("has_edge", lambda: n.has_edge(start, g.dst[0]),
             lambda _: d.has_edge(start, g.dst[0])),
        Case("subgraph", lambda: n.subgraph(range(5)).copy(),
             lambda _: d.subgraph(range(5)), compare=_same_graph),
        Case("reverse", n.reverse, lambda _: d.reverse(), compare=_same_graph),
        Case("to_undirected", n.to_undirected, lambda _: d.to_undirected(),
             compare=_same_graph),
        Case("edges", lambda: list(n.edges), lambda _: _fresh_edges(d),
             compare=lambda found, want: sorted(_pairs(found)) == sorted(want)),
    ]  # fmt: skip


def _fresh_edges(graph: Any) -> Any:
    graph.__dict__.pop("edges", None)  # made once per graph otherwise
    return graph.edges


def _pairs(table: Any) -> list[tuple[int, int]]:
    return list(zip(table["src"].to_pylist(), table["dst"].to_pylist(), strict=True))


def _same_graph(found: Any, want: Any) -> bool:
    return (found.num_vertices, found.num_edges) == (len(want), want.number_of_edges())


def _same_ids(found: Any, want: Any) -> bool:
    return bool(found.to_pylist() == want)


def _parts(labels: dict[Any, int]) -> list[set[Any]]:
    parts: dict[int, set[Any]] = {}
    for vertex, part in labels.items():
        parts.setdefault(part, set()).add(vertex)
    return list(parts.values())


def _same_parts(found: dict[Any, int], want: list[set[Any]]) -> bool:
    return {frozenset(part) for part in _parts(found)} == {frozenset(part) for part in want}


def check(case: Case) -> None:
    """Refuse to time two different answers.

    Raises:
        ValueError: They differ.
    """
    want, found = case.theirs(), case.ours("table")
    if case.columns is not None:
        keys, values = (found.column(name).to_pylist() for name in case.columns)
        found = dict(zip(keys, values, strict=True))
    if case.compare is not None:
        same = case.compare(found, want)
    elif case.close:
        same = found.keys() == want.keys() and np.allclose(
            [found[key] for key in want], list(want.values()), rtol=0, atol=1e-6
        )
    else:
        same = found == want or bool(np.isclose(found, want))
    if not same:
        raise ValueError(f"{case.name}: {found} is not {want}")


def listed(case: Case) -> Callable[[], Any]:
    """Our answer with Python values, as a dict of networkx has them."""

    def run() -> Any:
        found = case.ours("numpy")
        return {name: column.tolist() for name, column in found.items()}

    return run


def timed(run: Callable[[], Any], loops: int) -> float:
    """Microseconds per call."""
    before = time.perf_counter()
    for _ in range(loops):
        run()
    return (time.perf_counter() - before) / loops * 1e6


def measure(case: Case, rounds: int) -> dict[str, float]:
    """The median of each side."""
    check(case)
    sides: dict[str, Callable[[], Any]] = {"networkx": case.theirs}
    if case.columns is None:
        sides["numpy"] = lambda: case.ours("numpy")
    else:
        sides["numpy"] = lambda: case.ours("numpy")
        sides["list"] = listed(case)
        sides["table"] = lambda: case.ours("table")
    loops = {}
    for name, run in sides.items():
        timed(run, 3)
        loops[name] = max(3, int(2000 / max(timed(run, 10), 1.0)))  # 2 ms per round
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            times[name].append(timed(run, loops[name]))
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Print a table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", default="rust")
    parser.add_argument("--vertices", type=int, default=VERTICES)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", help="also write the figures to this file")
    asked = parser.parse_args()
    about = f"engine {asked.engine}, {asked.vertices} vertices, networkx {nx.__version__}"
    print(f"{about}, load {os.getloadavg()[0]:.2f}")
    print("| µs | networkx | NumPy | lists | table | NumPy / networkx |\n|---|---|---|---|---|---|")
    rows = {}
    for case in cases(graphs(asked.engine, asked.vertices)):
        if asked.only not in case.name:
            continue
        found = rows[case.name] = measure(case, asked.rounds)
        sides = ("networkx", "numpy", "list", "table")
        shown = [f"{found[side]:.1f}" if side in found else "" for side in sides]
        ratio = found["numpy"] / found["networkx"]
        print(f"| {case.name} | {' | '.join(shown)} | {ratio:.2f} |", flush=True)
    if asked.json:
        Path(asked.json).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
