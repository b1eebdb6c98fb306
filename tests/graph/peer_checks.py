"""What the comparisons with networkx share: settings, and columns as vertex numbers."""

from __future__ import annotations

import networkx as nx
from hypothesis import HealthCheck, settings

__all__ = ["_same_order", "_sampled", "column", "numbers", "quick"]

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


def _same_order(case, graph, theirs):
    rows = numbers(case, graph.topological_sort(), "vertex")
    assert [p for p, *_ in rows] == list(range(case.n))
    assert [v for _, v, _ in rows] == list(nx.topological_sort(theirs))
    generations = [
        (v, number) for number, part in enumerate(nx.topological_generations(theirs)) for v in part
    ]
    assert [(v, g) for _, v, g in rows] == generations
