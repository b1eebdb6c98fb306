"""The step ``graph``: algorithms over an edge list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, describe
from parquetframe.workflow.names import nearest
from parquetframe.workflow.spec.graph_kinds import VERTEX, VertexDataset, VertexWeights
from parquetframe.workflow.spec.kinds import Bool, Choice, Int, ListOf, Name, Number, ScalarId
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["GRAPH"]

_ALGORITHMS = (
    "pagerank",
    "components",
    "bfs",
    "shortest_path",
    "betweenness",
    "closeness",
    "clustering",
    "core_number",
    "degree",
    "dfs",
    "dfs_edges",
    "harmonic",
    "hits",
    "label_propagation",
    "louvain",
    "minimum_spanning_forest",
    "topological_sort",
    "triangles",
)
_SPELLINGS = {"connected_components": "components", "shortest_paths": "shortest_path"}

# Algorithms that use weights; the first two and bfs took the key before it was checked.
_WEIGHTED = (
    *("components", "bfs", "pagerank", "shortest_path", "betweenness", "hits", "louvain"),
    "minimum_spanning_forest",
)

# Defaults that differ from those of the first algorithm with the key.
_OWN_DEFAULTS: dict[str, dict[str, Any]] = {
    "hits": {"tol": 1e-8},
    "label_propagation": {"max_iter": 10},
    "closeness": {"direction": "in"},
    "harmonic": {"direction": "in"},
}

# Keys that stand in the canonical form only if they are given.
_OPTIONAL = frozenset({
    ("pagerank", "dangling"),
    ("pagerank", "nstart"),
    ("pagerank", "on_fail"),
    ("bfs", "direction"),
    ("bfs", "per_source"),
    ("bfs", "include_unreached"),
    ("shortest_path", "delta"),
    ("shortest_path", "predecessors"),
    ("shortest_path", "include_unreached"),
})  # fmt: skip


def _finish(draft: Draft) -> None:
    config = draft.config
    algorithm = config["algorithm"]
    if algorithm is INVALID:
        return
    own = [key for key in draft.spec.keys if algorithm in key.only]
    for key in draft.spec.keys:
        if not key.only or key in own:
            continue
        if key.name in draft.given:
            near = nearest(key.name, (other.name for other in own))
            hint = None if near is None else f"did you mean '{near}'?"
            message = f"'{key.name}' is an option of {', '.join(key.only)}, this is {algorithm}"
            draft.reject(key.name, "E109", message, hint)
        config.pop(key.name)
    for key in own:
        if key.name in draft.given:
            continue
        if (algorithm, key.name) in _OPTIONAL:
            config.pop(key.name)
        else:
            config[key.name] = _OWN_DEFAULTS.get(algorithm, {}).get(key.name, config[key.name])
    for name, owner in (("sources", "bfs"), ("source", "shortest_path")):
        if algorithm == owner and config[name] is None:
            draft.field.error("E107", f"{owner} needs '{name}'", hint="the vertex to start from")
    _across(draft, algorithm)
    _vertices(draft)


def _across(draft: Draft, algorithm: str) -> None:
    """Keys that do not go together."""
    config = draft.config
    if config["weight"] is not None and algorithm not in _WEIGHTED:
        message = f"'weight' has no effect on {algorithm}"
        draft.reject("weight", "E109", message, "leave 'weight' away")
    if config.get("method") == "bfs" and config["weight"] is not None:
        hint = "leave 'weight' away, or use method: auto"
        draft.reject("method", "E109", "bfs counts edges and takes no 'weight'", hint)
    if config.get("delta") is not None and config["method"] not in ("delta", INVALID):
        message = "'delta' is an option of method: delta"
        draft.reject("delta", "E109", message)
    if algorithm == "topological_sort" and config["directed"] is False:
        message = "topological_sort needs directed edges"
        draft.reject("directed", "E109", message, "leave 'directed' away")
    if config.get("include_unreached") is True and config.get("target") is not None:
        message = "'include_unreached' does not go with 'target': the result is a path"
        draft.reject("include_unreached", "E109", message)


def _vertices(draft: Draft) -> None:
    found = draft.config["vertices"]
    if found is INVALID:
        draft.config["vertices"] = None
        return
    pair = draft.inputs is not None and len(draft.inputs) > 1
    if found is None:
        draft.config["vertices"] = VERTEX if pair else None
        return
    dataset, column = found
    if not pair:
        draft.extra_input(dataset, draft.given["vertices"])
    elif column is not None:
        message = f"with two inputs 'vertices' is a column of the second, found {describe(dataset)}"
        draft.reject("vertices", "E109", message)
    else:
        column = dataset
    draft.config["vertices"] = column or VERTEX


_PAGERANK, _BFS, _PATH, _DFS = ("pagerank",), ("bfs",), ("shortest_path",), ("dfs",)
_BETWEENNESS, _LOUVAIN = ("betweenness",), ("louvain",)
_DIRECTED = ("bfs", "dfs", "degree", "closeness", "harmonic")

GRAPH = StepSpec(
    "graph",
    "An algorithm over edges; the result has a row per vertex or edge.",
    (
        Key("algorithm", Choice(_ALGORITHMS, spellings=_SPELLINGS), "Which one.", REQUIRED),
        Key("src", Name(), "Column of edge tails.", "src"),
        Key("dst", Name(), "Column of edge heads.", "dst"),
        Key("weight", Name(), "Column of edge weights; every edge counts 1 by default."),
        Key("directed", Bool(), "Whether edges have a direction.", True),
        Key("vertices", VertexDataset(), "dataset or dataset.column that keeps isolated vertices."),
        Key("alpha", Number(0, 1), "Share of rank that follows an edge.", 0.85, only=_PAGERANK),
        Key(
            "tol",
            Number(0, above=True),
            "Stop below this change (L1, all vertices); hits: 1e-8.",
            1e-6,
            only=("pagerank", "hits"),
        ),
        Key(
            "max_iter",
            Int(1),
            "Iterations to try; label_propagation: 10.",
            100,
            only=("pagerank", "hits", "label_propagation"),
        ),
        Key("personalization", VertexWeights(), "{vertex: weight} to jump to.", only=_PAGERANK),
        Key(
            "dangling",
            VertexWeights(),
            "{vertex: weight} that gets rank without a way on.",
            only=_PAGERANK,
        ),
        Key("nstart", VertexWeights(), "{vertex: weight} to start from.", only=_PAGERANK),
        Key(
            "on_fail",
            Choice(("warn", "raise", "ignore")),
            "If tol is not reached.",
            "warn",
            only=("pagerank", "hits"),
        ),
        Key(
            "mode",
            Choice(("weak", "strong")),
            "Ignore direction, or follow it.",
            "weak",
            only=("components",),
        ),
        Key(
            "sources",
            ListOf(ScalarId(), single=True, empty=False),
            "Vertices to start from.",
            only=_BFS,
        ),
        Key("max_depth", Int(), "Do not go further.", only=("bfs", "dfs")),
        Key(
            "direction",
            Choice(("out", "in", "both")),
            "Edges to follow; closeness and harmonic: in.",
            "out",
            only=_DIRECTED,
        ),
        Key("per_source", Bool(), "Search from each source on its own.", False, only=_BFS),
        Key(
            "include_unreached",
            Bool(),
            "Also vertices that were not reached, with nulls.",
            False,
            only=("bfs", "shortest_path"),
        ),
        Key(
            "source",
            ScalarId(),
            "Vertex to start from; dfs: all by default.",
            only=("shortest_path", "dfs", "dfs_edges"),
        ),
        Key("target", ScalarId(), "Vertex to reach; the result is then the path.", only=_PATH),
        Key(
            "method",
            Choice(("auto", "bfs", "dijkstra", "delta", "bellman-ford")),
            "How.",
            "auto",
            only=_PATH,
        ),
        Key("delta", Number(0, above=True), "Width of the buckets of method: delta.", only=_PATH),
        Key("cutoff", Number(0), "Do not go further.", only=_PATH),
        Key("predecessors", Bool(), "Whether to give that column.", True, only=_PATH),
        Key("sort_neighbors", Bool(), "Follow edges in vertex order.", False, only=_DFS),
        Key("loops", Choice(("twice", "once")), "How a loop counts.", "twice", only=("degree",)),
        Key("k", Int(1), "Search from so many vertices, drawn at random.", only=_BETWEENNESS),
        Key(
            "seed",
            Int(-(2**63)),
            "Of random choices.",
            0,
            only=("betweenness", "louvain"),
        ),
        Key("normalized", Bool(), "Divide by the number of pairs.", True, only=_BETWEENNESS),
        Key("endpoints", Bool(), "Whether ends count as on a path.", False, only=_BETWEENNESS),
        Key(
            "wf_improved",
            Bool(),
            "Scale by the share of vertices that reach it.",
            True,
            only=("closeness",),
        ),
        Key(
            "resolution",
            Number(0),
            "Above 1 more communities, below 1 fewer.",
            1.0,
            only=_LOUVAIN,
        ),
        Key("threshold", Number(0), "Stop below this gain of modularity.", 1e-7, only=_LOUVAIN),
        Key("max_level", Int(1), "Levels of merging at most.", only=_LOUVAIN),
    ),
    min_inputs=1,
    max_inputs=2,
    open_order=True,
    finish=_finish,
)
