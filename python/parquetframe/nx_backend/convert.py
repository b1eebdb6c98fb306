"""Graphs of networkx to ours, and back.

Plain graphs are walked in native code: their dictionaries, in their order. Views, subclasses with
dictionaries of their own and installations without the extension are walked here, row by row.

Edge data are one attribute, as float64. Whether it was ints or floats is kept, since distances in
networkx have the type of the weights. Declined, with ``NotImplementedError``, is whatever float64
does not hold exactly: integers beyond 2^53, decimals, text, None, NaN, infinities, numpy's narrow
floats. Numbers of numpy become those of Python.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from parquetframe.errors import GraphError
from parquetframe.graph.building import Built
from parquetframe.graph.csr_input import edge_pairs
from parquetframe.graph.engine import Csr, choose_engine
from parquetframe.graph.networkx_views import edge_attributes, parallel_edges
from parquetframe.graph.running import start

if TYPE_CHECKING:
    from parquetframe.graph import Graph

__all__ = ["convert_from_nx", "convert_to_nx"]

_INT, _FLOAT, _MISSING = 1, 2, 4
_EXACT = 2**53
_Array = np.ndarray[Any, Any]


class _Attribute(NamedTuple):
    """The edge attribute that is asked for."""

    name: Any
    default: Any


class _Rows(NamedTuple):
    indptr: _Array
    indices: _Array
    weights: _Array | None
    seen: int


def convert_from_nx(
    graph: Any,
    *,
    edge_attrs: Mapping[Any, Any] | None = None,
    node_attrs: Mapping[Any, Any] | None = None,
    preserve_edge_attrs: bool = False,
    preserve_node_attrs: bool = False,
    preserve_graph_attrs: bool = False,
    name: str | None = None,
    graph_name: str | None = None,
) -> Graph:
    """The graph as a :class:`parquetframe.Graph` on vertex numbers, with the nodes beside it.

    Args:
        graph: Of networkx.
        edge_attrs: At most one attribute, and what stands for a missing one.
        node_attrs: None, since nodes have no attributes here.
        preserve_edge_attrs: Must be false.
        preserve_node_attrs: Must be false.
        preserve_graph_attrs: Whether to keep the attributes of the graph.
        name: The function that will be called.
        graph_name: Its parameter.

    Raises:
        NotImplementedError: Something that the graph cannot hold.
    """
    from parquetframe.graph import Graph

    del name, graph_name
    if node_attrs or preserve_node_attrs:
        raise NotImplementedError("parquetframe holds no attributes of nodes")
    if preserve_edge_attrs or len(edge_attrs or ()) > 1:
        raise NotImplementedError("parquetframe holds one attribute of edges, a number")
    if isinstance(graph, Graph):
        return graph
    if not all(hasattr(graph, part) for part in ("is_directed", "is_multigraph", "adj")):
        raise NotImplementedError(f"{type(graph).__name__} is no graph")
    _need_usual_neighbours(type(graph))
    wanted = _Attribute(*next(iter(edge_attrs.items()))) if edge_attrs else None
    made = _native(graph, wanted)
    if made is None:
        made = _walked(graph, wanted)
    state = made._networkx
    state.multigraph = bool(graph.is_multigraph())
    state.weight_name = None if wanted is None else wanted.name
    if preserve_graph_attrs:
        state.graph = dict(graph.graph)
    if hasattr(graph, "_graph"):
        # A view: networkx would keep what it showed now, and clears that only when somebody calls
        # a method of the view, not of the graph behind it.
        graph.__networkx_cache__ = None
    return made


def convert_to_nx(obj: Any, *, name: str | None = None) -> Any:
    """A graph of ours as one of networkx, of the same kind; anything else as it is.

    Nodes, edges and the adjacency have the order that they had before; parallel edges have the keys
    0, 1 and so on.
    """
    from parquetframe.graph import Graph

    del name
    if not isinstance(obj, Graph):
        return obj
    if obj._networkx.nodes is None:  # not from networkx: with the properties of its tables
        made = obj.to_networkx()
        made.graph.update(obj.graph)
        return made
    return _rebuilt(obj)


def _need_usual_neighbours(cls: type) -> None:
    """Refuse a class whose neighbours are not those of its dictionaries, such as a complement.

    Raises:
        NotImplementedError: It overrides how they are found.
    """
    import networkx as nx

    usual = (nx.MultiDiGraph, nx.MultiGraph, nx.DiGraph, nx.Graph)
    base = next((kind for kind in usual if issubclass(cls, kind)), None)
    if base is None or cls is base:
        return
    for name in ("__getitem__", "__iter__", "adj", "adjacency", "neighbors"):
        if getattr(cls, name) is not getattr(base, name):
            raise NotImplementedError(f"{cls.__name__} has a {name} of its own")


def _native(graph: Any, wanted: _Attribute | None) -> Graph | None:
    """The graph by a walk in native code; None if it is not plain, or there is no extension."""
    import networkx as nx

    from parquetframe.graph import Graph
    from parquetframe.graph._native import RustEngine, RustHandle

    if type(graph) not in {nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph}:
        return None
    directed = graph.is_directed()
    dicts = [graph._node, graph._adj, graph._pred] if directed else [graph._node, graph._adj]
    engine = choose_engine()
    if not isinstance(engine, RustEngine) or any(type(part) is not dict for part in dicts):
        return None
    weight = None if wanted is None else (wanted.name, _default(wanted.default)[1])
    module: Any = engine._module
    found = module.networkx_graph(
        dicts[0], dicts[1], dicts[2] if directed else None, graph.is_multigraph(), weight, _odd
    )
    if found is None:
        return None
    native, nodes, index, incoming, seen = found
    kind = _kind(seen, wanted, weighted=native.is_weighted)
    made = Graph(engine, Built(RustHandle(module, native), dense=True))
    state = made._networkx
    state.nodes, state.index, state.weight_kind = nodes, index, kind
    state.incoming = incoming
    return made


def _walked(graph: Any, wanted: _Attribute | None) -> Graph:
    """The graph by a walk in Python."""
    from parquetframe.graph import Graph

    nodes = list(graph)
    index = dict(zip(nodes, range(len(nodes)), strict=True))
    if len(index) != len(nodes):
        raise NotImplementedError("the graph lists a node twice")
    directed, multigraph = bool(graph.is_directed()), bool(graph.is_multigraph())
    rows = _rows(getattr(graph, "_adj", graph.adj), index, multigraph, wanted)
    kind = _kind(rows.seen, wanted, weighted=rows.weights is not None)
    incoming = None
    if directed:
        back = _rows(getattr(graph, "_pred", None) or graph.pred, index, multigraph, None)
        incoming = (back.indptr, back.indices)
        edges = np.arange(len(rows.indices), dtype=np.int64)
    else:
        try:
            edges = edge_pairs(rows.indptr, rows.indices, rows.weights)
        except GraphError as error:
            raise NotImplementedError(str(error)) from error
    engine = choose_engine()
    handle = engine.adopt_csr(
        Csr(rows.indptr, rows.indices, rows.weights, edges),
        ids=None, directed=directed, work=start(engine.name).work,
    )  # fmt: skip
    made = Graph(engine, Built(handle, dense=True))
    state = made._networkx
    state.nodes, state.index, state.weight_kind = nodes, index, kind
    state.incoming = incoming
    return made


def _rows(
    adjacency: Mapping[Any, Any],
    index: Mapping[Any, int],
    multigraph: bool,
    wanted: _Attribute | None,
) -> _Rows:
    """Rows of arcs in the order of the adjacency, of nodes in theirs."""
    indptr, indices = np.zeros(len(index) + 1, np.int64), list[int]()
    found: list[Any] = []
    for number, node in enumerate(index):
        for neighbour, data in adjacency[node].items():
            head = index.get(neighbour)
            if head is None:
                raise NotImplementedError(f"an edge leads to {neighbour!r}, which is no node")
            parallel: Iterable[Any] = data.values() if multigraph else (data,)
            for attributes in parallel:
                indices.append(head)
                if wanted is not None:
                    found.append(attributes.get(wanted.name, _ABSENT))
        indptr[number + 1] = len(indices)
    heads = np.array(indices, dtype=np.uint32)
    if wanted is None:
        return _Rows(indptr, heads, None, 0)
    default = _default(wanted.default)[1]
    seen, weights = 0, np.empty(len(found))
    for place, value in enumerate(found):
        kind, weights[place] = (_MISSING, default) if value is _ABSENT else _number(value)
        seen |= kind
    return _Rows(indptr, heads, None if seen in (0, _MISSING) else weights, seen)


_ABSENT = object()


def _default(value: Any) -> tuple[int, float]:
    """Kind and value of what stands for a missing weight; kind 0 if it is no number."""
    try:
        return _number(value)
    except NotImplementedError:
        return 0, 1.0


def _number(value: Any) -> tuple[int, float]:
    """Kind and value of a weight.

    Raises:
        NotImplementedError: float64 does not hold it as networkx would use it.
    """
    if type(value) is float and math.isfinite(value):
        return _FLOAT, value
    if type(value) is int and abs(value) <= _EXACT:
        return _INT, float(value)
    return _odd(value)


def _odd(value: Any) -> tuple[int, float]:
    """The same for a value that is no usual number."""
    if isinstance(value, (bool, np.integer)) or type(value) is int:
        if abs(int(value)) > _EXACT:
            raise NotImplementedError(f"the weight {value} is beyond 2**53")
        return _INT, float(value)
    if type(value) in {float, np.float64}:
        if not math.isfinite(value):
            raise NotImplementedError(f"the weight {value} is not finite")
        return _FLOAT, float(value)
    raise NotImplementedError(f"a weight is {value!r}, of type {type(value).__name__}")


def _kind(
    seen: int, wanted: _Attribute | None, *, weighted: bool
) -> Literal["none", "int", "float", "mixed"]:
    if wanted is None or not seen:
        return "none"
    if seen & _MISSING:
        default = _default(wanted.default)[0]
        if not weighted and type(wanted.default) is int and wanted.default == 1:
            return "none"
        if not weighted or not default:
            raise NotImplementedError(
                f"edges lack the attribute {wanted.name!r}, for which stands {wanted.default!r}"
            )
        seen |= default
    if seen & _INT and seen & _FLOAT:
        return "mixed"
    return "float" if seen & _FLOAT else "int"


def _rebuilt(graph: Graph) -> Any:
    """The networkx graph that a converted one came from, less what was not converted."""
    import networkx as nx

    state = graph._networkx
    directed, multigraph = bool(graph.is_directed), graph.is_multigraph()
    kinds = {
        (True, True): nx.MultiDiGraph, (True, False): nx.DiGraph,
        (False, True): nx.MultiGraph, (False, False): nx.Graph,
    }  # fmt: skip
    made = kinds[directed, multigraph]()
    made.graph.update(state.graph)
    made.add_nodes_from(graph._networkx_nodes)
    nodes, rows = graph._networkx_nodes, graph.csr()
    data = edge_attributes(graph)
    # Both ends of an edge share its attributes, and in a multigraph the dictionary of its keys.
    shared = parallel_edges(rows, data, directed=directed) if multigraph else None
    _fill(made._adj, nodes, rows, data, shared, directed=directed)
    if directed:
        _fill(made._pred, nodes, graph._networkx_incoming, data, shared, directed=True, back=True)
    return made


def _fill(
    adjacency: dict[Any, dict[Any, Any]],
    nodes: list[Any],
    rows: Csr,
    data: list[dict[Any, Any]],
    shared: dict[tuple[int, int], dict[int, Any]] | None,
    *,
    directed: bool,
    back: bool = False,
) -> None:
    """Put arcs into networkx's dictionaries in the order of the rows."""
    bounds, heads, edges = rows.indptr.tolist(), rows.indices.tolist(), rows.edge_ids.tolist()
    for number, node in enumerate(nodes):
        row = adjacency[node]
        for arc in range(bounds[number], bounds[number + 1]):
            head = heads[arc]
            if shared is None:
                row[nodes[head]] = data[edges[arc]]
                continue
            reverse = back or (not directed and head < number)
            row[nodes[head]] = shared[(head, number) if reverse else (number, head)]
