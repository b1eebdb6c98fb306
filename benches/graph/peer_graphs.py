"""The graphs of the comparison with other Python packages, as files of plain arrays.

Loops and parallel arcs are taken out: packages treat them differently (scipy adds parallel arcs,
networkx keeps one), and all shall answer the same question. ``pairs`` are the same edges without
direction, each once, the smaller vertex first; followed from the smaller vertex to the larger they
have no cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["GRAPHS", "Edges", "load", "make"]

GRAPHS = ("uniform", "rmat", "grid", "medium", "small")
_FIELDS = ("src", "dst", "weights", "pair_src", "pair_dst", "pair_weights", "sources")
_SOURCES = 64


@dataclass(frozen=True)
class Edges:
    """One graph: int32 ends, whole weights from 1 to 255, and vertices to search from."""

    name: str
    n: int
    src: np.ndarray
    dst: np.ndarray
    weights: np.ndarray
    pair_src: np.ndarray
    pair_dst: np.ndarray
    pair_weights: np.ndarray
    sources: np.ndarray


def make(name: str, folder: Path) -> None:
    """Write a graph; the same files for the same version of NumPy."""
    draw = np.random.default_rng(20)
    if name == "grid":
        n, src, dst = _grid(1000)
    elif name == "rmat":
        n, src, dst = 1 << 20, *_rmat(20, 16, draw)
    else:
        n, m = {"uniform": (10**6, 10**7), "medium": (10**5, 10**6), "small": (4000, 16000)}[name]
        src, dst = draw.integers(0, n, m), draw.integers(0, n, m)
    pairs = np.unique((np.minimum(src, dst) * n + np.maximum(src, dst))[src != dst])
    pair_src, pair_dst = np.divmod(pairs, n)
    arcs = np.unique((src * n + dst)[src != dst])
    src, dst = np.divmod(arcs, n)
    order = draw.permutation(len(src))  # an edge table is in no order
    src, dst = src[order], dst[order]
    out = np.flatnonzero(np.bincount(src, minlength=n))
    found = {
        "src": src.astype(np.int32),
        "dst": dst.astype(np.int32),
        "weights": draw.integers(1, 256, len(src)).astype(np.float64),
        "pair_src": pair_src.astype(np.int32),
        "pair_dst": pair_dst.astype(np.int32),
        "pair_weights": draw.integers(1, 256, len(pairs)).astype(np.float64),
        "sources": draw.choice(out, _SOURCES).astype(np.int32),
    }
    if name == "grid":  # an edge has one weight
        keys = np.minimum(src, dst) * n + np.maximum(src, dst)
        found["weights"] = found["pair_weights"][np.searchsorted(pairs, keys)]
    folder.mkdir(parents=True, exist_ok=True)
    for field in _FIELDS:
        np.save(folder / f"{name}.{field}.npy", found[field])
    np.save(folder / f"{name}.n.npy", np.array(n))


def load(name: str, folder: Path) -> Edges:
    """Read what :func:`make` wrote."""
    arrays = {field: np.load(folder / f"{name}.{field}.npy") for field in _FIELDS}
    return Edges(name, int(np.load(folder / f"{name}.n.npy")), **arrays)


def _grid(side: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Each vertex and its neighbours to the right and below, both ways."""
    place = np.arange(side * side).reshape(side, side)
    right = place[:, :-1].ravel(), place[:, 1:].ravel()
    below = place[:-1].ravel(), place[1:].ravel()
    src = np.concatenate([right[0], below[0], right[1], below[1]])
    return side * side, src, np.concatenate([right[1], below[1], right[0], below[0]])


def _rmat(scale: int, factor: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Graph500's parameters: quadrants of .57, .19, .19 and .05; vertices renamed at random."""
    m = factor << scale
    src, dst = np.zeros((2, m), np.int64)
    for bit in range(scale):
        quadrant = draw.random(m, np.float32)
        low, high = quadrant >= 0.76, ((quadrant >= 0.57) & (quadrant < 0.76)) | (quadrant >= 0.95)
        src |= low.astype(np.int64) << bit
        dst |= high.astype(np.int64) << bit
    name = draw.permutation(1 << scale)
    return name[src], name[dst]
