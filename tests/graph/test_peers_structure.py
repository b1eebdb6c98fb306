"""Components, triangles, cores and trees against networkx on small random graphs."""

from __future__ import annotations

import math

import networkx as nx
import pytest
from graph_strategies import cases
from hypothesis import given
from hypothesis import strategies as st
from peer_checks import column, numbers, quick

pytestmark = pytest.mark.usefixtures("backend")


@quick
@given(case=cases(), mode=st.sampled_from(["weak", "strong"]))
def test_components(case, mode):
    theirs = case.networkx()
    if not case.directed:
        parts = nx.connected_components(theirs)
    elif mode == "weak":
        parts = nx.weakly_connected_components(theirs)
    else:
        parts = nx.strongly_connected_components(theirs)
    label = {}
    for number, part in enumerate(sorted(parts, key=min)):
        label.update(dict.fromkeys(part, number))
    found = case.graph().connected_components(mode)
    assert column(found, "component_id") == [label[v] for v in range(case.n)]


@quick
@given(case=cases())
def test_triangles_clustering_transitivity(case):
    graph = case.graph()
    simple = nx.Graph(case.networkx(multi=False))
    simple.remove_edges_from(list(nx.selfloop_edges(simple)))
    counts = nx.triangles(simple)
    assert column(graph.triangles(), "triangles") == [counts[v] for v in range(case.n)]
    assert graph.triangle_count() == sum(counts.values()) // 3
    assert graph.transitivity() == nx.transitivity(simple)
    theirs = nx.clustering(case.networkx(multi=False) if case.directed else simple)
    assert column(graph.clustering(), "clustering") == [theirs[v] for v in range(case.n)]


@quick
@given(case=cases())
def test_core_number(case):
    simple = case.networkx(multi=False)
    simple.remove_edges_from(list(nx.selfloop_edges(simple)))
    expected = nx.core_number(simple)
    found = case.graph().core_number()
    assert column(found, "core_number") == [expected[v] for v in range(case.n)]


@quick
@given(case=cases(least=-3))
def test_minimum_spanning_forest(case):
    multi = nx.MultiGraph()
    multi.add_nodes_from(range(case.n))
    weights = case.weights or (1.0,) * len(case.edges)
    for row, ((u, v), w) in enumerate(zip(case.edges, weights, strict=True)):
        multi.add_edge(u, v, weight=w, row=row)
    tree = nx.minimum_spanning_edges(multi, algorithm="kruskal", data=True, keys=False)
    expected = sum(data["weight"] for *_, data in tree)
    found = case.graph().minimum_spanning_forest()
    rows = numbers(case, found, "src", "dst")
    assert sum(w for *_, w, _ in rows) == expected
    assert len(rows) == case.n - nx.number_connected_components(multi)
    for u, v, w, edge in rows:
        assert {u, v} == set(case.edges[edge])
        assert w == weights[edge]
    assert [(w, e) for *_, w, e in rows] == sorted((w, e) for *_, w, e in rows)
    order = sorted(range(len(case.edges)), key=lambda e: (weights[e], e))
    joined = nx.utils.UnionFind(range(case.n))
    kept = []
    for e in order:
        u, v = case.edges[e]
        if joined[u] != joined[v]:
            joined.union(u, v)
            kept.append(e)
    assert [e for *_, e in rows] == kept


@quick
@given(case=cases())
def test_degree(case):
    theirs, graph = case.networkx(), case.graph()
    loops = [sum(u == v == x for u, v in case.edges) for x in range(case.n)]
    both = [d for _, d in theirs.degree()]
    assert column(graph.degree("both"), "degree") == both
    once = [b - k for b, k in zip(both, loops, strict=True)]
    assert column(graph.degree("both", "once"), "degree") == once
    if case.directed:
        assert column(graph.degree(), "degree") == [d for _, d in theirs.out_degree()]
        assert column(graph.degree("in"), "degree") == [d for _, d in theirs.in_degree()]
    else:
        assert column(graph.degree(), "degree") == both


@quick
@given(case=cases(weights=None))
def test_components_distances_and_cores_as_scipy_and_igraph(case):
    sparse = pytest.importorskip("scipy.sparse")
    igraph = pytest.importorskip("igraph")
    graph = case.graph()
    count, label = sparse.csgraph.connected_components(
        graph.to_scipy(), directed=case.directed, connection="strong"
    )
    found = column(graph.connected_components("strong"), "component_id")
    assert len(set(found)) == count
    assert len(set(zip(found, label.tolist(), strict=True))) == count
    theirs = igraph.Graph(n=case.n, edges=case.edges, directed=case.directed)
    hops = theirs.distances(0, mode="out")[0]
    mine = column(graph.bfs(case.ids[0], include_unreached=True), "distance")
    assert mine == [None if h == math.inf else h for h in hops]
    simple = theirs.simplify(multiple=True, loops=True) or theirs
    assert column(graph.core_number(), "core_number") == simple.coreness(mode="all")
    assert graph.triangle_count() == len(simple.as_undirected().list_triangles())
