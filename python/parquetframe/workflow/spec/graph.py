"""The step ``graph``: algorithms over an edge list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parquetframe.workflow.field import INVALID, Field, Reject, describe
from parquetframe.workflow.spec.kinds import Bool, Choice, Int, ListOf, Name, Number, ScalarId
from parquetframe.workflow.spec.model import REQUIRED, Key, StepSpec

if TYPE_CHECKING:
    from parquetframe.workflow.steps import Draft

__all__ = ["GRAPH"]

_ALGORITHMS = ("pagerank", "components", "bfs", "shortest_path")
_LATER = ("degree", "dfs", "topological_sort", "triangles", "core_number")
_VERTEX = "vertex"


@dataclass(frozen=True)
class _Personalization:
    """Weights by vertex id; not negative, not all zero."""

    def parse(self, place: Field, value: Any) -> dict[int | str, float]:
        if not isinstance(value, dict) or not value:
            raise place.wrong("a mapping {vertex: weight}", place.plain(value))
        weights: dict[int | str, float] = {}
        for key, weight in value.items():
            inner = place.at(key)
            vertex = ScalarId().parse(inner, key)
            weights[vertex] = Number(0).parse(inner, weight)
        if not any(weights.values()):
            raise Reject("E109", f"'{place.key}' needs a weight above 0")
        return weights

    def schema(self) -> dict[str, Any]:
        weight = {"type": "number", "minimum": 0}
        return {"type": "object", "additionalProperties": weight, "minProperties": 1}


@dataclass(frozen=True)
class _Vertices:
    """``dataset``, ``dataset.column`` or ``{dataset, column}``."""

    def parse(self, place: Field, value: Any) -> tuple[str, str | None]:
        filled = place.plain(value)
        if isinstance(filled, dict):
            if "dataset" not in filled or set(filled) - {"dataset", "column"}:
                raise Reject("E108", f"'{place.key}' must be {{dataset, column}}")
            dataset = place.at("dataset").read(Name(), filled["dataset"])
            column = place.at("column").read(Name(), filled.get("column", _VERTEX))
            if INVALID in (dataset, column):
                raise Reject
            return dataset, column
        name, dot, column = Name().parse(place, filled).partition(".")
        if not name or (dot and not column):
            raise Reject("E109", f"'{place.key}' must be a dataset or dataset.column")
        return name, column or None

    def schema(self) -> dict[str, Any]:
        text = {"type": "string"}
        properties = {"dataset": text, "column": text}
        mapping = {"type": "object", "properties": properties, "required": ["dataset"]}
        return {"anyOf": [text, {**mapping, "additionalProperties": False}]}


def _finish(draft: Draft) -> None:
    config = draft.config
    algorithm = config["algorithm"]
    if algorithm is INVALID:
        return
    for key in draft.spec.keys:
        if not key.only or algorithm in key.only:
            continue
        if key.name in draft.given:
            message = f"'{key.name}' is an option of {', '.join(key.only)}, this is {algorithm}"
            draft.reject(key.name, "E109", message)
        config.pop(key.name)
    for name, owner in (("sources", "bfs"), ("source", "shortest_path")):
        if algorithm == owner and config[name] is None:
            draft.field.error("E107", f"{owner} needs '{name}'", hint="the vertex to start from")
    if config.get("method") == "bfs" and config["weight"] is not None:
        hint = "leave 'weight' away, or use method: auto"
        draft.reject("method", "E109", "bfs counts edges and takes no 'weight'", hint)
    _vertices(draft)


def _vertices(draft: Draft) -> None:
    found = draft.config["vertices"]
    if found is INVALID:
        draft.config["vertices"] = None
        return
    pair = draft.inputs is not None and len(draft.inputs) > 1
    if found is None:
        draft.config["vertices"] = _VERTEX if pair else None
        return
    dataset, column = found
    if not pair:
        draft.extra_input(dataset, draft.given["vertices"])
    elif column is not None:
        message = f"with two inputs 'vertices' is a column of the second, found {describe(dataset)}"
        draft.reject("vertices", "E109", message)
    else:
        column = dataset
    draft.config["vertices"] = column or _VERTEX


_PAGERANK, _BFS, _PATH = ("pagerank",), ("bfs",), ("shortest_path",)

GRAPH = StepSpec(
    "graph",
    "An algorithm over edges; the result has a row per vertex.",
    (
        Key("algorithm", Choice(_ALGORITHMS, planned=_LATER), "Which one.", REQUIRED),
        Key("src", Name(), "Column of edge tails.", "src"),
        Key("dst", Name(), "Column of edge heads.", "dst"),
        Key("weight", Name(), "Column of edge weights; every edge counts 1 by default."),
        Key("directed", Bool(), "Whether edges have a direction.", True),
        Key("vertices", _Vertices(), "dataset or dataset.column that keeps isolated vertices."),
        Key("alpha", Number(0, 1), "Share of rank that follows an edge.", 0.85, (), _PAGERANK),
        Key(
            "tol",
            Number(0, above=True),
            "Stop below this change (L1, all vertices).",
            1e-6,
            (),
            _PAGERANK,
        ),
        Key("max_iter", Int(1), "Iterations to try.", 100, (), _PAGERANK),
        Key(
            "personalization",
            _Personalization(),
            "{vertex: weight} to jump to.",
            None,
            (),
            _PAGERANK,
        ),
        Key(
            "mode",
            Choice(("weak", "strong")),
            "Ignore direction, or follow it.",
            "weak",
            (),
            ("components",),
        ),
        Key(
            "sources",
            ListOf(ScalarId(), single=True, empty=False),
            "Vertices to start from.",
            None,
            (),
            _BFS,
        ),
        Key("max_depth", Int(), "Do not go further.", None, (), _BFS),
        Key("source", ScalarId(), "Vertex to start from.", None, (), _PATH),
        Key("target", ScalarId(), "Vertex to reach; the result is then the path.", None, (), _PATH),
        Key(
            "method", Choice(("auto", "bfs", "dijkstra", "bellman-ford")), "How.", "auto", (), _PATH
        ),
        Key("cutoff", Number(0), "Do not go further.", None, (), _PATH),
    ),
    min_inputs=1,
    max_inputs=2,
    open_order=True,
    finish=_finish,
)
