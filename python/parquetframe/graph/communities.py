"""Groups of vertices with more edges inside than between them."""

from __future__ import annotations

from typing import Any

from parquetframe.io.request import count

from .base import GraphBase
from .engine import Progress
from .options import at_least, integer, real
from .weights import need_finite, need_not_negative, uses_weights

__all__ = ["Communities"]


class Communities(GraphBase):
    """Louvain and label propagation."""

    def louvain(
        self,
        resolution: float = 1.0,
        seed: int = 0,
        threshold: float = 1e-7,
        max_level: int | None = None,
        weight: str | None = "auto",
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Find communities of high modularity.

        Directed graphs use the directed modularity, as networkx; weights of parallel edges add.

        Args:
            resolution: Above 1 more and smaller communities, below 1 fewer.
            seed: Decides in which order vertices are visited.
            threshold: Stop when a level gains less modularity.
            max_level: Levels of merging at most.
            weight: ``"auto"``: the graph's weights if it has any; None: every edge counts 1.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``community_id`` (int64, 0..k-1 in the order of first vertices).
            Metadata: ``pf.modularity``, ``pf.levels``, ``pf.communities``.

        Raises:
            NegativeWeight: A weight below 0.

        References:
            Blondel, Guillaume, Lambiotte, Lefebvre, J. Stat. Mech. P10008, 2008.
        """
        call = self._call(output, threads, progress, cancel)
        weighted = uses_weights(self, weight)
        if weighted:
            need_not_negative(self, "louvain")
            need_finite(self, "louvain")
        params = {
            "resolution": real("resolution", resolution, least=0),
            "seed": integer("seed", seed),
            "threshold": real("threshold", threshold, least=0),
            "max_level": count("max_level", max_level, least=1),
            "weighted": weighted,
        }
        return self._deliver(call, "louvain", params)

    def label_propagation(
        self,
        max_iter: int = 10,
        *,
        output: str = "table",
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
    ) -> Any:
        """Find communities by letting every vertex take the most frequent label around it.

        All vertices change at once; direction is ignored, every edge but loops counts, and of
        equally frequent labels the smallest wins. Parts with two sides may swap labels for ever.

        Args:
            max_iter: Rounds at most.
            output: ``"table"``, ``"pandas"``, ``"polars"`` or ``"numpy"``.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.

        Returns:
            n rows: ``vertex``, ``community_id`` (int64, 0..k-1 in the order of first vertices).
            Metadata: ``pf.iterations``, ``pf.converged`` (whether the last round changed nothing).

        References:
            Raghavan, Albert, Kumara, Physical Review E 76, 2007.
        """
        call = self._call(output, threads, progress, cancel)
        params = {"max_iter": at_least("max_iter", max_iter, 1)}
        return self._deliver(call, "label_propagation", params)
