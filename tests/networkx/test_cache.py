"""What networkx keeps of our conversions, and when that is stale."""

import warnings

import networkx as nx
import pytest

from parquetframe.nx_backend import backend as ours
from parquetframe.nx_backend import calls

OURS = {"backend": "parquetframe"}


@pytest.fixture(autouse=True)
def cached():
    with nx.config(cache_converted_graphs=True, warnings_to_ignore={"cache"}):
        yield


@pytest.fixture
def G():
    return nx.DiGraph([(0, 1, {"weight": 2}), (1, 2, {"weight": 3})])


def kept(G):
    return G.__networkx_cache__.get("backends", {}).get("parquetframe", {})


def test_a_graph_is_converted_once(G, monkeypatch):
    converted = []
    asked = ours.convert_from_nx
    monkeypatch.setattr(
        ours,
        "convert_from_nx",
        lambda *a, **k: converted.append(1) or asked(*a, **k),
        raising=False,
    )
    for _ in range(3):
        nx.pagerank(G, **OURS)
    assert len(converted) == 1
    assert len(kept(G)) == 1


def test_weights_serve_calls_without(G):
    nx.pagerank(G, **OURS)
    held = next(iter(kept(G).values()))
    assert list(nx.bfs_edges(G, 0, **OURS)) == [(0, 1), (1, 2)]
    assert next(iter(kept(G).values())) is held
    assert nx.dijkstra_path_length(G, 0, 2, weight=None, **OURS) == 2
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 5
    assert nx.dijkstra_path_length(G, 0, 2, weight="other", **OURS) == 2


def test_a_call_with_weights_converts_again(G):
    assert nx.dijkstra_path_length(G, 0, 2, weight=None, **OURS) == 2
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 5


def test_methods_of_the_graph_clear_it(G):
    nx.pagerank(G, **OURS)
    G.add_edge(2, 0)
    assert not kept(G)
    assert nx.is_strongly_connected(G, **OURS)
    G.remove_edge(2, 0)
    assert not nx.is_strongly_connected(G, **OURS)


def test_data_changed_in_place_are_stale_until_somebody_says_so(G):
    """As networkx documents it: it cannot know."""
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 5
    G[0][1]["weight"] = 100
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 5
    G.__networkx_cache__.clear()
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 103


def test_networkx_warns_when_it_uses_what_it_kept(G):
    with nx.config(warnings_to_ignore=set()):
        nx.pagerank(G, **OURS)
        with pytest.warns(UserWarning, match="cached graph is being used for the 'parquetframe'"):
            nx.pagerank(G, **OURS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nx.pagerank(G, **OURS)


def test_without_a_cache(G):
    with nx.config(cache_converted_graphs=False):
        nx.pagerank(G, **OURS)
    assert not kept(G)
    G.__networkx_cache__ = None
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 5


def test_a_conversion_that_failed_is_not_tried_again(G):
    G[0][1]["weight"] = "heavy"
    for _ in range(2):
        with pytest.raises(NotImplementedError):
            nx.dijkstra_path_length(G, 0, 2, **OURS)
    G[0][1]["weight"] = 4  # in place: networkx still knows that it failed
    with pytest.raises(NotImplementedError):
        nx.dijkstra_path_length(G, 0, 2, **OURS)
    G.add_edge(0, 1, weight=4)
    assert nx.dijkstra_path_length(G, 0, 2, **OURS) == 7


def test_an_unweighted_call_after_a_failed_one(G):
    G[0][1]["weight"] = "heavy"
    with pytest.raises(NotImplementedError):
        nx.dijkstra_path_length(G, 0, 2, **OURS)
    assert nx.shortest_path_length(G, 0, 2, **OURS) == 2


def test_what_is_kept_does_not_keep_the_graph_alive(G):
    import gc
    import weakref

    nx.pagerank(G, **OURS)
    held = next(iter(kept(G).values()))
    gone = weakref.ref(G)
    del G
    gc.collect()
    assert held.num_edges == 2
    assert gone() is None or kept(gone())  # the fixture may hold it


def test_views_do_not_serve_what_is_stale():
    G = nx.path_graph(5, create_using=nx.DiGraph)
    seen, turned = G.subgraph([0, 1, 2, 3]), G.reverse(copy=False)
    assert nx.has_path(seen, 0, 3, **OURS)
    assert nx.has_path(turned, 4, 0, **OURS)
    G.remove_edge(1, 2)
    assert nx.has_path(seen, 0, 3) is False
    assert nx.has_path(seen, 0, 3, **OURS) is False
    assert nx.has_path(turned, 4, 0, **OURS) is False


def test_each_call_counts(G):
    before = calls["pagerank"]
    for _ in range(3):
        nx.pagerank(G, **OURS)
    assert calls["pagerank"] == before + 3
