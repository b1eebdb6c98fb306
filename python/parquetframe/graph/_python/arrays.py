"""A graph as NumPy arrays, with the views that kernels ask for, made once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..engine import Csr
from .rows import Ints, frozen, row_of_arcs, transpose

__all__ = ["Arrays"]


class Arrays:
    """Vertices 0..n-1 and their arcs.

    Args:
        out: Arcs by tail; an undirected edge stands in both rows, a loop once.
        directed: Whether arcs lead one way only.
        num_edges: Rows of the edge table.
    """

    def __init__(self, out: Csr, *, directed: bool, num_edges: int) -> None:
        self.out = out
        self.directed = directed
        self.num_edges = num_edges
        self.n = len(out.indptr) - 1

    @cached_property
    def incoming(self) -> Csr:
        """Arcs by head, rows sorted by tail; those of an undirected graph are its ``out``."""
        return transpose(self.out) if self.directed else self.out

    @cached_property
    def tails(self) -> Ints:
        """Tail of each arc of ``out``."""
        return row_of_arcs(self.out)

    @cached_property
    def heads(self) -> Ints:
        """Head of each arc of ``out``, as int64."""
        return self.out.indices.astype(np.int64)

    def weights(self, *, use: bool) -> np.ndarray[Any, Any]:
        """Weight of each arc of ``out``; 1 without weights, or if they are not to be used."""
        if use and self.out.weights is not None:
            return self.out.weights
        return np.ones(len(self.out.indices))

    def rows(self, direction: str) -> Csr:
        """Arcs to follow: ``out``, ``in``, or ``both`` (of each row the out-arcs first)."""
        if direction == "out" or not self.directed:
            return self.out
        return self.incoming if direction == "in" else self._both

    @cached_property
    def _both(self) -> Csr:
        parts = (self.out, self.incoming)
        rows = np.concatenate([row_of_arcs(part) for part in parts])
        order = np.argsort(rows, kind="stable")
        out, back = self.out.weights, self.incoming.weights
        return frozen(
            Csr(
                self.out.indptr + self.incoming.indptr,
                np.concatenate([part.indices for part in parts])[order],
                None if out is None or back is None else np.concatenate([out, back])[order],
                np.concatenate([part.edge_ids for part in parts])[order],
            )
        )

    def pairs(self, *, undirected: bool = False) -> tuple[Ints, Ints]:
        """Distinct arcs ``u -> v`` with ``u != v``, ascending; ``undirected`` gives both ways."""
        key = self.tails * self.n + self.heads
        if undirected and self.directed:
            key = np.concatenate([key, self.heads * self.n + self.tails])
        key = np.unique(key)
        u, v = np.divmod(key, max(self.n, 1))
        return u[u != v], v[u != v]

    @cached_property
    def is_paired(self) -> bool:
        """Whether as many arcs go from u to v as back; not said of parallel directed arcs."""
        if not self.directed:
            return True
        key = np.sort(self.tails * self.n + self.heads)
        back = np.sort(self.heads * self.n + self.tails)
        return bool((key == back).all() and (key[1:] != key[:-1]).all())

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays made so far."""
        held = [self.out]
        if self.directed and "incoming" in self.__dict__:
            held.append(self.incoming)
        arrays = [array for csr in held for array in csr if array is not None]
        arrays += [self.__dict__[name] for name in ("tails", "heads") if name in self.__dict__]
        return sum(int(array.nbytes) for array in arrays)
