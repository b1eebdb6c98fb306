"""Breadth-first search in the order of networkx: a vertex belongs to the first that names it.

Level by level; within a level vertices stand in the order in which the rows of the level before
name them. Wide levels are one pass of NumPy; narrow ones, of which a long path has one per vertex,
are a loop over a few rows. O(n + m) time; one byte per vertex, and eight more once a level is
wide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from parquetframe.nx_backend.dense import Rows

__all__ = ["Search", "arcs_of_rows"]

_Array = np.ndarray[Any, Any]

_FEW_VERTICES = 64
_FEW_ARCS = 512  # below, a loop is faster than the dozen calls of NumPy


def arcs_of_rows(indptr: _Array, rows: _Array) -> tuple[_Array, _Array]:
    """Positions of all arcs of some rows, row after row, and the length of each row."""
    starts = indptr[rows]
    lengths = indptr[rows + 1] - starts
    ends = np.cumsum(lengths)
    shift = np.repeat(starts - ends + lengths, lengths)
    return shift + np.arange(len(shift)), lengths


class Search:
    """One search, advanced level by level.

    Args:
        rows: Arcs, in the order in which they are tried; offsets and heads are enough.
        sources: Vertices of the first level, without repeats.

    Attributes:
        frontier: Vertices of the last level, in order.
        seen: One for each vertex that was found.
    """

    def __init__(self, rows: Rows, sources: Iterable[int]) -> None:
        self._indptr, self._heads = rows[0], rows[1]
        self._first, self._row = self._indptr.data, self._heads.data
        self._n = len(self._indptr) - 1
        self.frontier: list[int] = list(sources)
        self.seen = bytearray(self._n)
        for vertex in self.frontier:
            self.seen[vertex] = 1
        self._found = len(self.frontier)
        self._tails: list[int] | _Array = []
        self._mask: _Array | None = None
        self._last: _Array | None = None

    @property
    def parents(self) -> list[int]:
        """For each vertex of the frontier, the one that it was found from."""
        return self._tails if isinstance(self._tails, list) else self._tails.tolist()

    def advance(self) -> list[int]:
        """Find the next level; it is the frontier then, and empty at the end."""
        if self._found == self._n:
            self.frontier, self._tails = [], []
        elif self._is_narrow():
            self._step()
        else:
            self._leap()
        self._found += len(self.frontier)
        return self.frontier

    def _is_narrow(self) -> bool:
        if len(self.frontier) >= _FEW_VERTICES:
            return False
        first = self._first
        return sum(first[u + 1] - first[u] for u in self.frontier) < _FEW_ARCS

    def _step(self) -> None:
        first, row, seen = self._first, self._row, self.seen
        tails: list[int] = []
        heads: list[int] = []
        for u in self.frontier:
            for v in row[first[u] : first[u + 1]]:
                if not seen[v]:
                    seen[v] = 1
                    tails.append(u)
                    heads.append(v)
        self.frontier, self._tails = heads, tails

    def _leap(self) -> None:
        if self._mask is None or self._last is None:
            self._mask = np.frombuffer(self.seen, np.uint8)
            self._last = np.empty(self._n, np.int64)
        level = np.array(self.frontier, np.int64)
        arcs, lengths = arcs_of_rows(self._indptr, level)
        heads = self._heads[arcs]
        fresh = np.flatnonzero(self._mask[heads] == 0)
        heads = heads[fresh]
        # Of several values for one place the last stays: written backwards, the first arc.
        places = np.arange(len(heads))
        self._last[heads[::-1]] = places[::-1]
        kept = np.flatnonzero(self._last[heads] == places)
        heads = heads[kept]
        self._mask[heads] = 1
        ends = np.cumsum(lengths)
        self._tails = level[np.searchsorted(ends, fresh[kept], side="right")]
        self.frontier = heads.tolist()
