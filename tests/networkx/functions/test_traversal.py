"""Breadth-first and depth-first traversals, and what they reach."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx_cases import (
    check,
    examples,
    graphs,
    hashable_nodes_of,
    node_of,
    nodes_of,
    outcome,
    same,
)

from parquetframe.nx_backend.functions import frontier

pytestmark = pytest.mark.usefixtures("backend")

LIMITS = st.sampled_from([None, None, 0, 1, 2, 3.5, -1, 10**12])
WHOLE_LIMITS = st.sampled_from([None, None, 0, 1, 2, 3, -1, True, 10**12])
unweighted = graphs(kinds=("none",))


@pytest.fixture(params=["usual", "wide"])
def _levels(request, monkeypatch):
    """Levels as they come, or all by the path for wide ones."""
    if request.param == "wide":
        monkeypatch.setattr(frontier, "_FEW_VERTICES", 0)


@pytest.mark.usefixtures("_levels")
@pytest.mark.parametrize("reverse", [False, True])
@examples
@given(G=unweighted, data=st.data())
def test_bfs_edges(G, data, reverse):
    limit = data.draw(LIMITS)
    check("bfs_edges", G, data.draw(node_of(G)), reverse=reverse, depth_limit=limit)


@pytest.mark.parametrize("name", ["bfs_predecessors", "bfs_successors"])
@examples
@given(G=unweighted, data=st.data())
def test_bfs_families(G, data, name):
    check(name, G, data.draw(node_of(G)), depth_limit=data.draw(LIMITS))


@pytest.mark.usefixtures("_levels")
@examples
@given(G=unweighted, data=st.data())
def test_bfs_layers(G, data):
    some = [node_of(G), nodes_of(G), hashable_nodes_of(G), hashable_nodes_of(G).map(tuple)]
    check("bfs_layers", G, data.draw(st.one_of(*some, st.just(5))))


@examples
@given(G=unweighted, data=st.data(), distance=st.sampled_from([0, 1, 2, 3, -1, 2.0]))
def test_descendants_at_distance(G, data, distance):
    check("descendants_at_distance", G, data.draw(node_of(G)), distance)


@pytest.mark.parametrize(
    "name", ["dfs_edges", "dfs_preorder_nodes", "dfs_postorder_nodes", "dfs_predecessors"]
)
@examples
@given(G=unweighted, data=st.data(), limit=WHOLE_LIMITS)
def test_depth_first(G, data, name, limit):
    source = data.draw(st.one_of(st.none(), node_of(G)))
    check(name, G, source, depth_limit=limit)


@pytest.mark.parametrize("name", ["ancestors", "descendants"])
@examples
@given(G=unweighted, data=st.data())
def test_what_is_reached(G, data, name):
    check(name, G, data.draw(node_of(G)))


@pytest.mark.parametrize(
    "name", ["bfs_edges", "bfs_predecessors", "dfs_edges", "dfs_postorder_nodes"]
)
def test_generators_raise_at_the_first_item(name):
    found = getattr(nx, name)(nx.path_graph(3), "missing", backend="parquetframe")
    with pytest.raises(nx.NetworkXError, match="The node missing is not in the graph"):
        next(found)


def test_preorder_names_a_missing_source_before_it_raises():
    found = nx.dfs_preorder_nodes(nx.DiGraph([(1, 2)]), "missing", backend="parquetframe")
    assert next(found) == "missing"
    with pytest.raises(nx.NetworkXError, match="The node missing is not in the digraph"):
        next(found)


@pytest.mark.parametrize(
    "name", ["bfs_edges", "bfs_predecessors", "bfs_successors", "dfs_edges", "dfs_predecessors"]
)
def test_an_order_made_by_python_is_declined(name):
    with pytest.raises(NotImplementedError):
        getattr(nx, name)(nx.path_graph(3), 0, sort_neighbors=sorted, backend="parquetframe")


@pytest.mark.parametrize("cls", [nx.Graph, nx.DiGraph, nx.MultiDiGraph])
@pytest.mark.parametrize("seed", [1, 2])
def test_larger_graphs(cls, seed):
    G = cls(nx.gnm_random_graph(1500, 6000, seed=seed, directed=cls is not nx.Graph))
    for name in ("bfs_edges", "bfs_successors", "dfs_edges", "dfs_postorder_nodes"):
        check(name, G, 3)
    check("bfs_layers", G, [5, 9, 700])
    check("dfs_preorder_nodes", G, depth_limit=7)


def test_a_long_path_takes_no_wide_steps():
    G = nx.path_graph(20_000)
    check("bfs_edges", G, 10_000)


def test_a_search_is_lazy():
    G = nx.star_graph(50)
    found = nx.bfs_edges(G, 1, backend="parquetframe")
    expected = nx.bfs_edges(G, 1, backend="networkx")
    assert list(itertools.islice(found, 3)) == list(itertools.islice(expected, 3))


def test_outcomes_tell_types_apart():
    assert not same(outcome(lambda: {1: 0}), outcome(lambda: {1: 0.0}))
    assert not same(outcome(lambda: {1.0: 0}), outcome(lambda: {1: 0}))
    assert not same(outcome(lambda: {1: 0, 2: 0}), outcome(lambda: {2: 0, 1: 0}))
    assert not same(outcome(lambda: {1}), outcome(lambda: {True}))
    assert not same(outcome(lambda: iter([1])), outcome(lambda: [1]))
