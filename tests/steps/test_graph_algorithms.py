"""The step `graph` with every algorithm: the same answer as the method on sorted ids."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import parquetframe as pf
from parquetframe import errors

RNG = np.random.default_rng(12)
SRC, DST = RNG.integers(0, 25, 70), RNG.integers(0, 25, 70)
EDGES = pa.table({"src": SRC, "dst": DST, "w": RNG.integers(1, 9, 70).astype(float)})
DAG = pa.table({"src": np.minimum(SRC, DST), "dst": np.maximum(SRC, DST) + 1})
NAMED = pa.table({"src": ["x", "y", "x"], "dst": ["y", "z", "z"], "w": [1.0, 2.0, 5.0]})

WEIGHTED = ("betweenness", "hits", "louvain", "minimum_spanning_forest", "pagerank")

CASES = {
    "betweenness": [{}, {"k": 5, "seed": 3, "normalized": False}, {"endpoints": True}],
    "closeness": [{}, {"direction": "out", "wf_improved": False}],
    "clustering": [{}, {"directed": False}],
    "core_number": [{}],
    "degree": [{}, {"direction": "both", "loops": "once"}],
    "dfs": [{}, {"source": 1, "max_depth": 2, "sort_neighbors": True}, {"direction": "in"}],
    "dfs_edges": [{}, {"source": 1}],
    "harmonic": [{}, {"direction": "out"}],
    "hits": [{}, {"weight": "w", "tol": 1e-4}],
    "label_propagation": [{}, {"max_iter": 2}],
    "louvain": [{}, {"weight": "w", "resolution": 2.0, "seed": 4, "max_level": 1}],
    "minimum_spanning_forest": [{}, {"weight": "w"}],
    "triangles": [{}],
    "pagerank": [{"dangling": {3: 1.0}}, {"nstart": {1: 2.0}, "on_fail": "ignore"}],
    "bfs": [{"sources": [1, 2], "per_source": True}, {"sources": 3, "direction": "in"}],
    "shortest_path": [
        {"source": 1, "weight": "w", "method": "delta", "delta": 2.0},
        {"source": 1, "predecessors": False, "include_unreached": True},
    ],
}
METHODS = {"shortest_path": "shortest_paths"}


@pytest.mark.parametrize(
    ("algorithm", "options"), [(name, case) for name, cases in CASES.items() for case in cases]
)
def test_same_as_the_method(flow, algorithm, options):
    found = flow.one(EDGES, type="graph", algorithm=algorithm, **options)
    method = dict(options)
    graph = pf.Graph.from_edges(
        EDGES,
        weight=method.pop("weight", None),
        directed=method.pop("directed", True),
        id_order="sorted",
    )
    expected = getattr(graph, METHODS.get(algorithm, algorithm))(**method)
    assert found.schema.metadata is None
    flow.same(found, expected.replace_schema_metadata(None))


def test_topological_sort(flow):
    found = flow.one(DAG, type="graph", algorithm="topological_sort")
    graph = pf.Graph.from_edges(DAG, id_order="sorted")
    flow.same(found, graph.topological_sort().replace_schema_metadata(None))
    error = flow.one_fails(
        NAMED.append_column("back", NAMED["src"]),
        type="graph", algorithm="topological_sort", src="dst", dst="dst", cls=errors.NotADag,
    )  # fmt: skip
    assert "'y'->'y'" in str(error) or "'z'->'z'" in str(error)


def test_weights_of_betweenness(flow):
    found = flow.one(NAMED, type="graph", algorithm="betweenness", weight="w")
    assert found.to_pydict() == {"vertex": ["x", "y", "z"], "betweenness": [0.0, 0.5, 0.0]}
    zero = pa.table({"src": [1], "dst": [2], "w": [0.0]})
    error = flow.one_fails(
        zero, type="graph", algorithm="betweenness", weight="w", cls=errors.GraphError
    )
    assert "betweenness needs weights > 0" in str(error)


def test_other_names_of_two_algorithms(flow):
    for other, name in (
        ("connected_components", "components"),
        ("shortest_paths", "shortest_path"),
    ):
        options = {"source": 1} if name == "shortest_path" else {}
        a = flow.one(EDGES, type="graph", algorithm=other, **options)
        assert a.equals(flow.one(EDGES, type="graph", algorithm=name, **options))


@pytest.mark.parametrize("algorithm", [*CASES, "topological_sort", "components"])
def test_planned_columns_are_those_of_the_result(flow, algorithm):
    options = {"bfs": {"sources": ["x"]}, "shortest_path": {"source": "x"}}.get(algorithm, {})
    step = {"name": "g", "type": "graph", "input": "t", "algorithm": algorithm, **options}
    then = {"name": "h", "type": "filter", "input": "g", "where": "no_such_column > 1"}
    workflow = flow.workflow({"t": NAMED}, step, then)
    with pytest.raises(errors.WorkflowError) as caught:
        workflow.run()
    found = flow.one(NAMED, **{key: value for key, value in step.items() if key != "input"})
    assert found.column_names[0] in str(caught.value) + str(getattr(caught.value, "hint", ""))


def test_facts_and_warnings(flow):
    step = {"name": "g", "type": "graph", "input": "t", "algorithm": "hits", "max_iter": 1}
    result = flow.run({"t": EDGES}, step)
    assert result.steps["g"].info["converged"] is False
    assert any("hits did not converge" in text for text in result.warnings)
    step = {"name": "g", "type": "graph", "input": "t", "algorithm": "louvain"}
    result = flow.run({"t": EDGES}, step)
    assert result.steps["g"].info["communities"] >= 1


def test_errors_name_the_key(flow):
    step = {"type": "graph", "algorithm": "betweenness", "k": 99}
    error = flow.one_fails(EDGES, **step, cls=errors.GraphError)
    assert "k: 99 is not between 1 and the 25 vertices" in str(error)
    error = flow.one_fails(
        EDGES, type="graph", algorithm="dfs", source=999, cls=errors.VertexNotFound
    )
    assert "999" in str(error)
