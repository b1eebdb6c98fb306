"""``pf.Graph`` as networkx sees it, next to the graph that ``to_networkx`` makes of it."""

import pickle

import networkx as nx
import pytest

import parquetframe as pf
from parquetframe.graph.truth import Truth

EDGES = {"src": ["a", "b", "b", "d"], "dst": ["b", "c", "a", "d"], "w": [1.5, 2.0, 4.0, 8.0]}


@pytest.fixture(params=[True, False], ids=["directed", "undirected"])
def g(request, backend):
    vertices = {"id": ["z", "a"], "size": [7, 8]}
    return pf.Graph.from_edges(
        EDGES, weight="w", directed=request.param, vertices=vertices,
        duplicates="keep" if request.param else "min",
    )  # fmt: skip


def test_what_the_dispatcher_looks_at(g):
    assert g.__networkx_backend__ == "parquetframe"
    assert g.__networkx_cache__ == {}
    g.__networkx_cache__["x"] = 1
    assert g.__networkx_cache__ == {"x": 1}


def test_counts_and_membership(g):
    theirs = g.to_networkx()
    assert len(g) == g.number_of_nodes() == g.order() == len(theirs) == 5
    assert g.number_of_edges() == theirs.number_of_edges() == g.num_edges
    assert list(g) == list(theirs) == ["z", "a", "b", "c", "d"]
    assert "a" in g
    assert "q" not in g
    assert [] not in g


def test_nodes(g):
    theirs = g.to_networkx().nodes
    assert list(g.nodes) == list(theirs)
    assert len(g.nodes) == len(theirs)
    assert "a" in g.nodes
    assert [] not in g.nodes
    assert g.nodes["z"] == {"size": 7}
    assert g.nodes["b"] == {"size": None}
    assert g.nodes() == g.nodes
    assert list(g.nodes(data=True)) == list(theirs(data=True))
    assert list(g.nodes(data="size")) == list(theirs(data="size"))
    assert list(g.nodes(data="no", default=1)) == list(theirs(data="no", default=1))
    with pytest.raises(KeyError):
        g.nodes["q"]
    assert repr(g.nodes) == "Nodes(['z', 'a', 'b', 'c', 'd'])"


def test_neighbours(g):
    theirs = g.to_networkx()
    assert {node: dict(row) for node, row in g.adj.items()} == {
        node: dict(row) for node, row in theirs.adj.items()
    }
    assert [list(row) for row in g.adj.values()] == [list(row) for row in theirs.adj.values()]
    assert dict(g["b"]) == dict(theirs["b"])
    assert len(g.adj) == 5
    assert "a" in g.adj
    with pytest.raises(KeyError):
        g["q"]
    assert repr(g.adj).startswith("Adjacency({'z': {}")


def test_parallel_edges_are_a_multigraph(backend):
    g = pf.Graph.from_edges({"src": [1, 1, 2], "dst": [2, 2, 3], "w": [5, 6, 7]}, weight="w")
    assert g.is_multigraph() is True
    assert g.adj[1] == {2: {0: {"weight": 5.0}, 1: {"weight": 6.0}}}
    assert dict(g.adj[1]) == {2: dict(g.to_networkx().adj[1][2])}
    assert pf.Graph.from_edges({"src": [1, 2], "dst": [2, 1]}).is_multigraph() is False
    assert (
        pf.Graph.from_edges({"src": [1, 2], "dst": [2, 1]}, directed=False).is_multigraph() is True
    )
    assert (
        pf.Graph.from_edges({"src": [1, 1], "dst": [1, 1]}, directed=False).is_multigraph() is True
    )


def test_no_vertices_is_false_and_works(backend):
    g = pf.Graph.from_arrays([], [], num_vertices=0)
    assert not g
    assert (list(g), list(g.nodes), dict(g.adj), g.is_multigraph()) == ([], [], {}, False)


def test_is_directed_is_both(g):
    theirs = g.to_networkx().is_directed()
    assert g.is_directed() is theirs
    assert bool(g.is_directed) is theirs
    assert g.is_directed == theirs
    assert repr(g.is_directed) == str(g.is_directed) == repr(theirs)


@pytest.mark.parametrize("value", [True, False])
def test_truth(value):
    truth = Truth(value)
    assert truth() is value
    assert (not truth) is (not value)
    assert truth == value
    assert hash(truth) == hash(value)
    assert f"{truth}" == f"{value}"
    assert {value: 1}[truth] == 1
    assert pickle.loads(pickle.dumps(truth))() is value


def test_tables_stay_tables(g):
    assert g.edges.column_names[:2] == ["src", "dst"]
    assert g.vertices.column_names == ["vertex", "size"]
    assert g.degree().num_rows == 5


def test_attributes_of_the_graph(g):
    assert (g.graph, g.name) == ({}, "")
    g.graph["name"] = "routes"
    assert g.name == "routes"


@pytest.mark.parametrize("directed", [True, False])
def test_functions_give_what_they_give_for_the_networkx_graph(backend, directed):
    edges = nx.gnm_random_graph(60, 150, seed=4, directed=True).edges()
    src, dst = zip(*edges, strict=True)
    g = pf.Graph.from_edges({"src": src, "dst": dst}, directed=directed, duplicates="first")
    theirs = g.to_networkx()
    assert list(nx.bfs_edges(g, src[0])) == list(nx.bfs_edges(theirs, src[0]))
    assert list(nx.dfs_edges(g, src[0])) == list(nx.dfs_edges(theirs, src[0]))
    assert list(nx.core_number(g).items()) == list(nx.core_number(theirs).items())
    assert nx.pagerank(g) == pytest.approx(nx.pagerank(theirs), abs=1e-12)
    assert nx.clustering(g) == nx.clustering(theirs)
    found = nx.single_target_shortest_path_length(g, src[0])
    assert list(dict(found).items()) == list(
        dict(nx.single_target_shortest_path_length(theirs, src[0])).items()
    )


def test_weights_of_tables(backend):
    g = pf.Graph.from_edges(EDGES, weight="w")
    assert nx.dijkstra_path_length(g, "a", "c") == 3.5
    assert nx.dijkstra_path_length(g, "a", "c", weight=None) == 2
    plain = pf.Graph.from_edges(EDGES)
    assert nx.dijkstra_path_length(plain, "a", "c") == 2
    assert isinstance(nx.dijkstra_path_length(plain, "a", "c"), int)


def test_not_implemented_for_is_asked_before_us(backend):
    g = pf.Graph.from_edges({"src": [1], "dst": [2]})
    with pytest.raises(nx.NetworkXNotImplemented, match="directed type"):
        nx.is_connected(g)
    with pytest.raises(nx.NetworkXNotImplemented, match="undirected type"):
        list(
            nx.strongly_connected_components(
                pf.Graph.from_edges({"src": [1], "dst": [2]}, directed=False)
            )
        )
