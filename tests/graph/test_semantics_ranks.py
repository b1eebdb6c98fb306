"""The contract of graphs, rows 1 to 5: ranks, and graphs without anything."""

from __future__ import annotations

import math
import warnings
from typing import ClassVar

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from table_facts import CHAIN, fact, pairs

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")


class TestRow1StopRule:
    def test_tol_is_absolute_and_the_error_bound_holds(self):
        rng = np.random.default_rng(3)
        src, dst = rng.integers(0, 50, 200), rng.integers(0, 50, 200)
        g = pf.Graph.from_arrays(src, dst, num_vertices=50)
        exact = np.array(g.pagerank(tol=1e-15, max_iter=10_000)["rank"])
        for tol in (1e-2, 1e-4, 1e-6):
            found = g.pagerank(tol=tol)
            assert fact(found, "converged") is True
            error = np.abs(np.array(found["rank"]) - exact).sum()
            assert error <= fact(found, "error_bound") + 1e-14
            step = fact(found, "error_bound") * 0.15 / 0.85
            assert step < tol
            again = g.pagerank(tol=1e-300, max_iter=fact(found, "iterations"), on_fail="ignore")
            assert again["rank"].equals(found["rank"])

    @pytest.mark.parametrize("stored", ["undirected", "both ways", "weighted"])
    def test_undirected_graphs_take_fewer_iterations(self, stored):
        side = 30
        v = np.arange(side * side).reshape(side, side)
        src = np.concatenate([v[:, :-1].ravel(), v[:-1].ravel()])
        dst = np.concatenate([v[:, 1:].ravel(), v[1:].ravel()])
        ones = np.ones(len(src))
        both = (np.concatenate([src, dst]), np.concatenate([dst, src]), np.tile(ones, 2))
        # Of directed graphs with weights it is not asked whether they are symmetric.
        plain = pf.Graph.from_arrays(*both, num_vertices=v.size)
        g = {
            "undirected": lambda: pf.Graph.from_arrays(
                src, dst, num_vertices=v.size, directed=False
            ),
            "both ways": lambda: pf.Graph.from_arrays(*both[:2], num_vertices=v.size),
            "weighted": lambda: pf.Graph.from_arrays(
                src, dst, ones, num_vertices=v.size, directed=False
            ),
        }[stored]()
        for options in ({}, {"personalization": {0: 1.0}}):
            slow = plain.pagerank(tol=1e-9, max_iter=1000, **options)
            fast = g.pagerank(tol=1e-9, max_iter=1000, **options)
            assert fact(fast, "iterations") <= 0.6 * fact(slow, "iterations")
            apart = np.abs(np.array(fast["rank"]) - np.array(slow["rank"])).sum()
            assert apart <= fact(fast, "error_bound") + fact(slow, "error_bound")
            assert sum(fast["rank"].to_pylist()) == pytest.approx(1, abs=1e-12)

    def test_engines_do_the_same_iterations(self, native):
        rng = np.random.default_rng(4)
        src, dst = rng.integers(0, 500, 700), rng.integers(0, 500, 700)
        for directed in (True, False):
            options = {"num_vertices": 500, "directed": directed}
            runs = [
                pf.Graph.from_arrays(src, dst, engine=engine, **options).pagerank(tol=1e-9)
                for engine in ("rust", "python")
            ]
            assert fact(runs[0], "iterations") == fact(runs[1], "iterations")
            ranks = [np.array(run["rank"]) for run in runs]
            assert ranks[0] == pytest.approx(ranks[1], abs=1e-14)
            bounds = [fact(run, "error_bound") for run in runs]
            assert bounds[0] == pytest.approx(bounds[1], rel=1e-4)

    def test_default_is_1e_6(self):
        g = pf.Graph.from_edges(CHAIN)
        assert g.pagerank().equals(g.pagerank(tol=1e-6, alpha=0.85, max_iter=100))


class TestRow2Dangling:
    EDGES: ClassVar = {"src": ["a", "a"], "dst": ["b", "c"]}

    def ranks(self, **options):
        g = pf.Graph.from_edges(self.EDGES)
        found = g.pagerank(tol=1e-14, max_iter=1000, **options)
        assert sum(found["rank"].to_pylist()) == pytest.approx(1, abs=1e-12)
        return pairs(found, "rank")

    def test_goes_to_dangling_else_personalization_else_evenly(self):
        even = self.ranks()
        assert even["b"] == even["c"] > even["a"]
        theirs = nx.pagerank(nx.DiGraph([("a", "b"), ("a", "c")]), tol=1e-14)
        assert even == pytest.approx(theirs, abs=1e-12)
        personal = self.ranks(personalization={"a": 1})
        assert personal["a"] == pytest.approx(1 / 1.85)
        both = self.ranks(personalization={"a": 1}, dangling={"b": 1})
        expected = nx.pagerank(
            nx.DiGraph([("a", "b"), ("a", "c")]),
            personalization={"a": 1},
            dangling={"b": 1},
            tol=1e-14,
            max_iter=1000,
        )
        assert both == pytest.approx(expected, abs=1e-12)

    def test_arrays_and_starts(self):
        by_name = self.ranks(personalization={"a": 1, "c": 3})
        assert self.ranks(personalization=[1, 0, 3]) == by_name
        started = self.ranks(nstart={"c": 1})
        assert started == pytest.approx(self.ranks(), abs=1e-12)


class TestRow3Weights:
    def test_parallel_edges_add(self):
        twice = pf.Graph.from_edges({"src": [0, 0, 0], "dst": [1, 1, 2]})
        once = pf.Graph.from_edges({"src": [0, 0], "dst": [1, 2], "w": [2, 1]}, weight="w")
        assert twice.pagerank()["rank"].to_pylist() == pytest.approx(
            once.pagerank()["rank"].to_pylist(), abs=1e-15
        )

    def test_weight_0_out_is_dangling_and_isolated_vertices_count(self):
        zero = pf.Graph.from_arrays([0, 1], [1, 2], [1.0, 0.0], num_vertices=4)
        none = pf.Graph.from_arrays([0], [1], num_vertices=4)
        assert zero.pagerank()["rank"].equals(none.pagerank()["rank"])
        assert none.pagerank().num_rows == 4

    def test_doubling_weights_changes_nothing(self):
        g = [
            pf.Graph.from_arrays(
                [0, 0, 1, 2], [1, 2, 2, 0], np.array([1, 2, 3, 4]) * k, num_vertices=3
            )
            for k in (1, 2)
        ]
        assert g[0].pagerank().column("rank").equals(g[1].pagerank().column("rank"))

    def test_negative_and_nan(self):
        g = pf.Graph.from_arrays([0, 1], [1, 0], [1.0, -2.5], num_vertices=2)
        with pytest.raises(errors.NegativeWeight) as caught:
            g.pagerank()
        assert str(caught.value) == "weight -2.5 on edge 1->0 (row 2): pagerank needs weights >= 0"
        assert caught.value.row == 2
        assert g.pagerank(weight=None).num_rows == 2
        with pytest.raises(errors.GraphError, match="edge row 1: weight is NaN"):
            pf.Graph.from_edges(([0], [1], [math.nan]))


class TestRow4NoConvergence:
    def test_warn_raise_ignore(self):
        g = pf.Graph.from_edges(CHAIN)
        with pytest.warns(RuntimeWarning, match="pagerank did not converge in 1 iterations"):
            found = g.pagerank(max_iter=1)
        assert fact(found, "converged") is False
        with pytest.raises(errors.NotConverged, match="raise max_iter or tol"):
            g.pagerank(max_iter=1, on_fail="raise")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert fact(g.pagerank(max_iter=1, on_fail="ignore"), "iterations") == 1
        with pytest.raises(RuntimeError, match="hits did not converge"):
            g.hits(max_iter=1, on_fail="raise")

    def test_the_warning_points_at_the_caller(self):
        g = pf.Graph.from_edges(CHAIN)
        with pytest.warns(RuntimeWarning) as caught:
            g.pagerank(max_iter=1)
        assert caught[0].filename == __file__


class TestRow5Empty:
    NOTHING: ClassVar = {"src": pa.array([], pa.string()), "dst": pa.array([], pa.string())}

    def test_no_vertices(self):
        g = pf.Graph.from_edges(self.NOTHING)
        assert (g.num_vertices, g.num_edges) == (0, 0)
        for name in (
            *("pagerank", "hits", "connected_components", "triangles", "clustering", "louvain"),
            *("core_number", "betweenness", "closeness", "harmonic", "label_propagation"),
            *("topological_sort", "minimum_spanning_forest", "dfs", "dfs_edges", "degree"),
        ):
            found = getattr(g, name)()
            assert found.num_rows == 0, name
            if "vertex" in found.column_names:
                assert found.schema.field("vertex").type == pa.string()
        assert g.bfs([]).num_rows == 0
        assert g.transitivity() == 0.0
        assert g.triangle_count() == 0
        with pytest.raises(errors.VertexNotFound, match=r"vertex 'x' not in graph \(0 vertices\)"):
            g.bfs("x")

    def test_no_edges(self):
        g = pf.Graph.from_arrays([], [], num_vertices=4)
        assert g.pagerank()["rank"].to_pylist() == [0.25] * 4
        assert g.connected_components()["component_id"].to_pylist() == [0, 1, 2, 3]
        assert g.topological_sort()["vertex"].to_pylist() == [0, 1, 2, 3]

    def test_personalization_that_sums_to_0(self):
        g = pf.Graph.from_edges(CHAIN)
        with pytest.raises(ValueError, match="personalization: weights add up to 0"):
            g.pagerank(personalization={"a": 0})
