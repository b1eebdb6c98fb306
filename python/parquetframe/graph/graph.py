"""The graph class: how graphs are made and stored; what they can do is in its bases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from parquetframe.errors import GraphError
from parquetframe.io.request import count, flag

from .building import Built, build_edges, check_size, index_array
from .centrality import Centrality
from .communities import Communities
from .csr_input import checked_csr, weight_array
from .engine import Csr, Progress, choose_engine
from .local import LocalQueries
from .matrices import matrix_entries, to_matrix
from .networkx_graphs import networkx_parts, to_networkx
from .networkx_protocol import NetworkXProtocol
from .running import start
from .storage import load_graph, save_graph
from .structure import Structure
from .traversal import Traversal

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Graph"]


class Graph(Traversal, Centrality, Structure, Communities, LocalQueries, NetworkXProtocol):
    """An immutable graph: any ids in, result tables with those ids out.

    Parallel edges, loops and isolated vertices are kept unless an option says otherwise. Results
    come in vertex order unless their method says otherwise; their schema's metadata have facts of
    the run (``pf.seconds``, ``pf.backend``, ``pf.iterations`` ...) as JSON. Make one with
    :meth:`from_edges` or its neighbours.

    Examples:
        >>> import parquetframe as pf
        >>> routes = {"origin": ["JFK", "JFK", "BOS"], "dest": ["BOS", "LAX", "LAX"]}
        >>> g = pf.Graph.from_edges(routes, "origin", "dest")
        >>> g
        <parquetframe.Graph: 3 vertices, 3 edges, directed>
        >>> g.bfs("JFK").to_pydict()["vertex"]
        ['JFK', 'BOS', 'LAX']
    """

    @classmethod
    def from_edges(
        cls,
        edges: Any,
        src: str = "src",
        dst: str = "dst",
        weight: str | None = None,
        *,
        directed: bool = True,
        vertices: Any = None,
        vertex_id: str = "id",
        num_vertices: int | None = None,
        ids: str = "auto",
        id_order: str = "appearance",
        duplicates: str = "keep",
        self_loops: str = "keep",
        nulls: str = "error",
        default_weight: float | None = None,
        edge_properties: bool | Sequence[str] = False,
        threads: int | None = None,
        progress: Progress | None = None,
        cancel: object = None,
        engine: str | None = "auto",
    ) -> Self:
        """Make a graph from a table of edges.

        Args:
            edges: Anything with an Arrow stream (pyarrow, polars, duckdb, a scan), a pandas
                frame, a dict of arrays, ``(src, dst)`` or ``(src, dst, weight)``, or the path, glob
                or list of paths of files.
            src: Column of edge tails: integers, text, binary, dates or booleans.
            dst: Column of edge heads, of the same kind; ``1`` and ``"1"`` never match.
            weight: Column of edge weights; without one every edge counts 1.
            directed: Whether a row leads from ``src`` to ``dst`` only. Otherwise each row is one
                edge both ways; rows ``u, v`` and ``v, u`` are two.
            vertices: Table (or list) of vertices, which come first and stay without edges; its
                other columns are properties, those of the first row of a repeated id.
            vertex_id: The column of ids in it.
            num_vertices: Ids are 0..n-1, of which some may have no edges.
            ids: ``"dense"``: ids are 0..n-1; ``"mapped"``: any ids, no vertices in gaps;
                ``"auto"``: dense if ``num_vertices`` is given. Dense ids are int64 in results.
            id_order: ``"appearance"``: vertices in the order of ``vertices``, then row by
                row, ``src`` before ``dst``; ``"sorted"``: vertices by id and rows by target,
                whatever the order of the table.
            duplicates: Parallel edges: ``"keep"``, ``"sum"`` (without weights their number),
                ``"min"``, ``"max"``, ``"first"``, ``"last"`` or ``"error"``.
            self_loops: ``"keep"``, ``"drop"`` or ``"error"``.
            nulls: ``"drop"`` skips rows with a null end.
            default_weight: Stands for null weights.
            edge_properties: True, or names: other columns that :attr:`edges` keeps.
            threads: Threads to use; the result does not depend on it.
            progress: Called with the share that is done.
            cancel: A token that stops the call.
            engine: ``"auto"``, ``"rust"`` or ``"python"``.

        Raises:
            SchemaError: A column is missing or has a type that does not fit.
            GraphError: A null, NaN, id out of range, or repeated edge; the row is named, from 1.
            GraphTooLarge: More than 2^32 - 2 vertices.

        Examples:
            >>> import parquetframe as pf
            >>> g = pf.Graph.from_edges({"src": [7, 8], "dst": [8, 7]}, directed=False)
            >>> g.num_vertices, g.num_edges
            (2, 2)
        """
        chosen = choose_engine(engine)
        call = start(chosen.name, threads=threads, progress=progress, cancel=cancel)
        built = build_edges(
            chosen, edges, src, dst, weight,
            directed=directed, vertices=vertices, vertex_id=vertex_id, num_vertices=num_vertices,
            ids=ids, id_order=id_order, duplicates=duplicates, self_loops=self_loops, nulls=nulls,
            default_weight=default_weight, edge_properties=edge_properties, work=call.work,
        )  # fmt: skip
        if call.work.progress is not None:
            call.work.progress(1.0)
        return cls(chosen, built)

    @classmethod
    def from_arrays(
        cls,
        src: Any,
        dst: Any,
        weights: Any = None,
        *,
        num_vertices: int,
        directed: bool = True,
        engine: str | None = "auto",
    ) -> Self:
        """Make a graph from arrays of vertex numbers 0..n-1.

        Args:
            src: Tails, integers of any width.
            dst: Heads, as many.
            weights: One number per edge.
            num_vertices: n.
            directed: Whether edges lead one way only.
            engine: ``"auto"``, ``"rust"`` or ``"python"``.

        Raises:
            GraphError: A number out of range, NaN, or unequal lengths.
            SchemaError: Arrays of another type.
        """
        n = count("num_vertices", num_vertices) or 0
        check_size(n)
        flag("directed", directed)
        ends = {"src": index_array(src, "src"), "dst": index_array(dst, "dst")}
        if len(ends["src"]) != len(ends["dst"]):
            raise GraphError(f"src has {len(ends['src'])} rows, dst has {len(ends['dst'])}")
        for name, values in ends.items():
            bad = np.flatnonzero((values < 0) | (values >= n))
            if len(bad):
                row = int(bad[0]) + 1
                raise GraphError(
                    f"edge row {row}: {name} is {values[row - 1]}; "
                    f"with {n} vertices ids are from 0 to {n - 1}",
                    row=row,
                    column=name,
                )
        found = None if weights is None else weight_array(weights, len(ends["src"]))
        return cls._of_indices(ends["src"], ends["dst"], found, n, None, directed, engine)

    @classmethod
    def from_csr(
        cls,
        indptr: Any,
        indices: Any,
        weights: Any = None,
        *,
        directed: bool = True,
        copy: bool = True,
        engine: str | None = "auto",
    ) -> Self:
        """Make a graph from rows of arcs.

        Args:
            indptr: n + 1 offsets; the arcs of vertex ``v`` stand at ``indptr[v]:indptr[v + 1]``.
            indices: Vertex at the other end of each arc.
            weights: One number per arc.
            directed: Otherwise rows are symmetric: each edge stands in the rows of both its ends
                (a loop once), with the same weight.
            copy: False lets the Python engine use the arrays in place where their types fit
                (int64, uint32, float64), which must not change as long as the graph lives. The
                compiled engine always copies.
            engine: ``"auto"``, ``"rust"`` or ``"python"``.

        Raises:
            GraphError: Arrays that are no rows of a graph; the position is named.
        """
        flag("directed", directed)
        csr = checked_csr(indptr, indices, weights, directed=directed, copy=flag("copy", copy))
        return cls._of_csr(csr, directed, engine)

    @classmethod
    def from_scipy(cls, A: Any, *, directed: bool = True, engine: str | None = "auto") -> Self:  # noqa: N803 - the usual name
        """Make a graph from a square sparse matrix: a stored ``A[u, v]`` is an edge ``u -> v``.

        Also a stored 0 is an edge, of weight 0, and repeated entries of a COO matrix are parallel
        edges. A matrix of bools makes a graph without weights.

        Args:
            A: Any sparse matrix or array of scipy.
            directed: Otherwise the matrix must be symmetric, and a pair of entries is one edge.
            engine: ``"auto"``, ``"rust"`` or ``"python"``.

        Raises:
            GraphError: Not square, NaN, or not symmetric.
        """
        rows, columns, weights, n = matrix_entries(A)
        flag("directed", directed)
        if directed:
            return cls.from_arrays(rows, columns, weights, num_vertices=n, engine=engine)
        order = np.argsort(rows, kind="stable")
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
        found = None if weights is None else weights[order]
        csr = checked_csr(indptr, columns[order], found, directed=False, copy=True)
        return cls._of_csr(csr, False, engine)

    @classmethod
    def from_networkx(
        cls,
        G: Any,  # noqa: N803 - the usual name
        weight: str | None = "weight",
        *,
        engine: str | None = "auto",
    ) -> Self:
        """Make a graph from one of networkx, vertices in the order of its nodes.

        Args:
            G: Graph, DiGraph, MultiGraph or MultiDiGraph.
            weight: Edge attribute with weights, 1 where it is missing; without weights if no edge
                has it, or if None.
            engine: ``"auto"``, ``"rust"`` or ``"python"``.

        Raises:
            GraphError: Nodes that are not all integers, text, bytes, dates or booleans.
        """
        ids, src, dst, weights = networkx_parts(G, weight)
        if weights is not None:
            weights = weight_array(weights, len(src))
        return cls._of_indices(src, dst, weights, len(ids), ids, G.is_directed(), engine)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, engine: str | None = "auto") -> Self:
        """Open a graph that :meth:`save` wrote; its arrays stay in the file, mapped into memory.

        Raises:
            SourceNotFound: There is no such file.
            IoError: It is no graph.
        """
        chosen = choose_engine(engine)
        return cls(chosen, load_graph(chosen, path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph, with ids and properties, as one Arrow IPC file, whole or not at all.

        Raises:
            WriteError: The destination cannot be written.
        """
        save_graph(self._built, path)

    def to_scipy(self) -> Any:
        """The adjacency matrix as ``scipy.sparse.csr_array``, in vertex order.

        Entries are weights, or 1; those of parallel edges add. Columns of a row ascend.

        Raises:
            ImportError: scipy is missing.
        """
        return to_matrix(self)

    def to_networkx(self) -> Any:
        """A ``DiGraph`` or ``Graph`` of networkx; a multigraph if there are parallel edges.

        Raises:
            ImportError: networkx is missing.
        """
        return to_networkx(self)

    @classmethod
    def _of_indices(
        cls,
        src: np.ndarray[Any, Any],
        dst: np.ndarray[Any, Any],
        weights: np.ndarray[Any, Any] | None,
        n: int,
        ids: pa.Array | None,
        directed: bool,
        engine: str | None,
    ) -> Self:
        chosen = choose_engine(engine)
        handle = chosen.build_indices(
            src, dst, weights,
            num_vertices=n, ids=ids, directed=directed, sorted_rows=False,
            work=start(chosen.name).work,
        )  # fmt: skip
        return cls(chosen, Built(handle, ids is None))

    @classmethod
    def _of_csr(cls, csr: Csr, directed: bool, engine: str | None) -> Self:
        chosen = choose_engine(engine)
        work = start(chosen.name).work
        return cls(
            chosen, Built(chosen.adopt_csr(csr, ids=None, directed=directed, work=work), True)
        )
