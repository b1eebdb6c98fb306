"""The contract of graphs, row 13 and on: what happens where libraries disagree."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from table_facts import CHAIN, fact, pairs

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")


def _seed_of(vertex, n):
    """A seed whose sample of one is this vertex."""
    from parquetframe.graph.sampling import SplitMix64

    return next(s for s in itertools.count() if SplitMix64(s).sample(n, 1) == [vertex])


class TestRow13Undirected:
    EDGES: ClassVar = {"src": [0, 1, 1], "dst": [1, 0, 1]}

    def test_each_row_is_one_edge_and_a_loop_stands_once(self):
        g = pf.Graph.from_edges(self.EDGES, directed=False)
        assert (g.num_vertices, g.num_edges) == (2, 3)
        rows = g.csr()
        assert rows.indptr.tolist() == [0, 2, 5]
        assert rows.indices.tolist() == [1, 1, 0, 0, 1]
        assert rows.edge_ids.tolist() == [0, 1, 0, 1, 2]

    def test_a_loop_counts_twice_or_once(self):
        g = pf.Graph.from_edges(self.EDGES, directed=False)
        assert g.degree()["degree"].to_pylist() == [2, 4]
        assert g.degree(loops="once")["degree"].to_pylist() == [2, 3]
        d = pf.Graph.from_edges(self.EDGES)
        assert d.degree()["degree"].to_pylist() == [1, 2]
        assert d.degree("in")["degree"].to_pylist() == [1, 2]
        assert d.degree("both")["degree"].to_pylist() == [2, 4]
        assert d.degree("both", "once")["degree"].to_pylist() == [2, 3]

    def test_to_undirected(self):
        g = pf.Graph.from_edges(self.EDGES)
        assert g.to_undirected().num_edges == 3
        assert g.to_undirected("dedup").edges.to_pydict() == {"src": [0, 1], "dst": [1, 1]}
        twice = g.to_undirected()
        assert twice.to_undirected() is twice
        assert twice.to_undirected(rows="dedup").num_edges == 2

    def test_undirected_is_directed_with_both_arcs(self):
        src, dst = np.array([0, 1, 2, 0]), np.array([1, 2, 3, 4])
        one = pf.Graph.from_arrays(src, dst, num_vertices=6, directed=False)
        two = pf.Graph.from_arrays(
            np.concatenate([src, dst]), np.concatenate([dst, src]), num_vertices=6
        )
        assert one.bfs(3).equals(two.bfs(3))
        assert one.connected_components().equals(two.connected_components("strong"))
        assert one.pagerank()["rank"].to_pylist() == pytest.approx(
            two.pagerank()["rank"].to_pylist(), abs=1e-15
        )


class TestRow14IsolatedVertices:
    def test_vertices_and_num_vertices_keep_them(self):
        table = pf.Graph.from_edges({"src": [5], "dst": [9]}, vertices={"id": [9, 7, 5]})
        assert table.ids.to_pylist() == [9, 7, 5]
        assert table.degree()["degree"].to_pylist() == [0, 0, 1]
        dense = pf.Graph.from_edges({"src": [0], "dst": [2]}, num_vertices=5)
        assert dense.ids.to_pylist() == [0, 1, 2, 3, 4]

    def test_mapped_ids_have_no_gaps(self):
        g = pf.Graph.from_edges({"src": [5], "dst": [900]})
        assert g.ids.to_pylist() == [5, 900]

    def test_dropped_loops_leave_their_vertices(self):
        g = pf.Graph.from_edges({"src": [1, 2], "dst": [1, 3]}, self_loops="drop")
        assert (g.ids.to_pylist(), g.num_edges) == ([1, 2, 3], 1)

    def test_an_isolated_vertex_changes_nothing_else(self):
        edges = {"src": [1, 2, 3], "dst": [2, 3, 1]}
        a, b = pf.Graph.from_edges(edges), pf.Graph.from_edges(edges, vertices=[1, 2, 3, 99])
        for name in ("triangles", "core_number", "clustering"):
            assert getattr(b, name)().slice(0, 3).to_pydict() == getattr(a, name)().to_pydict()


def test_row_15_closeness_is_incoming_and_scaled_unless_said():
    g = pf.Graph.from_edges(CHAIN)
    theirs = nx.DiGraph(zip(*CHAIN.values(), strict=True))
    assert pairs(g.closeness(), "closeness") == nx.closeness_centrality(theirs)
    plain = nx.closeness_centrality(theirs, wf_improved=False)
    assert pairs(g.closeness(wf_improved=False), "closeness") == plain
    assert pairs(g.closeness(direction="out"), "closeness") == nx.closeness_centrality(
        theirs.reverse()
    )


def test_row_16_betweenness_is_that_of_networkx():
    path = nx.path_graph(5)
    g = pf.Graph.from_networkx(path)
    for options in ({}, {"normalized": False}, {"endpoints": True}):
        expected = nx.betweenness_centrality(path, **options)
        assert pairs(g.betweenness(**options), "betweenness") == pytest.approx(expected, rel=1e-12)
    assert g.betweenness(k=5).column("betweenness").equals(g.betweenness().column("betweenness"))
    assert g.betweenness(k=2, seed=7).equals(g.betweenness(k=2, seed=7))
    samples = {str(g.betweenness(k=2, seed=s)["betweenness"].to_pylist()) for s in range(20)}
    assert len(samples) > 1


def test_row_17_components_are_numbered_by_first_vertex():
    edges = {"src": ["z", "b", "y"], "dst": ["y", "a", "z"]}
    found = pf.Graph.from_edges(edges).connected_components("strong")
    assert found.to_pydict() == {"vertex": ["z", "y", "b", "a"], "component_id": [0, 0, 1, 2]}


def test_row_18_clustering_ignores_loops_and_repeats():
    plain = {"src": [0, 1, 2, 0], "dst": [1, 2, 0, 3]}
    more = {"src": [*plain["src"], 0, 1, 1], "dst": [*plain["dst"], 0, 2, 1]}
    for directed in (True, False):
        a = pf.Graph.from_edges(plain, directed=directed)
        b = pf.Graph.from_edges(more, directed=directed)
        for name in ("clustering", "triangles", "core_number"):
            assert getattr(a, name)().to_pydict() == getattr(b, name)().to_pydict()
        assert a.transitivity() == b.transitivity() == 3 / 5


def test_row_19_label_propagation_takes_the_smallest_label():
    g = pf.Graph.from_edges({"src": [0, 0, 0], "dst": [1, 2, 3]}, directed=False)
    first = g.label_propagation(max_iter=1)
    assert first["community_id"].to_pylist() == [0, 1, 1, 1]  # 0 took label 1, the others label 0
    assert fact(g.label_propagation(max_iter=7), "converged") is False


class TestRow20Reproducible:
    def test_the_same_bits_for_any_number_of_threads_and_any_run(self):
        rng = np.random.default_rng(9)
        src, dst = rng.integers(0, 3000, 20_000), rng.integers(0, 3000, 20_000)
        weights = rng.integers(1, 255, 20_000)
        g = pf.Graph.from_arrays(src, dst, weights, num_vertices=3000)
        calls = {
            "pagerank": {}, "hits": {}, "bfs": {"sources": 0}, "shortest_paths": {"source": 0},
            "connected_components": {}, "triangles": {}, "louvain": {}, "label_propagation": {},
            "betweenness": {"k": 4}, "closeness": {"vertices": [1, 2, 3]}, "degree": {},
            "core_number": {}, "minimum_spanning_forest": {}, "clustering": {},
        }  # fmt: skip
        for name, options in calls.items():
            found = [getattr(g, name)(**options, threads=k) for k in (1, 2, 3, 8)]
            assert all(table.equals(found[0]) for table in found), name


class TestRow21NanInfNull:
    def test_null_ends(self):
        edges = {"src": ["a", None, "b"], "dst": ["b", "c", None]}
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_edges(edges)
        assert str(caught.value) == (
            'edge row 2: src is null (pass nulls="drop" to skip such rows)'
        )
        assert (caught.value.row, caught.value.column) == (2, "src")
        g = pf.Graph.from_edges(edges, nulls="drop")
        assert (g.ids.to_pylist(), g.num_edges) == (["a", "b"], 1)
        with pytest.raises(errors.GraphError, match="edge row 1: dst is null"):
            pf.Graph.from_edges({"src": [1, None], "dst": [None, 2]})

    def test_null_weights(self):
        edges = {"src": [0, 1], "dst": [1, 0], "w": pa.array([1.5, None])}
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_edges(edges, weight="w")
        assert str(caught.value) == (
            "edge row 2: weight is null (pass default_weight to fill such rows)"
        )
        g = pf.Graph.from_edges(edges, weight="w", default_weight=4)
        assert g.edges["weight"].to_pylist() == [1.5, 4.0]

    def test_rows_are_those_of_the_table_that_was_given(self):
        edges = {"src": [0, None, 1], "dst": [1, 1, 0], "w": [1.0, 1.0, math.nan]}
        with pytest.raises(errors.GraphError, match="edge row 3: weight is NaN"):
            pf.Graph.from_edges(edges, weight="w", nulls="drop")
        edges["w"] = [1.0, 1.0, -1.0]
        g = pf.Graph.from_edges(edges, weight="w", nulls="drop")
        with pytest.raises(errors.NegativeWeight, match=r"\(row 3\)"):
            g.pagerank()

    def test_infinite_weights_are_no_way_and_an_error_elsewhere(self):
        g = pf.Graph.from_edges(([0, 1, 0], [1, 2, 2], [1.0, math.inf, 5.0]))
        for method in ("dijkstra", "delta", "bellman-ford", "auto"):
            found = g.shortest_paths(0, method=method)
            assert pairs(found, "distance") == {0: 0.0, 1: 1.0, 2: 5.0}
            assert pairs(found, "predecessor") == {0: None, 1: 0, 2: 0}
        for name in ("pagerank", "hits", "louvain", "minimum_spanning_forest"):
            with pytest.raises(errors.GraphError) as caught:
                getattr(g, name)()
            assert str(caught.value) == (f"edge row 2: weight is inf; {name} needs finite weights")
        with pytest.raises(errors.GraphError, match="edge row 1: weight is -inf"):
            pf.Graph.from_edges(([0], [1], [-math.inf]))


class TestRow22IdTypes:
    def test_the_whole_range_of_uint64(self):
        big = 2**64 - 1
        g = pf.Graph.from_edges(
            {"src": pa.array([big, 2**63], pa.uint64()), "dst": pa.array([1, big], pa.uint64())}
        )
        assert g.ids.to_pylist() == [big, 1, 2**63]
        assert g.bfs(2**63)["distance"].to_pylist() == [1, 2, 0]

    def test_floats_are_refused(self):
        with pytest.raises(errors.SchemaError) as caught:
            pf.Graph.from_edges({"src": [1.0], "dst": [2.0]})
        assert str(caught.value) == (
            "src has type float64; ids are integers, text, binary, dates or booleans"
        )

    def test_kinds_never_mix(self):
        with pytest.raises(errors.SchemaError) as caught:
            pf.Graph.from_edges({"src": [1], "dst": ["1"]})
        assert str(caught.value) == (
            "src has type int64, dst has type string; cast one of them, ids of both must be of one "
            "kind"
        )
        g = pf.Graph.from_edges({"src": [1], "dst": [2]})
        with pytest.raises(errors.VertexNotFound):
            g.bfs("1")
        with pytest.raises(errors.VertexNotFound):
            g.bfs(1.0)
        with pytest.raises(errors.VertexNotFound):
            g.bfs(True)


def test_permuting_vertices_permutes_results():
    rng = np.random.default_rng(17)
    n, m = 40, 120
    src, dst = rng.integers(0, n, m), rng.integers(0, n, m)
    new = rng.permutation(n)
    a = pf.Graph.from_arrays(src, dst, num_vertices=n)
    b = pf.Graph.from_arrays(new[src], new[dst], num_vertices=n)
    for name, value in (
        ("triangles", "triangles"), ("core_number", "core_number"), ("degree", "degree"),
        ("clustering", "clustering"), ("pagerank", "rank"), ("closeness", "closeness"),
        ("betweenness", "betweenness"), ("harmonic", "harmonic"),
    ):  # fmt: skip
        x = np.array(getattr(a, name)()[value])
        y = np.array(getattr(b, name)()[value])
        assert y[new] == pytest.approx(x, rel=1e-12, abs=1e-12), name
    hops = np.array(a.bfs(0, include_unreached=True)["distance"].fill_null(-1))
    moved = np.array(b.bfs(int(new[0]), include_unreached=True)["distance"].fill_null(-1))
    assert moved[new].tolist() == hops.tolist()


def test_shuffled_rows_give_the_same_with_sorted_ids():
    rng = np.random.default_rng(23)
    src, dst, w = rng.integers(0, 30, 90), rng.integers(0, 30, 90), rng.integers(1, 5, 90)
    first = None
    for _ in range(4):
        order = rng.permutation(90)
        edges = {"src": src[order], "dst": dst[order], "w": w[order]}
        g = pf.Graph.from_edges(edges, weight="w", id_order="sorted")
        found = [
            g.pagerank(), g.dfs(), g.bfs(int(src[0])), g.louvain(), g.shortest_paths(int(src[0])),
        ]  # fmt: skip
        assert g.ids.to_pylist() == sorted({*src.tolist(), *dst.tolist()})
        first = first or found
        assert all(a.equals(b) for a, b in zip(found, first, strict=True))


def test_numbers_of_paths_beyond_floating_point():
    """A ladder of diamonds has 2^1100 shortest paths from end to end."""
    count = 1100
    src, dst = [], []
    for i in range(count):
        a, up, down, b = 3 * i, 3 * i + 1, 3 * i + 2, 3 * i + 3
        src += [a, a, up, down]
        dst += [up, down, b, b]
    n = 3 * count + 1
    for weights, weight in ((None, None), ([1.0] * len(src), "auto")):
        g = pf.Graph.from_arrays(src, dst, weights, num_vertices=n)
        found = np.array(
            g.betweenness(k=1, seed=_seed_of(0, n), normalized=False, weight=weight)["betweenness"]
        )
        raw = found[[v for v in range(n) if v != 0]]
        assert np.isfinite(raw).all()
        scale = n - 1
        inner = [raw[3 * i] for i in range(count)]
        later = [(count - 1 - i) * 3 + 1 for i in range(count)]
        half = [k / 2 for k in later]  # every second path leads over it
        assert np.array(inner) / scale == pytest.approx(np.array(half), rel=1e-9)
