"""The options that every algorithm has: output, threads, progress, cancel; and the functions."""

from __future__ import annotations

import inspect
import json
import threading

import numpy as np
import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe import errors

pytestmark = pytest.mark.usefixtures("backend")

EDGES = {"src": ["a", "b", "a"], "dst": ["b", "c", "c"], "w": [1.0, 2.0, 5.0]}

CALLS = {
    "betweenness": {}, "bfs": {"sources": "a"}, "closeness": {}, "clustering": {},
    "connected_components": {}, "core_number": {}, "degree": {}, "dfs": {}, "dfs_edges": {},
    "harmonic": {}, "hits": {"on_fail": "ignore"}, "label_propagation": {}, "louvain": {},
    "minimum_spanning_forest": {}, "pagerank": {}, "shortest_paths": {"source": "a"},
    "topological_sort": {}, "transitivity": {}, "triangle_count": {}, "triangles": {},
}  # fmt: skip
TABLES = [name for name in CALLS if name not in ("transitivity", "triangle_count")]

COLUMNS = {
    "betweenness": ["vertex: string", "betweenness: double"],
    "bfs": ["vertex: string", "distance: int64", "predecessor: string"],
    "closeness": ["vertex: string", "closeness: double"],
    "clustering": ["vertex: string", "clustering: double"],
    "connected_components": ["vertex: string", "component_id: int64"],
    "core_number": ["vertex: string", "core_number: int64"],
    "degree": ["vertex: string", "degree: int64"],
    "dfs": ["vertex: string", "discover: int64", "finish: int64", "predecessor: string", "root: string"],
    "dfs_edges": ["src: string", "dst: string", "edge_class: string"],
    "harmonic": ["vertex: string", "harmonic: double"],
    "hits": ["vertex: string", "hub: double", "authority: double"],
    "label_propagation": ["vertex: string", "community_id: int64"],
    "louvain": ["vertex: string", "community_id: int64"],
    "minimum_spanning_forest": ["src: string", "dst: string", "weight: double", "edge_id: int64"],
    "pagerank": ["vertex: string", "rank: double"],
    "shortest_paths": ["vertex: string", "distance: double", "predecessor: string"],
    "topological_sort": ["position: int64", "vertex: string", "generation: int64"],
    "triangles": ["vertex: string", "triangles: int64"],
}  # fmt: skip


@pytest.fixture
def graph():
    return pf.Graph.from_edges(EDGES, weight="w")


@pytest.fixture
def large():
    rng = np.random.default_rng(1)
    return pf.Graph.from_arrays(
        rng.integers(0, 3000, 30_000), rng.integers(0, 3000, 30_000), num_vertices=3000
    )


def test_every_algorithm_is_covered():
    assert {*pf.graph.__all__} - {"Graph"} == set(CALLS)
    assert set(COLUMNS) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_columns_and_facts(graph, name):
    found = getattr(graph, name)(**CALLS[name])
    assert [f"{f.name}: {f.type}" for f in found.schema] == COLUMNS[name]
    facts = {key: json.loads(value) for key, value in found.schema.metadata.items()}
    assert facts[b"pf.backend"] == graph.backend
    assert facts[b"pf.seconds"] >= 0


def test_columns_of_variants(graph):
    each = graph.bfs(["a", "b"], per_source=True)
    assert each.column_names == ["source", "vertex", "distance"]
    path = graph.shortest_paths("a", "c")
    assert [f"{f.name}: {f.type}" for f in path.schema] == [
        "position: int64", "vertex: string", "distance: double",
    ]  # fmt: skip
    hops = graph.shortest_paths("a", weight=None, predecessors=False)
    assert [f"{f.name}: {f.type}" for f in hops.schema] == ["vertex: string", "distance: int64"]
    assert graph.shortest_paths("c", "a").num_rows == 0
    assert graph.shortest_paths("c", include_unreached=True)["distance"].to_pylist() == [
        None, None, 0.0,
    ]  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_outputs(graph, name):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    method = getattr(graph, name)
    table = method(**CALLS[name])
    assert method(**CALLS[name], output="arrow").equals(table)
    frame = method(**CALLS[name], output="pandas")
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == table.column_names
    assert frame.attrs["pf.backend"] == graph.backend
    other = method(**CALLS[name], output="polars")
    assert isinstance(other, polars.DataFrame)
    assert other.to_dict(as_series=False) == table.to_pydict()
    arrays = method(**CALLS[name], output="numpy")
    assert list(arrays) == table.column_names
    for column, array in arrays.items():
        assert isinstance(array, np.ndarray)
        assert array.tolist() == table[column].to_pylist()


def test_nulls_in_numpy_are_masked():
    g = pf.Graph.from_edges({"src": [1, 2], "dst": [2, 3]})
    found = g.bfs(2, include_unreached=True, output="numpy")
    assert found["distance"].dtype == np.int64
    assert found["distance"].mask.tolist() == [True, False, False]
    assert found["distance"].tolist() == [None, 0, 1]
    assert found["predecessor"].tolist() == [None, None, 2]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("option", "value", "error"),
    [("threads", 0, ValueError), ("threads", "2", TypeError), ("progress", 1, TypeError),
     ("cancel", 1, TypeError)],
)  # fmt: skip
def test_bad_options(graph, name, option, value, error):
    with pytest.raises(error, match=option):
        getattr(graph, name)(**CALLS[name], **{option: value})


def test_unknown_output(graph):
    with pytest.raises(ValueError, match="output must be one of"):
        graph.degree(output="list")


@pytest.mark.parametrize("name", CALLS)
def test_cancelled_before_it_starts(graph, name):
    token = pf.CancellationToken()
    token.cancel()
    with pytest.raises(errors.Cancelled):
        getattr(graph, name)(**CALLS[name], cancel=token)
    event = threading.Event()
    event.set()
    with pytest.raises(errors.Cancelled):
        getattr(graph, name)(**CALLS[name], cancel=event)
    with pytest.raises(errors.Cancelled):
        pf.Graph.from_edges(EDGES, cancel=token)


@pytest.mark.parametrize("name", ["betweenness", "closeness", "harmonic", "louvain", "dfs"])
def test_cancelled_while_it_runs(name):
    import time

    rng = np.random.default_rng(2)
    n, m = 40_000, 400_000
    g = pf.Graph.from_arrays(rng.integers(0, n, m), rng.integers(0, n, m), num_vertices=n)
    token = pf.CancellationToken()
    seen = {}

    def stop():
        seen["at"] = time.perf_counter()
        token.cancel()

    timer = threading.Timer(0.1, stop)
    timer.start()
    try:
        getattr(g, name)(cancel=token)
    except errors.Cancelled:
        assert time.perf_counter() - seen["at"] < 2  # generous: the machine may be busy
    else:
        assert g.backend == "rust"  # done before it was told
    finally:
        timer.cancel()


@pytest.mark.parametrize("name", CALLS)
def test_progress(large, name):
    shares = []
    options = {"bfs": {"sources": 0}, "shortest_paths": {"source": 0}, "betweenness": {"k": 20}}
    if name == "topological_sort":
        large = pf.Graph.from_arrays(np.arange(2999), np.arange(1, 3000), num_vertices=3000)
    getattr(large, name)(**options.get(name, {}), progress=shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(set(shares))
    assert shares[0] >= 0


def test_progress_of_a_build():
    shares = []
    pf.Graph.from_edges(EDGES, progress=shares.append)
    assert shares[-1] == 1.0


def test_an_exception_of_progress_comes_through(large):
    def fail(share):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        large.betweenness(progress=fail)


@pytest.mark.parametrize("name", CALLS)
def test_functions_take_graphs_and_edges(graph, name):
    function = getattr(pf.graph, name)
    options = dict(CALLS[name])
    expected = getattr(graph, name)(**options)
    assert _same(function(graph, **options), expected)
    weighted = "weight" in inspect.signature(getattr(pf.Graph, name)).parameters
    renamed = {"from": EDGES["src"], "to": EDGES["dst"], "w": EDGES["w"]}
    if weighted and name != "betweenness":
        options["weight"] = "w"
    assert _same(function(renamed, **options, src="from", dst="to"), expected)


def _same(found, expected):
    return found.equals(expected) if isinstance(found, pa.Table) else found == expected


def test_functions_in_detail(graph):
    with pytest.raises(TypeError, match="pagerank: src is for edges, but a Graph was given"):
        pf.graph.pagerank(graph, src="a")
    with pytest.raises(TypeError, match="unexpected keyword argument 'alfa'"):
        pf.graph.pagerank(EDGES, alfa=0.5)
    with pytest.raises(ValueError, match="weight must be 'auto'"):
        pf.graph.pagerank(graph, weight="w")
    assert pf.graph.betweenness(EDGES, weight="w")["betweenness"].to_pylist() == [0, 0.5, 0]
    names = list(inspect.signature(pf.graph.pagerank).parameters)
    assert names[:3] == ["graph_or_edges", "alpha", "tol"]
    assert "src" in names
    assert "Rank vertices" in pf.graph.pagerank.__doc__
    loops = pf.graph.degree({"src": [1], "dst": [1]}, directed=False)
    assert loops["degree"].to_pylist() == [2]


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("pagerank", {"alpha": 1.5}, "alpha: 1.5 is not between 0 and 1"),
        ("pagerank", {"tol": -1}, "tol: -1 is not a number >= 0"),
        ("pagerank", {"max_iter": 0}, "max_iter must be at least 1"),
        ("pagerank", {"on_fail": "stop"}, "on_fail must be one of"),
        ("pagerank", {"weight": "w"}, "weight must be 'auto'"),
        ("pagerank", {"personalization": {"a": -1}}, "personalization: weight -1 of vertex 'a'"),
        ("pagerank", {"nstart": [1, 2]}, "nstart: needs 3 numbers, one per vertex, not 2"),
        ("pagerank", {"dangling": {"q": 1}}, "vertex 'q' not in graph"),
        ("bfs", {"sources": "a", "max_depth": -1}, "max_depth must be at least 0"),
        ("bfs", {"sources": "a", "direction": "up"}, "direction must be one of"),
        ("shortest_paths", {"source": "a", "method": "astar"}, "method must be one of"),
        ("shortest_paths", {"source": "a", "method": "bfs"}, 'method="bfs" counts edges'),
        ("shortest_paths", {"source": "a", "delta": 1.0}, 'delta is an option of method="delta"'),
        ("shortest_paths", {"source": "a", "delta": 0, "method": "delta"}, "delta: 0 is not a number > 0"),
        ("shortest_paths", {"source": "a", "cutoff": -2}, "cutoff: -2 is not a number >= 0"),
        ("shortest_paths", {"source": "a", "target": "b", "include_unreached": True}, "include_unreached does not go with target: the result is a path"),
        ("connected_components", {"mode": "mild"}, "mode must be one of"),
        ("betweenness", {"k": 4}, "k: 4 is not between 1 and the 3 vertices"),
        ("betweenness", {"k": 0}, "k must be at least 1"),
        ("closeness", {"direction": "up"}, "direction must be one of"),
        ("closeness", {"vertices": ["q"]}, "vertex 'q' not in graph"),
        ("louvain", {"resolution": -1}, "resolution: -1 is not a number >= 0"),
        ("louvain", {"max_level": 0}, "max_level must be at least 1"),
        ("label_propagation", {"max_iter": 0}, "max_iter must be at least 1"),
        ("degree", {"loops": "never"}, "loops must be one of"),
    ],
)  # fmt: skip
def test_bad_settings(graph, name, options, text):
    with pytest.raises(ValueError, match="^" + __import__("re").escape(text)):
        getattr(graph, name)(**options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pagerank", {"alpha": "high"}), ("pagerank", {"max_iter": 1.5}),
        ("pagerank", {"personalization": {"a": "1"}}), ("bfs", {"sources": "a", "per_source": 1}),
        ("betweenness", {"seed": "x"}), ("betweenness", {"normalized": "no"}),
        ("shortest_paths", {"source": "a", "cutoff": "far"}), ("label_propagation", {"max_iter": None}),
    ],
)  # fmt: skip
def test_settings_of_a_wrong_type(graph, name, options):
    with pytest.raises(TypeError):
        getattr(graph, name)(**options)


def test_undirected_graphs_have_no_topological_order():
    g = pf.Graph.from_edges({"src": [1], "dst": [2]}, directed=False)
    with pytest.raises(errors.GraphError, match="topological_sort needs a directed graph"):
        g.topological_sort()
    loop = pf.Graph.from_edges({"src": ["a", "b", "c"], "dst": ["b", "c", "b"]})
    with pytest.raises(errors.NotADag) as caught:
        loop.topological_sort()
    assert str(caught.value) == "graph has a cycle: 'b'->'c'->'b'"
    assert caught.value.vertices == ["b", "c"]


def test_betweenness_needs_weights_above_0():
    for weight, kind, text in (
        (0.0, errors.GraphError, "weight 0 on edge 1->2 (row 1): betweenness needs weights > 0"),
        (
            -1.5,
            errors.NegativeWeight,
            "weight -1.5 on edge 1->2 (row 1): betweenness needs weights > 0",
        ),
    ):
        g = pf.Graph.from_edges({"src": [1], "dst": [2], "w": [weight]}, weight="w")
        with pytest.raises(kind) as caught:
            g.betweenness(weight="auto")
        assert str(caught.value) == text


class TestVertexNotFound:
    def test_text_names_similar_ids(self):
        g = pf.Graph.from_edges({"src": ["JFK", "XYR", "xyz"], "dst": ["BOS", "LAX", "BOS"]})
        with pytest.raises(errors.VertexNotFound) as caught:
            g.bfs("XYZ")
        assert str(caught.value) == (
            "vertex 'XYZ' not in graph (5 vertices; closest: 'xyz', 'XYR')"
        )
        assert caught.value.vertex == "XYZ"
        assert isinstance(caught.value, KeyError)
        assert isinstance(caught.value, ValueError)

    def test_neighbours_in_value(self):
        g = pf.Graph.from_edges({"src": [10, 20, 35], "dst": [20, 35, 90]})
        with pytest.raises(errors.VertexNotFound) as caught:
            g.shortest_paths(22)
        assert str(caught.value) == "vertex 22 not in graph (4 vertices; closest: 20, 10, 35)"

    def test_another_kind(self):
        g = pf.Graph.from_edges({"src": [1], "dst": [2]})
        with pytest.raises(errors.VertexNotFound) as caught:
            g.bfs("1")
        assert str(caught.value) == "vertex '1' not in graph (2 vertices)"
        small = pf.Graph.from_edges(
            {"src": pa.array([1], pa.int8()), "dst": pa.array([2], pa.int8())}
        )
        with pytest.raises(errors.VertexNotFound, match="closest: 2, 1"):
            small.bfs(2**70)

    def test_dense(self):
        g = pf.Graph.from_arrays([0], [1], num_vertices=3)
        for vertex in (-1, 3):
            with pytest.raises(errors.VertexNotFound):
                g.bfs(vertex)
        many = pf.Graph.from_edges({"src": list(range(20)), "dst": list(range(1, 21))})
        assert many.bfs(list(range(12)))["distance"].to_pylist()[:12] == [0] * 12
