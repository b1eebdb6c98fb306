"""Graphs in files."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from graph_strategies import cases
from hypothesis import HealthCheck, given, settings

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")


def same(a, b):
    assert (a.num_vertices, a.num_edges, a.is_directed, a.is_weighted) == (
        b.num_vertices, b.num_edges, b.is_directed, b.is_weighted,
    )  # fmt: skip
    assert a.ids.equals(b.ids)
    assert a.vertices.equals(b.vertices)
    assert a.edges.equals(b.edges)
    for x, y in zip((*a.csr(), *a.csc()), (*b.csr(), *b.csc()), strict=True):
        assert (x is None) == (y is None)
        assert x is None or (x.dtype == y.dtype and np.array_equal(x, y))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=cases())
def test_round_trip(case, tmp_path):
    g = case.graph()
    g.save(tmp_path / "g.arrow")
    same(pf.Graph.load(tmp_path / "g.arrow"), g)


def test_properties_rows_and_dense_ids(tmp_path):
    path = str(tmp_path / "g.arrow")
    g = pf.Graph.from_edges(
        {"src": ["a", None, "b"], "dst": ["b", "c", "c"], "w": [1, 2, -3], "line": ["x", "y", "z"]},
        weight="w", nulls="drop", vertices={"id": ["c"], "name": ["C"]}, edge_properties=True,
    )  # fmt: skip
    g.save(path)
    again = pf.Graph.load(path)
    same(again, g)
    with pytest.raises(errors.NegativeWeight, match=r"\(row 3\)"):
        again.pagerank()
    dense = pf.Graph.from_arrays([0, 1], [1, 2], num_vertices=5)
    dense.save(path)
    same(pf.Graph.load(path), dense)
    empty = pf.Graph.from_edges({"src": [], "dst": []})
    empty.save(path)
    same(pf.Graph.load(path), empty)


def test_the_file_is_mapped(tmp_path):
    path = tmp_path / "g.arrow"
    rng = np.random.default_rng(0)
    g = pf.Graph.from_arrays(
        rng.integers(0, 1000, 50_000), rng.integers(0, 1000, 50_000), num_vertices=1000
    )
    g.save(path)
    before = pa.total_allocated_bytes()
    loaded = pf.Graph.load(path)
    assert pa.total_allocated_bytes() - before < 50_000
    assert not loaded.csr().indices.flags.writeable
    assert loaded.pagerank().equals(g.pagerank())


def test_saving_replaces_a_file_whole(tmp_path):
    path = tmp_path / "g.arrow"
    first = pf.Graph.from_edges({"src": [1], "dst": [2]})
    first.save(path)
    loaded = pf.Graph.load(path)
    pf.Graph.from_edges({"src": [7, 8], "dst": [8, 9]}).save(path)
    assert loaded.edges.to_pydict() == {"src": [1], "dst": [2]}  # still the old file
    assert pf.Graph.load(path).num_edges == 2
    with pytest.raises(errors.WriteError):
        first.save(tmp_path / "no" / "g.arrow")
    assert [p.name for p in tmp_path.iterdir()] == ["g.arrow"]


def test_no_graph(tmp_path):
    with pytest.raises(errors.SourceNotFound, match="File not found"):
        pf.Graph.load(tmp_path / "none")
    text = tmp_path / "text"
    text.write_text("hello")
    with pytest.raises(errors.IoError, match="no graph of parquetframe"):
        pf.Graph.load(text)
    other = tmp_path / "other.arrow"
    table = pa.table({"x": [1]})
    with pa.OSFile(str(other), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(errors.IoError, match="no graph of parquetframe"):
        pf.Graph.load(other)


def rewritten(tmp_path, change, facts=None):
    """A saved graph with some columns changed."""
    path = tmp_path / "g.arrow"
    g = pf.Graph.from_edges(
        {"src": ["a", "b"], "dst": ["b", "c"], "w": [1.0, 2.0]}, weight="w", directed=False
    )
    g.save(path)
    with pa.OSFile(str(path)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    columns = {name: batch.column(name).flatten() for name in batch.schema.names}
    columns |= {name: pa.array(values, columns[name].type) for name, values in change.items()}
    lists = [
        pa.LargeListArray.from_arrays(pa.array([0, len(c)], pa.int64()), c)
        for c in columns.values()
    ]
    known = json.loads(batch.schema.metadata[b"parquetframe.graph"]) | (facts or {})
    metadata = {b"parquetframe.graph": json.dumps(known).encode()}
    made = pa.record_batch(lists, names=list(columns)).replace_schema_metadata(metadata)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, made.schema) as writer:
        writer.write_batch(made)
    return path


def test_unchanged_it_loads(tmp_path):
    assert pf.Graph.load(rewritten(tmp_path, {})).num_edges == 2


@pytest.mark.parametrize(
    "change",
    [
        {"indptr": [0, 1, 3, 5]}, {"indptr": [0, 3, 1, 4]}, {"indices": [1, 0, 2, 3]},
        {"indices": [1, 0, 2, 0]}, {"edge_ids": [0, 0, 1, 2]}, {"edge_ids": [0, 1, 1, 0]},
        {"edge_ids": [-1, 0, 1, 1]}, {"weights": [1.0]}, {"weights": [float("nan")] * 4},
        {"ids": ["a", "b"]}, {"ids": ["a", "b", "b"]}, {"ids": ["a", None, "c"]},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_arrays_are_refused(tmp_path, change):
    with pytest.raises((errors.GraphError, errors.IoError)):
        pf.Graph.load(rewritten(tmp_path, change))


def test_another_version(tmp_path):
    with pytest.raises(errors.IoError, match="format 2, this one reads 1"):
        pf.Graph.load(rewritten(tmp_path, {}, {"version": 2}))


def test_cut_files_are_refused(tmp_path):
    path = rewritten(tmp_path, {})
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises((errors.IoError, errors.GraphError)):
            pf.Graph.load(path)
