"""No number of NumPy gets into a result, and functions count how often they ran."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import parquetframe.nx_backend.functions  # noqa: F401 - loads FUNCTIONS
from parquetframe.nx_backend import calls
from parquetframe.nx_backend.registry import FUNCTIONS

pytestmark = pytest.mark.usefixtures("backend")

DIRECTED = {
    "weakly_connected_components", "number_weakly_connected_components", "is_weakly_connected",
    "strongly_connected_components", "number_strongly_connected_components",
    "is_strongly_connected", "topological_sort", "topological_generations",
}  # fmt: skip
SOURCE = {
    "bfs_edges", "bfs_predecessors", "bfs_successors", "ancestors", "descendants", "bfs_layers",
    "single_source_shortest_path_length", "single_target_shortest_path_length",
    "single_source_dijkstra_path_length", "single_source_bellman_ford_path_length",
    "node_connected_component",
}  # fmt: skip
MORE = {
    "descendants_at_distance": (0, 1),
    "has_path": (0, 3),
    "dijkstra_path_length": (0, 3),
    "multi_source_dijkstra_path_length": ({0, 1},),
}


def arguments(name):
    return MORE.get(name, (0,) if name in SOURCE else ())


def function(name):
    return nx.community.louvain_communities if name == "louvain_communities" else getattr(nx, name)


def leaves(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__next__"):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("weight", [3, 2.5])
def test_no_number_of_numpy(weight):
    assert len(FUNCTIONS) >= 42
    for name in FUNCTIONS:
        G = nx.DiGraph([(0, 1), (1, 2), (0, 2), (2, 3)])
        if name not in DIRECTED:
            G = G.to_undirected()
        nx.set_edge_attributes(G, weight, "weight")
        before = calls[name]
        found = list(leaves(function(name)(G, *arguments(name), backend="parquetframe")))
        assert calls[name] == before + 1, name
        assert found, name
        assert not any(isinstance(item, np.generic) for item in found), name


def test_every_function_of_the_list_is_there():
    assert set(FUNCTIONS) >= {*DIRECTED, *SOURCE, *MORE, "pagerank", "core_number"}
    for name in FUNCTIONS:
        assert callable(function(name)), name
