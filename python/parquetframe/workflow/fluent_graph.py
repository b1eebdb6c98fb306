"""The method of the graph step, which has more keys than the others together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from parquetframe.workflow.fluent_base import Common, Input, StepBase

if TYPE_CHECKING:
    from parquetframe.workflow.stepref import StepRef

__all__ = ["GraphMethod"]


class GraphMethod(StepBase):
    """``graph``."""

    def graph(
        self,
        name: str,
        *,
        algorithm: str,
        src: str | None = None,
        dst: str | None = None,
        weight: str | None = None,
        directed: bool | None = None,
        vertices: Input = None,
        input: Input = None,  # noqa: A002
        alpha: float | None = None,
        tol: float | None = None,
        max_iter: int | None = None,
        personalization: Mapping[Any, float] | None = None,
        dangling: Mapping[Any, float] | None = None,
        nstart: Mapping[Any, float] | None = None,
        on_fail: str | None = None,
        mode: str | None = None,
        sources: Sequence[Any] | None = None,
        max_depth: int | None = None,
        direction: str | None = None,
        per_source: bool | None = None,
        include_unreached: bool | None = None,
        source: Any = None,
        target: Any = None,
        method: str | None = None,
        delta: float | None = None,
        cutoff: float | None = None,
        predecessors: bool | None = None,
        sort_neighbors: bool | None = None,
        loops: str | None = None,
        k: int | None = None,
        seed: int | None = None,
        normalized: bool | None = None,
        endpoints: bool | None = None,
        wf_improved: bool | None = None,
        resolution: float | None = None,
        threshold: float | None = None,
        max_level: int | None = None,
        **common: Unpack[Common],
    ) -> StepRef:
        """Run a graph algorithm over a table of edges.

        Args:
            name: Name of the step.
            algorithm: ``pagerank``, ``components``, ``bfs``, ``shortest_path`` or another of the
                guide's table; each is a method of :class:`parquetframe.Graph`.
            src: Column of edge tails.
            dst: Column of edge heads.
            weight: Column of edge weights.
            directed: Whether an edge leads one way only.
            vertices: Dataset of vertices; keeps those without edges.
            input: Dataset of edges.
            alpha: pagerank: share of rank that follows an edge.
            tol: pagerank, hits: stop when an iteration changes the scores by less (L1 norm).
            max_iter: pagerank, hits, label_propagation: iterations to try.
            personalization: pagerank: weight of vertices to jump to.
            dangling: pagerank: weight of vertices that get rank without a way on.
            nstart: pagerank: ranks to start from.
            on_fail: pagerank, hits: ``warn``, ``raise`` or ``ignore`` if ``tol`` is not reached.
            mode: components: ``weak`` or ``strong``.
            sources: bfs: vertices to start from.
            max_depth: bfs, dfs: edges to follow at most.
            direction: bfs, dfs, degree, closeness, harmonic: ``out``, ``in`` or ``both``.
            per_source: bfs: search from each source on its own.
            include_unreached: bfs, shortest_path: also vertices that were not reached.
            source: shortest_path, dfs, dfs_edges: vertex to start from.
            target: shortest_path: vertex to reach; the result is then the path.
            method: shortest_path: ``auto``, ``bfs``, ``dijkstra``, ``delta``, ``bellman-ford``.
            delta: shortest_path: width of the buckets of ``method="delta"``.
            cutoff: shortest_path: distance to follow at most.
            predecessors: shortest_path: whether to give that column.
            sort_neighbors: dfs: follow edges in vertex order.
            loops: degree: whether a loop counts ``twice`` or ``once``.
            k: betweenness: search from so many vertices.
            seed: betweenness, louvain: of random choices.
            normalized: betweenness: divide by the number of pairs.
            endpoints: betweenness: whether ends count as on a path.
            wf_improved: closeness: scale by the share of vertices that reach it.
            resolution: louvain: above 1 more communities.
            threshold: louvain: stop below this gain of modularity.
            max_level: louvain: levels of merging at most.
            **common: Keys that every step takes.
        """
        keys = {
            "algorithm": algorithm,
            "src": src,
            "dst": dst,
            "weight": weight,
            "directed": directed,
            "vertices": vertices,
            "alpha": alpha,
            "tol": tol,
            "max_iter": max_iter,
            "personalization": personalization,
            "dangling": dangling,
            "nstart": nstart,
            "on_fail": on_fail,
            "mode": mode,
            "sources": sources,
            "max_depth": max_depth,
            "direction": direction,
            "per_source": per_source,
            "include_unreached": include_unreached,
            "source": source,
            "target": target,
            "method": method,
            "delta": delta,
            "cutoff": cutoff,
            "predecessors": predecessors,
            "sort_neighbors": sort_neighbors,
            "loops": loops,
            "k": k,
            "seed": seed,
            "normalized": normalized,
            "endpoints": endpoints,
            "wf_improved": wf_improved,
            "resolution": resolution,
            "threshold": threshold,
            "max_level": max_level,
        }
        return self._add("graph", name, self._first(input), keys, common)
