"""PageRank, betweenness, closeness and harmonic centrality."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx_cases import RELATIVE, check, examples, graphs, node_of, nodes_of, plain, weights_of

pytestmark = pytest.mark.usefixtures("backend")

unweighted = graphs(kinds=("none",))
NAMES = st.sampled_from(["weight", "weight", None, "other"])


def shares_of(G):
    values = st.lists(st.integers(0, 3), min_size=len(G), max_size=len(G))
    return st.one_of(st.none(), st.none(), values.map(lambda v: dict(zip(G, v, strict=True))))


@examples
@given(G=graphs(), data=st.data(), weight=NAMES)
def test_pagerank(G, data, weight):
    personalization, nstart, dangling = (data.draw(shares_of(G)) for _ in range(3))
    tol = data.draw(st.sampled_from([1e-6, 1e-10, 0]))
    no_sum = any(given is not None and not sum(given.values()) for given in (nstart, dangling))
    check(
        "pagerank", G, data.draw(st.sampled_from([0.85, 0.5, 0, 1])), personalization,
        data.draw(st.sampled_from([100, 100, 7, 0])), tol, nstart, weight, dangling,
        may_decline=not plain(G, weight) or no_sum, relative=RELATIVE,
    )  # fmt: skip


@pytest.mark.parametrize("directed", [False, True])
def test_pagerank_stops_with_networkx(directed):
    G = nx.gnm_random_graph(300, 900, seed=1, directed=directed)
    needed = next(count for count in range(1, 100) if _converges(G, count, "networkx"))
    assert needed > 2
    assert _converges(G, needed, "parquetframe")
    assert not _converges(G, needed - 1, "parquetframe")


def _converges(G, count, backend):
    try:
        nx.pagerank(G, tol=1e-9, max_iter=count, backend=backend)
    except nx.PowerIterationFailedConvergence:
        return False
    return True


@pytest.mark.parametrize(
    "arguments", [{"alpha": 1.5}, {"tol": -1.0}, {"max_iter": 2.0}, {"nstart": {0: -1.0, 1: 3.0}}]
)
def test_pagerank_declines(arguments):
    with pytest.raises(NotImplementedError):
        nx.pagerank(nx.path_graph(3), **arguments, backend="parquetframe")


@examples
@given(G=graphs(), data=st.data(), weight=NAMES, flags=st.tuples(st.booleans(), st.booleans()))
def test_betweenness(G, data, weight, flags):
    k = data.draw(st.sampled_from([None, None, 0, 1, 2, len(G), len(G) + 1]))
    fits = plain(G, weight) and all(value > 0 for value in weights_of(G, weight))
    check(
        "betweenness_centrality", G, k, normalized=flags[0], weight=weight, endpoints=flags[1],
        seed=3, may_decline=not fits, relative=RELATIVE,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [random.Random, np.random.RandomState, np.random.default_rng])
def test_betweenness_draws_what_networkx_draws(seed):
    G = nx.gnm_random_graph(60, 150, seed=2)
    ours = nx.betweenness_centrality(G, k=7, seed=seed(5), backend="parquetframe")
    theirs = nx.betweenness_centrality(G, k=7, seed=seed(5), backend="networkx")
    assert ours == pytest.approx(theirs, rel=RELATIVE)


@examples
@given(G=unweighted, data=st.data(), improved=st.booleans())
def test_closeness(G, data, improved):
    check("closeness_centrality", G, data.draw(st.one_of(st.none(), node_of(G))), None, improved)


@examples
@given(G=unweighted, data=st.data())
def test_harmonic(G, data):
    some = st.one_of(st.none(), node_of(G), nodes_of(G))
    nbunch, sources = data.draw(some), data.draw(some)
    check("harmonic_centrality", G, nbunch, sources=sources, relative=RELATIVE)


@pytest.mark.parametrize("name", ["closeness_centrality", "harmonic_centrality"])
def test_weighted_distances_are_declined(name):
    with pytest.raises(NotImplementedError):
        getattr(nx, name)(nx.path_graph(3), distance="weight", backend="parquetframe")
