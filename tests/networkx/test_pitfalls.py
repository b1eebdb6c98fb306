"""What goes wrong in backends of networkx, each a test."""

import math
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

from parquetframe.nx_backend import backend as ours
from parquetframe.nx_backend.registry import FUNCTIONS

OURS = {"backend": "parquetframe"}


def everything(G, source, target):
    """A call of each function that fits the kind of graph; values without generators."""
    directed = G.is_directed()
    common = {
        "ancestors": (source,), "average_clustering": (), "betweenness_centrality": (),
        "bfs_edges": (source,), "bfs_layers": (source,), "bfs_predecessors": (source,),
        "bfs_successors": (source,), "closeness_centrality": (), "clustering": (),
        "core_number": (), "descendants": (source,), "descendants_at_distance": (source, 2),
        "dfs_edges": (source,), "dfs_postorder_nodes": (source,), "dfs_predecessors": (source,),
        "dfs_preorder_nodes": (source,), "dijkstra_path_length": (source, target),
        "harmonic_centrality": (), "has_path": (source, target),
        "multi_source_dijkstra_path_length": ({source, target},), "pagerank": (),
        "shortest_path_length": (source, target), "single_source_bellman_ford_path_length": (source,),
        "single_source_dijkstra_path_length": (source,),
        "single_source_shortest_path_length": (source,),
        "single_target_shortest_path_length": (target,),
        "louvain_communities": (),
    }  # fmt: skip
    only = {
        "is_strongly_connected": (), "is_weakly_connected": (),
        "number_strongly_connected_components": (), "number_weakly_connected_components": (),
        "strongly_connected_components": (), "weakly_connected_components": (),
        "is_directed_acyclic_graph": (),
    } if directed else {
        "connected_components": (), "is_connected": (), "node_connected_component": (source,),
        "number_connected_components": (), "triangles": (), "transitivity": (),
    }  # fmt: skip
    return common | only


ACYCLIC = {"topological_sort": (), "topological_generations": ()}


def settled(value):
    return list(value) if hasattr(value, "__next__") else value


def call(name, G, args, **options):
    function = getattr(nx, name, None) or getattr(nx.community, name)
    if name == "louvain_communities":
        options["seed"] = 1
    return settled(function(G, *args, **options))


def parts(value):
    """Everything inside."""
    yield value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from parts(key)
            yield from parts(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from parts(item)


@pytest.mark.parametrize("cls", [nx.Graph, nx.DiGraph])
def test_2_no_numpy_scalars_and_3_every_order(cls, backend):
    G = cls(nx.gnm_random_graph(40, 120, seed=9, directed=True).edges())
    names = set()
    for name, args in everything(G, 0, 7).items():
        found, wanted = call(name, G, args, **OURS), call(name, G, args)
        names.add(name)
        assert type(found) is type(wanted), name
        assert not [part for part in parts(found) if isinstance(part, (np.generic, np.ndarray))], (
            name
        )
        if name == "louvain_communities":
            assert set().union(*found) == set(G)
            continue
        if isinstance(wanted, dict):
            assert list(found) == list(wanted), name
            assert [type(value) for value in found.values()] == [
                type(value) for value in wanted.values()
            ], name
        if name in {
            "pagerank",
            "betweenness_centrality",
            "harmonic_centrality",
            "average_clustering",
        }:
            assert found == pytest.approx(wanted, abs=1e-12), name
        else:
            assert found == wanted, name
    dag = nx.DiGraph((u, v) for u, v in G.edges() if u < v)
    for name, args in ACYCLIC.items():
        assert call(name, dag, args, **OURS) == call(name, dag, args)
        names.add(name)
    other = everything(nx.DiGraph() if cls is nx.Graph else nx.Graph(), 0, 7)
    assert set(FUNCTIONS) == names | set(other)  # none is left out


def test_1_generators_are_declined_before_dispatch():
    """`can_run` says no; a generator that says no later cannot fall back."""
    G = nx.path_graph(600)
    backwards = {"sort_neighbors": lambda nodes: sorted(nodes, reverse=True)}
    wanted = list(nx.bfs_edges(G, 5, **backwards))
    with nx.config(backend_priority=["parquetframe"]):
        assert list(nx.bfs_edges(G, 5, **backwards)) == wanted
    assert isinstance(ours.can_run("bfs_edges", (G, 5), backwards), str)


def test_2_integers_stay_integers():
    G = nx.Graph([(0, 1, {"weight": 2}), (1, 2, {"weight": 3})])
    found = nx.single_source_dijkstra_path_length(G, 0, **OURS)
    assert [(key, type(value)) for key, value in found.items()] == [(0, int), (1, int), (2, int)]
    G[0][1]["weight"] = 2.5
    with pytest.raises(NotImplementedError):
        nx.single_source_dijkstra_path_length(G, 0, **OURS)
    for *_, data in G.edges(data=True):
        data["weight"] = float(data["weight"])
    found = nx.single_source_dijkstra_path_length(G, 0, **OURS)
    assert [type(value) for value in found.values()] == [
        type(value) for value in nx.single_source_dijkstra_path_length(G, 0).values()
    ]
    assert type(nx.clustering(nx.path_graph(3), **OURS)[1]) is int


def test_2_sums_beyond_what_floats_hold():
    G = nx.path_graph(5)
    nx.set_edge_attributes(G, 2**52, "weight")
    wanted = nx.dijkstra_path_length(G, 0, 4)
    assert wanted == 2**54
    with nx.config(backend_priority=["parquetframe"]), nx.config.backends.parquetframe(min_nodes=0):
        assert nx.dijkstra_path_length(G, 0, 4) == wanted
        G[0][1]["weight"] = 2**52 + 1
        assert nx.dijkstra_path_length(G, 0, 4) == wanted + 1


def test_3_keys_are_the_objects_of_the_caller():
    one, true = 1, True
    G = nx.DiGraph()
    G.add_nodes_from([one, "a", (2, "b"), math.nan])
    G.add_edges_from([(true, "a"), ("a", (2, "b"))])
    ranks = nx.pagerank(G, **OURS)
    assert [type(key) for key in ranks] == [int, str, tuple, float]
    assert list(nx.bfs_edges(G, 1.0, **OURS)) == list(nx.bfs_edges(G, 1.0))


def test_5_exceptions_and_their_moment():
    G = nx.DiGraph([(0, 1), (2, 0)])
    for name, args in {
        "has_path": (0, 9), "shortest_path_length": (9, 0), "dijkstra_path_length": (9, 0),
        "single_source_shortest_path_length": (9,), "descendants": (9,), "ancestors": (9,),
        "single_target_shortest_path_length": (9,), "multi_source_dijkstra_path_length": ({9},),
        "single_source_bellman_ford_path_length": (9,),
    }.items():  # fmt: skip
        errors = []
        for options in ({}, OURS):
            with pytest.raises(nx.NetworkXException) as caught:
                call(name, G, args, **options)
            errors.append((type(caught.value), str(caught.value)))
        assert errors[0] == errors[1], name
    for name in ("bfs_edges", "dfs_edges", "bfs_layers", "topological_sort"):
        args = () if name == "topological_sort" else (9,)
        H = nx.DiGraph([(0, 1), (1, 0)]) if name == "topological_sort" else G
        errors = []
        for options in ({}, OURS):
            function = getattr(nx, name)
            try:
                made = function(H, *args, **options)  # nothing yet
            except Exception as error:
                errors.append(("call", type(error), str(error)))
                continue
            with pytest.raises(Exception) as caught:
                next(made)
            errors.append(("next", type(caught.value), str(caught.value)))
        assert errors[0] == errors[1], name
    with pytest.raises(nx.NetworkXNoPath):
        nx.shortest_path_length(G, 0, 2, **OURS)
    with pytest.raises(ZeroDivisionError):
        nx.pagerank(G, personalization={0: 0}, **OURS)
    with pytest.raises(nx.PowerIterationFailedConvergence):
        nx.pagerank(G, max_iter=1, **OURS)
    loop = nx.Graph([(0, 0)])
    with pytest.raises(nx.NetworkXNotImplemented) as caught:
        nx.core_number(loop, **OURS)
    assert not isinstance(caught.value, NotImplementedError)


def test_6_samples_are_drawn_as_networkx_draws_them():
    G = nx.gnm_random_graph(50, 150, seed=2)
    for normalized in (True, False):
        for endpoints in (True, False):
            options = {"k": 10, "seed": 7, "normalized": normalized, "endpoints": endpoints}
            assert nx.betweenness_centrality(G, **options, **OURS) == pytest.approx(
                nx.betweenness_centrality(G, **options), abs=1e-12
            )


@pytest.mark.parametrize("flag", ["NETWORKX_CACHE_CONVERTED_GRAPHS", "NETWORKX_FALLBACK_TO_NX"])
def test_7_flags_in_the_environment_are_texts(flag):
    """``=0`` switches on; the documentation says so."""
    attribute = flag.removeprefix("NETWORKX_").lower()
    code = f"import networkx as nx; print(nx.config.{attribute})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={flag: "0"} | _path()
    )
    assert done.stdout.strip() == "True"


def _path():
    import os

    return {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "HOME") if key in os.environ}


def test_8_parallel_edges():
    """Only functions that use the sum or the least of them, as networkx does."""
    edges = [(0, 1, 5), (0, 1, 2), (1, 2, 1), (2, 0, 9), (2, 0, 1), (1, 1, 1)]
    for cls in (nx.MultiGraph, nx.MultiDiGraph):
        G = cls()
        G.add_weighted_edges_from(edges)
        for name, args in everything(G, 0, 2).items():
            if name == "louvain_communities" or ours.can_run(name, (G, *args), {}) is not True:
                continue
            try:
                wanted = call(name, G, args)
            except nx.NetworkXNotImplemented:
                with pytest.raises(nx.NetworkXNotImplemented):
                    call(name, G, args, **OURS)
                continue
            found = call(name, G, args, **OURS)
            assert found == (
                pytest.approx(wanted, abs=1e-12) if name in {"pagerank", "betweenness_centrality"}
                else wanted
            ), name  # fmt: skip


def test_9_another_distribution_of_the_name(tmp_path):
    """networkx keeps the first that it finds, and warns."""
    info = tmp_path / "impostor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: impostor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[networkx.backends]\nparquetframe = impostor:backend\n")
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r}); import warnings;"
        "warnings.simplefilter('error', RuntimeWarning); import networkx"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "networkx backend defined more than once: parquetframe" in done.stderr
