"""What packages answer, brought into one form and compared.

The first package that answers a question sets the answer, and a second one must agree; orders are
proved against the edges, PageRank against its own fixed point, communities by their modularity.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from peer_graphs import Edges

__all__ = ["Judge", "plain_answer"]

ALPHA = 0.85
MOST_ERROR = 1e-6
CLOSE = 1e-9


def plain_answer(kernel: str, found: Any, edges: Edges) -> tuple[np.ndarray, int | None]:
    """An array that can be saved, and the iterations of PageRank."""
    iterations = None
    if kernel == "pagerank":
        found, iterations = found
    if kernel == "build":
        return np.zeros(1), None
    if kernel == "bfs":
        if isinstance(found, tuple):
            found = [_hops(order, before, edges.n) for order, before in found[1]]
        found = [np.where(np.isfinite(hops), hops, -1).astype(np.int32) for hops in found]
    if kernel in ("bfs", "sssp"):
        return np.stack(found), None
    if kernel in ("wcc", "scc"):
        return _first_labels(np.asarray(found)), None
    return np.asarray(found), iterations


class Judge:
    """Compares the answers for one graph."""

    def __init__(self, edges: Edges, folder: Path) -> None:
        self.edges = edges
        self.folder = folder
        self._known: dict[str, np.ndarray] = {}

    def verdict(self, engine: str, kernel: str, found: np.ndarray) -> str:
        """``equal``, or what is wrong; a PageRank that is too far off begins with ``error``."""
        if kernel == "build":
            return "equal"
        if kernel in ("pagerank", "cold_pagerank"):
            if len(found) != self.edges.n:
                return f"ranks of {len(found)} vertices"
            error = float(np.abs(self._fixed_point(engine) - found).sum())
            return "equal" if error <= MOST_ERROR else f"error {error:.2e}"
        if kernel == "topological":
            place = np.empty(self.edges.n, np.int64)
            place[found] = np.arange(self.edges.n)
            ahead = place[self.edges.pair_src] < place[self.edges.pair_dst]
            return "equal" if ahead.all() else "not in order"
        if kernel == "louvain":
            found = np.array(self.modularity(found))
            known = self._known.setdefault(kernel, found)
            same = abs(found - known) < 0.05
            return "equal" if same else f"modularity {found:.3f}, not {known:.3f}"
        known = self._known.setdefault(kernel, found)
        same = found.shape == known.shape and np.allclose(found, known, rtol=CLOSE, atol=CLOSE)
        return "equal" if same else "differs"

    def modularity(self, labels: np.ndarray) -> float:
        """Of communities, over the edges without direction."""
        e = self.edges
        labels = _first_labels(labels)
        m = len(e.pair_src)
        inside = np.count_nonzero(labels[e.pair_src] == labels[e.pair_dst]) / m
        degree = np.bincount(np.concatenate([labels[e.pair_src], labels[e.pair_dst]]))
        return float(inside - ((degree / (2 * m)) ** 2).sum())

    def _fixed_point(self, engine: str) -> np.ndarray:
        """By plain iteration in double precision until nothing moves.

        graph-mate lets the rank of vertices without arcs out vanish; that has a fixed point too.
        """
        kind = "lost" if engine == "graph-mate" else "kept"
        path = self.folder / f"{self.edges.name}.rank.{kind}.npy"
        if path.exists():
            return np.load(path)
        from scipy.sparse import coo_array

        e = self.edges
        out = np.bincount(e.src, minlength=e.n)
        matrix = coo_array((1.0 / out[e.src], (e.dst, e.src)), (e.n, e.n)).tocsr()
        rank = np.full(e.n, 1.0 / e.n)
        for _ in range(2000):
            lost = rank[out == 0].sum() if kind == "kept" else 0.0
            moved = ALPHA * (matrix @ rank + lost / e.n) + (1 - ALPHA) / e.n
            step = np.abs(moved - rank).sum()
            rank = moved
            if step < 1e-14:
                break
        np.save(path, rank)
        return rank


def _hops(order: np.ndarray, before: np.ndarray, n: int) -> np.ndarray:
    """Levels of a tree that is given in the order in which it was found."""
    hops = np.full(n, -1)
    hops[order[0]] = 0
    left = order[1:]
    while len(left):  # a level is a run of vertices whose parents are known
        known = hops[before[left]] >= 0
        ready = len(left) if known.all() else int(np.argmin(known))
        level = hops[before[left[:ready]]] + 1
        hops[left[:ready]] = level
        left = left[ready:]
    return hops


def _first_labels(labels: np.ndarray) -> np.ndarray:
    """Labels renamed by first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
