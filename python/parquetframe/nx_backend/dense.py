"""A graph as the functions of the backend see it: vertices are the numbers 0..n-1.

The numbers follow ``list(G)``, and each row of arcs follows the adjacency of the networkx graph
that was converted, since results have their order from both. Of a :class:`parquetframe.Graph` that
was made from a table, nodes are its ids as Python values, and rows have the order of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from parquetframe.graph.columns import Column, numbers
from parquetframe.graph.engine import Csr
from parquetframe.graph.running import start

from .config import configured_threads

if TYPE_CHECKING:
    from parquetframe.graph import Graph

__all__ = ["DenseView", "Rows", "WeightKind", "view", "without_nulls"]

_Array = np.ndarray[Any, Any]
WeightKind = Literal["none", "int", "float"]


class Rows(NamedTuple):
    """Arcs without weights: those of vertex ``v`` stand at ``indptr[v]:indptr[v + 1]``."""

    indptr: _Array
    indices: _Array


def view(G: Graph) -> DenseView:  # noqa: N803 - the name that networkx has
    """The view of a graph; made once."""
    found: DenseView | None = G._networkx.view
    if found is None:
        found = G._networkx.view = DenseView(G)
    return found


class DenseView:
    """A graph by vertex numbers.

    Attributes:
        graph: The graph.
        n: Number of vertices.
        directed: Whether it is directed.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.n = graph.num_vertices
        self.directed = bool(graph.is_directed)

    @property
    def nodes(self) -> list[Any]:
        """The caller's node objects, in networkx's order; not to be changed."""
        return self.graph._networkx_nodes

    @property
    def index(self) -> dict[Any, int]:
        """Number of each node."""
        return self.graph._networkx_index

    @property
    def multigraph(self) -> bool:
        """Whether there may be parallel edges."""
        return self.graph.is_multigraph()

    @property
    def weight_name(self) -> Any:
        """Edge attribute that the weights are, or None."""
        return self.graph._networkx.weight_name

    @property
    def weight_kind(self) -> WeightKind:
        """What weights are in Python: ``none`` if every edge counts 1, an int.

        Raises:
            NotImplementedError: Some are ints and some floats; see :meth:`kind_for`.
        """
        kind = self.graph._networkx_weight_kind
        if kind == "mixed":
            raise NotImplementedError("some weights are ints and some floats")
        return kind

    def kind_for(self, weight: Any, *, mixed: bool = False) -> WeightKind:
        """What the weights are of a call with this ``weight`` argument; None means unweighted.

        Args:
            weight: The argument.
            mixed: Whether results do not show the type of a weight; ints and floats together then
                count as floats.

        Raises:
            NotImplementedError: The graph has weights of another name, or of both types.
        """
        if weight is None or self.graph._networkx_weight_kind == "none":
            return "none"
        if weight != self.weight_name:
            raise NotImplementedError(
                f"the graph holds the edge attribute {self.weight_name!r}, not {weight!r}"
            )
        if mixed and self.graph._networkx_weight_kind == "mixed":
            return "float"
        return self.weight_kind

    def out(self) -> Csr:
        """Arcs by tail, in the order of the adjacency; an undirected edge is in both rows."""
        return self._out

    def incoming(self) -> Csr:
        """Arcs by head, in the order of ``G.pred``; of an undirected graph :meth:`out`."""
        return self.graph._networkx_incoming

    def successors(self) -> Rows:
        """Offsets and heads of :meth:`out`, which takes longer for an undirected graph."""
        return self._rows

    def predecessors(self) -> Rows:
        """Offsets and tails of :meth:`incoming`, which of a converted graph are there already."""
        if not self.directed:
            return self._rows
        kept = self.graph._networkx.incoming
        if kept is not None:
            return Rows(*kept)
        rows = self.incoming()
        return Rows(rows.indptr, rows.indices)

    def run(
        self,
        algorithm: str,
        params: Mapping[str, Any] | None = None,
        arrays: Mapping[str, _Array] | None = None,
    ) -> tuple[dict[str, _Array], dict[str, Any]]:
        """Run a kernel on vertex numbers; :mod:`parquetframe.graph.engine` lists them.

        Returns:
            Columns by name, and facts. Integers with nulls are int64 with -1 in their place,
            vertices among them; floats have NaN.
        """
        work = start(self.graph.backend, threads=configured_threads()).work
        handle = self.graph._handle
        columns, facts = handle.run_numbers(algorithm, params or {}, arrays or {}, work)
        return {name: without_nulls(column) for name, column in columns.items()}, facts

    def require(self, node: Any, message: str = "Node {node} not found in graph") -> int:
        """Number of a node.

        Args:
            node: Any object.
            message: What networkx says of a missing one; ``{node}`` stands for it.

        Raises:
            NodeNotFound: It is no node.
            TypeError: It is not hashable.
        """
        number = self.index.get(node)
        if number is None:
            import networkx as nx

            raise nx.NodeNotFound(message.replace("{node}", str(node)))
        return number

    @cached_property
    def _rows(self) -> Rows:
        return Rows(*self.graph._handle.rows())

    @cached_property
    def _out(self) -> Csr:
        return self.graph.csr()


def without_nulls(column: Column) -> _Array:
    """The values of a column; where there is none, integers (then int64) have -1, floats NaN."""
    values, missing, _ = numbers(column)
    if missing is None or values.dtype == object:
        return values
    values = values.astype(np.int64 if values.dtype.kind in "iu" else np.float64)
    values[missing] = -1 if values.dtype.kind == "i" else np.nan
    return values
