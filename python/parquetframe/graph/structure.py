"""Parts of a graph, its triangles, cores and trees."""

from __future__ import annotations

from typing import Any

from .base import GraphBase
from .engine import Progress
from .options import one_of
from .weights import need_finite, uses_weights

__all__ = ["Structure"]


class Structure(GraphBase):
    """Components, triangles, clustering, cores, spanning forest."""

    def connected_components(
        self,
        mode: str = "weak",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Label each vertex with its component.

        Args:
            mode: ``"weak"`` ignores direction, in ``"strong"`` ones vertices reach each other.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``component_id`` (int64, 0..k-1 in the order of first vertices).

        References:
            Weak: Sutton, Ben-Nun and Barak, IPDPS 2018. Strong: Slota, Rajamanickam and Madduri,
            IPDPS 2014; Pearce, Information Processing Letters 116(1), 2016. Large graphs keep their
            arcs by head, which strong components make.

        Examples:
            >>> import parquetframe as pf
            >>> g = pf.Graph.from_edges({"src": [1, 7], "dst": [2, 8]})
            >>> g.connected_components().column("component_id").to_pylist()
            [0, 0, 1, 1]
        """
        call = self._call(output, threads, progress, cancel)
        params = {"mode": one_of("mode", mode, ("weak", "strong"))}
        return self._deliver(call, "connected_components", params)

    def triangles(
        self,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Count the triangles of each vertex; direction is ignored, loops and repeats do not count.

        Args:
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``triangles`` (int64).
        """
        return self._per_vertex("triangles", output, threads, progress, cancel)

    def clustering(
        self,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Share of pairs of a vertex's neighbours that are neighbours; loops and repeats ignored.

        Args:
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``clustering`` (float64).

        References:
            Directed graphs: Fagiolo, Physical Review E 76, 2007; the same as networkx.
        """
        return self._per_vertex("clustering", output, threads, progress, cancel)

    def core_number(
        self,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Largest k such that a vertex is in a part in which all have k neighbours.

        As networkx: loops do not count, parallel edges once, in a directed graph in- and
        out-neighbours add.

        Args:
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Accepted as everywhere; vertices are peeled off sequentially.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``core_number`` (int64).

        References:
            Batagelj and Zaversnik, arXiv cs/0310049; Kabir and Madduri, IPDPS workshops 2017.
        """
        return self._per_vertex("core_number", output, threads, progress, cancel)

    def minimum_spanning_forest(
        self,
        weight: str | None = "auto",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Lightest edges that join all vertices of each component; direction is ignored.

        Args:
            weight: ``"auto"``: the graph's weights if it has any; None: every edge counts 1.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``src``, ``dst``, ``weight`` (float64), ``edge_id`` (row of :attr:`edges`), lightest
            first, of equal ones the earlier row. Metadata: ``pf.trees``, ``pf.total_weight``.

        Raises:
            GraphError: A weight is inf.

        References:
            Kruskal, Proc. AMS 7(1), 1956.
        """
        call = self._call(output, threads, progress, cancel)
        weighted = uses_weights(self, weight)
        if weighted:
            need_finite(self, "minimum_spanning_forest")
        return self._deliver(call, "minimum_spanning_forest", {"weighted": weighted})

    def triangle_count(
        self,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> int:
        """Number of triangles; direction is ignored, loops and repeats do not count.

        Args:
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.
        """
        call = self._call("table", threads, progress, cancel)
        return int(self._run(call, "triangle_count", ids=False)[1]["triangles"])

    def transitivity(
        self,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> float:
        """Share of pairs of neighbours, over all vertices, that are neighbours; 0 without pairs.

        Args:
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.
        """
        call = self._call("table", threads, progress, cancel)
        return float(self._run(call, "transitivity", ids=False)[1]["transitivity"])

    def _per_vertex(
        self,
        algorithm: str,
        output: str,
        threads: int | None,
        progress: Progress | None,
        cancel: object,
    ) -> Any:
        call = self._call(output, threads, progress, cancel)
        return self._deliver(call, algorithm)
