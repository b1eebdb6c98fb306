"""Parts of the NumPy engine that small graphs do not reach, and the generator of both engines."""

from __future__ import annotations

import itertools
from collections import Counter

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe.graph._python.closest import _edits, closest_ids
from parquetframe.graph._python.negative_cycle import parent_cycle
from parquetframe.graph._python.rows import stable_order
from parquetframe.graph.sampling import SplitMix64


@pytest.mark.parametrize("top", [1, 2, 1000, 2**16, 2**16 + 1, 2**20, 2**32 - 1])
def test_stable_order(top):
    keys = np.random.default_rng(4).integers(0, top, 20_000)
    assert stable_order(keys).tolist() == np.argsort(keys, kind="stable").tolist()
    keys = keys.astype(np.uint32)
    assert stable_order(keys).tolist() == np.argsort(keys, kind="stable").tolist()


def test_numbers_are_those_of_the_paper():
    random = SplitMix64(1_234_567)
    expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    assert [random.next() for _ in range(3)] == expected


def test_numbers_below_a_bound_are_even():
    random = SplitMix64(1)
    for bound in (1, 2, 3, 7, 10):
        seen = Counter(random.below(bound) for _ in range(5000))
        assert set(seen) == set(range(bound))
        assert all(abs(count - 5000 / bound) < 5 * (5000 / bound) ** 0.5 for count in seen.values())
    assert all(random.below(2**64 - 1) < 2**64 - 1 for _ in range(100))
    assert all(random.below(2**63 + 1) <= 2**63 for _ in range(100))  # draws again half of the time


def test_permutations_and_samples():
    seen = Counter(tuple(SplitMix64(seed).permutation(3)) for seed in range(600))
    assert set(seen) == set(itertools.permutations(range(3)))
    drawn = Counter(v for seed in range(400) for v in SplitMix64(seed).sample(6, 2))
    assert set(drawn) == set(range(6))
    for seed in range(50):
        chosen = SplitMix64(seed).sample(9, 4)
        assert chosen == sorted(set(chosen))
        assert len(chosen) == 4


def test_edit_distances():
    def slow(a, b):
        row = list(range(len(b) + 1))
        for i, x in enumerate(a, 1):
            last, row[0] = row[0], i
            for j, y in enumerate(b, 1):
                last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
        return row[-1]

    random = np.random.default_rng(8)
    texts = ["", *("".join(random.choice(list("abc"), k)) for k in random.integers(1, 9, 60))]
    for a, b in itertools.product(texts[:25], texts):
        assert _edits(a, b) == slow(a, b)


def test_closest_ids():
    ids = pa.array(["BOS", "XYR", "xyz", "XAR", "LAX"])
    assert closest_ids(ids, "XYZ") == ["'xyz'", "'XYR'"]
    assert closest_ids(pa.array(["abc"]), "Q") == []
    assert closest_ids(pa.array([True, False]), True) == ["true", "false"]
    assert closest_ids(pa.array([b"a"]), b"b") == []
    assert closest_ids(pa.array([-(2**63), 2**63 - 1]), 0) == [str(2**63 - 1), str(-(2**63))]
    assert closest_ids(pa.array([0, 2**64 - 1], pa.uint64()), -5) == ["0", str(2**64 - 1)]


def test_cycles_of_parents():
    assert parent_cycle(np.array([-1, 0, 1, 2])) == []
    assert parent_cycle(np.array([2, 0, 1, 2])) == [0, 1, 2]
    assert parent_cycle(np.array([0])) == [0]
    assert parent_cycle(np.array([], np.int64)) == []


def test_every_directed_graph_on_three_vertices():
    """With loops: 2^9 graphs, against networkx."""
    pairs = list(itertools.product(range(3), repeat=2))
    for chosen in range(2 ** len(pairs)):
        edges = [pair for bit, pair in enumerate(pairs) if chosen >> bit & 1]
        src, dst = ([e[i] for e in edges] for i in (0, 1))
        g = pf.Graph.from_arrays(src, dst, num_vertices=3, engine="python")
        theirs = nx.DiGraph(edges)
        theirs.add_nodes_from(range(3))
        parts = {frozenset(part) for part in nx.strongly_connected_components(theirs)}
        label = g.connected_components("strong", output="numpy")["component_id"]
        assert {
            frozenset(np.flatnonzero(label == c).tolist()) for c in set(label.tolist())
        } == parts
        hops = g.bfs(0, output="numpy")
        expected = nx.single_source_shortest_path_length(theirs, 0)
        assert (
            dict(zip(hops["vertex"].tolist(), hops["distance"].tolist(), strict=True)) == expected
        )
        near = nx.closeness_centrality(theirs)
        assert g.closeness(output="numpy")["closeness"].tolist() == [near[v] for v in range(3)]
        share = nx.clustering(theirs)
        assert g.clustering(output="numpy")["clustering"].tolist() == [share[v] for v in range(3)]


def test_a_graph_of_many_vertices():
    csgraph = pytest.importorskip("scipy.sparse.csgraph")
    rng = np.random.default_rng(11)
    n, m = 100_000, 300_000
    src, dst, w = rng.integers(0, n, m), rng.integers(0, n, m), rng.integers(1, 255, m)
    g = pf.Graph.from_arrays(src, dst, w, num_vertices=n, engine="python")
    matrix = g.subgraph([]).to_scipy()
    assert matrix.shape == (0, 0)
    once = pf.Graph.from_edges((src, dst, w), num_vertices=n, duplicates="min", engine="python")
    lengths = csgraph.dijkstra(once.to_scipy(), indices=0)
    for method in ("delta", "dijkstra", "bellman-ford"):
        found = g.shortest_paths(0, method=method, include_unreached=True)
        assert found["distance"].fill_null(np.inf).to_numpy().tolist() == lengths.tolist()
    count, label = csgraph.connected_components(once.to_scipy(), directed=False)
    mine = g.connected_components(output="numpy")["component_id"]
    assert mine.max() + 1 == count
    assert len(np.unique(mine.astype(np.int64) * n + label)) == count
    back = g.csc()
    order = np.lexsort((np.arange(m), src, dst))
    assert back.indices.tolist() == src[order].tolist()
