"""Small random graphs: parallel edges, loops, isolated vertices, several parts, any kind of ids."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import networkx as nx
import pyarrow as pa
from hypothesis import strategies as st

import parquetframe as pf

KINDS = ("int", "sparse", "text", "date", "bytes")


def make_id(kind: str, number: int) -> Any:
    if kind == "int":
        return number
    if kind == "sparse":
        return (number * 7919) % 1009 - 500
    if kind == "text":
        return f"v{number * 37 % 101}"
    if kind == "bytes":
        return bytes([number * 37 % 101])
    return dt.date(2000, 1, 1) + dt.timedelta(days=number * 37 % 101)


@dataclass(frozen=True)
class Case:
    """Edges as vertex numbers 0..n-1, which are also their order in the graph."""

    n: int
    edges: tuple[tuple[int, int], ...]
    weights: tuple[float, ...] | None
    directed: bool
    kind: str

    @property
    def ids(self) -> list[Any]:
        return [make_id(self.kind, v) for v in range(self.n)]

    def table(self) -> dict[str, Any]:
        ids = self.ids
        kinds = {"int": pa.int64(), "sparse": pa.int64(), "text": pa.string(), "date": pa.date32()}
        dtype = kinds.get(self.kind, pa.binary())
        table = {
            "src": pa.array([ids[u] for u, _ in self.edges], dtype),
            "dst": pa.array([ids[v] for _, v in self.edges], dtype),
        }
        if self.weights is not None:
            table["w"] = pa.array(self.weights, pa.float64())
        return table

    def graph(self, **options: Any) -> pf.Graph:
        """All vertices, in the order of their numbers."""
        dtype = self.table()["src"].type
        return pf.Graph.from_edges(
            self.table(),
            weight=None if self.weights is None else "w",
            directed=self.directed,
            vertices=pa.table({"id": pa.array(self.ids, dtype)}),
            **options,
        )

    def networkx(self, *, multi: bool = True, weight: str = "sum") -> nx.Graph:
        """The same graph over numbers; simple graphs merge parallel edges."""
        if multi:
            made = nx.MultiDiGraph() if self.directed else nx.MultiGraph()
        else:
            made = nx.DiGraph() if self.directed else nx.Graph()
        made.add_nodes_from(range(self.n))
        weights = self.weights or (1.0,) * len(self.edges)
        for (u, v), w in zip(self.edges, weights, strict=True):
            if not multi and made.has_edge(u, v):
                old = made[u][v]["weight"]
                made[u][v]["weight"] = old + w if weight == "sum" else min(old, w)
            else:
                made.add_edge(u, v, weight=w)
        return made


@st.composite
def cases(
    draw: Any,
    *,
    max_vertices: int = 12,
    max_edges: int = 30,
    directed: bool | None = None,
    weights: str | None = "maybe",
    least: float = 1,
    loops: bool = True,
    repeats: bool = True,
) -> Case:
    n = draw(st.integers(1, max_vertices))
    vertex = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(vertex, vertex), max_size=max_edges))
    is_directed = draw(st.booleans()) if directed is None else directed
    if not loops:
        edges = [(u, v) for u, v in edges if u != v]
    if not repeats:
        seen = {(u, v) if is_directed else (min(u, v), max(u, v)): (u, v) for u, v in edges}
        edges = list(seen.values())
    found = None
    if weights == "always" or (weights == "maybe" and draw(st.booleans())):
        weight = st.integers(int(least), 9).map(float)
        found = tuple(draw(st.lists(weight, min_size=len(edges), max_size=len(edges))))
    kind = draw(st.sampled_from(KINDS))
    return Case(n, tuple(edges), found, is_directed, kind)
