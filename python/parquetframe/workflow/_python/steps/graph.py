"""The `graph` step: an edge table in, an answer table keyed by vertex id out.

Vertices ascend by id and rows by target, so a plan that delivers its edges in another order cannot
change the answer.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from parquetframe.errors import GraphError, ParquetFrameError, SchemaError, UnsupportedFeature
from parquetframe.graph import Graph
from parquetframe.graph.id_types import id_kind

from ..expressions import require_columns
from ..failure import at_key
from .context import StepContext

_COMMON: Final = ("algorithm", "src", "dst", "weight", "directed", "vertices")

# Step name of an algorithm to the method, where they differ.
_METHODS: Final = {"components": "connected_components", "shortest_path": "shortest_paths"}
_PLAIN: Final = (
    *("pagerank", "bfs", "betweenness", "closeness", "clustering", "core_number", "degree"),
    *("dfs", "dfs_edges", "harmonic", "hits", "label_propagation", "louvain"),
    *("minimum_spanning_forest", "topological_sort", "triangles"),
)

_VERTEX_KEYS: Final = ("sources", "source", "target", "personalization", "dangling", "nstart")
_OWN_FACTS: Final = frozenset({"seconds", "backend"})


def run(config: dict[str, Any], inputs: list[pa.Table], context: StepContext) -> pa.Table:
    """Run one algorithm over the edges."""
    algorithm = config["algorithm"]
    if algorithm not in _PLAIN and algorithm not in _METHODS:
        raise UnsupportedFeature(
            f"the python engine has no graph algorithm '{algorithm}'",
            code="E605",
            hint=f"algorithms: {', '.join((*_METHODS, *_PLAIN))}",
        )
    vertices = inputs[1] if len(inputs) > 1 else None
    if vertices is not None and config["vertices"] is None:
        raise SchemaError("say which column of the second input holds the ids", code="E301",
                          key="vertices")  # fmt: skip
    _check_columns(inputs, config, context)
    with _in_words_of_the_step(config):
        graph = Graph.from_edges(
            inputs[0],
            config["src"],
            config["dst"],
            config["weight"],
            directed=config["directed"],
            vertices=None if vertices is None else vertices.select([config["vertices"]]),
            vertex_id=config["vertices"] or "id",
            id_order="sorted",
            cancel=context.flag,
            engine="python",
        )
        context.info |= {"vertices": graph.num_vertices, "edges": graph.num_edges}
        options = {key: value for key, value in config.items() if key not in _COMMON}
        _name_vertices(graph, options)
        if algorithm == "betweenness":
            options["weight"] = "auto"  # a weight column is there to be used
        if context.planning:
            return _plan(graph, algorithm, options)
        table = _call(graph, algorithm, options, context)
    return _told(table, algorithm, config, context)


def _call(graph: Graph, algorithm: str, options: dict[str, Any], context: StepContext) -> pa.Table:
    method = getattr(graph, _METHODS.get(algorithm, algorithm))
    if options.get("on_fail", "warn") == "warn" and algorithm in ("pagerank", "hits"):
        options = {**options, "on_fail": "ignore"}  # the run has its own list of warnings
    table: pa.Table = method(**options, cancel=context.flag)
    return table


def _told(
    table: pa.Table, algorithm: str, config: dict[str, Any], context: StepContext
) -> pa.Table:
    """Note the facts of the run, and warn if it did not converge."""
    facts = {
        key.decode().removeprefix("pf."): json.loads(value)
        for key, value in (table.schema.metadata or {}).items()
    }
    context.info |= {key: value for key, value in facts.items() if key not in _OWN_FACTS}
    told = algorithm in ("pagerank", "hits") and config.get("on_fail", "warn") == "warn"
    if told and not facts["converged"]:
        bound = facts.get("error_bound")
        error = "" if bound is None else f" (error at most {bound:.1e})"
        context.warnings.append(
            f"step '{context.step}': {algorithm} did not converge in {facts['iterations']} "
            f"iterations{error}; raise max_iter or tol"
        )
    return table.replace_schema_metadata(None)


def _plan(graph: Graph, algorithm: str, options: dict[str, Any]) -> pa.Table:
    """Columns and types of the result, from a graph without vertices."""
    for key in ("personalization", "dangling", "nstart", "k"):
        options.pop(key, None)
    if algorithm == "bfs":
        options["sources"] = []
    if algorithm in ("dfs", "dfs_edges"):
        options["source"] = None
    if algorithm != "shortest_path":
        return _call(graph, algorithm, options, StepContext("", ())).replace_schema_metadata(None)
    ids = pa.array([], graph.ids.type)
    distance = pa.array([], pa.float64() if graph.is_weighted else pa.int64())
    if options["target"] is not None:
        return pa.table({"position": pa.array([], pa.int64()), "vertex": ids, "distance": distance})
    columns = {"vertex": ids, "distance": distance, "predecessor": ids}
    if not options.get("predecessors", True):
        del columns["predecessor"]
    return pa.table(columns)


def _check_columns(inputs: list[pa.Table], config: dict[str, Any], context: StepContext) -> None:
    for key in ("src", "dst", "weight", "vertices"):
        table = 1 if key == "vertices" else 0
        if config[key] is not None and table < len(inputs):
            with at_key(key):
                require_columns(inputs[table], [config[key]], f" in '{context.inputs[table]}'")


def _name_vertices(graph: Graph, options: dict[str, Any]) -> None:
    """Keys of a YAML mapping may be text where ids are integers, and the other way round."""
    kind = id_kind(graph.ids.type)

    def named(vertex: Any) -> Any:
        if kind == "integer" and isinstance(vertex, str):
            with contextlib.suppress(ValueError):
                return int(vertex)
        return str(vertex) if kind == "text" and isinstance(vertex, int) else vertex

    for key in _VERTEX_KEYS:
        value = options.get(key)
        if isinstance(value, dict):
            options[key] = {named(vertex): weight for vertex, weight in value.items()}
        elif isinstance(value, list):
            options[key] = [named(vertex) for vertex in value]
        elif value is not None:
            options[key] = named(value)


@contextlib.contextmanager
def _in_words_of_the_step(config: dict[str, Any]) -> Iterator[None]:
    """Errors name the key of the step that they concern, and no options of functions."""
    try:
        yield
    except ParquetFrameError as error:
        error.message = error.message.partition(" (pass ")[0]
        if getattr(error, "key", None) is None:
            error.key = _key_of(error, config)  # type: ignore[attr-defined]
        raise
    except (ValueError, TypeError) as error:
        text = str(error)
        key = text.partition(" ")[0]
        raise GraphError(text, key=key if key in config else None) from error


def _key_of(error: ParquetFrameError, config: dict[str, Any]) -> str | None:
    name = error.message.partition(":")[0]
    if name in config:
        return name
    vertex = getattr(error, "vertex", None)
    for key in _VERTEX_KEYS if vertex is not None else ():
        value = config.get(key)
        values = value if isinstance(value, (list, dict)) else [value]
        if str(vertex) in [str(item) for item in values]:
            return key
    column = getattr(error, "column", None)
    return column if column in ("src", "dst", "weight", "vertices") else None
