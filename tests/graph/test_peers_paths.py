"""Searches, paths and orders against networkx on small random graphs."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import pytest
from graph_strategies import cases
from hypothesis import given
from hypothesis import strategies as st
from peer_checks import _same_order, column, numbers, quick

import parquetframe as pf

pytestmark = pytest.mark.usefixtures("backend")


@quick
@given(case=cases(), depth=st.none() | st.integers(0, 4), data=st.data())
def test_bfs(case, depth, data):
    sources = data.draw(st.lists(st.integers(0, case.n - 1), min_size=1, max_size=3))
    direction = data.draw(st.sampled_from(["out", "in", "both"]))
    theirs = case.networkx()
    if case.directed and direction != "out":
        theirs = theirs.reverse() if direction == "in" else theirs.to_undirected()
    expected = {}
    for source in sources:
        for v, d in nx.single_source_shortest_path_length(theirs, source, cutoff=depth).items():
            expected[v] = min(d, expected.get(v, math.inf))
    graph = case.graph()
    ids = [case.ids[v] for v in sources]
    found = graph.bfs(ids, max_depth=depth, direction=direction)
    rows = numbers(case, found, "vertex", "predecessor")
    assert [(v, d) for v, d, _ in rows] == sorted(expected.items())
    back = theirs.pred if theirs.is_directed() else theirs.adj
    for v, d, before in rows:
        tight = [u for u in back[v] if expected.get(u) == d - 1]
        assert before == (min(tight) if d else None)
    full = graph.bfs(ids, max_depth=depth, direction=direction, include_unreached=True)
    assert column(full, "distance") == [expected.get(v) for v in range(case.n)]
    each = graph.bfs(ids, max_depth=depth, direction=direction, per_source=True)
    assert numbers(case, each, "source", "vertex") == [
        (s, v, d)
        for s in sources
        for v, d in sorted(nx.single_source_shortest_path_length(theirs, s, cutoff=depth).items())
    ]


@quick
@given(case=cases(), depth=st.none() | st.integers(0, 4), data=st.data())
def test_dfs(case, depth, data):
    """Preorder, postorder and tree as networkx has them over the same adjacency."""
    graph = case.graph()
    source = data.draw(st.none() | st.integers(0, case.n - 1))
    rows = graph.csr()
    adjacency = nx.DiGraph()
    adjacency.add_nodes_from(range(case.n))
    for u in range(case.n):
        row = rows.indices[rows.indptr[u] : rows.indptr[u + 1]].tolist()
        adjacency.add_edges_from((u, v) for v in row)
    found = graph.dfs(None if source is None else case.ids[source], max_depth=depth)
    table = numbers(case, found, "vertex", "predecessor", "root")
    arrive = sorted((row[1], row[0]) for row in table)
    leave = sorted((row[2], row[0]) for row in table)
    limit = {} if depth is None else {"depth_limit": depth}
    if depth != 0:  # networkx says no limit for 0
        assert [v for _, v in arrive] == list(nx.dfs_preorder_nodes(adjacency, source, **limit))
        if depth is None:  # networkx leaves out the vertices at the limit
            assert [v for _, v in leave] == list(nx.dfs_postorder_nodes(adjacency, source))
        tree = nx.dfs_predecessors(adjacency, source, **limit)
        assert {row[0]: row[3] for row in table if row[3] is not None} == tree
    assert sorted(t for pair in (arrive, leave) for t, _ in pair) == list(range(2 * len(table)))
    assert [row[0] for row in table] == sorted(row[0] for row in table)
    for v, discover, finish, before, root in table:
        assert discover < finish
        assert (before is None) == (root == v)


@quick
@given(case=cases())
def test_dfs_edges_and_the_parenthesis_theorem(case):
    graph = case.graph()
    times = {
        row[0]: row[1:3] for row in numbers(case, graph.dfs(), "vertex", "predecessor", "root")
    }
    for a in times.values():
        for b in times.values():
            apart = a[1] < b[0] or b[1] < a[0]
            nested = (a[0] <= b[0] and b[1] <= a[1]) or (b[0] <= a[0] and a[1] <= b[1])
            assert apart != nested
    rows = numbers(case, graph.dfs_edges(), "src", "dst")
    assert len(rows) == len(case.edges)
    seen = [(u, v) if case.directed else tuple(sorted((u, v))) for u, v, _ in rows]
    given_ = [(u, v) if case.directed else tuple(sorted((u, v))) for u, v in case.edges]
    assert sorted(seen) == sorted(given_)
    trees = [(u, v) for u, v, kind in rows if kind == "tree"]
    assert len({v for _, v in trees}) == len(trees)
    for u, v, kind in rows:
        (du, fu), (dv, fv) = times[u], times[v]
        inside = du < dv and fv < fu
        assert (kind in ("tree", "forward")) == inside
        assert (kind == "back") == (dv <= du and fu <= fv)
        assert (kind == "cross") == (fv < du)
        if not case.directed:
            assert kind in ("tree", "back")


@quick
@given(case=cases(weights="always", least=0), data=st.data())
def test_shortest_paths(case, data):
    source = data.draw(st.integers(0, case.n - 1))
    cutoff = data.draw(st.none() | st.integers(0, 12))
    graph, theirs = case.graph(), case.networkx(multi=False, weight="min")
    expected = nx.single_source_dijkstra_path_length(theirs, source, cutoff=cutoff)
    tables = [
        graph.shortest_paths(case.ids[source], method=method, cutoff=cutoff)
        for method in ("auto", "dijkstra", "delta", "bellman-ford")
    ]
    narrow = graph.shortest_paths(case.ids[source], method="delta", delta=0.5, cutoff=cutoff)
    for table in (*tables, narrow):
        assert table.equals(tables[0])
    rows = numbers(case, tables[0], "vertex", "predecessor")
    assert [(v, d) for v, d, _ in rows] == sorted(expected.items())
    for v, d, before in rows:
        nearer = (
            [
                u
                for u in theirs.pred[v]
                if u in expected and expected[u] < d and expected[u] + theirs[u][v]["weight"] == d
            ]
            if case.directed
            else [
                u
                for u in theirs[v]
                if u in expected and expected[u] < d and expected[u] + theirs[u][v]["weight"] == d
            ]
        )
        if v == source:
            assert before is None
        elif nearer:
            assert before == min(nearer)
        else:
            assert expected[before] == d
            assert theirs[before][v]["weight"] == 0
    for target in range(case.n):
        path = graph.shortest_paths(case.ids[source], case.ids[target], cutoff=cutoff)
        way = numbers(case, path, "vertex")
        if target not in expected:
            assert way == []
            continue
        assert (way[0][1], way[-1][1]) == (source, target)
        assert [p for p, *_ in way] == list(range(len(way)))
        assert [d for *_, d in way] == [expected[v] for _, v, _ in way]
        steps = itertools.pairwise(way)
        assert all(theirs[a[1]][b[1]]["weight"] == b[2] - a[2] for a, b in steps)


@quick
@given(case=cases(weights=None), data=st.data())
def test_paths_without_weights(case, data):
    source = case.ids[data.draw(st.integers(0, case.n - 1))]
    graph = case.graph()
    cutoff = data.draw(st.none() | st.floats(0, 5))
    expected = graph.bfs(source, max_depth=None if cutoff is None else int(cutoff))
    for method in ("auto", "bfs", "dijkstra", "delta", "bellman-ford"):
        found = graph.shortest_paths(source, method=method, cutoff=cutoff)
        assert found.schema.equals(expected.schema)
        assert found.equals(expected)


@quick
@given(case=cases(weights="always", least=-3), data=st.data())
def test_negative_weights(case, data):
    source = data.draw(st.integers(0, case.n - 1))
    graph, theirs = case.graph(), case.networkx(multi=False, weight="min")
    try:
        expected = nx.single_source_bellman_ford_path_length(theirs, source)
    except nx.NetworkXUnbounded:
        with pytest.raises(pf.errors.NegativeCycle) as caught:
            graph.shortest_paths(case.ids[source], method="bellman-ford")
        cycle = [case.ids.index(v) for v in caught.value.vertices]
        length = sum(
            theirs[u][v]["weight"] for u, v in zip(cycle, cycle[1:] + cycle[:1], strict=True)
        )
        assert length < 0
        return
    found = graph.shortest_paths(case.ids[source])
    rows = numbers(case, found, "vertex", "predecessor")
    assert {v: d for v, d, _ in rows} == dict(expected)
    for v, d, before in rows:
        if v != source:
            assert expected[before] + theirs[before][v]["weight"] == d


@quick
@given(case=cases(directed=True))
def test_topological_sort(case):
    theirs = case.networkx()
    graph = case.graph()
    if not nx.is_directed_acyclic_graph(theirs):
        with pytest.raises(pf.errors.NotADag) as caught:
            graph.topological_sort()
        cycle = [case.ids.index(v) for v in caught.value.vertices]
        assert all(theirs.has_edge(u, v) for u, v in zip(cycle, cycle[1:] + cycle[:1], strict=True))
        theirs = case.networkx().__class__()
        return
    _same_order(case, graph, theirs)


@quick
@given(case=cases(directed=True, max_edges=15))
def test_topological_sort_of_dags(case):
    from dataclasses import replace

    edges = tuple((min(u, v), max(u, v)) for u, v in case.edges if u != v)
    turned = tuple((case.n - 1 - u, case.n - 1 - v) for u, v in edges)
    for chosen in (edges, turned):
        dag = replace(case, edges=chosen, weights=None)
        _same_order(dag, dag.graph(), dag.networkx())
