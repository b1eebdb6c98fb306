"""Ranks, centralities and communities against networkx on small random graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from graph_strategies import cases
from hypothesis import given
from hypothesis import strategies as st
from networkx.algorithms.link_analysis import pagerank_alg
from peer_checks import _sampled, column, numbers, quick

import parquetframe as pf

pytestmark = pytest.mark.usefixtures("backend")


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
