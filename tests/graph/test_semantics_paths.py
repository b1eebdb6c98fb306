"""The contract of graphs, rows 6 to 12: searches and paths."""

from __future__ import annotations

import itertools
from typing import ClassVar

import pytest
from table_facts import fact, pairs

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")


class TestRow6BfsParent:
    def test_smallest_vertex_of_the_level_before_whatever_the_order(self):
        edges = [(0, 3), (0, 1), (0, 2), (3, 4), (2, 4), (1, 4)]
        for order in itertools.permutations(edges, 6):
            src, dst = zip(*order, strict=True)
            g = pf.Graph.from_arrays(src, dst, num_vertices=5)
            assert g.bfs(0)["predecessor"].to_pylist() == [None, 0, 0, 0, 1]

    def test_both_directions(self):
        g = pf.Graph.from_arrays([2, 1, 3], [0, 2, 2], num_vertices=4)
        assert g.bfs(0, direction="in")["predecessor"].to_pylist() == [None, 2, 0, 2]


class TestRow7DfsOrder:
    EDGES = ([0, 0, 2, 1, 3], [2, 1, 3, 3, 1])

    def test_recursive_order_over_rows(self):
        g = pf.Graph.from_arrays(*self.EDGES, num_vertices=4)
        found = g.dfs(0)
        order = sorted(found["vertex"].to_pylist(), key=lambda v: found["discover"][v].as_py())
        assert order == [0, 2, 3, 1]  # 1 is met first as a neighbour of 3, not of 0

    def test_sort_neighbors(self):
        g = pf.Graph.from_arrays(*self.EDGES, num_vertices=4)
        found = g.dfs(0, sort_neighbors=True)
        order = sorted(found["vertex"].to_pylist(), key=lambda v: found["discover"][v].as_py())
        assert order == [0, 1, 3, 2]


def test_row_8_a_vertex_first_met_at_the_limit_is_not_expanded_later():
    g = pf.Graph.from_arrays([0, 1, 0, 2], [1, 2, 2, 3], num_vertices=4)
    assert g.dfs(0, max_depth=2)["vertex"].to_pylist() == [0, 1, 2]
    assert g.bfs(0, max_depth=2)["vertex"].to_pylist() == [0, 1, 2, 3]


def test_row_9_ties_go_to_the_smallest_predecessor():
    edges = ([0, 0, 0, 3, 2, 1], [3, 2, 1, 4, 4, 4], [1, 1, 1, 1, 1, 1])
    g = pf.Graph.from_arrays(*edges, num_vertices=5)
    for method in ("dijkstra", "delta", "bellman-ford", "auto"):
        found = g.shortest_paths(0, method=method)
        assert found["predecessor"].to_pylist() == [None, 0, 0, 0, 1]


class TestRow10NegativeWeights:
    EDGES: ClassVar = {
        "a": ["JFK", "JFK", "LAX"],
        "b": ["BOS", "LAX", "BOS"],
        "w": [4.0, 2.0, -3.5],
    }

    def graph(self, **more):
        return pf.Graph.from_edges(self.EDGES | more, "a", "b", "w")

    def test_auto_takes_bellman_ford(self):
        found = self.graph().shortest_paths("JFK")
        assert found["distance"].to_pylist() == [0.0, -1.5, 2.0]
        assert fact(found, "method") == "bellman-ford"

    @pytest.mark.parametrize("method", ["dijkstra", "delta"])
    def test_others_refuse(self, method):
        with pytest.raises(errors.NegativeWeight) as caught:
            self.graph().shortest_paths("JFK", method=method)
        assert str(caught.value) == (
            f"weight -3.5 on edge 'LAX'->'BOS' (row 3): {method} needs weights >= 0; "
            'use method="bellman-ford"'
        )

    def test_cycle(self):
        g = self.graph(a=["JFK", "BOS", "LAX"], b=["BOS", "LAX", "BOS"], w=[1, 2, -3.5])
        with pytest.raises(errors.NegativeCycle) as caught:
            g.shortest_paths("JFK")
        assert caught.value.vertices == ["BOS", "LAX"]
        assert str(caught.value) == (
            "negative cycle reachable from the source: 'BOS'->'LAX'->'BOS'"
        )
        apart = self.graph(a=["JFK", "BOS", "LAX"], b=["SFO", "LAX", "BOS"], w=[1, 2, -3.5])
        assert apart.shortest_paths("JFK")["distance"].to_pylist() == [0.0, 1.0]

    def test_cutoff(self):
        with pytest.raises(errors.GraphError, match="cutoff: needs weights >= 0"):
            self.graph().shortest_paths("JFK", cutoff=3)


class TestRow11ParallelEdgesInPaths:
    EDGES: ClassVar = {"src": [0, 0, 0, 1], "dst": [1, 1, 1, 0], "w": [5, 2, 7, 1]}

    def test_the_minimum_counts(self):
        g = pf.Graph.from_edges(self.EDGES, weight="w")
        assert g.num_edges == 4
        assert pairs(g.shortest_paths(0), "distance") == {0: 0.0, 1: 2.0}

    @pytest.mark.parametrize(
        ("policy", "weights", "rows"),
        [
            ("keep", [5, 2, 7, 1], [0, 1, 2, 3]),
            ("sum", [14, 1], None),
            ("min", [2, 1], [1, 3]),
            ("max", [7, 1], [2, 3]),
            ("first", [5, 1], [0, 3]),
            ("last", [7, 1], [2, 3]),
        ],
    )
    def test_duplicates(self, policy, weights, rows):
        options = {} if rows is None else {"edge_properties": ["row"]}
        edges = self.EDGES | {"row": [0, 1, 2, 3]}
        g = pf.Graph.from_edges(edges, weight="w", duplicates=policy, **options)
        assert g.edges["weight"].to_pylist() == weights
        if rows is not None:
            assert g.edges["row"].to_pylist() == rows

    def test_undirected_rows_compare_as_pairs(self):
        g = pf.Graph.from_edges(self.EDGES, weight="w", directed=False, duplicates="sum")
        assert g.edges["weight"].to_pylist() == [15]

    def test_sum_without_weights_counts(self):
        edges = {name: self.EDGES[name] for name in ("src", "dst")}
        assert pf.Graph.from_edges(edges, duplicates="sum").edges["weight"].to_pylist() == [3, 1]
        assert not pf.Graph.from_edges(edges, duplicates="first").is_weighted
        alone = pf.Graph.from_edges({"src": [1], "dst": [2]}, duplicates="sum")
        assert alone.edges["weight"].to_pylist() == [1]

    def test_error(self):
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_edges(self.EDGES, duplicates="error")
        assert str(caught.value) == ("edge row 2: 0->1 is there already, in row 1")
        one = {"src": [1, 2], "dst": [2, 1]}
        assert pf.Graph.from_edges(one, duplicates="error").num_edges == 2

    def test_properties_cannot_be_added(self):
        with pytest.raises(ValueError, match="duplicates='sum'"):
            pf.Graph.from_edges(self.EDGES, duplicates="sum", edge_properties=True)


def test_row_12_a_stored_zero_is_an_edge():
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        matrix = kind(sparse.coo_array(([0.0, 2.0], ([0, 1], [1, 2])), shape=(3, 3)))
        g = pf.Graph.from_scipy(matrix)
        assert g.num_edges == 2
        assert g.shortest_paths(0)["distance"].to_pylist() == [0.0, 0.0, 2.0]
