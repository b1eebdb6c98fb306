"""How important a vertex is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from parquetframe.errors import NotConverged
from parquetframe.io.request import count, flag, warn

from .base import GraphBase
from .engine import Progress
from .local import DIRECTIONS
from .lookup import find_all, shares
from .options import at_least, integer, one_of, real
from .sampling import SplitMix64
from .weights import need_finite, need_not_negative, need_positive, uses_weights

__all__ = ["Centrality"]

ON_FAIL = ("warn", "raise", "ignore")


class Centrality(GraphBase):
    """PageRank, hubs and authorities, betweenness, closeness."""

    def pagerank(
        self,
        alpha: float = 0.85,
        tol: float = 1e-6,
        max_iter: int = 100,
        personalization: Mapping[Any, float] | Any = None,
        dangling: Mapping[Any, float] | Any = None,
        nstart: Mapping[Any, float] | Any = None,
        weight: str | None = "auto",
        on_fail: str = "warn",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Rank vertices by where a walker is who follows edges, or else jumps.

        Weights of parallel edges add. networkx stops where this does with ``tol=n * tol``; it gives
        the rank of vertices without out-weight to ``personalization``, as this does. Where arcs go
        both ways, steps of a Chebyshev iteration may take the place of networkx's, about half as
        many to the same ``tol``.

        Args:
            alpha: Share of rank that follows an edge, 0 to 1; the rest jumps.
            tol: Stop when a plain step would change the ranks by less (L1 norm, all vertices).
            max_iter: Iterations to try.
            personalization: Where jumps go: ``{vertex: weight}`` or n weights; evenly by default.
            dangling: Where rank of vertices without out-weight goes; as jumps by default.
            nstart: Ranks to start from; even by default.
            weight: ``"auto"``: the graph's weights if it has any; None: every edge counts 1.
            on_fail: What to do if ``tol`` is not reached: ``"warn"``, ``"raise"`` or ``"ignore"``.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``rank`` (float64, sum 1). Metadata: ``pf.iterations``,
            ``pf.converged``, ``pf.error_bound`` (L1 distance to the exact ranks at most).

        Raises:
            NegativeWeight: A weight below 0.
            NotConverged: With ``on_fail="raise"``.

        References:
            Page, Brin, Motwani, Winograd, "The PageRank citation ranking", Stanford, 1999; Golub,
            Varga, "Chebyshev semi-iterative methods", Numer. Math. 3, 1961.

        Examples:
            >>> import parquetframe as pf
            >>> g = pf.Graph.from_edges({"src": ["a", "b"], "dst": ["b", "a"]})
            >>> g.pagerank().column("rank").to_pylist()
            [0.5, 0.5]
        """
        call = self._call(output, threads, progress, cancel)
        one_of("on_fail", on_fail, ON_FAIL)
        params = {
            "alpha": real("alpha", alpha, least=0, most=1),
            "tol": real("tol", tol, least=0),
            "max_iter": at_least("max_iter", max_iter, 1),
            "weighted": self._flow_weights("pagerank", weight),
        }
        given = {"personalization": personalization, "dangling": dangling, "nstart": nstart}
        arrays = {
            name: shares(self._handle, weights, name)
            for name, weights in given.items()
            if weights is not None
        }
        columns, facts = self._run(call, "pagerank", params, arrays)
        _converged("pagerank", facts, on_fail)
        return call.deliver(columns, facts)

    def hits(
        self,
        tol: float = 1e-8,
        max_iter: int = 100,
        weight: str | None = "auto",
        on_fail: str = "warn",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Score hubs, which point to authorities, and authorities, which hubs point to.

        Args:
            tol: Stop when one iteration changes the hubs by less (L1 norm, all vertices).
            max_iter: Iterations to try.
            weight: ``"auto"``: the graph's weights if it has any; None: every edge counts 1.
            on_fail: What to do if ``tol`` is not reached: ``"warn"``, ``"raise"`` or ``"ignore"``.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``hub``, ``authority`` (float64, each with sum 1; 0 without edges).
            Metadata: ``pf.iterations``, ``pf.converged``.

        Raises:
            NegativeWeight: A weight below 0.
            NotConverged: With ``on_fail="raise"``.

        References:
            Kleinberg, "Authoritative sources in a hyperlinked environment", J. ACM 46(5), 1999.
        """
        call = self._call(output, threads, progress, cancel)
        one_of("on_fail", on_fail, ON_FAIL)
        params = {
            "tol": real("tol", tol, least=0),
            "max_iter": at_least("max_iter", max_iter, 1),
            "weighted": self._flow_weights("hits", weight),
        }
        columns, facts = self._run(call, "hits", params)
        _converged("hits", facts, on_fail)
        return call.deliver(columns, facts)

    def betweenness(
        self,
        k: int | None = None,
        seed: int = 0,
        normalized: bool = True,
        endpoints: bool = False,
        weight: str | None = None,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Share of shortest paths between other vertices that pass a vertex, as networkx 3.6.

        Loops do not count, of parallel edges the lightest once. O(n m).

        Args:
            k: Search from so many vertices, drawn at random, and scale up; from all by default.
            seed: Of the draw; the same on all machines and both engines.
            normalized: Divide by the number of pairs; otherwise count (undirected pairs once).
            endpoints: Whether the ends of a path count as on it.
            weight: ``"auto"``: paths are short by the graph's weights, which must be above 0; None:
                by their number of edges.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``betweenness`` (float64).

        Raises:
            ValueError: ``k`` is more than there are vertices.

        References:
            Brandes, "A faster algorithm for betweenness centrality", J. Math. Soc. 25(2), 2001.
        """
        call = self._call(output, threads, progress, cancel)
        n = self.num_vertices
        k = count("k", k, least=1)
        if k is not None and k > n:
            raise ValueError(f"k: {k} is not between 1 and the {n} vertices")
        weighted = uses_weights(self, weight)
        if weighted:
            need_positive(self, "betweenness")
        params = {
            "weighted": weighted,
            "normalized": flag("normalized", normalized),
            "endpoints": flag("endpoints", endpoints),
        }
        seed = integer("seed", seed)
        arrays = {}
        if k is not None and k < n:
            arrays["sources"] = np.array(SplitMix64(seed).sample(n, k), np.uint32)
        return self._deliver(call, "betweenness", params, arrays)

    def closeness(
        self,
        vertices: Iterable[Any] | None = None,
        direction: str = "in",
        wf_improved: bool = True,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """One over the mean distance from the vertices that reach a vertex, in hops.

        Args:
            vertices: The ids wanted; all by default. Rows come in vertex order.
            direction: ``"in"``: distances to a vertex, as networkx; ``"out"``: from it;
                ``"both"``: over edges either way.
            wf_improved: Multiply by the share of vertices that reach it (Wasserman and Faust).
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``vertex``, ``closeness`` (float64; 0 if no other vertex reaches it).

        Raises:
            VertexNotFound: One of ``vertices`` is no vertex.
        """
        params = {"wf_improved": flag("wf_improved", wf_improved)}
        call = self._call(output, threads, progress, cancel)
        return self._by_distance(call, "closeness", params, vertices, direction)

    def harmonic(
        self,
        vertices: Iterable[Any] | None = None,
        direction: str = "in",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Sum of one over the distance from each vertex that reaches a vertex, in hops.

        Args:
            vertices: The ids wanted; all by default. Rows come in vertex order.
            direction: ``"in"``: distances to a vertex, as networkx; ``"out"``: from it;
                ``"both"``: over edges either way.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            ``vertex``, ``harmonic`` (float64).

        Raises:
            VertexNotFound: One of ``vertices`` is no vertex.
        """
        call = self._call(output, threads, progress, cancel)
        return self._by_distance(call, "harmonic", {}, vertices, direction)

    def _by_distance(
        self,
        call: Any,
        algorithm: str,
        params: dict[str, Any],
        vertices: Iterable[Any] | None,
        direction: str,
    ) -> Any:
        params["direction"] = one_of("direction", direction, DIRECTIONS)
        arrays = {}
        if vertices is not None:
            arrays["vertices"] = np.unique(find_all(self._handle, vertices))
        return self._deliver(call, algorithm, params, arrays)

    def _flow_weights(self, algorithm: str, weight: str | None) -> bool:
        weighted = uses_weights(self, weight)
        if weighted:
            need_not_negative(self, algorithm)
            need_finite(self, algorithm)
        return weighted


def _converged(algorithm: str, facts: dict[str, Any], on_fail: str) -> None:
    if facts["converged"] or on_fail == "ignore":
        return
    bound = facts.get("error_bound")
    error = "" if bound is None else f" (error at most {bound:.1e})"
    text = (
        f"{algorithm} did not converge in {facts['iterations']} iterations{error}; "
        "raise max_iter or tol"
    )
    if on_fail == "raise":
        raise NotConverged(text, iterations=facts["iterations"])
    warn(text, RuntimeWarning)
