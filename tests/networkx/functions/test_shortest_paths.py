"""Shortest path lengths: values, their types, and the order in which networkx settles nodes."""

from __future__ import annotations

import random

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
    one_kind,
    plain,
)

from parquetframe.nx_backend.functions import settling

pytestmark = pytest.mark.usefixtures("backend")

CUTOFFS = st.sampled_from([None, None, 0, 1, 2, 3.5, -1, float("inf")])
NAMES = st.sampled_from(["weight", "weight", None, "other"])


@pytest.mark.parametrize(
    "name", ["single_source_shortest_path_length", "single_target_shortest_path_length"]
)
@examples
@given(G=graphs(kinds=("none",)), data=st.data(), cutoff=CUTOFFS)
def test_hops(G, data, name, cutoff):
    check(name, G, data.draw(node_of(G)), cutoff=cutoff)


@examples
@given(G=graphs(kinds=("none",)), data=st.data())
def test_has_path(G, data):
    check("has_path", G, data.draw(node_of(G)), data.draw(node_of(G)))


@pytest.mark.parametrize("method", ["dijkstra", "bellman-ford"])
@examples
@given(G=graphs(), data=st.data(), weight=NAMES)
def test_shortest_path_length(G, data, weight, method):
    some = st.one_of(st.none(), node_of(G))
    fits = one_kind(G, weight) if method == "bellman-ford" else plain(G, weight)
    check(
        "shortest_path_length", G, data.draw(some), data.draw(some), weight, method,
        may_decline=not fits,
    )  # fmt: skip


@examples
@given(G=graphs(), data=st.data(), weight=NAMES)
def test_dijkstra_path_length(G, data, weight):
    ends = data.draw(node_of(G)), data.draw(node_of(G))
    check("dijkstra_path_length", G, *ends, weight, may_decline=not plain(G, weight))


@pytest.fixture(params=["usual", "arrays"])
def _ties(request, monkeypatch):
    """Groups of equal distance as they come, or all by the path for large ones."""
    if request.param == "arrays":
        monkeypatch.setattr(settling, "_FEW_ARCS", 0)


@pytest.mark.usefixtures("_ties")
@examples
@given(G=graphs(), data=st.data(), weight=NAMES, cutoff=CUTOFFS)
def test_single_source_dijkstra_path_length(G, data, weight, cutoff):
    source = data.draw(node_of(G))
    fits = plain(G, weight)
    check("single_source_dijkstra_path_length", G, source, cutoff, weight, may_decline=not fits)


@pytest.mark.usefixtures("_ties")
@examples
@given(G=graphs(), data=st.data(), weight=NAMES, cutoff=CUTOFFS)
def test_multi_source_dijkstra_path_length(G, data, weight, cutoff):
    several = hashable_nodes_of(G)
    sources = data.draw(st.one_of(nodes_of(G), several, several.map(set), several.map(tuple)))
    fits = plain(G, weight)
    check("multi_source_dijkstra_path_length", G, sources, cutoff, weight, may_decline=not fits)


@examples
@given(G=graphs(), data=st.data(), weight=NAMES)
def test_single_source_bellman_ford_path_length(G, data, weight):
    fits = one_kind(G, weight)
    source = data.draw(node_of(G))
    check("single_source_bellman_ford_path_length", G, source, weight, may_decline=not fits)


@pytest.mark.parametrize("cls", [nx.Graph, nx.DiGraph, nx.MultiGraph])
@pytest.mark.parametrize("weights", ["small", "zero", "wide", "float"])
def test_ties_of_larger_graphs(cls, weights):
    rng = random.Random(weights)
    draw = {
        "small": lambda: rng.randint(1, 3),
        "zero": lambda: rng.choice([0, 0, 1, 2]),
        "wide": lambda: rng.randint(1, 300),
        "float": lambda: float(rng.randint(1, 6)),
    }[weights]
    for seed in range(3):
        G = cls(nx.gnm_random_graph(700, 2500, seed=seed, directed=cls is nx.DiGraph))
        G.add_edges_from((u, v) for u in range(0, 700, 7) for v in (u, (u * 5 + 1) % 700))
        for *_, data in G.edges(data=True):
            data["weight"] = draw()
        check("single_source_dijkstra_path_length", G, 3)
        check("multi_source_dijkstra_path_length", G, [9, 5, 600, 5])
        check("shortest_path_length", G, target=4, weight="weight")


def test_ties_of_a_grid():
    G = nx.grid_2d_graph(40, 40)
    nx.set_edge_attributes(G, 2, "weight")
    check("single_source_dijkstra_path_length", G, (7, 9))


@pytest.mark.parametrize("cls", [nx.Graph, nx.DiGraph])
def test_sources_that_can_be_read_once_are_declined(cls):
    with pytest.raises(NotImplementedError):
        nx.multi_source_dijkstra_path_length(cls([(1, 2)]), iter([1]), backend="parquetframe")


def test_weights_that_are_functions_are_declined():
    with pytest.raises(NotImplementedError):
        nx.dijkstra_path_length(
            nx.path_graph(3), 0, 2, weight=lambda _u, _v, _d: 1, backend="parquetframe"
        )


def test_sums_beyond_exact_integers_are_declined():
    G = nx.Graph()
    G.add_edge(0, 1, weight=2**53 - 1)
    G.add_edge(1, 2, weight=2**53 - 1)
    with pytest.raises(NotImplementedError):
        nx.single_source_dijkstra_path_length(G, 0, backend="parquetframe")


def test_all_pairs_decline_before_the_first_item():
    G = nx.Graph()
    G.add_edge(0, 1, weight=-1)
    with pytest.raises(NotImplementedError):
        nx.shortest_path_length(G, weight="weight", backend="parquetframe")
