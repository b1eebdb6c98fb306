"""Ways in, what is declined and why, and the settings."""

import logging
from types import SimpleNamespace

import networkx as nx
import pytest

import parquetframe as pf
from parquetframe.nx_backend import backend, calls
from parquetframe.nx_backend.config import MIN_NODES
from parquetframe.nx_backend.registry import FUNCTIONS, Registered, algorithm

OURS = {"backend": "parquetframe"}
GRAPH = nx.path_graph(2)


@pytest.fixture
def counted():
    before = calls.copy()
    return lambda: calls - before


@pytest.fixture
def first():
    with nx.config(backend_priority=["parquetframe"]):
        yield


def test_by_keyword(backend, counted):
    G = nx.gnp_random_graph(40, 0.1, seed=3)
    ours = nx.pagerank(G, **OURS)
    assert counted() == {"pagerank": 1}
    assert ours == pytest.approx(nx.pagerank(G), abs=1e-12)
    assert list(ours) == list(G)


def test_by_the_type_of_the_graph(backend, counted):
    g = pf.Graph.from_edges({"src": ["a", "b", "c"], "dst": ["b", "c", "a"]})
    assert nx.is_strongly_connected(g) is True
    assert list(nx.bfs_edges(g, "a")) == [("a", "b"), ("b", "c")]
    assert counted() == {"is_strongly_connected": 1, "bfs_edges": 1}


def test_by_priority_large_graphs_only(first, counted):
    assert nx.is_connected(nx.path_graph(MIN_NODES - 1))
    assert counted() == {}
    assert nx.is_connected(nx.path_graph(MIN_NODES))
    assert counted() == {"is_connected": 1}


def test_the_threshold_is_a_setting(first, counted):
    with nx.config.backends.parquetframe(min_nodes=3):
        nx.is_connected(nx.path_graph(3))
        assert counted() == {"is_connected": 1}
        nx.is_connected(nx.path_graph(2))
        assert counted() == {"is_connected": 1}
        assert backend.should_run("is_connected", (nx.path_graph(2),), {}) == (
            "the graph has 2 nodes, fewer than min_nodes=3"
        )


@pytest.mark.parametrize("value", [-1, "many", True, 1.5])
def test_a_threshold_that_is_no_count(first, value):
    with (
        nx.config.backends.parquetframe(min_nodes=value),
        pytest.raises(ValueError, match="min_nodes must be a count"),
    ):
        nx.is_connected(nx.path_graph(3))


def test_threads_are_a_setting_and_do_not_change_results():
    G = nx.gnp_random_graph(300, 0.05, seed=1)
    found = []
    for threads in (1, 2, 3, 8):
        with nx.config.backends.parquetframe(threads=threads):
            found.append(nx.betweenness_centrality(G, **OURS))
    assert found[0] == found[1] == found[2] == found[3]
    with (
        nx.config.backends.parquetframe(threads=0),
        pytest.raises(ValueError, match="threads must be at least 1 or None, not 0"),
    ):
        nx.betweenness_centrality(G, **OURS)


def test_threads_reach_the_engine(monkeypatch):
    from parquetframe.nx_backend import dense

    seen = []
    asked = dense.start
    monkeypatch.setattr(
        dense, "start", lambda name, threads: seen.append(threads) or asked(name, threads=threads)
    )
    with nx.config.backends.parquetframe(threads=2):
        nx.pagerank(nx.path_graph(4), **OURS)
    assert seen == [2]


def test_a_function_that_is_not_there():
    assert not hasattr(backend, "max_weight_matching")
    with pytest.raises(NotImplementedError, match="not implemented by 'parquetframe'"):
        nx.max_weight_matching(nx.path_graph(4), **OURS)
    assert (
        backend.can_run("max_weight_matching", (), {}) == "parquetframe has no max_weight_matching"
    )


def test_our_graph_in_a_function_that_is_not_there(monkeypatch):
    g = pf.Graph.from_edges({"src": [1, 2], "dst": [2, 3]}, directed=False)
    with pytest.raises(NotImplementedError, match="eccentricity"):
        nx.eccentricity(g)
    with nx.config(fallback_to_nx=True):
        assert nx.eccentricity(g) == {1: 2, 2: 1, 3: 2}


def test_reasons_are_logged(first, caplog):
    with caplog.at_level(logging.DEBUG, "networkx.utils.backends"):
        nx.pagerank(nx.path_graph(5))
    assert "the graph has 5 nodes, fewer than min_nodes=500" in caplog.text
    with caplog.at_level(logging.DEBUG, "networkx.utils.backends"):
        nx.dijkstra_path_length(nx.path_graph(600), 0, 3, weight=lambda u, v, d: 2)
    assert "a weight that is a function of Python runs in networkx" in caplog.text


def test_a_declined_call_runs_in_networkx(first, counted):
    G = nx.path_graph(600)
    assert nx.dijkstra_path_length(G, 0, 3, weight=lambda u, v, d: 2) == 6
    assert counted() == {}
    with pytest.raises(NotImplementedError, match="for the given arguments"):
        nx.dijkstra_path_length(G, 0, 3, weight=lambda u, v, d: 2, **OURS)


def test_a_conversion_that_is_declined_runs_in_networkx(first, counted):
    G = nx.path_graph(600)
    G[0][1]["weight"] = "heavy"
    with pytest.raises(TypeError):
        nx.dijkstra_path_length(G, 0, 3)  # networkx cannot add it either
    G[0][1]["weight"] = 2**60
    assert nx.dijkstra_path_length(G, 0, 3) == 2**60 + 2
    assert counted() == {}


def test_what_is_no_graph():
    assert backend.can_run("pagerank", ([1, 2],), {}) == "list is no graph"
    with pytest.raises(NotImplementedError, match="for the given arguments"):
        nx.pagerank([1, 2], **OURS)


def test_attributes_of_the_backend():
    names = [name for name in dir(backend) if not name.startswith("_")]
    assert {"pagerank", "can_run", "convert_from_nx", "on_start_tests"} <= set(names)
    assert all(callable(getattr(backend, name)) for name in names)
    with pytest.raises(AttributeError, match="no networkx function 'nonsense'"):
        backend.nonsense  # noqa: B018


class TestRegistry:
    """Arguments are bound by the networkx that is installed."""

    @pytest.fixture
    def entry(self):
        def pagerank(G, alpha=0.5, added_later="ours"):
            return alpha, added_later

        return Registered("pagerank", pagerank)

    def test_defaults_are_those_of_networkx(self, entry):
        assert entry(GRAPH) == (0.85, "ours")
        assert entry(GRAPH, 0.25) == entry(GRAPH, alpha=0.25) == (0.25, "ours")

    def test_a_parameter_that_only_we_know(self, entry):
        assert entry(GRAPH, added_later="theirs") == (0.85, "theirs")

    def test_a_parameter_that_we_do_not_know(self, entry):
        assert entry.can_run((GRAPH,), {"max_iter": 100}) is True  # the default
        assert entry(GRAPH, max_iter=100) == (0.85, "ours")
        assert entry.can_run((GRAPH,), {"max_iter": 7, "tol": 1.0}) == (
            "parquetframe knows no max_iter, tol in pagerank"
        )

    def test_an_argument_that_nobody_knows(self, entry):
        assert "unexpected keyword argument 'speed'" in entry.can_run((GRAPH,), {"speed": 9})
        with pytest.raises(TypeError, match="speed"):
            nx.pagerank(nx.path_graph(3), speed=9)

    def test_a_missing_argument_is_an_error_where_it_runs(self):
        with pytest.raises(TypeError, match="source"):
            nx.descendants(nx.DiGraph([(1, 2)]), **OURS)

    def test_a_judge_sees_all_arguments(self):
        seen = []

        def descendants(G, source):
            return None

        entry = Registered(
            "descendants", descendants, judge=lambda G, given: seen.append((G, given)) or "no"
        )
        assert entry.can_run((GRAPH, 2), {}) == "no"
        assert seen == [(GRAPH, SimpleNamespace(G=GRAPH, source=2))]

    def test_registering_counts_and_advises(self, monkeypatch, counted):
        monkeypatch.setattr("parquetframe.nx_backend.registry.FUNCTIONS", {})

        @algorithm(should_run=lambda G, given: f"{given.times} is little")
        def unheard_of(G, times=1):
            """Nothing."""
            return [G] * times

        from parquetframe.nx_backend import registry

        entry = registry.FUNCTIONS["unheard_of"]
        assert unheard_of("g", times=2) == ["g", "g"]
        assert unheard_of.__doc__ == "Nothing."
        assert counted() == {"unheard_of": 1}
        assert entry.should_run(("g",), {}) == "1 is little"
        assert set(FUNCTIONS) != {"unheard_of"}
