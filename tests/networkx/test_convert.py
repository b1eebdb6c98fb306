"""Conversion: order, weights, what is declined, views and subclasses; both ways."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nx_strategies import CLASSES, NODES, Ordered, Thin, graphs, order

import parquetframe as pf
from parquetframe.nx_backend import backend as ours
from parquetframe.nx_backend import convert as conversion
from parquetframe.nx_backend.dense import view

WEIGHT = {"weight": 1}


def converted(G, attrs=None):
    return ours.convert_from_nx(G, edge_attrs=attrs)


def rows_of(rows, nodes):
    bounds, heads = rows.indptr.tolist(), rows.indices.tolist()
    return [[nodes[head] for head in heads[a:b]] for a, b in pairwise(bounds)]


def expected_rows(adjacency, multigraph):
    return [
        [v for v, data in row.items() for _ in range(len(data) if multigraph else 1)]
        for row in adjacency.values()
    ]


def same(a, b):
    """Equal lists of objects of which some are NaN."""
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b, strict=True))


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_order_is_that_of_the_dictionaries(G):
    g = converted(G, WEIGHT)
    seen = view(g)
    assert same(seen.nodes, list(G))
    assert (seen.directed, seen.multigraph) == (G.is_directed(), G.is_multigraph())
    for rows, adjacency in (
        (seen.out(), G.adj),
        (seen.incoming(), G.pred if G.is_directed() else G.adj),
    ):
        for found, wanted in zip(
            rows_of(rows, seen.nodes), expected_rows(adjacency, G.is_multigraph()), strict=True
        ):
            assert same(found, wanted)
    assert g.num_edges == G.number_of_edges()


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_both_ways(G):
    back = ours.convert_to_nx(converted(G, WEIGHT))
    assert type(back) is type(G)
    assert order(back) == order(G)
    wanted = [data.get("weight", 1) for *_, data in G.edges(data=True)]
    found = [data.get("weight", 1) for *_, data in back.edges(data=True)]
    assert found == wanted
    assert {type(value) for value in found} <= {int, float}
    for u, v in G.edges():
        if not G.is_directed():
            assert back._adj[u][v] is back._adj[v][u]
        else:
            assert back._succ[u][v] is back._pred[v][u]


@settings(max_examples=150, deadline=None)
@given(graphs(classes=CLASSES))
def test_python_walk_is_the_native_one(G):
    native, walked = converted(G, WEIGHT), conversion._walked(G, conversion._Attribute("weight", 1))
    assert native._networkx_weight_kind == walked._networkx_weight_kind
    for a, b in (
        (native.csr(), walked.csr()),
        (native._networkx_incoming, walked._networkx_incoming),
    ):
        assert a.indptr.tolist() == b.indptr.tolist()
        assert a.indices.tolist() == b.indices.tolist()
        assert (a.weights is None) == (b.weights is None)
        if a.weights is not None:
            assert a.weights.tolist() == b.weights.tolist()


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("nodes", NODES)
def test_plain_graphs_are_walked_natively(native, cls, nodes, monkeypatch):
    monkeypatch.setattr(conversion, "_walked", None)
    names = list(NODES[nodes])
    G = cls(list(pairwise(names)))
    assert converted(G).num_edges == len(names) - 1
    assert converted(G.reverse(copy=False) if G.is_directed() else G).num_edges == len(names) - 1


def test_equal_nodes_of_other_types():
    G = nx.DiGraph()
    G.add_nodes_from([0, 1, 2])
    G.add_edge(True, 2.0)
    G.add_edge(np.int64(0), 1.0)
    assert list(G) == [0, 1, 2]
    assert [row.tolist() for row in np.split(converted(G).csr().indices, [1])] == [[1], [2]]
    G = nx.Graph([("a", "b"), (str(b"a", "ascii"), "c"), ("x" * 3, "xx" + "x"[:1])])
    assert rows_of(converted(G).csr(), list(G)) == [["b", "c"], ["a"], ["a"], ["xxx"]]


def test_many_equal_objects_that_are_not_the_same():
    """More than the table of addresses bears."""
    G = nx.DiGraph()
    G.add_nodes_from(f"node {i}" for i in range(50))
    for i in range(50):
        for j in range(50):
            G.add_edge(f"node {i}", f"node {(i * j) % 50}")
    assert rows_of(converted(G).csr(), list(G)) == expected_rows(G.adj, False)


class TestWeights:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([1, 2], "int"), ([1.0, 2.5], "float"), ([True, 3], "int"), ([1, 2.0], "mixed"),
            ([None, None], "none"), ([None, 2], "int"), ([None, 2.0], "mixed"),
            ([np.float64(1), 2.0], "float"), ([np.int64(1), 2], "int"), ([2**53, -(2**53)], "int"),
            ([-0.0, 5e-324], "float"), ([np.uint8(3), False], "int"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("walk", ["native", "python"])
    @pytest.mark.parametrize("cls", CLASSES)
    def test_kinds(self, values, kind, walk, cls):
        G = cls()
        for place, value in enumerate(values):
            G.add_edge(place, place + 1, **({} if value is None else {"w": value}))
        wanted = {"w": 1}
        g = converted(G, wanted) if walk == "native" else (
            conversion._walked(G, conversion._Attribute("w", 1))
        )  # fmt: skip
        g._networkx.weight_name = "w"
        assert g._networkx_weight_kind == kind
        seen = view(g)
        assert seen.kind_for(None) == "none"
        if kind == "none":
            assert seen.kind_for("other") == seen.kind_for("w") == seen.weight_kind == "none"
            assert not g.is_weighted
            return
        found = g.csr().weights[: 1 if not G.is_directed() else None].tolist()
        assert found == [1 if v is None else v for v in values][: len(found)]
        with pytest.raises(NotImplementedError, match="holds the edge attribute 'w', not 'other'"):
            seen.kind_for("other")
        if kind == "mixed":
            assert seen.kind_for("w", mixed=True) == "float"
            for ask in (lambda: seen.kind_for("w"), lambda: seen.weight_kind):
                with pytest.raises(
                    NotImplementedError, match="some weights are ints and some floats"
                ):
                    ask()
        else:
            assert seen.kind_for("w") == seen.weight_kind == kind

    @pytest.mark.parametrize(
        "value",
        [
            None, "3", Decimal(3), Fraction(1, 2), math.nan, math.inf, -math.inf, 2**53 + 1,
            -(2**53) - 1, 10**400, 1j, [1], np.float32(1), np.float16(1), np.float64("nan"),
            np.int64(2**60), np.longdouble(1), np.bool_(True), float,
        ],
        ids=repr,
    )  # fmt: skip
    @pytest.mark.parametrize("walk", ["native", "python"])
    def test_declined(self, value, walk):
        G = nx.DiGraph([(0, 1, {"w": 1}), (1, 2, {"w": value})])
        convert = converted if walk == "native" else lambda G, _: (
            conversion._walked(G, conversion._Attribute("w", 1))
        )  # fmt: skip
        with pytest.raises(NotImplementedError, match="weight"):
            convert(G, {"w": 1})
        assert converted(G).num_edges == 2  # where weights do not matter

    def test_subclasses_of_numbers_are_declined(self):
        class Odd(float):
            def __add__(self, other):
                return Odd(7)

        class OddInt(int):
            pass

        for value in (Odd(1), OddInt(1)):
            with pytest.raises(NotImplementedError, match="of type Odd"):
                converted(nx.Graph([(0, 1, {"w": value})]), {"w": 1})

    @pytest.mark.parametrize("default", [0, 2.5, None, "x", 1.0])
    def test_other_defaults(self, default):
        some = nx.DiGraph([(0, 1, {"w": 4}), (1, 2, {})])
        none = nx.DiGraph([(0, 1)])
        with pytest.raises(NotImplementedError, match="edges lack the attribute 'w'"):
            converted(none, {"w": default})
        if isinstance(default, (int, float)):
            assert converted(some, {"w": default}).csr().weights.tolist() == [4, default]
        else:
            with pytest.raises(NotImplementedError, match="edges lack the attribute 'w'"):
                converted(some, {"w": default})

    def test_names_are_any_objects(self):
        G = nx.Graph()
        G.add_edge(0, 1)
        G[0][1][("a", 1)] = 3
        assert converted(G, {("a", 1): 1}).csr().weights.tolist() == [3, 3]

    def test_parallel_edges_keep_their_own(self):
        G = nx.MultiGraph()
        G.add_edge("a", "b", key="x", w=3)
        G.add_edge("b", "a", w=1)
        G.add_edge("a", "a", w=5)
        G.add_edge("a", "a", w=6)
        assert converted(G, {"w": 1}).csr().weights.tolist() == [3, 1, 5, 6, 3, 1]


class TestViews:
    @pytest.fixture(params=CLASSES)
    def G(self, request):
        made = request.param(nx.gnm_random_graph(30, 120, seed=5, directed=True).edges())
        made.add_edge(29, 3)
        for place, (*_, data) in enumerate(made.edges(data=True)):
            data["weight"] = place
        return made

    def check(self, seen):
        g = converted(seen, WEIGHT)
        assert view(g).nodes == list(seen)
        assert rows_of(g.csr(), list(seen)) == expected_rows(seen.adj, seen.is_multigraph())
        assert g.num_edges == seen.number_of_edges()
        if seen.is_directed():
            incoming = rows_of(g._networkx_incoming, list(seen))
            assert incoming == expected_rows(seen.pred, seen.is_multigraph())
        assert order(ours.convert_to_nx(g)) == order(seen)

    def test_subgraph(self, G):
        self.check(G.subgraph([3, 1, 4, 15, 9, 26, 5, 29]))

    def test_most_of_a_graph(self, G):
        self.check(G.subgraph(range(1, 28)))

    def test_restricted(self, G):
        hidden = list(G.edges())[:5]
        if G.is_multigraph():
            hidden = [(u, v, 0) for u, v in hidden]
        self.check(nx.restricted_view(G, [0, 7], hidden))

    def test_filter(self, G):
        self.check(nx.subgraph_view(G, filter_node=lambda node: node % 3))

    def test_reverse(self, G):
        if G.is_directed():
            self.check(G.reverse(copy=False))
            self.check(nx.reverse_view(G).subgraph(range(9)))

    def test_other_direction(self, G):
        if G.is_multigraph():
            return
        self.check(
            G.to_undirected(as_view=True) if not G.is_directed() else G.to_directed(as_view=True)
        )

    def test_frozen(self, G):
        self.check(nx.freeze(G))

    @pytest.mark.parametrize("cls", [Ordered, Thin])
    def test_subclasses(self, cls):
        self.check(cls(nx.gnm_random_graph(20, 50, seed=2).edges()))

    def test_plain_subclass(self):
        class Mine(nx.DiGraph):
            pass

        self.check(Mine([(1, 2), (0, 1), (2, 0)]))

    def test_one_odd_dictionary_in_a_plain_graph(self):
        from collections import OrderedDict

        G = nx.Graph([(0, 1), (1, 2)])
        G._adj[1] = OrderedDict(G._adj[1])
        self.check(G)
        G = nx.MultiGraph([(0, 1), (1, 2)])
        G._adj[1][2] = G._adj[2][1] = OrderedDict(G._adj[1][2])
        self.check(G)

    def test_a_small_view_of_a_large_graph_is_not_quadratic(self):
        """A walk that looks at all nodes for each node of the view would take minutes."""
        G = nx.path_graph(200_000)
        g = converted(G.subgraph(range(0, 200_000, 2)))
        assert (g.num_vertices, g.num_edges) == (100_000, 0)
        g = converted(nx.restricted_view(G, [5], []))
        assert (g.num_vertices, g.num_edges) == (199_999, 199_997)


class TestDeclined:
    def test_a_class_with_neighbours_of_its_own(self):
        class Complement(nx.Graph):
            def __getitem__(self, node):
                return {other: {} for other in self if other not in self._adj[node]}

        with pytest.raises(NotImplementedError, match="Complement has a __getitem__ of its own"):
            converted(Complement([(0, 1)]))

    def test_attributes_of_nodes(self):
        with pytest.raises(NotImplementedError, match="no attributes of nodes"):
            ours.convert_from_nx(nx.path_graph(3), node_attrs={"size": 1})
        with pytest.raises(NotImplementedError, match="no attributes of nodes"):
            ours.convert_from_nx(nx.path_graph(3), preserve_node_attrs=True)

    def test_more_than_one_attribute_of_edges(self):
        with pytest.raises(NotImplementedError, match="one attribute of edges"):
            ours.convert_from_nx(nx.path_graph(3), edge_attrs={"a": 1, "b": 1})
        with pytest.raises(NotImplementedError, match="one attribute of edges"):
            ours.convert_from_nx(nx.path_graph(3), preserve_edge_attrs=True)

    def test_what_is_no_graph(self):
        for thing in (nx.path_graph(3).nodes, [1, 2], {1: [2]}):
            with pytest.raises(NotImplementedError, match="is no graph"):
                converted(thing)

    def test_dictionaries_that_contradict_each_other(self):
        G = nx.DiGraph([(0, 1)])
        G._adj[0][7] = {}
        with pytest.raises(NotImplementedError, match="leads to 7, which is no node"):
            converted(G)
        G = nx.Graph([(0, 1)])
        del G._adj[0]
        with pytest.raises((NotImplementedError, KeyError)):
            converted(G)


def test_attributes_of_the_graph():
    G = nx.path_graph(3)
    G.graph["name"], G.graph["x"] = "path", [1]
    kept = ours.convert_from_nx(G, preserve_graph_attrs=True)
    assert kept.graph == G.graph
    assert kept.graph is not G.graph
    assert kept.name == "path"
    assert converted(G).graph == {}
    assert ours.convert_to_nx(kept).graph == G.graph


def test_ours_stays_ours_and_others_are_returned():
    g = pf.Graph.from_edges({"src": ["a"], "dst": ["b"]})
    assert converted(g) is g
    for thing in (None, 3, {"a": 1}, nx.path_graph(2)):
        assert ours.convert_to_nx(thing) is thing


def test_tables_become_graphs_with_their_properties():
    edges = {"src": ["a", "b"], "dst": ["b", "c"], "weight": [1.5, 2.5], "kind": ["x", "y"]}
    g = pf.Graph.from_edges(edges, weight="weight", edge_properties=True)
    back = ours.convert_to_nx(g)
    assert list(back.edges(data=True)) == [
        ("a", "b", {"weight": 1.5, "kind": "x"}), ("b", "c", {"weight": 2.5, "kind": "y"}),
    ]  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES)
def test_nothing_at_all(cls):
    g = converted(cls(), WEIGHT)
    assert (len(g), g.num_edges, list(g)) == (0, 0, [])
    assert type(ours.convert_to_nx(g)) is cls
    one = cls()
    one.add_node("alone")
    assert list(ours.convert_to_nx(converted(one))) == ["alone"]


@settings(max_examples=60, deadline=None)
@given(graphs(classes=[nx.Graph, nx.DiGraph]), st.randoms(use_true_random=False))
def test_subgraphs_of_anything(G, rng):
    nodes = [node for node in G if rng.random() < 0.6]
    seen = G.subgraph(nodes)
    assert rows_of(converted(seen).csr(), list(seen)) == expected_rows(seen.adj, False)


def test_keys_that_change_the_graph_while_it_is_read():
    """Nodes of a hostile class: any outcome but a crash of the interpreter."""

    class Hostile:
        armed = False

        def __init__(self, value):
            self.value = value

        def __hash__(self):
            return 1

        def __eq__(self, other):
            if Hostile.armed:
                G._adj.clear()
            return isinstance(other, Hostile) and self.value == other.value

    G = nx.DiGraph()
    G.add_edges_from((Hostile(i), Hostile(i + 1)) for i in range(50))
    Hostile.armed = True
    try:
        converted(G)
    except (KeyError, NotImplementedError, RuntimeError):
        pass
    finally:
        Hostile.armed = False
