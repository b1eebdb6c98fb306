"""The step `graph` against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from networkx.algorithms.link_analysis import pagerank_alg

from parquetframe import errors

RNG = np.random.default_rng(5)
PAIRS = sorted({(int(a), int(b)) for a, b in RNG.integers(0, 60, (150, 2)) if a != b})
WEIGHTS = [float(w) for w in RNG.integers(1, 20, len(PAIRS))]
EDGES = pa.table({"src": [a for a, _ in PAIRS], "dst": [b for _, b in PAIRS], "w": WEIGHTS})
NAMED = pa.table({"a": ["x", "y", "x", "z", "q"], "b": ["y", "z", "z", "x", "r"]})


def graph_of(directed: bool) -> nx.Graph:
    graph = nx.DiGraph() if directed else nx.Graph()
    if directed:
        graph.add_weighted_edges_from(
            zip(EDGES["src"].to_pylist(), EDGES["dst"].to_pylist(), WEIGHTS, strict=True)
        )
        return graph
    for (a, b), w in zip(PAIRS, WEIGHTS, strict=True):  # parallel edges: both count
        old = graph.get_edge_data(a, b, {"weight": 0.0, "low": float("inf")})
        graph.add_edge(a, b, weight=old["weight"] + w, low=min(old["low"], w))
    return graph


def graph(flow, edges=EDGES, **step):
    return flow.one(edges, type="graph", **step)


def ranks(graph: nx.Graph, **options: object) -> dict:
    # The pure-Python form of networkx: no scipy needed.
    return pagerank_alg._pagerank_python(graph, tol=1e-12 / len(graph), max_iter=1000, **options)


class TestPagerank:
    @pytest.mark.parametrize("directed", [True, False])
    @pytest.mark.parametrize("weight", [None, "w"])
    def test_ranks(self, flow, directed, weight):
        found = graph(
            flow, algorithm="pagerank", directed=directed, weight=weight, tol=1e-13, max_iter=1000
        )
        if directed:
            expected = ranks(graph_of(True), weight=weight and "weight")
        else:
            both = nx.MultiGraph()
            both.add_weighted_edges_from(
                (a, b, w if weight else 1.0) for (a, b), w in zip(PAIRS, WEIGHTS, strict=True)
            )
            expected = ranks(both, weight="weight")
        assert found.column_names == ["vertex", "rank"]
        assert found.schema.types == [pa.int64(), pa.float64()]
        assert found["vertex"].to_pylist() == sorted(expected)
        assert found["rank"].to_pylist() == pytest.approx(
            [expected[v] for v in sorted(expected)], rel=1e-8
        )
        assert sum(found["rank"].to_pylist()) == pytest.approx(1.0)

    def test_default_tolerance_is_close(self, flow):
        found = graph(flow, algorithm="pagerank")
        expected = ranks(graph_of(True), weight=None)
        difference = sum(
            abs(r - expected[v]) for v, r in zip(*found.to_pydict().values(), strict=True)
        )
        assert difference < 1e-5

    def test_alpha(self, flow):
        found = graph(flow, algorithm="pagerank", alpha=0.5, tol=1e-13)
        expected = ranks(graph_of(True), alpha=0.5, weight=None)
        assert found["rank"].to_pylist() == pytest.approx(
            [expected[v] for v in sorted(expected)], rel=1e-8
        )

    def test_personalization(self, flow):
        start = {3: 1.0, 7: 3.0}
        found = graph(flow, algorithm="pagerank", personalization=start, tol=1e-13, max_iter=1000)
        expected = ranks(graph_of(True), personalization=start, weight=None)
        assert found["rank"].to_pylist() == pytest.approx(
            [expected[v] for v in sorted(expected)], rel=1e-8, abs=1e-15
        )

    def test_text_vertices(self, flow):
        found = graph(flow, NAMED, algorithm="pagerank", src="a", dst="b", tol=1e-13)
        expected = ranks(nx.DiGraph(zip(*NAMED.to_pydict().values(), strict=True)))
        assert found.schema.types == [pa.string(), pa.float64()]
        assert dict(zip(*found.to_pydict().values(), strict=True)) == pytest.approx(
            expected, rel=1e-8
        )
        assert found["vertex"].to_pylist() == ["q", "r", "x", "y", "z"]

    def test_not_converged_is_a_warning(self, flow):
        step = {
            "name": "g",
            "type": "graph",
            "input": "t",
            "algorithm": "pagerank",
            "max_iter": 1,
            "tol": 1e-15,
        }
        result = flow.run({"t": EDGES}, step)
        assert result.steps["g"].info["converged"] is False
        assert any("g" in text and "converge" in text for text in result.warnings)
        good = flow.run({"t": EDGES}, {**step, "max_iter": 100, "tol": 1e-6})
        assert good.steps["g"].info["converged"] is True
        assert good.warnings == ()


class TestComponents:
    @pytest.mark.parametrize("mode", ["weak", "strong"])
    def test_partition_and_numbers(self, flow, mode):
        edges = EDGES.slice(0, 40)
        built = nx.DiGraph(PAIRS[:40])
        parts = (
            nx.weakly_connected_components(built)
            if mode == "weak"
            else nx.strongly_connected_components(built)
        )
        found = graph(flow, edges, algorithm="components", mode=mode)
        label = {}
        for number, part in enumerate(sorted(parts, key=min)):
            label.update(dict.fromkeys(part, number))
        vertices = sorted(label)
        flow.same(found, {"vertex": vertices, "component_id": [label[v] for v in vertices]})

    def test_undirected(self, flow):
        found = graph(flow, NAMED, algorithm="components", src="a", dst="b", directed=False)
        flow.same(found, {"vertex": ["q", "r", "x", "y", "z"], "component_id": [0, 0, 1, 1, 1]})

    def test_vertices_dataset_keeps_isolated_ones(self, flow):
        tables = {"e": NAMED, "v": pa.table({"name": ["x", "lonely", "r"]})}
        step = {
            "type": "graph",
            "input": "e",
            "algorithm": "components",
            "src": "a",
            "dst": "b",
            "vertices": "v.name",
        }
        found = flow.table(tables, step)
        assert found["vertex"].to_pylist() == ["lonely", "q", "r", "x", "y", "z"]
        assert found["component_id"].to_pylist() == [0, 1, 1, 2, 2, 2]


class TestBfs:
    @pytest.mark.parametrize("directed", [True, False])
    def test_distances(self, flow, directed):
        start = PAIRS[0][0]
        found = graph(flow, algorithm="bfs", sources=[start], directed=directed)
        built = graph_of(directed)
        expected = nx.single_source_shortest_path_length(built, start)
        assert found.schema.names == ["vertex", "distance", "predecessor"]
        assert found.schema.types == [pa.int64(), pa.int64(), pa.int64()]
        assert found["vertex"].to_pylist() == sorted(expected)
        rows = {row["vertex"]: row for row in found.to_pylist()}
        for vertex, distance in expected.items():
            row = rows[vertex]
            assert row["distance"] == distance
            if vertex == start:
                assert row["predecessor"] is None
            else:
                assert built.has_edge(row["predecessor"], vertex)
                assert expected[row["predecessor"]] == distance - 1

    def test_several_sources_and_depth(self, flow):
        starts = [PAIRS[0][0], PAIRS[70][0]]
        found = graph(flow, algorithm="bfs", sources=starts, max_depth=2)
        expected = {}
        for start in starts:
            for v, d in nx.single_source_shortest_path_length(
                graph_of(True), start, cutoff=2
            ).items():
                expected[v] = min(d, expected.get(v, 99))
        assert (
            dict(zip(found["vertex"].to_pylist(), found["distance"].to_pylist(), strict=True))
            == expected
        )

    def test_text(self, flow):
        found = graph(flow, NAMED, algorithm="bfs", src="a", dst="b", sources=["x"])
        flow.same(
            found,
            {"vertex": ["x", "y", "z"], "distance": [0, 1, 1], "predecessor": [None, "x", "x"]},
        )

    def test_unknown_source(self, flow):
        error = flow.one_fails(
            EDGES, type="graph", algorithm="bfs", sources=[99_999], cls=errors.VertexNotFound
        )
        assert error.kind == "data"
        assert "99999" in str(error)


class TestShortestPath:
    @pytest.mark.parametrize("directed", [True, False])
    @pytest.mark.parametrize("method", ["auto", "dijkstra", "bellman-ford"])
    def test_weighted(self, flow, directed, method):
        start = PAIRS[3][0]
        found = graph(
            flow,
            algorithm="shortest_path",
            source=start,
            weight="w",
            directed=directed,
            method=method,
        )
        built = graph_of(directed)
        key = "weight" if directed else "low"
        expected = nx.single_source_dijkstra_path_length(built, start, weight=key)
        assert found.schema.types == [pa.int64(), pa.float64(), pa.int64()]
        assert found["vertex"].to_pylist() == sorted(expected)
        assert found["distance"].to_pylist() == [expected[v] for v in sorted(expected)]
        for row in found.to_pylist():
            if row["vertex"] != start:
                step = built.edges[row["predecessor"], row["vertex"]][key]
                assert expected[row["predecessor"]] + step == row["distance"]

    def test_unweighted(self, flow):
        start = PAIRS[3][0]
        found = graph(flow, algorithm="shortest_path", source=start)
        expected = nx.single_source_shortest_path_length(graph_of(True), start)
        assert found.schema.types[1] == pa.int64()
        assert (
            dict(zip(found["vertex"].to_pylist(), found["distance"].to_pylist(), strict=True))
            == expected
        )

    def test_cutoff(self, flow):
        start = PAIRS[3][0]
        found = graph(flow, algorithm="shortest_path", source=start, weight="w", cutoff=20)
        expected = nx.single_source_dijkstra_path_length(graph_of(True), start, cutoff=20)
        assert (
            dict(zip(found["vertex"].to_pylist(), found["distance"].to_pylist(), strict=True))
            == expected
        )
        assert len(expected) > 3

    def test_target_gives_the_path(self, flow):
        start = PAIRS[3][0]
        lengths = nx.single_source_dijkstra_path_length(graph_of(True), start)
        target = max(lengths, key=lengths.get)
        found = graph(flow, algorithm="shortest_path", source=start, target=target, weight="w")
        assert found.schema.names == ["position", "vertex", "distance"]
        assert found.schema.types == [pa.int64(), pa.int64(), pa.float64()]
        path = found["vertex"].to_pylist()
        assert found["position"].to_pylist() == list(range(len(path)))
        assert (path[0], path[-1]) == (start, target)
        assert nx.is_path(graph_of(True), path)
        assert found["distance"].to_pylist() == [lengths[v] for v in path]

    def test_negative_weights(self, flow):
        edges = pa.table({"src": [1, 1, 2], "dst": [2, 3, 3], "w": [4.0, 2.0, -3.0]})
        found = graph(
            flow, edges, algorithm="shortest_path", source=1, weight="w", method="bellman-ford"
        )
        flow.same(
            found,
            {
                "vertex": [1, 2, 3],
                "distance": [0.0, 4.0, 1.0],
                "predecessor": pa.array([None, 1, 2], pa.int64()),
            },
        )
        step = {"type": "graph", "algorithm": "shortest_path", "source": 1, "weight": "w"}
        flow.one_fails(edges, **step, method="dijkstra", cls=errors.NegativeWeight)

    def test_negative_cycle(self, flow):
        edges = pa.table({"src": [1, 2], "dst": [2, 1], "w": [1.0, -3.0]})
        step = {
            "type": "graph",
            "algorithm": "shortest_path",
            "source": 1,
            "weight": "w",
            "method": "bellman-ford",
        }
        flow.one_fails(edges, **step, cls=errors.NegativeCycle)

    def test_unknown_source(self, flow):
        step = {"type": "graph", "algorithm": "shortest_path", "source": 99_999}
        flow.one_fails(EDGES, **step, cls=errors.VertexNotFound)


ALGORITHMS = [
    {"algorithm": "pagerank"},
    {"algorithm": "components"},
    {"algorithm": "bfs", "sources": [1]},
    {"algorithm": "shortest_path", "source": 1},
]


class TestErrors:
    @pytest.mark.parametrize("step", ALGORITHMS, ids=lambda s: s["algorithm"])
    def test_unknown_column(self, flow, step):
        error = flow.one_fails(EDGES, type="graph", src="source", **step)
        assert error.code == "E301"

    @pytest.mark.parametrize("step", ALGORITHMS, ids=lambda s: s["algorithm"])
    def test_null_vertex(self, flow, step):
        edges = pa.table({"src": [1, None], "dst": [2, 3]})
        error = flow.one_fails(edges, type="graph", **step)
        assert isinstance(error.__cause__, (errors.SchemaError, errors.GraphError))
        assert "src" in str(error) or "null" in str(error).lower()

    @pytest.mark.parametrize("step", ALGORITHMS, ids=lambda s: s["algorithm"])
    def test_key_types_differ(self, flow, step):
        edges = pa.table({"src": [1, 2], "dst": ["1", "2"]})
        error = flow.one_fails(edges, type="graph", **step)
        assert isinstance(error.__cause__, errors.SchemaError)

    @pytest.mark.parametrize("key", [{"algorithm": "page_rank"}, {"algorithm": "bfs"}, {"algorithm": "shortest_path"}, {"algorithm": "pagerank", "sources": [1]}, {"algorithm": "pagerank", "alpha": 2}, {"algorithm": "components", "mode": "mild"}, {"algorithm": "triangle"}, {"algorithm": "triangles", "weight": "w"}, {"algorithm": "dfs", "alpha": 0.5}, {"algorithm": "louvain", "resolution": -1}, {"algorithm": "betweenness", "k": 0}, {"algorithm": "topological_sort", "directed": False}, {"algorithm": "shortest_path", "source": 1, "delta": 2.0}, {"algorithm": "shortest_path", "source": 1, "target": 2, "include_unreached": True}, {"algorithm": "hits", "dangling": {1: 1}}], ids=str)  # fmt: skip
    def test_invalid_keys(self, flow, key):
        flow.invalid({"t": EDGES}, {"type": "graph", "input": "t", **key})

    def test_negative_pagerank_weight(self, flow):
        edges = pa.table({"src": [1, 2], "dst": [2, 1], "w": [1.0, -1.0]})
        flow.one_fails(
            edges, type="graph", algorithm="pagerank", weight="w", cls=errors.NegativeWeight
        )


@pytest.mark.parametrize("step", ALGORITHMS[:2], ids=lambda s: s["algorithm"])
def test_no_edges(flow, step):
    found = graph(flow, EDGES.slice(0, 0), **step)
    assert found.num_rows == 0
    assert found.schema.field("vertex").type == pa.int64()


def test_loops_and_repeats(flow):
    edges = pa.table({"src": [1, 1, 2, 2], "dst": [1, 2, 1, 1]})
    flow.same(
        graph(flow, edges, algorithm="components"), {"vertex": [1, 2], "component_id": [0, 0]}
    )
    flow.same(
        graph(flow, edges, algorithm="bfs", sources=[2]),
        {"vertex": [1, 2], "distance": [1, 0], "predecessor": pa.array([2, None], pa.int64())},
    )
