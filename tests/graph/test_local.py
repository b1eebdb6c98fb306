"""Degrees, neighbours and graphs made from graphs."""

from __future__ import annotations

import pyarrow as pa
import pytest
from graph_strategies import cases
from hypothesis import HealthCheck, given, settings

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")

quick = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


EDGES = {"a": ["x", "y", "x"], "b": ["y", "z", "z"], "w": [1.0, 2.0, 5.0]}


class TestLocal:
    @quick
    @given(case=cases())
    def test_neighbors_and_edges(self, case):
        g, ids = case.graph(), case.ids
        theirs = case.networkx()
        for u in range(case.n):
            out = sorted(g.neighbors(ids[u]).to_pylist(), key=str)
            ends = [v for a, v in case.edges if a == u]
            if not case.directed:
                ends += [a for a, v in case.edges if v == u and a != u]
            assert out == sorted((ids[v] for v in ends), key=str)
            for v in range(case.n):
                assert g.has_edge(ids[u], ids[v]) == theirs.has_edge(u, v)
        if case.directed:
            back = g.neighbors(ids[0], "in").to_pylist()
            assert back == [ids[u] for u in sorted(u for u, v in case.edges if v == 0)]
            both = g.neighbors(ids[0], "both").to_pylist()
            assert both == g.neighbors(ids[0]).to_pylist() + back

    def test_unknown_vertices(self):
        g = pf.Graph.from_edges(EDGES, "a", "b")
        assert not g.has_edge("x", "q")
        assert not g.has_edge(1, 2)
        with pytest.raises(errors.VertexNotFound):
            g.neighbors("q")
        with pytest.raises(KeyError):
            g.neighbors("q")
        with pytest.raises(ValueError, match="direction"):
            g.neighbors("x", "up")

    @quick
    @given(case=cases())
    def test_subgraph(self, case):
        keep = [v for v in range(case.n) if v % 3]
        part = case.graph().subgraph([case.ids[v] for v in reversed(keep)])
        assert part.ids.to_pylist() == [case.ids[v] for v in keep]
        inside = [(u, v) for u, v in case.edges if u in keep and v in keep]
        if not case.directed:
            inside = [(min(e), max(e)) for e in inside]
        found = part.edges
        place = {v: k for k, v in enumerate(case.ids)}
        ends = [[place[x] for x in found[name].to_pylist()] for name in ("src", "dst")]
        assert list(zip(*ends, strict=True)) == inside

    @quick
    @given(case=cases())
    def test_reverse(self, case):
        g = case.graph()
        turned = g.reverse()
        if not case.directed:
            assert turned is g
            return
        assert turned.edges["src"].equals(g.edges["dst"])
        assert turned.edges["dst"].equals(g.edges["src"])
        assert turned.reverse().edges.equals(g.edges)
        assert turned.ids.equals(g.ids)

    def test_parts_keep_properties(self):
        g = pf.Graph.from_edges(
            {"src": ["a", "b"], "dst": ["b", "c"], "line": ["x", "y"]},
            vertices={"id": ["c", "b", "a"], "name": ["C", "B", "A"]}, edge_properties=True,
        )  # fmt: skip
        part = g.subgraph(["b", "c"])
        assert part.vertices.to_pydict() == {"vertex": ["c", "b"], "name": ["C", "B"]}
        assert part.edges["line"].to_pylist() == ["y"]
        assert g.reverse().vertices["name"].to_pylist() == ["C", "B", "A"]

    def test_what_a_graph_says_of_itself(self):
        g = pf.Graph.from_edges(EDGES, "a", "b", "w")
        assert repr(g) == "<parquetframe.Graph: 3 vertices, 3 edges, directed, weighted>"
        assert repr(g.to_undirected()).endswith("undirected, weighted>")
        assert g.to_arrow().equals(g.edges)
        assert pa.table(g).equals(g.edges)
        before = g.nbytes
        g.csc()
        assert before > 100
        assert g.nbytes > before
        assert g.backend in ("rust", "python")
