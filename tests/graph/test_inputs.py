"""What graphs are made from, and what they say of it afterwards."""

from __future__ import annotations

import datetime as dt

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
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
TABLE = pa.table(EDGES)


def same_graph(g, edges=EDGES):
    assert g.edges.to_pydict() == {"src": edges["a"], "dst": edges["b"], "weight": edges["w"]}
    assert g.ids.to_pylist() == ["x", "y", "z"]


class OnlyStream:
    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class TestKindsOfTables:
    def make(self, edges, **options):
        return pf.Graph.from_edges(edges, "a", "b", "w", **options)

    def test_arrow(self):
        for edges in (
            TABLE,
            TABLE.to_batches()[0],
            OnlyStream(TABLE),
            pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(1)),
            pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
        ):
            same_graph(self.make(edges))

    def test_frames(self):
        pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
        frame = pandas.DataFrame(EDGES, index=[7, 8, 9])
        same_graph(self.make(frame))
        same_graph(self.make(frame.astype({"a": "category", "b": "category"})))
        same_graph(self.make(polars.DataFrame(EDGES)))
        same_graph(
            self.make(
                polars.DataFrame(EDGES).with_columns(polars.col("a").cast(polars.Categorical))
            )
        )

    def test_dicts_and_tuples(self):
        same_graph(self.make(EDGES))
        same_graph(self.make({name: np.array(values) for name, values in EDGES.items()}))
        same_graph(pf.Graph.from_edges((EDGES["a"], EDGES["b"], EDGES["w"])))
        g = pf.Graph.from_edges((pa.array([1, 2]), np.array([2, 3])))
        assert g.edges.to_pydict() == {"src": [1, 2], "dst": [2, 3]}

    def test_files(self, tmp_path):
        pq.write_table(TABLE.slice(0, 2), tmp_path / "1.parquet")
        pq.write_table(TABLE.slice(2), tmp_path / "2.parquet")
        (tmp_path / "e.csv").write_text("a,b,w\nx,y,1.0\ny,z,2.0\nx,z,5.0\n")
        same_graph(self.make(tmp_path / "*.parquet"))
        same_graph(self.make([tmp_path / "1.parquet", str(tmp_path / "2.parquet")]))
        same_graph(self.make(str(tmp_path / "e.csv")))
        same_graph(self.make(pf.scan(str(tmp_path / "*.parquet"))))
        with pytest.raises(errors.SourceNotFound):
            self.make(tmp_path / "3.parquet")
        with pytest.raises(errors.SchemaError, match="no column 'aa' in edges; columns: a, b, w"):
            pf.Graph.from_edges(tmp_path / "1.parquet", "aa", "b")

    def test_layouts_of_text(self):
        for dtype in (
            pa.string(),
            pa.large_string(),
            pa.string_view(),
            pa.dictionary(pa.int8(), pa.string()),
        ):
            edges = TABLE.set_column(0, "a", TABLE["a"].cast(dtype))
            g = self.make(edges)
            same_graph(g)
            assert g.bfs("x")["predecessor"].to_pylist() == [None, "x", "x"]
            plain = pa.large_string() if dtype == pa.string_view() else pa.string()
            expected = dtype if dtype == pa.large_string() else plain
            assert g.ids.type == expected

    def test_kinds_of_ids(self):
        days = [dt.date(2020, 1, d) for d in (1, 2, 3)]
        for ids in ([1, 2, 3], [-5, 2**40, 0], ["a", "b", "c"], [b"a", b"\xff", b""], days):
            g = pf.Graph.from_edges({"src": ids[:2], "dst": ids[1:]})
            assert g.ids.to_pylist() == ids
            assert g.bfs(ids[0])["vertex"].to_pylist() == ids
        flags = pf.Graph.from_edges({"src": [True, True], "dst": [False, True]})
        assert flags.bfs(True)["distance"].to_pylist() == [0, 1]
        by_text = pf.Graph.from_edges({"src": days[:2], "dst": days[1:]})
        assert by_text.bfs("2020-01-02")["vertex"].to_pylist() == days[1:]

    def test_widths_of_integers_meet(self):
        g = pf.Graph.from_edges(
            {"src": pa.array([1], pa.int8()), "dst": pa.array([300], pa.uint16())}
        )
        assert (g.ids.to_pylist(), g.ids.type) == ([1, 300], pa.int64())
        g = pf.Graph.from_edges({"src": pa.array([1]), "dst": pa.array([2**63], pa.uint64())})
        assert (g.ids.to_pylist(), g.ids.type) == ([1, 2**63], pa.uint64())
        with pytest.raises(errors.SchemaError, match="src has type int64, dst has type uint64"):
            pf.Graph.from_edges({"src": pa.array([-1]), "dst": pa.array([2**63], pa.uint64())})

    def test_kinds_of_weights(self):
        import decimal

        for weights in ([1, 2], [1.0, 2.0], [decimal.Decimal("1.0"), decimal.Decimal("2.0")]):
            g = pf.Graph.from_edges({"src": [1, 2], "dst": [2, 1], "w": weights}, weight="w")
            assert g.edges["weight"].to_pylist() == [1.0, 2.0]
        with pytest.raises(
            errors.SchemaError, match="weight has type string; weights are integers"
        ):
            pf.Graph.from_edges({"src": [1], "dst": [2], "w": ["1"]}, weight="w")
        with pytest.raises(errors.GraphError, match="does not hold exactly"):
            pf.Graph.from_edges({"src": [1], "dst": [2], "w": [2**53 + 1]}, weight="w")


class TestOptions:
    def test_order_of_ids(self):
        edges = {"src": [5, 9, 1], "dst": [9, 2, 5]}
        assert pf.Graph.from_edges(edges).ids.to_pylist() == [5, 9, 2, 1]
        assert pf.Graph.from_edges(edges, id_order="sorted").ids.to_pylist() == [1, 2, 5, 9]
        given = pf.Graph.from_edges(edges, vertices=[2, 7, 2])
        assert given.ids.to_pylist() == [2, 7, 5, 9, 1]

    def test_sorted_rows(self):
        edges = {"src": [0, 0, 0, 0], "dst": [2, 1, 2, 1], "w": [4, 3, 1, 2]}
        g = pf.Graph.from_edges(edges, weight="w", id_order="sorted")
        assert g.csr().indices.tolist() == [1, 1, 2, 2]
        assert g.csr().weights.tolist() == [2, 3, 1, 4]
        assert g.csr().edge_ids.tolist() == [3, 1, 2, 0]
        assert g.edges["weight"].to_pylist() == [4, 3, 1, 2]

    def test_dense_and_mapped(self):
        edges = {"src": pa.array([0, 3], pa.int8()), "dst": pa.array([1, 0], pa.int16())}
        dense = pf.Graph.from_edges(edges, ids="dense")
        assert (dense.num_vertices, dense.ids.type) == (4, pa.int64())
        assert pf.Graph.from_edges(edges, num_vertices=300).num_vertices == 300
        assert pf.Graph.from_edges(edges, ids="mapped").ids.to_pylist() == [0, 1, 3]
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_edges(edges, num_vertices=2)
        assert str(caught.value) == "edge row 2: src is 3; with 2 vertices ids are from 0 to 1"
        with pytest.raises(errors.GraphError, match="edge row 1: dst is -1; dense ids are from 0"):
            pf.Graph.from_edges({"src": [0], "dst": [-1]}, ids="dense")
        with pytest.raises(errors.SchemaError, match="src has type string; dense ids are integers"):
            pf.Graph.from_edges({"src": ["0"], "dst": ["1"]}, num_vertices=2)
        with pytest.raises(errors.GraphTooLarge, match="are more than the limit of 4294967294"):
            pf.Graph.from_edges({"src": [0], "dst": [2**40]}, ids="dense")

    def test_options_that_do_not_go_together(self):
        edges = {"src": [0], "dst": [1]}
        with pytest.raises(ValueError, match="vertices= maps ids"):
            pf.Graph.from_edges(edges, num_vertices=2, vertices=[0])
        with pytest.raises(ValueError, match="does not go with ids='mapped'"):
            pf.Graph.from_edges(edges, num_vertices=2, ids="mapped")
        with pytest.raises(ValueError, match="default_weight= fills a weight column"):
            pf.Graph.from_edges(edges, default_weight=1.0)

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("ids", "sparse"), ("id_order", "random"), ("duplicates", "merge"), ("nulls", "skip"),
            ("self_loops", "remove"), ("engine", "fast"), ("num_vertices", -1), ("threads", 0),
        ],
    )  # fmt: skip
    def test_unknown_values(self, option, value):
        with pytest.raises(ValueError, match=option):
            pf.Graph.from_edges({"src": [0], "dst": [1]}, **{option: value})

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("directed", 1),
            ("num_vertices", 2.0),
            ("progress", 3),
            ("cancel", True),
            ("default_weight", "1"),
        ],
    )
    def test_wrong_types(self, option, value):
        with pytest.raises(TypeError, match=option):
            pf.Graph.from_edges({"src": [0], "dst": [1], "w": [1]}, weight="w", **{option: value})

    def test_self_loops(self):
        edges = {"src": ["a", "b"], "dst": ["a", "c"]}
        assert pf.Graph.from_edges(edges, self_loops="drop").edges.to_pydict() == {
            "src": ["b"],
            "dst": ["c"],
        }
        with pytest.raises(errors.GraphError) as caught:
            pf.Graph.from_edges(edges, self_loops="error")
        assert str(caught.value) == (
            "edge row 1: 'a'->'a' is a loop (pass self_loops=\"drop\" to skip loops)"
        )

    def test_vertex_properties(self):
        vertices = {"id": ["z", "x", "z"], "name": ["Zed", "Ex", "other"]}
        g = pf.Graph.from_edges(TABLE, "a", "b", vertices=vertices)
        assert g.vertices.to_pydict() == {"vertex": ["z", "x", "y"], "name": ["Zed", "Ex", None]}
        named = pf.Graph.from_edges(TABLE, "a", "b", vertices={"faa": ["q"]}, vertex_id="faa")
        assert named.ids.to_pylist()[0] == "q"
        with pytest.raises(errors.SchemaError, match="no column 'id' in vertices"):
            pf.Graph.from_edges(TABLE, "a", "b", vertices={"faa": ["q"]})
        with pytest.raises(errors.GraphError, match="vertex row 2: vertices is null"):
            pf.Graph.from_edges(TABLE, "a", "b", vertices=["x", None])
        with pytest.raises(errors.SchemaError, match="vertices has type int64"):
            pf.Graph.from_edges(TABLE, "a", "b", vertices=[1])

    def test_edge_properties(self):
        edges = TABLE.append_column("kind", pa.array(["p", "q", "r"]))
        g = pf.Graph.from_edges(edges, "a", "b", "w", edge_properties=True)
        assert g.edges["kind"].to_pylist() == ["p", "q", "r"]
        g = pf.Graph.from_edges(edges, "a", "b", edge_properties=["kind"])
        assert g.edges.column_names == ["src", "dst", "kind"]
        with pytest.raises(errors.SchemaError, match="no column 'kin' in edges"):
            pf.Graph.from_edges(edges, "a", "b", edge_properties=["kin"])
        with pytest.raises(errors.SchemaError, match=r"'src' has the name of a column of g\.edges"):
            pf.Graph.from_edges(
                edges.rename_columns(["a", "b", "w", "src"]), "a", "b", "w", edge_properties=True
            )

    def test_engine_argument(self):
        g = pf.Graph.from_edges(TABLE, "a", "b", engine="python")
        assert g.backend == "python"
        assert g.pagerank().schema.metadata[b"pf.backend"] == b'"python"'


class TestBadTables:
    def test_not_a_table(self):
        with pytest.raises(TypeError, match="edges must be a table"):
            pf.Graph.from_edges(5)
        with pytest.raises(TypeError, match="a tuple of edges is"):
            pf.Graph.from_edges(([1],))

    def test_missing_and_double_columns(self):
        with pytest.raises(errors.SchemaError, match="no column 'src' in edges"):
            pf.Graph.from_edges(EDGES)
        double = pa.table([[1], [2], [3]], names=["src", "dst", "dst"])
        with pytest.raises(errors.SchemaError, match="twice"):
            pf.Graph.from_edges(OnlyStream(double))

    def test_unequal_lengths(self):
        with pytest.raises(errors.GraphError, match="src has 2 rows, dst has 1"):
            pf.Graph.from_edges(([1, 2], [1]))
        with pytest.raises(errors.GraphError, match="src has 1 rows, weight has 2"):
            pf.Graph.from_edges(([1], [1], [1, 2]))
        with pytest.raises(errors.GraphError, match="src has 2 rows, dst has 1"):
            pf.Graph.from_arrays([1, 2], [1], num_vertices=3)

    def test_mixed_values(self):
        with pytest.raises(errors.SchemaError, match="no common type"):
            pf.Graph.from_edges({"src": [1, "x"], "dst": [1, 2]})


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
