"""The `graph` step: an edge table in, an answer table keyed by vertex id out, ids ascending."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from parquetframe.errors import GraphError, SchemaError, UnsupportedFeature

from .. import graph_algorithms as algorithms
from ..arrow_types import family
from ..expressions import require_columns
from ..failure import at_key
from ..graph_arrays import Graph, build
from .context import StepContext


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Run one algorithm over the edges."""
    algorithm = _ALGORITHMS.get(config["algorithm"])
    if algorithm is None:
        raise UnsupportedFeature(
            f"the python engine has no graph algorithm '{config['algorithm']}'",
            code="E605",
            hint=f"algorithms: {', '.join(_ALGORITHMS)}",
        )
    vertices = inputs[1] if len(inputs) > 1 else None
    if vertices is not None and config["vertices"] is None:
        raise SchemaError("say which column of the second input holds the ids", code="E301",
                          key="vertices")  # fmt: skip
    _check_columns(inputs, config, context)
    graph = build(inputs[0], vertices, config)
    context.check_cancelled()
    context.info |= {"vertices": graph.size, "edges": inputs[0].num_rows}
    return algorithm(graph, config, context)


def _check_columns(inputs: list[pa.Table], config: dict[str, Any], context: StepContext) -> None:
    for key in ("src", "dst", "weight", "vertices"):
        table = 1 if key == "vertices" else 0
        if config[key] is not None and table < len(inputs):
            with at_key(key):
                require_columns(inputs[table], [config[key]], f" in '{context.inputs[table]}'")


def _pagerank(graph: Graph, config: dict[str, Any], context: StepContext) -> pa.Table:
    if not 0.0 <= config["alpha"] <= 1.0:
        raise GraphError(f"alpha must be from 0 to 1, not {config['alpha']}", key="alpha")
    jump = None
    if config["personalization"] is not None and not context.planning:
        with at_key("personalization"):
            jump = _personalization(graph, config["personalization"])
    rank, iterations, converged = algorithms.pagerank(
        graph, config["alpha"], config["tol"], config["max_iter"], jump, context.check_cancelled
    )
    context.info |= {"iterations": iterations, "converged": converged}
    if not converged:
        context.warnings.append(
            f"step '{context.step}': pagerank did not converge in {iterations} iterations"
        )
    return pa.table({"vertex": graph.ids, "rank": pa.array(rank, pa.float64())})


def _personalization(graph: Graph, weights: dict[Any, float]) -> np.ndarray:
    jump = np.zeros(graph.size)
    for vertex, weight in weights.items():
        if not weight >= 0 or weight == float("inf"):
            raise GraphError(f"the weight of {vertex!r} must be finite and >= 0, not {weight}")
        jump[_vertex(graph, vertex)] += weight
    if not jump.sum() > 0:
        raise GraphError("the weights sum to 0")
    return np.asarray(jump / jump.sum())


def _vertex(graph: Graph, vertex: Any) -> int:
    """Number of a vertex; keys of a YAML mapping may be text where ids are integers."""
    if pa.types.is_integer(graph.ids.type) and isinstance(vertex, str):
        with contextlib.suppress(ValueError):
            vertex = int(vertex)
    elif family(graph.ids.type) == "text" and isinstance(vertex, int):
        vertex = str(vertex)
    return graph.index(vertex)


def _components(graph: Graph, config: dict[str, Any], context: StepContext) -> pa.Table:
    if config["mode"] == "strong" and config["directed"]:
        label = algorithms.strong_components(graph, context.check_cancelled)
    else:
        label = algorithms.weak_components(graph, context.check_cancelled)
    _, numbered = np.unique(label, return_inverse=True)  # labels are smallest vertices: in order
    context.info["components"] = int(numbered.max()) + 1 if len(numbered) else 0
    return pa.table({"vertex": graph.ids, "component_id": pa.array(numbered, pa.int64())})


def _bfs(graph: Graph, config: dict[str, Any], context: StepContext) -> pa.Table:
    sources: list[int] = []
    if not context.planning:
        with at_key("sources"):
            sources = [_vertex(graph, v) for v in config["sources"]]
    distance, parent = algorithms.bfs(graph, sources, config["max_depth"], context.check_cancelled)
    rows = np.flatnonzero(distance >= 0)
    return _reached(graph, rows, pa.array(distance[rows], pa.int64()), parent[rows])


def _shortest_path(graph: Graph, config: dict[str, Any], context: StepContext) -> pa.Table:
    weighted = graph.weight is not None
    method = config["method"]
    if method == "bfs" and weighted:
        raise GraphError("method bfs knows no weights", key="method", hint="method: dijkstra")
    dtype = pa.float64() if weighted else pa.int64()
    if context.planning:
        nothing = np.zeros(0, dtype=np.int64)
        if config["target"] is not None:
            return _path(graph, [], np.zeros(0), dtype)
        return _reached(graph, nothing, pa.array([], dtype), nothing)
    with at_key("source"):
        source = _vertex(graph, config["source"])
    target = None
    if config["target"] is not None:
        with at_key("target"):
            target = _vertex(graph, config["target"])
    distance, parent = _distances(graph, source, config, context)
    if config["cutoff"] is not None:
        distance = np.where(distance <= config["cutoff"], distance, np.inf)
    if target is not None:
        steps: list[int] = []
        if np.isfinite(distance[target]):
            while target != algorithms.NONE:
                steps.append(target)
                target = int(parent[target])
        return _path(graph, steps[::-1], distance, dtype)
    rows = np.flatnonzero(np.isfinite(distance))
    return _reached(graph, rows, pa.array(distance[rows]).cast(dtype), parent[rows])


def _distances(
    graph: Graph, source: int, config: dict[str, Any], context: StepContext
) -> tuple[np.ndarray, np.ndarray]:
    method, tick = config["method"], context.check_cancelled
    if graph.weight is None and method in {"auto", "bfs"}:
        levels, parent = algorithms.bfs(graph, [source], None, tick)
        return np.where(levels >= 0, levels.astype(float), np.inf), parent
    negative = graph.weight is not None and bool((graph.weight < 0).any())
    if method == "bellman-ford" or (method == "auto" and negative):
        distance = algorithms.bellman_ford(graph, source, tick)
    else:
        distance = algorithms.dijkstra(graph, source, config["cutoff"], tick)
    return distance, algorithms.tight_parents(graph, distance, source)


def _reached(graph: Graph, rows: np.ndarray, distance: pa.Array, parent: np.ndarray) -> pa.Table:
    before = graph.ids.take(pa.array(parent, pa.int64(), mask=parent < 0))
    vertex = graph.ids.take(pa.array(rows, pa.int64()))
    return pa.table({"vertex": vertex, "distance": distance, "predecessor": before})


def _path(graph: Graph, steps: list[int], distance: np.ndarray, dtype: pa.DataType) -> pa.Table:
    return pa.table(
        {
            "position": pa.array(range(len(steps)), pa.int64()),
            "vertex": graph.ids.take(pa.array(steps, pa.int64())),
            "distance": pa.array([distance[v] for v in steps], pa.float64()).cast(dtype),
        }
    )


_ALGORITHMS: Final[dict[str, Callable[[Graph, dict[str, Any], StepContext], pa.Table]]] = {
    "pagerank": _pagerank,
    "components": _components,
    "bfs": _bfs,
    "shortest_path": _shortest_path,
}
