"""Components, orders without cycles, cores."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx_cases import check, examples, graphs, node_of

pytestmark = pytest.mark.usefixtures("backend")

unweighted = graphs(kinds=("none",))
COMPONENTS = [
    "connected_components", "number_connected_components", "is_connected",
    "weakly_connected_components", "number_weakly_connected_components", "is_weakly_connected",
    "strongly_connected_components", "number_strongly_connected_components",
    "is_strongly_connected",
]  # fmt: skip


@pytest.mark.parametrize("name", COMPONENTS)
@examples
@given(G=unweighted)
def test_components(G, name):
    check(name, G)


@examples
@given(G=unweighted, data=st.data())
def test_node_connected_component(G, data):
    check("node_connected_component", G, data.draw(node_of(G)))


@pytest.mark.parametrize(
    "name", ["topological_sort", "topological_generations", "is_directed_acyclic_graph"]
)
@examples
@given(G=unweighted)
def test_orders(G, name):
    check(name, G)


@pytest.mark.parametrize("cyclic", [False, True])
def test_orders_of_larger_graphs(cyclic):
    random = nx.gnm_random_graph(600, 1500, seed=3, directed=True)
    G = nx.MultiDiGraph()
    G.add_nodes_from(reversed(range(600)))
    G.add_edges_from((u, v) for u, v in random.edges() if u < v)
    G.add_edges_from(list(G.edges())[:200])
    if cyclic:
        G.add_edges_from([(590, 591), (591, 590)])
    for name in ("topological_generations", "topological_sort", "strongly_connected_components"):
        check(name, G)


@examples
@given(G=unweighted)
def test_core_number(G):
    check("core_number", G)


def test_errors_come_with_the_first_item():
    found = nx.topological_sort(nx.path_graph(3), backend="parquetframe")
    with pytest.raises(nx.NetworkXError, match="not defined on undirected"):
        next(found)
    cycle = nx.DiGraph([(0, 1), (1, 2), (2, 1)])
    found = nx.topological_sort(cycle, backend="parquetframe")
    assert next(found) == 0
    with pytest.raises(nx.NetworkXUnfeasible, match="contains a cycle"):
        next(found)
