# ruff: noqa: D102 - methods are kernels; what they return stands below
"""How each package does the work: its best documented way, results as NumPy arrays.

An engine holds its graphs, makes them when first asked (which the driver times on its own), and has
a method per kernel. What a kernel returns:

- ``bfs``: hops from the sources, one row each, -1 where there is no way
- ``sssp``: the same with weights, inf where there is no way
- ``wcc``, ``scc``, ``louvain``: a label per vertex
- ``pagerank``: ranks, and the number of iterations if the package tells it
- ``triangles``, ``mst``: a number; ``topological``: the vertices in order
- the others: a number per vertex

``sampled_betweenness`` searches from the same vertices in all packages; those that cannot be told
which have none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from peer_graphs import Edges

__all__ = ["KERNELS", "Engine", "Igraph", "Parquetframe", "Scipy"]

KERNELS = (
    "build", "bfs", "wcc", "scc", "pagerank", "cold_pagerank", "sssp", "triangles", "clustering",
    "core", "mst", "topological", "betweenness", "sampled_betweenness", "closeness", "louvain",
)  # fmt: skip

SAMPLED, SEED = 64, 1
"""Sources of a sample, and what they are drawn with."""


class Engine:
    """What all have in common: the edges, and how many sources a search is timed over."""

    def __init__(self, edges: Edges, threads: int, searches: int) -> None:
        self.edges = edges
        self.threads = threads
        self.sources = [int(source) for source in edges.sources[:searches]]
        self.tol = 1e-6

    def kernel(self, name: str) -> Callable[[], Any] | None:
        """The method for a kernel, if the package has it."""
        return getattr(self, name, None)

    def warm(self, name: str) -> None:
        """Make the graph that a kernel needs."""
        kinds = {"sssp": "weighted", "mst": "pairs_weighted", "topological": "acyclic"}
        pairs = ("triangles", "clustering", "core", "louvain")
        if name not in ("build", "cold_pagerank"):
            getattr(self, "pairs" if name in pairs else kinds.get(name, "plain"))


class Parquetframe(Engine):
    """Ours; dense ids, as everybody else's."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        import parquetframe as pf

        self.of = pf.Graph.from_arrays
        self.pf = pf

    def _make(self, src: Any, dst: Any, weights: Any = None, directed: bool = True) -> Any:
        return self.of(src, dst, weights, num_vertices=self.edges.n, directed=directed)

    @cached_property
    def plain(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    @cached_property
    def weighted(self) -> Any:
        return self._make(self.edges.src, self.edges.dst, self.edges.weights)

    @cached_property
    def pairs(self) -> Any:
        return self._make(self.edges.pair_src, self.edges.pair_dst, directed=False)

    @cached_property
    def pairs_weighted(self) -> Any:
        e = self.edges
        return self._make(e.pair_src, e.pair_dst, e.pair_weights, directed=False)

    @cached_property
    def acyclic(self) -> Any:
        return self._make(self.edges.pair_src, self.edges.pair_dst)

    def _column(self, graph: Any, method: str, column: str, *args: Any, **options: Any) -> Any:
        options = {"output": "numpy", "threads": self.threads, **options}
        return getattr(graph, method)(*args, **options)[column]

    def build(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    def cold_pagerank(self) -> Any:
        table = {"src": self.edges.src, "dst": self.edges.dst}
        graph = self.pf.Graph.from_edges(table, num_vertices=self.edges.n, threads=self.threads)
        return np.asarray(graph.pagerank(tol=self.tol, threads=self.threads)["rank"])

    def bfs(self) -> Any:
        found = []
        for source in self.sources:
            hops = self._column(self.plain, "bfs", "distance", source, include_unreached=True)
            found.append(np.ma.filled(hops, -1))
        return found

    def wcc(self) -> Any:
        return self._column(self.plain, "connected_components", "component_id")

    def scc(self) -> Any:
        return self._column(self.plain, "connected_components", "component_id", "strong")

    def pagerank(self) -> Any:
        found = self.plain.pagerank(tol=self.tol, max_iter=1000, threads=self.threads)
        facts = found.schema.metadata
        return found["rank"].to_numpy(), int(facts[b"pf.iterations"])

    def sssp(self) -> Any:
        found = []
        for source in self.sources:
            options = {"include_unreached": True, "predecessors": False}
            ways = self._column(self.weighted, "shortest_paths", "distance", source, **options)
            found.append(np.ma.filled(ways, np.inf))
        return found

    def triangles(self) -> Any:
        return self.pairs.triangle_count(threads=self.threads)

    def clustering(self) -> Any:
        return self._column(self.pairs, "clustering", "clustering")

    def core(self) -> Any:
        return self._column(self.pairs, "core_number", "core_number")

    def mst(self) -> Any:
        found = self._column(self.pairs_weighted, "minimum_spanning_forest", "weight")
        return float(found.sum())

    def topological(self) -> Any:
        return self._column(self.acyclic, "topological_sort", "vertex")

    def betweenness(self) -> Any:
        return self._column(self.plain, "betweenness", "betweenness", normalized=False)

    def sampled_betweenness(self) -> Any:
        options = {"k": SAMPLED, "seed": SEED, "normalized": False}
        return self._column(self.plain, "betweenness", "betweenness", **options)

    def closeness(self) -> Any:
        return self._column(self.plain, "closeness", "closeness", direction="out")

    def louvain(self) -> Any:
        return self._column(self.pairs, "louvain", "community_id")


class Scipy(Engine):
    """``scipy.sparse.csgraph``."""

    def _matrix(self, src: Any, dst: Any, weights: Any = None) -> Any:
        from scipy.sparse import coo_array

        values = np.ones(len(src)) if weights is None else weights
        return coo_array((values, (src, dst)), (self.edges.n, self.edges.n)).tocsr()

    @cached_property
    def plain(self) -> Any:
        return self._matrix(self.edges.src, self.edges.dst)

    @cached_property
    def weighted(self) -> Any:
        return self._matrix(self.edges.src, self.edges.dst, self.edges.weights)

    @cached_property
    def pairs_weighted(self) -> Any:
        return self._matrix(self.edges.pair_src, self.edges.pair_dst, self.edges.pair_weights)

    def build(self) -> Any:
        return self._matrix(self.edges.src, self.edges.dst)

    def bfs(self) -> Any:
        from scipy.sparse.csgraph import breadth_first_order

        found = [breadth_first_order(self.plain, source) for source in self.sources]
        return ("tree", found)

    def wcc(self) -> Any:
        from scipy.sparse.csgraph import connected_components

        return connected_components(self.plain, connection="weak")[1]

    def scc(self) -> Any:
        from scipy.sparse.csgraph import connected_components

        return connected_components(self.plain, connection="strong")[1]

    def sssp(self) -> Any:
        from scipy.sparse.csgraph import dijkstra

        return [dijkstra(self.weighted, indices=source) for source in self.sources]

    def mst(self) -> Any:
        from scipy.sparse.csgraph import minimum_spanning_tree

        return float(minimum_spanning_tree(self.pairs_weighted).sum())


class Igraph(Engine):
    """python-igraph; one thread, it has no others."""

    def _make(self, src: Any, dst: Any, weights: Any = None, directed: bool = True) -> Any:
        import igraph

        graph = igraph.Graph(n=self.edges.n, edges=np.column_stack([src, dst]), directed=directed)
        if weights is not None:
            graph.es["weight"] = weights
        return graph

    @cached_property
    def plain(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    @cached_property
    def weighted(self) -> Any:
        self.plain.es["weight"] = self.edges.weights
        return self.plain

    @cached_property
    def pairs(self) -> Any:
        return self._make(self.edges.pair_src, self.edges.pair_dst, directed=False)

    @cached_property
    def pairs_weighted(self) -> Any:
        self.pairs.es["weight"] = self.edges.pair_weights
        return self.pairs

    @cached_property
    def acyclic(self) -> Any:
        return self._make(self.edges.pair_src, self.edges.pair_dst)

    def build(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    def cold_pagerank(self) -> Any:
        return np.array(self.build().pagerank())

    def bfs(self) -> Any:
        return [np.array(self.plain.distances(source)[0]) for source in self.sources]

    def wcc(self) -> Any:
        return np.array(self.plain.connected_components("weak").membership)

    def scc(self) -> Any:
        return np.array(self.plain.connected_components("strong").membership)

    def pagerank(self) -> Any:
        return np.array(self.plain.pagerank()), None  # PRPACK solves to machine precision

    def sssp(self) -> Any:
        return [
            np.array(self.weighted.distances(source, weights="weight")[0])
            for source in self.sources
        ]

    def triangles(self) -> Any:
        return len(self.pairs.list_triangles())

    def clustering(self) -> Any:
        return np.array(self.pairs.transitivity_local_undirected(mode="zero"))

    def core(self) -> Any:
        return np.array(self.pairs.coreness())

    def mst(self) -> Any:
        tree = self.pairs_weighted.spanning_tree(weights="weight", return_tree=False)
        return float(self.edges.pair_weights[tree].sum())

    def topological(self) -> Any:
        return np.array(self.acyclic.topological_sorting())

    def betweenness(self) -> Any:
        return np.array(self.plain.betweenness())

    def sampled_betweenness(self) -> Any:
        from parquetframe.graph.sampling import SplitMix64

        n = self.edges.n
        sources = SplitMix64(SEED).sample(n, SAMPLED)  # those that ours draws
        found = np.array(self.plain.betweenness(sources=sources))
        scale = np.full(n, (n - 1) / SAMPLED)  # as networkx scales samples
        scale[sources] = (n - 1) / (SAMPLED - 1)
        return found * scale

    def closeness(self) -> Any:
        n = self.edges.n
        reach = np.array(self.plain.neighborhood_size(order=n, mode="out")) - 1.0
        return np.nan_to_num(np.array(self.plain.closeness(mode="out"))) * reach / (n - 1)

    def louvain(self) -> Any:
        return np.array(self.pairs.community_multilevel().membership)
