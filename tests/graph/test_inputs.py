"""What tables graphs are made from, and what they say of them afterwards."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")

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
