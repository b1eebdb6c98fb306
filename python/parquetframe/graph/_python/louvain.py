"""Communities of high modularity: vertices move to the best community around, then merge.

Vertices are visited in a seeded order from a queue; after a move only neighbours left outside are
visited again. Of equally good communities the smallest number wins. Sequential, on Python lists;
O(m) per round of visits. Directed graphs use the directed modularity of Leicht and Newman.
Sources: Blondel et al., "Fast unfolding of communities", J. Stat. Mech. P10008, 2008; the queue as
in Traag, Waltman, van Eck, Scientific Reports 9, 2019; Leicht and Newman, Physical Review Letters
100, 2008.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine import Csr
from ..sampling import SplitMix64
from . import columns as col
from .arrays import Arrays
from .components import numbered
from .rows import Ints
from .watch import Watch

__all__ = ["louvain"]

_LEAST_GAIN = 1e-11  # of a move, in shares of the vertex's weight: less is rounding

Row = list[tuple[int, float]]


@dataclass
class _Level:
    """A graph whose vertices are communities of the level before.

    Attributes:
        rows: Who is joined to whom, loops left out; an edge stands in the rows of both its ends.
        out: Weight of arcs out of each vertex; half its degree in an undirected graph.
        incoming: Weight of arcs in; the same list in an undirected graph.
        inner: Weight within each vertex.
    """

    rows: list[Row]
    out: list[float]
    incoming: list[float]
    inner: list[float]

    def modularity(self, total: float, resolution: float) -> float:
        """Modularity with every vertex a community."""
        quality = 0.0
        for inner, out, back in zip(self.inner, self.out, self.incoming, strict=True):
            quality += inner / total - resolution * ((out / total) * (back / total))
        return quality

    def merged(self, community: list[int], count: int, watch: Watch) -> _Level:
        """The graph of communities."""

        def added(values: list[float]) -> list[float]:
            sums = [0.0] * count
            for value, c in zip(values, community, strict=True):
                sums[c] += value
            return sums

        members: list[list[int]] = [[] for _ in range(count)]
        for v, c in enumerate(community):
            members[c].append(v)
        inner = added(self.inner)
        rows: list[Row] = []
        for c in range(count):
            links: dict[int, float] = {}
            for u in members[c]:
                watch.step()
                for v, weight in self.rows[u]:
                    links[community[v]] = links.get(community[v], 0.0) + weight
            inner[c] += links.pop(c, 0.0) / 2  # every edge within was met from both ends
            rows.append(list(links.items()))
        out = added(self.out)
        incoming = out if self.incoming is self.out else added(self.incoming)
        return _Level(rows, out, incoming, inner)


def louvain(
    graph: Arrays, params: Mapping[str, Any], arrays: Mapping[str, Ints], watch: Watch
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Community of each vertex, 0..k-1; modularity, and levels of merging."""
    del arrays
    level = _first_level(graph, use=params["weighted"])
    total = float(sum(level.out))
    part = np.arange(graph.n)
    levels, quality = 0, 0.0
    if total > 0:
        resolution, seeded = params["resolution"], SplitMix64(params["seed"])
        quality = level.modularity(total, resolution)
        while True:
            watch.tick(levels, levels + 1)
            moved = _move(level, total, resolution, seeded, watch)
            if moved is None:
                break
            community, count = numbered(np.array(moved, dtype=np.int64))
            part = community[part]
            level = level.merged(community.tolist(), count, watch)
            levels += 1
            before, quality = quality, level.modularity(total, resolution)
            if quality - before <= params["threshold"] or levels == params["max_level"]:
                break
    number, count = numbered(part)
    facts = {"modularity": quality, "levels": levels, "communities": count}
    return {"community_id": col.integers(number)}, facts


def _first_level(graph: Arrays, *, use: bool) -> _Level:
    n = graph.n
    weight = graph.weights(use=use)
    loops = graph.tails == graph.heads
    out = np.bincount(graph.tails, weights=weight, minlength=n)
    inner = np.bincount(graph.tails[loops], weights=weight[loops], minlength=n)
    rows: list[Row] = [[] for _ in range(n)]
    _join(rows, graph.out, use=use)
    if graph.directed:
        _join(rows, graph.incoming, use=use)
        back = np.bincount(graph.heads, weights=weight, minlength=n).tolist()
        return _Level(rows, out.tolist(), back, inner.tolist())
    half: list[float] = ((out + inner) / 2).tolist()
    return _Level(rows, half, half, inner.tolist())


def _join(rows: list[Row], arcs: Csr, *, use: bool) -> None:
    heads = arcs.indices.tolist()
    weights = arcs.weights.tolist() if use and arcs.weights is not None else [1.0] * len(heads)
    first = arcs.indptr.tolist()
    for u, row in enumerate(rows):
        places = range(first[u], first[u + 1])
        row.extend((heads[place], weights[place]) for place in places if heads[place] != u)


def _move(
    level: _Level, total: float, resolution: float, seeded: SplitMix64, watch: Watch
) -> list[int] | None:
    """Move vertices until no single move gains; None if none moved."""
    n = len(level.out)
    out, back = level.out, level.incoming
    community = list(range(n))
    all_out, all_in = list(out), list(back)
    queue = deque(seeded.permutation(n))
    queued = [True] * n
    has_moved = False
    while queue:
        watch.step()
        u = queue.popleft()
        queued[u] = False
        old, row = community[u], level.rows[u]
        all_out[old] -= out[u]
        all_in[old] -= back[u]
        links = {old: 0.0}
        for v, weight in row:
            links[community[v]] = links.get(community[v], 0.0) + weight
        scores = {
            c: weight - resolution * (out[u] * (all_in[c] / total) + back[u] * (all_out[c] / total))
            for c, weight in links.items()
        }
        best, most = old, scores[old] + _LEAST_GAIN * (out[u] + back[u])
        for c, score in scores.items():
            if score > most or (score == most and best != old and c < best):
                best, most = c, score
        all_out[best] += out[u]
        all_in[best] += back[u]
        if best == old:
            continue
        has_moved = True
        community[u] = best
        for v, _ in row:
            if community[v] != best and not queued[v]:
                queued[v] = True
                queue.append(v)
    return community if has_moved else None
