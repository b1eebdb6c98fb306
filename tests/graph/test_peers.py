"""Each algorithm against networkx on small random graphs."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from graph_strategies import cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networkx.algorithms.link_analysis import pagerank_alg

import parquetframe as pf

pytestmark = pytest.mark.usefixtures("backend")

quick = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def numbers(case, table, *names):
    """Columns of ids as vertex numbers."""
    place = {v: number for number, v in enumerate(case.ids)} | {None: None}
    columns = table.to_pydict()
    found = [
        [place[v] for v in values] if name in names else values for name, values in columns.items()
    ]
    return list(zip(*found, strict=True))


def column(table, name):
    return table.column(name).to_pylist()


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
@given(case=cases(least=0), alpha=st.sampled_from([0.0, 0.5, 0.85]), data=st.data())
def test_pagerank(case, alpha, data):
    share = st.dictionaries(st.integers(0, case.n - 1), st.integers(1, 5), min_size=1)
    jump, stuck = data.draw(st.none() | share), data.draw(st.none() | share)
    theirs = case.networkx()
    if not case.directed:  # a loop is one arc, as in our rows; networkx counts it once too
        theirs = theirs.to_directed()
    expected = pagerank_alg._pagerank_python(
        theirs, alpha=alpha, personalization=jump, dangling=stuck, tol=1e-14 / case.n, max_iter=2000
    )

    def named(weights):
        return None if weights is None else {case.ids[v]: w for v, w in weights.items()}

    found = case.graph().pagerank(
        alpha, tol=1e-14, max_iter=2000, personalization=named(jump), dangling=named(stuck)
    )
    assert column(found, "rank") == pytest.approx([expected[v] for v in range(case.n)], abs=1e-12)
    assert sum(column(found, "rank")) == pytest.approx(1, abs=1e-12)


@quick
@given(case=cases(weights="always"))
def test_hits(case):
    matrix = np.zeros((case.n, case.n))
    for (u, v), w in zip(case.edges, case.weights, strict=True):
        matrix[u, v] += w
        if not case.directed and u != v:
            matrix[v, u] += w
    found = case.graph().hits(max_iter=5, on_fail="ignore")
    hub, authority = np.array(column(found, "hub")), np.array(column(found, "authority"))
    if not case.edges:
        assert not hub.any()
        assert not authority.any()
        return
    assert hub.sum() == pytest.approx(1)
    assert authority.sum() == pytest.approx(1)
    expected = matrix @ authority
    assert hub == pytest.approx(expected / expected.sum(), abs=1e-12)


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
@given(case=cases(least=1), normalized=st.booleans(), endpoints=st.booleans(), data=st.data())
def test_betweenness(case, normalized, endpoints, data):
    weight = data.draw(st.sampled_from([None, "auto"]))
    simple = case.networkx(multi=False, weight="min")
    key = "weight" if weight and case.weights else None
    expected = nx.betweenness_centrality(
        simple, normalized=normalized, endpoints=endpoints, weight=key
    )
    found = case.graph().betweenness(normalized=normalized, endpoints=endpoints, weight=weight)
    values = [expected[v] for v in range(case.n)]
    assert column(found, "betweenness") == pytest.approx(values, rel=1e-12, abs=1e-12)


@quick
@given(case=cases(), normalized=st.booleans(), endpoints=st.booleans(), data=st.data())
def test_sampled_betweenness(case, normalized, endpoints, data):
    """The sample is ours, the scale networkx's."""
    from parquetframe.graph.sampling import SplitMix64

    k, seed = data.draw(st.integers(1, case.n)), data.draw(st.integers(0, 99))
    chosen = list(range(case.n)) if k == case.n else SplitMix64(seed).sample(case.n, k)
    expected = _sampled(case.networkx(multi=False), chosen, k, normalized, endpoints)
    found = case.graph().betweenness(k=k, seed=seed, normalized=normalized, endpoints=endpoints)
    values = [expected[v] for v in range(case.n)]
    assert column(found, "betweenness") == pytest.approx(values, rel=1e-12, abs=1e-12, nan_ok=True)


def _sampled(graph, sources, k, normalized, endpoints):
    from networkx.algorithms.centrality import betweenness as theirs

    total = dict.fromkeys(graph, 0.0)
    for s in sources:
        order, before, sigma, _ = theirs._single_source_shortest_path_basic(graph, s)
        add = theirs._accumulate_endpoints if endpoints else theirs._accumulate_basic
        total, _ = add(total, order, before, sigma, s)
    return theirs._rescale(
        total, len(graph), normalized=normalized, directed=graph.is_directed(),
        endpoints=endpoints, sampled_nodes=None if k == len(graph) else sources,
    )  # fmt: skip


@quick
@given(case=cases(), wf=st.booleans(), data=st.data())
def test_closeness_and_harmonic(case, wf, data):
    theirs = case.networkx()
    direction = data.draw(st.sampled_from(["in", "out", "both"]))
    if case.directed and direction != "in":
        theirs = theirs.reverse() if direction == "out" else theirs.to_undirected()
    graph = case.graph()
    near = nx.closeness_centrality(theirs, wf_improved=wf)
    found = graph.closeness(direction=direction, wf_improved=wf)
    assert column(found, "closeness") == [near[v] for v in range(case.n)]
    mean = nx.harmonic_centrality(theirs)
    found = graph.harmonic(direction=direction)
    values = [mean[v] for v in range(case.n)]
    assert column(found, "harmonic") == pytest.approx(values, rel=1e-12)
    some = data.draw(st.lists(st.integers(0, case.n - 1), max_size=3))
    part = graph.closeness([case.ids[v] for v in some], direction, wf)
    assert numbers(case, part, "vertex") == [(v, near[v]) for v in sorted(set(some))]
    part = graph.harmonic([case.ids[v] for v in some], direction)
    rows = numbers(case, part, "vertex")
    assert [v for v, _ in rows] == sorted(set(some))
    assert [h for _, h in rows] == pytest.approx([mean[v] for v in sorted(set(some))], rel=1e-12)


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


def _same_order(case, graph, theirs):
    rows = numbers(case, graph.topological_sort(), "vertex")
    assert [p for p, *_ in rows] == list(range(case.n))
    assert [v for _, v, _ in rows] == list(nx.topological_sort(theirs))
    generations = [
        (v, number) for number, part in enumerate(nx.topological_generations(theirs)) for v in part
    ]
    assert [(v, g) for _, v, g in rows] == generations


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
@given(case=cases(), seed=st.integers(0, 9), resolution=st.sampled_from([0.5, 1.0, 2.0]))
def test_louvain(case, seed, resolution):
    found = case.graph().louvain(resolution, seed)
    label = column(found, "community_id")
    assert sorted(set(label), key=label.index) == list(range(len(set(label))))
    told = float(found.schema.metadata[b"pf.modularity"])
    if not case.edges:
        assert label == list(range(case.n))
        return
    parts = [{v for v in range(case.n) if label[v] == c} for c in set(label)]
    theirs = case.networkx()
    alone = [{v} for v in range(case.n)]
    modularity = nx.community.modularity
    assert told == pytest.approx(modularity(theirs, parts, resolution=resolution), abs=1e-12)
    assert told >= modularity(theirs, alone, resolution=resolution) - 1e-12
    again = case.graph().louvain(resolution, seed)
    assert again.equals(found)


def test_louvain_finds_known_communities():
    club = nx.karate_club_graph()
    graph = pf.Graph.from_networkx(club, weight=None)
    found = graph.louvain(seed=3)
    told = float(found.schema.metadata[b"pf.modularity"])
    best = max(
        nx.community.modularity(
            club, nx.community.louvain_communities(club, seed=s, weight=None), weight=None
        )
        for s in range(10)
    )
    assert told > best - 0.03
    assert float(graph.louvain(max_level=1).schema.metadata[b"pf.levels"]) == 1


@quick
@given(case=cases(weights=None), rounds=st.integers(1, 6))
def test_label_propagation(case, rounds):
    """Replayed by hand: most frequent label along both directions, smallest on ties."""
    around = {v: [] for v in range(case.n)}
    for u, v in case.edges:
        if u != v:  # a loop does not count
            around[u].append(v)
            around[v].append(u)
    label, converged, done = list(range(case.n)), False, 0
    while done < rounds and not converged:
        new = []
        for v in range(case.n):
            seen = [label[u] for u in around[v]]
            new.append(min(seen, key=lambda c: (-seen.count(c), c)) if seen else label[v])
        converged, label, done = new == label, new, done + 1
    order = list(dict.fromkeys(label))
    found = case.graph().label_propagation(rounds)
    assert column(found, "community_id") == [order.index(c) for c in label]
    assert found.schema.metadata[b"pf.iterations"] == str(done).encode()
    assert found.schema.metadata[b"pf.converged"] == (b"true" if converged else b"false")


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
