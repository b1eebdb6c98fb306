"""Triangles, clustering and transitivity, to the bit."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx_cases import CLASSES, check, examples, graphs, node_of, nodes_of

pytestmark = pytest.mark.usefixtures("backend")

unweighted = graphs(kinds=("none",))


def some_of(G):
    return st.one_of(st.none(), st.none(), node_of(G), nodes_of(G))


@pytest.mark.parametrize("name", ["triangles", "clustering", "average_clustering"])
@examples
@given(G=unweighted, data=st.data())
def test_values(G, data, name):
    check(name, G, data.draw(some_of(G)))


@examples
@given(G=unweighted, zeros=st.booleans())
def test_average_without_zeros(G, zeros):
    check("average_clustering", G, count_zeros=zeros)


@examples
@given(G=unweighted)
def test_transitivity(G):
    check("transitivity", G, may_decline=G.is_directed())


@pytest.mark.parametrize("cls", CLASSES[:2])
def test_few_of_many_nodes(cls):
    G = cls(nx.gnm_random_graph(400, 4000, seed=5, directed=cls is nx.DiGraph))
    G.add_edges_from((v, v) for v in range(0, 400, 3))
    for nodes in (0, 7, [3, 9, 5], [1] * 3, range(300)):
        check("clustering", G, nodes)
        check("triangles", G, nodes)
    check("clustering", G)


@pytest.mark.parametrize("name", ["clustering", "average_clustering"])
def test_weights_are_declined(name):
    with pytest.raises(NotImplementedError):
        getattr(nx, name)(nx.complete_graph(4), weight="weight", backend="parquetframe")
