"""Graphs from arrays, rows, matrices and networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
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


class TestArrays:
    def test_every_width(self):
        for dtype in ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"):
            src, dst = np.array([0, 1], dtype), np.array([1, 2], dtype)
            g = pf.Graph.from_arrays(src, dst, num_vertices=4)
            assert g.edges.to_pydict() == {"src": [0, 1], "dst": [1, 2]}
            assert g.num_vertices == 4

    def test_bad_arrays(self):
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_arrays([0, 9], [1, 1], num_vertices=4)
        assert str(caught.value) == "edge row 2: src is 9; with 4 vertices ids are from 0 to 3"
        with pytest.raises(errors.GraphError, match="edge row 1: dst is -1"):
            pf.Graph.from_arrays([0], [-1], num_vertices=4)
        with pytest.raises(errors.SchemaError, match="src has type float64"):
            pf.Graph.from_arrays([0.0], [1], num_vertices=4)
        with pytest.raises(TypeError, match="src must have one dimension"):
            pf.Graph.from_arrays([[0]], [1], num_vertices=4)
        with pytest.raises(errors.GraphError, match="there are 1 edges, but 2 weights"):
            pf.Graph.from_arrays([0], [1], [1, 2], num_vertices=4)
        with pytest.raises(errors.GraphTooLarge):
            pf.Graph.from_arrays([0], [1], num_vertices=2**32)

    def test_arrays_of_the_caller_may_change(self):
        src, dst, w = np.array([0, 1]), np.array([1, 2]), np.array([1.0, 2.0])
        g = pf.Graph.from_arrays(src, dst, w, num_vertices=3)
        indptr, indices = np.array([0, 1, 2, 2]), np.array([1, 2], np.uint32)
        h = pf.Graph.from_csr(indptr, indices, w)
        for array in (src, dst, w, indptr, indices):
            array[:] = 99
        for graph in (g, h):
            assert graph.shortest_paths(0)["distance"].to_pylist() == [0.0, 1.0, 3.0]

    def test_views_are_read_only(self):
        g = pf.Graph.from_arrays([0, 1], [1, 2], [1.0, 2.0], num_vertices=3)
        for csr in (g.csr(), g.csc()):
            assert [a.dtype.name for a in csr] == ["int64", "uint32", "float64", "int64"]
            for array in csr:
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 1
        assert g.csr() is not None
        assert g.csr().indptr is g.csr().indptr or np.shares_memory(g.csr().indptr, g.csr().indptr)

    @quick
    @given(case=cases())
    def test_rows_are_the_edges_in_their_order(self, case):
        g = case.graph()
        rows = g.csr()
        expected = [[] for _ in range(case.n)]
        for e, (u, v) in enumerate(case.edges):
            expected[u].append((v, e))
            if not case.directed and u != v:
                expected[v].append((u, e))
        for u in range(case.n):
            part = slice(rows.indptr[u], rows.indptr[u + 1])
            assert (
                list(zip(rows.indices[part].tolist(), rows.edge_ids[part].tolist(), strict=True))
                == expected[u]
            )
        back = g.csc()
        entries = sorted((v, u, e) for u, row in enumerate(expected) for v, e in row)
        tails = np.repeat(np.arange(case.n), np.diff(back.indptr))
        found = list(
            zip(tails.tolist(), back.indices.tolist(), back.edge_ids.tolist(), strict=True)
        )
        assert sorted(found) == entries
        if case.directed:  # rows sorted by tail; of an undirected graph they are those of csr
            assert [pair[:2] for pair in found] == [pair[:2] for pair in entries]
        if case.weights is not None:
            assert rows.weights.tolist() == [case.weights[e] for e in rows.edge_ids]


class TestCsr:
    @quick
    @given(case=cases())
    def test_round_trip(self, case):
        g = case.graph()
        rows = g.csr()
        again = pf.Graph.from_csr(rows.indptr, rows.indices, rows.weights, directed=case.directed)
        assert (again.num_vertices, again.num_edges) == (g.num_vertices, g.num_edges)
        assert again.pagerank()["rank"].equals(g.pagerank()["rank"])
        for mine, theirs in zip(again.csr()[:3], rows[:3], strict=True):
            assert (mine is None) == (theirs is None)
            assert mine is None or mine.tolist() == theirs.tolist()
        if not case.directed:  # both arcs of an edge have one id
            ids = again.csr().edge_ids
            tails = np.repeat(np.arange(case.n), np.diff(rows.indptr))
            ends = {}
            for arc, e in enumerate(ids.tolist()):
                ends.setdefault(e, []).append(
                    tuple(sorted((int(tails[arc]), int(rows.indices[arc]))))
                )
            assert all(len(set(pair)) == 1 for pair in ends.values())
            assert all(
                len(pair) == (1 if pair[0][0] == pair[0][1] else 2) for pair in ends.values()
            )

    @pytest.mark.parametrize(
        ("indptr", "indices", "text"),
        [
            ([], [], "indptr is empty"),
            ([1, 1], [0], "indptr goes from 1 to 1; it must go from 0 to 1"),
            ([0, 2], [0], "indptr goes from 0 to 2; it must go from 0 to 1"),
            ([0, 2, 1, 2], [0, 1], "indptr falls at position 2"),
            ([0, 1], [1], r"indices\[0\] is 1; with 1 vertices indices are from 0 to 0"),
            ([0, 1], [-1], r"indices\[0\] is -1"),
        ],
    )
    def test_no_rows_of_a_graph(self, indptr, indices, text):
        with pytest.raises(errors.GraphError, match=text):
            pf.Graph.from_csr(np.array(indptr, np.int64), np.array(indices, np.int64))

    def test_other_mistakes(self):
        with pytest.raises(errors.SchemaError, match="indices has type float64"):
            pf.Graph.from_csr([0, 1], [0.5])
        with pytest.raises(errors.GraphError, match="there are 1 edges, but 0 weights"):
            pf.Graph.from_csr([0, 1], [0], [])
        with pytest.raises(errors.GraphError, match="edge row 1: weight is NaN"):
            pf.Graph.from_csr([0, 1], [0], [np.nan])

    def test_undirected_rows_are_symmetric(self):
        with pytest.raises(errors.GraphError, match="0->1 has no counterpart"):
            pf.Graph.from_csr([0, 1, 1], [1], directed=False)
        with pytest.raises(errors.GraphError, match="no counterpart of the same weight"):
            pf.Graph.from_csr([0, 1, 2], [1, 0], [1.0, 2.0], directed=False)
        g = pf.Graph.from_csr([0, 2, 4], [1, 1, 0, 0], [1.0, 2.0, 2.0, 1.0], directed=False)
        assert g.edges["weight"].to_pylist() == [1.0, 2.0]
        assert g.csr().edge_ids.tolist() == [0, 1, 1, 0]

    def test_without_a_copy(self, backend):
        indptr, indices = np.array([0, 1, 1]), np.array([1], np.uint32)
        g = pf.Graph.from_csr(indptr, indices, copy=False)
        # Compiled kernels rely on their rows, so nobody else may write to these.
        assert np.shares_memory(g.csr().indices, indices) is (backend == "python")
        assert not np.shares_memory(pf.Graph.from_csr(indptr, indices).csr().indices, indices)
        assert indices.flags.writeable


class TestScipy:
    @quick
    @given(case=cases())
    def test_round_trip(self, case):
        sparse = pytest.importorskip("scipy.sparse")
        g = case.graph()
        matrix = g.to_scipy()
        assert isinstance(matrix, sparse.csr_array)
        dense = np.zeros((case.n, case.n))
        for (u, v), w in zip(case.edges, case.weights or (1.0,) * len(case.edges), strict=True):
            dense[u, v] += w
            if not case.directed and u != v:
                dense[v, u] += w
        assert matrix.toarray().tolist() == dense.tolist()
        again = pf.Graph.from_scipy(matrix, directed=case.directed)
        assert again.to_scipy().toarray().tolist() == dense.tolist()
        assert again.is_directed == case.directed

    def test_kinds(self):
        sparse = pytest.importorskip("scipy.sparse")
        repeated = sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2))
        assert pf.Graph.from_scipy(repeated).num_edges == 2
        flags = sparse.csr_array(np.array([[False, True], [True, False]]))
        assert not pf.Graph.from_scipy(flags, directed=False).is_weighted
        with pytest.raises(errors.GraphError, match="must be square, but it is 1 x 2"):
            pf.Graph.from_scipy(sparse.csr_array((1, 2)))
        with pytest.raises(errors.GraphError, match="no counterpart"):
            pf.Graph.from_scipy(sparse.csr_array([[0, 1], [0, 0]]), directed=False)
        with pytest.raises(TypeError, match="A must be a scipy sparse matrix"):
            pf.Graph.from_scipy(np.eye(2))
        with pytest.raises(errors.SchemaError, match="complex"):
            pf.Graph.from_scipy(sparse.csr_array(np.array([[1j]])))


class TestNetworkx:
    @quick
    @given(case=cases())
    def test_round_trip(self, case):
        theirs = nx.relabel_nodes(case.networkx(), dict(enumerate(case.ids)))
        g = pf.Graph.from_networkx(theirs)
        assert g.ids.to_pylist() == case.ids
        assert (g.num_edges, g.is_directed) == (len(case.edges), case.directed)
        again = g.to_networkx()
        assert list(again) == case.ids
        assert again.is_directed() == case.directed

        def edges_of(graph):
            # An undirected edge may be told from either end.
            return sorted(
                (*((str(u), str(v)) if case.directed else sorted((str(u), str(v)))), w)
                for u, v, w in graph.edges(data="weight")
            )

        assert edges_of(again) == edges_of(theirs)

    def test_weights(self):
        theirs = nx.Graph()
        theirs.add_edge("a", "b", weight=2, cost=7)
        theirs.add_edge("b", "c")
        assert pf.Graph.from_networkx(theirs).edges["weight"].to_pylist() == [2.0, 1.0]
        assert pf.Graph.from_networkx(theirs, "cost").edges["weight"].to_pylist() == [7.0, 1.0]
        assert not pf.Graph.from_networkx(theirs, None).is_weighted
        assert not pf.Graph.from_networkx(theirs, "none").is_weighted
        theirs.add_edge("c", "d", weight="heavy")
        with pytest.raises(errors.GraphError, match="weight is 'heavy', no number"):
            pf.Graph.from_networkx(theirs)

    def test_nodes_that_are_no_ids(self):
        for nodes in ([(0, 1)], [1, "a"], [1.5], [1, 2.5]):
            with pytest.raises(errors.GraphError, match="cannot be ids"):
                pf.Graph.from_networkx(nx.path_graph(nodes))
        with pytest.raises(TypeError, match="G must be a networkx graph"):
            pf.Graph.from_networkx({})
        assert pf.Graph.from_networkx(nx.empty_graph(0)).num_vertices == 0

    def test_classes_and_attributes(self):
        g = pf.Graph.from_edges(
            {"src": ["a", "a"], "dst": ["b", "b"], "w": [1, 2], "line": ["x", "y"]},
            weight="w", vertices={"id": ["a"], "name": ["A"]}, edge_properties=True,
        )  # fmt: skip
        made = g.to_networkx()
        assert type(made) is nx.MultiDiGraph
        assert made.nodes["a"] == {"name": "A"}
        assert list(made.edges(data=True))[1] == ("a", "b", {"weight": 2.0, "line": "y"})
        assert type(g.to_undirected("dedup").to_networkx()) is nx.Graph
