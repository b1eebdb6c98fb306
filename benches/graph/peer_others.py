"""The packages that hold a graph in classes of their own; see ``peer_engines``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from peer_engines import Engine, Igraph, Parquetframe, Scipy

__all__ = ["ENGINES"]


class Networkit(Engine):
    """NetworKit; its parallel classes where it has them."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        import networkit

        self.nk = networkit
        networkit.setNumberOfThreads(self.threads)

    def _make(self, src: Any, dst: Any, weights: Any = None, directed: bool = True) -> Any:
        ends = (src.astype(np.uint64), dst.astype(np.uint64))
        values = np.ones(len(src)) if weights is None else weights
        return self.nk.GraphFromCoo(
            (values, ends), self.edges.n, weighted=weights is not None, directed=directed
        )

    plain = Parquetframe.plain
    weighted = Parquetframe.weighted
    pairs = Parquetframe.pairs
    acyclic = Parquetframe.acyclic

    def build(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    def _rank(self, graph: Any) -> tuple[Any, int]:
        c = self.nk.centrality
        found = c.PageRank(graph, 0.85, self.tol, False, c.SinkHandling.DistributeSinks)
        found.norm = c.Norm.L1_NORM
        found.run()
        return np.array(found.scores()), found.numberOfIterations()

    def cold_pagerank(self) -> Any:
        return self._rank(self.build())[0]

    def pagerank(self) -> Any:
        return self._rank(self.plain)

    def bfs(self) -> Any:
        found = []
        for source in self.sources:
            run = self.nk.distance.BFS(self.plain, source, storePaths=False).run()
            hops = np.asarray(run.getDistances(asarray=True))
            found.append(np.where(hops > self.edges.n, -1, hops))
        return found

    def _labels(self, run: Any) -> Any:
        return np.array(run.run().getPartition().getVector())

    def wcc(self) -> Any:
        return self._labels(self.nk.components.WeaklyConnectedComponents(self.plain))

    def scc(self) -> Any:
        return self._labels(self.nk.components.StronglyConnectedComponents(self.plain))

    def sssp(self) -> Any:
        found = []
        for source in self.sources:
            run = self.nk.distance.Dijkstra(self.weighted, source, storePaths=False).run()
            ways = np.asarray(run.getDistances(asarray=True))
            found.append(np.where(ways > 1e300, np.inf, ways))
        return found

    def clustering(self) -> Any:
        self.pairs.indexEdges()
        run = self.nk.centrality.LocalClusteringCoefficient(self.pairs, turbo=True)
        return np.array(run.run().scores())

    def core(self) -> Any:
        return np.array(self.nk.centrality.CoreDecomposition(self.pairs).run().scores())

    def topological(self) -> Any:
        return np.array(self.nk.graphtools.topologicalSort(self.acyclic))

    def betweenness(self) -> Any:
        return np.array(self.nk.centrality.Betweenness(self.plain).run().scores())

    def louvain(self) -> Any:
        return self._labels(self.nk.community.PLM(self.pairs))


class Rustworkx(Engine):
    """rustworkx."""

    def _make(self, src: Any, dst: Any, weights: Any = None, directed: bool = True) -> Any:
        import rustworkx as rx

        graph = rx.PyDiGraph() if directed else rx.PyGraph()
        graph.add_nodes_from(range(self.edges.n))
        if weights is None:
            graph.add_edges_from_no_data(list(zip(src.tolist(), dst.tolist(), strict=True)))
        else:
            graph.add_edges_from(
                list(zip(src.tolist(), dst.tolist(), weights.tolist(), strict=True))
            )
        return graph

    plain = Parquetframe.plain
    weighted = Parquetframe.weighted
    pairs = Parquetframe.pairs
    pairs_weighted = Parquetframe.pairs_weighted
    acyclic = Parquetframe.acyclic

    def _vector(self, found: Any, missing: float = 0.0) -> Any:
        vector = np.full(self.edges.n, missing)
        vector[list(found.keys())] = list(found.values())
        return vector

    def _labels(self, parts: Any) -> Any:
        labels = np.zeros(self.edges.n, np.int64)
        for label, part in enumerate(parts):
            labels[list(part)] = label
        return labels

    def build(self) -> Any:
        return self._make(self.edges.src, self.edges.dst)

    def _rank(self, graph: Any) -> Any:
        import rustworkx as rx

        return self._vector(rx.pagerank(graph, tol=self.tol / self.edges.n, max_iter=1000))

    def cold_pagerank(self) -> Any:
        return self._rank(self.build())

    def pagerank(self) -> Any:
        return self._rank(self.plain), None

    def bfs(self) -> Any:
        return self._lengths(self.plain, lambda _: 1.0)  # no function counts hops only

    def _lengths(self, graph: Any, weight: Callable[[Any], float]) -> Any:
        import rustworkx as rx

        found = []
        for source in self.sources:
            vector = self._vector(rx.dijkstra_shortest_path_lengths(graph, source, weight), np.inf)
            vector[source] = 0
            found.append(vector)
        return found

    def wcc(self) -> Any:
        import rustworkx as rx

        return self._labels(rx.weakly_connected_components(self.plain))

    def scc(self) -> Any:
        import rustworkx as rx

        return self._labels(rx.strongly_connected_components(self.plain))

    def sssp(self) -> Any:
        return self._lengths(self.weighted, float)

    def core(self) -> Any:
        import rustworkx as rx

        return self._vector(rx.core_number(self.pairs))

    def mst(self) -> Any:
        import rustworkx as rx

        return float(sum(w for _, _, w in rx.minimum_spanning_edges(self.pairs_weighted, float)))

    def topological(self) -> Any:
        import rustworkx as rx

        return np.array(rx.topological_sort(self.acyclic))

    def betweenness(self) -> Any:
        import rustworkx as rx

        return self._vector(rx.betweenness_centrality(self.plain, normalized=False))


class GraphMate(Engine):
    """graph-mate."""

    @cached_property
    def plain(self) -> Any:
        return self.build()

    @cached_property
    def pairs(self) -> Any:
        import graph_mate

        ends = np.column_stack([self.edges.pair_src, self.edges.pair_dst]).astype(np.uint32)
        graph = graph_mate.Graph.from_numpy(ends, graph_mate.Layout.Sorted)
        graph.make_degree_ordered()
        return graph

    def build(self) -> Any:
        import graph_mate

        ends = np.column_stack([self.edges.src, self.edges.dst]).astype(np.uint32)
        return graph_mate.DiGraph.from_numpy(ends, graph_mate.Layout.Sorted)

    def _rank(self, graph: Any) -> Any:
        found = graph.page_rank(max_iterations=1000, tolerance=self.tol, damping_factor=0.85)
        return np.asarray(found.scores()), found.ran_iterations

    def cold_pagerank(self) -> Any:
        return self._rank(self.build())[0]

    def pagerank(self) -> Any:
        return self._rank(self.plain)

    def wcc(self) -> Any:
        return np.asarray(self.plain.wcc().components())

    def triangles(self) -> Any:
        return self.pairs.global_triangle_count().triangles


class Networkx(Rustworkx):
    """networkx, without a backend."""

    def _make(self, src: Any, dst: Any, weights: Any = None, directed: bool = True) -> Any:
        import networkx as nx

        graph = nx.DiGraph() if directed else nx.Graph()
        graph.add_nodes_from(range(self.edges.n))
        if weights is None:
            graph.add_edges_from(zip(src.tolist(), dst.tolist(), strict=True))
        else:
            graph.add_weighted_edges_from(
                zip(src.tolist(), dst.tolist(), weights.tolist(), strict=True)
            )
        return graph

    def bfs(self) -> Any:
        import networkx as nx

        return [
            self._vector(nx.single_source_shortest_path_length(self.plain, source), -1)
            for source in self.sources
        ]

    def wcc(self) -> Any:
        import networkx as nx

        return self._labels(nx.weakly_connected_components(self.plain))

    def pagerank(self) -> Any:
        import networkx as nx

        tol = self.tol / self.edges.n  # its rule is n * tol
        return self._vector(nx.pagerank(self.plain, tol=tol, max_iter=1000)), None

    cold_pagerank = scc = sssp = core = mst = topological = betweenness = None  # not timed


ENGINES: dict[str, type[Engine]] = {
    "parquetframe": Parquetframe, "scipy": Scipy, "igraph": Igraph, "networkit": Networkit,
    "rustworkx": Rustworkx, "graph-mate": GraphMate, "networkx": Networkx,
}  # fmt: skip
