"""The graph names of parquetframe 2.0: arrays in, arrays out, on the compiled engine.

New code uses :class:`parquetframe.Graph`, which also runs without the extension.

Offsets are int64, indices and labels int32, so there are at most 2^31 - 1 vertices. Any integers
are accepted, after a check of their range. Building reads 32-bit indices in place. Searches and
PageRank copy their rows first: NumPy cannot promise that nobody writes to an array, not even to one
that is read-only, and kernels rely on rows that were checked. The copy takes all threads and no
interpreter lock. Arrays that other threads change during a call give the answer for some state of
them, or an error, never unsafe memory access.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parquetframe import _backend
from parquetframe.errors import GraphError, GraphTooLarge, SchemaError

__all__ = [
    "RUST_GRAPH_AVAILABLE",
    "RustGraphEngine",
    "build_csr",
    "is_rust_graph_available",
    "pagerank",
]

RUST_GRAPH_AVAILABLE: bool

_NEEDS = "build_csr_rust"
_MAX_VERTICES = 2**31 - 1

_Array = np.ndarray[Any, Any]


def is_rust_graph_available() -> bool:
    """Whether the compiled graph engine is installed, and not ruled out by the environment."""
    if _backend.requested() == "python":
        return False
    module = _backend.native()
    return module is not None and hasattr(module, _NEEDS)


def __getattr__(name: str) -> Any:
    if name == "RUST_GRAPH_AVAILABLE":
        return is_rust_graph_available()
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def build_csr(
    src: Any, dst: Any, num_vertices: int, weights: Any = None
) -> tuple[_Array, _Array, _Array | None]:
    """The same as :meth:`RustGraphEngine.build_csr`."""
    found: tuple[_Array, _Array, _Array | None] = RustGraphEngine().build_csr(
        src, dst, num_vertices, weights
    )
    return found


def pagerank(indptr: Any, indices: Any, num_vertices: int, alpha: float = 0.85) -> _Array:
    """The same as :meth:`RustGraphEngine.pagerank`."""
    found: _Array = RustGraphEngine().pagerank(indptr, indices, num_vertices, alpha)
    return found


class RustGraphEngine:
    """The compiled engine under its 2.0 name.

    Every method takes ``threads=`` and ``return_info=True``, which adds a dict of facts
    (``seconds``; for :meth:`pagerank` also ``iterations``, ``converged`` and ``error_bound``).

    Raises:
        RuntimeError: This installation has no compiled engine.
    """

    def __init__(self) -> None:
        if not is_rust_graph_available():
            raise RuntimeError(
                "the compiled graph engine is not available; parquetframe.Graph runs the same "
                "algorithms on the pure-Python engine"
            )
        self._module: Any = _backend.native()

    @staticmethod
    def is_available() -> bool:
        """Whether the compiled engine can be used."""
        return is_rust_graph_available()

    def build_csr(
        self,
        src: Any,
        dst: Any,
        num_vertices: int,
        weights: Any = None,
        *,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Arcs by tail, each row in the order of the input.

        Returns:
            ``(indptr, indices, weights)``: n + 1 int64, m int32, m float64 or None.
        """
        arrays = _ends(src, dst, num_vertices)
        work = self._module.build_csr_rust
        return _timed(
            lambda: work(*arrays, num_vertices, _floats(weights, "weights"), threads=threads),
            return_info,
        )

    def build_csc(
        self,
        src: Any,
        dst: Any,
        num_vertices: int,
        weights: Any = None,
        *,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Arcs by head, each row in the order of the input; as :meth:`build_csr`."""
        arrays = _ends(src, dst, num_vertices)
        work = self._module.build_csc_rust
        return _timed(
            lambda: work(*arrays, num_vertices, _floats(weights, "weights"), threads=threads),
            return_info,
        )

    def bfs(
        self,
        indptr: Any,
        indices: Any,
        num_vertices: int,
        sources: Any,
        max_depth: int | None = None,
        *,
        directed: bool = True,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Hops from the nearest of some sources.

        Args:
            indptr: Offsets.
            indices: Heads.
            num_vertices: n.
            sources: One vertex or several.
            max_depth: Levels to go at most.
            directed: False promises symmetric rows, which can then be searched bottom-up as well if
                each ascends: less time where levels are large, the same result.
            threads: Threads to use.
            return_info: Also give facts.

        Returns:
            ``(distances, predecessors)``, int32; -1 where there is none.
        """
        rows = _rows(indptr, indices, num_vertices)
        starts = _narrow(np.atleast_1d(np.asarray(sources)), "sources", np.int32)
        work = self._module.bfs_rust
        return _timed(
            lambda: work(
                *rows, num_vertices, starts, max_depth, directed=directed, threads=threads
            ),
            return_info,
        )

    def dfs(
        self,
        indptr: Any,
        indices: Any,
        num_vertices: int,
        source: int,
        max_depth: int | None = None,
        *,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Vertices in the order in which a recursive search in depth meets them, int32."""
        del threads  # sequential by nature
        rows = _rows(indptr, indices, num_vertices)
        work = self._module.dfs_rust
        return _timed(lambda: work(*rows, num_vertices, source, max_depth), return_info)

    def pagerank(
        self,
        indptr: Any,
        indices: Any,
        num_vertices: int,
        alpha: float = 0.85,
        tol: float = 1e-6,
        max_iter: int = 100,
        personalization: Any = None,
        *,
        weights: Any = None,
        csc: tuple[Any, Any] | None = None,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Ranks that sum to 1, float64; see :meth:`parquetframe.Graph.pagerank`.

        Args:
            indptr: Offsets of rows by tail.
            indices: Heads.
            num_vertices: n.
            alpha: Share of rank that follows an edge.
            tol: Stop when one iteration changes the ranks by less (L1 norm).
            max_iter: Iterations to try.
            personalization: n weights of where jumps go.
            weights: One per arc.
            csc: ``(indptr, indices)`` of the same arcs by head, each row sorted; saves making them.
            threads: Threads to use.
            return_info: Also give facts.
        """
        rows = _rows(indptr, indices, num_vertices)
        columns = None if csc is None else _rows(*csc, num_vertices)
        if csc is not None and weights is not None:
            raise ValueError("csc= has no weights; leave it away with weights=")
        return _timed(
            lambda: self._module.pagerank_rust_py(
                *rows,
                num_vertices,
                alpha,
                tol,
                max_iter,
                _floats(personalization, "personalization"),
                weights=_floats(weights, "weights"),
                csc=columns,
                threads=threads,
                return_info=return_info,
            ),
            return_info,
            has_info=return_info,
        )

    def dijkstra(
        self,
        indptr: Any,
        indices: Any,
        weights: Any,
        num_vertices: int,
        source: int,
        *,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Shortest paths from one vertex, over weights >= 0.

        Returns:
            ``(distances, predecessors)``: float64, inf where there is no path; int32, -1.
        """
        rows = _rows(indptr, indices, num_vertices)
        work = self._module.dijkstra_rust
        return _timed(
            lambda: work(*rows, _floats(weights, "weights"), num_vertices, source, threads=threads),
            return_info,
        )

    def connected_components(
        self,
        src: Any,
        dst: Any,
        num_vertices: int,
        *,
        threads: int | None = None,
        return_info: bool = False,
    ) -> Any:
        """Smallest vertex of each vertex's component, direction ignored; int32."""
        arrays = _ends(src, dst, num_vertices)
        work = self._module.union_find_components
        return _timed(lambda: work(*arrays, num_vertices, threads=threads), return_info)


def _timed(work: Callable[[], Any], return_info: bool, *, has_info: bool = False) -> Any:
    before = time.perf_counter()
    found = work()
    if not return_info:
        return found
    seconds = {"seconds": time.perf_counter() - before}
    return (found[0], {**found[1], **seconds}) if has_info else (found, seconds)


def _ends(src: Any, dst: Any, num_vertices: int) -> tuple[_Array, _Array]:
    _check_size(num_vertices)
    ends = _narrow(src, "src", np.int32), _narrow(dst, "dst", np.int32)
    if len(ends[0]) != len(ends[1]):
        raise GraphError(f"src has {len(ends[0])} rows, dst has {len(ends[1])}")
    return ends


def _rows(indptr: Any, indices: Any, num_vertices: int) -> tuple[_Array, _Array]:
    _check_size(num_vertices)
    offsets = _narrow(indptr, "indptr", np.int64)
    if len(offsets) != num_vertices + 1:
        raise GraphError(
            f"indptr has {len(offsets)} items; with {num_vertices} vertices it has "
            f"{num_vertices + 1}"
        )
    return offsets, _narrow(indices, "indices", np.int32)


def _check_size(num_vertices: int) -> None:
    if isinstance(num_vertices, bool) or not hasattr(num_vertices, "__index__"):
        raise TypeError(f"num_vertices must be an int, not {type(num_vertices).__name__}")
    if num_vertices < 0:
        raise ValueError(f"num_vertices must be at least 0, not {num_vertices}")
    if num_vertices > _MAX_VERTICES:
        raise GraphTooLarge(f"{num_vertices} vertices are more than the limit of {_MAX_VERTICES}")


def _narrow(values: Any, name: str, dtype: type[np.signedinteger[Any]]) -> _Array:
    """Integers as ``dtype``: of the same width in place, others if their values fit."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise TypeError(f"{name} must have one dimension, not {array.ndim}")
    if array.dtype.kind not in "iu":
        if not array.size:
            return np.zeros(0, dtype)
        raise SchemaError(f"{name} has type {array.dtype}; it holds integers", column=name)
    array = np.ascontiguousarray(array)
    if array.dtype.itemsize == np.dtype(dtype).itemsize:
        return array.view(dtype)  # too large unsigned ones become negative, which is refused
    limits = np.iinfo(dtype)
    if len(array) and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
        worst = int(array.min()) if int(array.min()) < limits.min else int(array.max())
        raise GraphError(f"{name} holds {worst}, which does not fit {np.dtype(dtype)}")
    return array.astype(dtype)


def _floats(values: Any, name: str) -> _Array | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" or array.ndim != 1:
        raise SchemaError(f"{name} has type {array.dtype}; it holds numbers", column=name)
    return np.ascontiguousarray(array, dtype=np.float64)
