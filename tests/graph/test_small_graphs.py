"""Small graphs take a shorter way to the same answers."""

from __future__ import annotations

import datetime as dt
import threading

import pyarrow as pa
import pytest
from test_calls import CALLS, EDGES, TABLES

import parquetframe as pf
from parquetframe.graph import base, building

pytestmark = pytest.mark.usefixtures("backend")

IDS = {
    "integers": pa.array([3, 1, 2], pa.int32()),
    "unsigned": pa.array([3, 2**64 - 1, 2], pa.uint64()),
    "text": pa.array(["c", "", "ä"]),
    "large text": pa.array(["c", "a", "b"], pa.large_string()),
    "binary": pa.array([b"c", b"\x00", b"b"]),
    "dates": pa.array([dt.date(2013, 1, day) for day in (3, 1, 2)]),
    "booleans": pa.array([True, False, True]),
}


@pytest.fixture
def long_way(monkeypatch):
    """As if no graph were small."""

    def use():
        monkeypatch.setattr(base, "SMALL", -1)
        monkeypatch.setattr(building, "plain_columns", lambda *_: None)

    return use


def without_times(table):
    facts = {k: v for k, v in (table.schema.metadata or {}).items() if k != b"pf.seconds"}
    return table.replace_schema_metadata(facts)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_both_ways_give_the_same_table(name, directed, long_way):
    edges = {key: [*EDGES[key], extra] for key, extra in (("src", "d"), ("dst", "d"), ("w", 1.0))}
    if name == "topological_sort":
        directed, edges = True, EDGES

    def answer():
        graph = pf.Graph.from_edges(edges, weight="w", directed=directed)
        return without_times(getattr(graph, name)(**CALLS[name]))

    short = answer()
    long_way()
    assert answer().equals(short, check_metadata=True)
    assert answer().schema.equals(short.schema, check_metadata=True)


@pytest.mark.parametrize("kind", IDS)
def test_both_ways_keep_the_type_of_ids(kind, long_way):
    ids = IDS[kind]
    table = pa.table({"src": ids, "dst": ids.take([1, 2, 0])})
    calls = {
        "bfs": lambda g: g.bfs(ids[0].as_py(), include_unreached=True),
        "dfs": lambda g: g.dfs(),
        "edges": lambda g: g.edges,
        "neighbors": lambda g: pa.table({"vertex": g.neighbors(ids[0].as_py())}),
        "part": lambda g: g.subgraph(ids.slice(0, 2)).vertices,
    }
    short = {name: without_times(call(pf.Graph.from_edges(table))) for name, call in calls.items()}
    long_way()
    for name, call in calls.items():
        found = without_times(call(pf.Graph.from_edges(table)))
        assert found.equals(short[name]), name
        assert found.schema.equals(short[name].schema), name


@pytest.mark.parametrize("wrong", [True, 1.0, "1", b"1", None])
def test_only_ids_of_the_same_kind_are_found(wrong):
    graph = pf.Graph.from_edges({"src": [1, 0], "dst": [0, 1]})
    assert graph.has_edge(1, 0)
    assert not graph.has_edge(wrong, 0)
    with pytest.raises(pf.errors.VertexNotFound):
        graph.bfs(wrong)
    text = pf.Graph.from_edges({"src": ["1"], "dst": ["2"]})
    assert text.has_edge("1", "2")
    assert not text.has_edge(1, "2")


def test_an_array_of_ids_is_the_callers():
    """What a caller does with the ids of one answer changes no other."""
    graph = pf.Graph.from_edges(EDGES)
    first = graph.degree(output="numpy")["vertex"]
    first[:] = "x"
    assert graph.degree(output="numpy")["vertex"].tolist() == ["a", "b", "c"]
    numbers = pf.Graph.from_edges({"src": [1], "dst": [2]}).degree(output="numpy")["vertex"]
    assert not numbers.flags.writeable


def test_more_threads_than_have_a_pool_of_their_own():
    graph = pf.Graph.from_edges(EDGES, weight="w")
    expected = without_times(graph.pagerank())
    found = []

    def work():
        for _ in range(3):
            found.append(without_times(graph.pagerank()))

    threads = [threading.Thread(target=work) for _ in range(80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 240
    assert all(table.equals(expected) for table in found)


def test_a_small_graph_and_an_endless_wish(backend):
    """Many rounds are no short call, however small the graph: it can be stopped."""
    graph = pf.Graph.from_edges(EDGES)
    token = pf.CancellationToken()
    timer = threading.Timer(0.1, token.cancel)
    timer.start()
    with pytest.raises(pf.errors.Cancelled):
        graph.pagerank(tol=0.0, alpha=0.999999, max_iter=2**31, on_fail="ignore", cancel=token)
    timer.join()
