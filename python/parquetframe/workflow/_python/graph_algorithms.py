"""PageRank, components, BFS and shortest paths on NumPy arrays. Ties go to the smallest vertex."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from parquetframe.errors import GraphError, NegativeCycle, NegativeWeight

from .graph_arrays import Graph

Tick = Callable[[], None]
NONE = -1


def pagerank(
    graph: Graph, alpha: float, tol: float, max_iter: int, jump: np.ndarray | None, tick: Tick
) -> tuple[np.ndarray, int, bool]:
    """Ranks, iterations and whether one step changed them by less than ``tol`` (L1 norm).

    Weights of parallel edges add. A vertex without out-weight gives its rank to ``jump`` (uniform
    if None), so ranks sum to 1.
    """
    n = graph.size
    if not n:
        return np.zeros(0), 0, True
    weight = np.ones(len(graph.src)) if graph.weight is None else graph.weight
    if len(bad := np.flatnonzero((weight < 0) | ~np.isfinite(weight))):
        row = int(graph.edge[bad[0]]) + 1
        kind = NegativeWeight if weight[bad[0]] < 0 else GraphError
        raise kind(f"edge row {row}: pagerank needs finite weights >= 0", row=row)
    target = np.full(n, 1.0 / n) if jump is None else jump
    out = np.bincount(graph.src, weights=weight, minlength=n)
    dangling = out == 0
    share = weight / np.where(dangling, 1.0, out)[graph.src]
    rank = np.full(n, 1.0 / n)
    for iteration in range(1, max_iter + 1):
        tick()
        flow = np.bincount(graph.dst, weights=rank[graph.src] * share, minlength=n)
        new = alpha * (flow + rank[dangling].sum() * target) + (1.0 - alpha) * target
        step = float(np.abs(new - rank).sum())
        rank = new
        if step < tol:
            return rank, iteration, True
    return rank, max_iter, False


def weak_components(graph: Graph, tick: Tick) -> np.ndarray:
    """Label = smallest vertex of the component, by hooking and pointer jumping."""
    label = np.arange(graph.size)
    while True:
        tick()
        a, b = label[graph.src], label[graph.dst]
        if np.array_equal(a, b):
            return label
        low, high = np.minimum(a, b), np.maximum(a, b)
        np.minimum.at(label, high, low)
        while not np.array_equal(jumped := label[label], label):
            label = jumped


def strong_components(graph: Graph, tick: Tick) -> np.ndarray:
    """Label = smallest vertex of the component; Tarjan's algorithm without recursion."""
    offsets, heads, _ = graph.csr()
    first, neighbours = offsets.tolist(), heads.tolist()
    n = graph.size
    index, low = [NONE] * n, [0] * n
    label = np.full(n, NONE)
    stack: list[int] = []
    counter = 0
    for root in range(n):
        if index[root] != NONE:
            continue
        tick()
        work = [(root, first[root])]
        index[root] = low[root] = counter
        counter += 1
        stack.append(root)
        while work:
            v, position = work.pop()
            if position < first[v + 1]:
                work.append((v, position + 1))
                w = neighbours[position]
                if index[w] == NONE:
                    index[w] = low[w] = counter
                    counter += 1
                    stack.append(w)
                    work.append((w, first[w]))
                elif label[w] == NONE:
                    low[v] = min(low[v], index[w])
                continue
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[v])
            if low[v] == index[v]:
                members: list[int] = []
                while not members or members[-1] != v:
                    members.append(stack.pop())
                label[members] = min(members)
    return label


def bfs(
    graph: Graph, sources: list[int], max_depth: int | None, tick: Tick
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (-1 = not reached) and the smallest predecessor on the level before."""
    offsets, heads, _ = graph.csr()
    distance = np.full(graph.size, NONE)
    parent = np.full(graph.size, NONE)
    frontier = np.unique(np.asarray(sources, dtype=np.int64))
    distance[frontier] = 0
    depth = 0
    while len(frontier) and (max_depth is None or depth < max_depth):
        tick()
        depth += 1
        counts = offsets[frontier + 1] - offsets[frontier]
        tails = np.repeat(frontier, counts)
        within = np.arange(len(tails)) - np.repeat(np.cumsum(counts) - counts, counts)
        found = heads[np.repeat(offsets[frontier], counts) + within]
        new = distance[found] == NONE
        found, tails = found[new], tails[new]
        frontier, first = np.unique(found, return_index=True)  # tails ascend: first is smallest
        distance[frontier] = depth
        parent[frontier] = tails[first]
    return distance, parent


def dijkstra(graph: Graph, source: int, cutoff: float | None, tick: Tick) -> np.ndarray:
    """Distances, infinite where there is no path; weights must be >= 0."""
    weight = _weights(graph)
    if len(bad := np.flatnonzero(weight < 0)):
        arc = bad[0]
        row = int(graph.edge[arc]) + 1
        ends = f"{graph.ids[graph.src[arc]].as_py()!r}->{graph.ids[graph.dst[arc]].as_py()!r}"
        raise NegativeWeight(
            f"weight {weight[arc]:g} on edge {ends} (row {row}): dijkstra needs weights >= 0",
            row=row,
            hint="method: bellman-ford",
        )
    offsets, heads, order = graph.csr()
    first, neighbours, weights = offsets.tolist(), heads.tolist(), weight[order].tolist()
    limit = float("inf") if cutoff is None else cutoff
    distance = [float("inf")] * graph.size
    distance[source] = 0.0
    queue = [(0.0, source)]
    while queue:
        near, v = heapq.heappop(queue)
        if near > distance[v]:
            continue
        tick()
        for position in range(first[v], first[v + 1]):
            w, far = neighbours[position], near + weights[position]
            if far < distance[w] and far <= limit:
                distance[w] = far
                heapq.heappush(queue, (far, w))
    return np.array(distance)


def bellman_ford(graph: Graph, source: int, tick: Tick) -> np.ndarray:
    """Distances, also with negative weights.

    Raises:
        NegativeCycle: One can be reached from the source.
    """
    weight = _weights(graph)
    distance = np.full(graph.size, np.inf)
    distance[source] = 0.0
    for _ in range(graph.size):
        tick()
        new = distance.copy()
        np.minimum.at(new, graph.dst, distance[graph.src] + weight)
        if np.array_equal(new, distance):
            return distance
        distance = new
    raise NegativeCycle("a cycle of negative weight can be reached: shortest paths do not exist")


def tight_parents(graph: Graph, distance: np.ndarray, source: int) -> np.ndarray:
    """Smallest predecessor on a shortest path; arcs of weight 0 only where no other leads there."""
    weight = _weights(graph)
    reached = np.isfinite(distance)
    usable = reached[graph.src] & reached[graph.dst] & np.isfinite(weight)
    usable &= graph.dst != source
    src, dst, weight = graph.src[usable], graph.dst[usable], weight[usable]
    tight = distance[src] + weight == distance[dst]
    src, dst, zero = src[tight], dst[tight], weight[tight] == 0
    parent = np.full(graph.size, graph.size)
    np.minimum.at(parent, dst[~zero], src[~zero])
    settled = parent < graph.size
    settled[source] = True
    src, dst = src[zero], dst[zero]
    while True:  # along arcs of weight 0, level by level, so that no cycle can close
        new = settled[src] & ~settled[dst]
        if not new.any():
            break
        np.minimum.at(parent, dst[new], src[new])
        settled[dst[new]] = True
    parent[parent == graph.size] = NONE
    return parent


def _weights(graph: Graph) -> np.ndarray:
    return np.ones(len(graph.src)) if graph.weight is None else graph.weight
