"""How the vertices of a ``graph`` step are named: weights by id, and the dataset of them."""

# ruff: noqa: D102 - what `parse` and `schema` do is said once, in `field.Kind`

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parquetframe.workflow.field import INVALID, Field, Reject
from parquetframe.workflow.spec.kinds import Name, Number, ScalarId

__all__ = ["VERTEX", "VertexDataset", "VertexWeights"]

VERTEX = "vertex"


@dataclass(frozen=True)
class VertexWeights:
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
class VertexDataset:
    """``dataset``, ``dataset.column`` or ``{dataset, column}``."""

    def parse(self, place: Field, value: Any) -> tuple[str, str | None]:
        filled = place.plain(value)
        if isinstance(filled, dict):
            if "dataset" not in filled or set(filled) - {"dataset", "column"}:
                raise Reject("E108", f"'{place.key}' must be {{dataset, column}}")
            dataset = place.at("dataset").read(Name(), filled["dataset"])
            column = place.at("column").read(Name(), filled.get("column", VERTEX))
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
