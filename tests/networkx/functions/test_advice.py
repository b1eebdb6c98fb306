"""What is left to networkx where it may choose, because it does not pay."""

from __future__ import annotations

import networkx as nx
import pytest

from parquetframe.nx_backend import backend as ours
from parquetframe.nx_backend import calls


@pytest.mark.parametrize(
    ("name", "kwargs", "pays"),
    [
        ("has_path", {"source": 0, "target": 5}, False),
        ("shortest_path_length", {"source": 0, "target": 5}, False),
        ("shortest_path_length", {"source": 0, "target": 5, "weight": "weight"}, True),
        ("shortest_path_length", {"source": 0}, True),
        ("shortest_path_length", {"target": 0}, True),
        ("triangles", {"nodes": 3}, False),
        ("triangles", {"nodes": [1, 2]}, False),
        ("triangles", {"nodes": list(range(300))}, True),
        ("clustering", {}, True),
        ("average_clustering", {"nodes": [7]}, False),
        ("louvain_communities", {}, False),
        ("pagerank", {}, True),
    ],
)
def test_advice(name, kwargs, pays):
    G = nx.gnm_random_graph(600, 900, seed=1)
    assert ours.can_run(name, (G,), kwargs) is True
    advice = ours.should_run(name, (G,), kwargs)
    assert (advice is True) == pays
    assert pays or isinstance(advice, str)


def test_networkx_follows_the_advice():
    G = nx.gnm_random_graph(600, 3000, seed=1)
    before = calls.copy()
    with nx.config.backend_priority(algos=["parquetframe"]):
        nx.has_path(G, 0, 5)
        nx.triangles(G)
    assert calls["has_path"] == before["has_path"]
    assert calls["triangles"] == before["triangles"] + 1
