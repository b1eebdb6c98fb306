"""Louvain communities: as good as networkx's, and on request only."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from networkx_cases import examples, graphs

pytestmark = pytest.mark.usefixtures("backend")


@examples
@given(G=graphs(kinds=("none", "ints", "floats")))
def test_communities_are_a_partition(G):
    found = nx.community.louvain_communities(G, seed=1, backend="parquetframe")
    assert type(found) is list
    assert all(type(part) is set and part for part in found)
    assert sorted(map(repr, (v for part in found for v in part))) == sorted(map(repr, G))


@pytest.mark.parametrize("directed", [False, True])
def test_communities_are_as_good(directed):
    G = nx.planted_partition_graph(6, 25, 0.5, 0.02, seed=4, directed=directed)
    G.graph.clear()  # it holds the partition that was planted
    ours = nx.community.louvain_communities(G, seed=1, backend="parquetframe")
    theirs = nx.community.louvain_communities(G, seed=1, backend="networkx")
    assert nx.community.modularity(G, ours) >= nx.community.modularity(G, theirs) - 0.01


def test_same_seed_same_communities():
    G = nx.gnm_random_graph(200, 600, seed=1)
    runs = [nx.community.louvain_communities(G, seed=5, backend="parquetframe") for _ in range(2)]
    assert runs[0] == runs[1]


def test_levels_are_checked_as_networkx_does():
    G = nx.path_graph(4)
    with pytest.raises(ValueError, match="max_level argument must be a positive integer or None"):
        nx.community.louvain_communities(G, max_level=0, backend="parquetframe")
    assert len(nx.community.louvain_communities(G, max_level=1, backend="parquetframe")) > 1


def test_networkx_never_chooses_ours():
    G = nx.gnm_random_graph(800, 2000, seed=1)
    expected = nx.community.louvain_communities(G, seed=5, backend="networkx")
    with nx.config.backend_priority(algos=["parquetframe"]):
        found = nx.community.louvain_communities(G, seed=5)
    assert found == expected
