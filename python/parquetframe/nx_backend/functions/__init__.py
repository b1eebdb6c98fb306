"""The functions, one family per file; to import them is to register them.

Each has the signature of networkx and gives what networkx gives: order, ties, types, errors and
when they are raised. What cannot be equal is declined before the call, or, where only the data
tell, by ``NotImplementedError`` from a function that is no generator, so that networkx can still
step in.
"""

from __future__ import annotations

from . import (
    bellman_ford,
    betweenness,
    closeness,
    clustering,
    communities,
    components,
    cores,
    dag,
    depth_first,
    dijkstra,
    hops,
    pagerank,
    path_lengths,
    traversal,
)

__all__ = [
    "bellman_ford",
    "betweenness",
    "closeness",
    "clustering",
    "communities",
    "components",
    "cores",
    "dag",
    "depth_first",
    "dijkstra",
    "hops",
    "pagerank",
    "path_lengths",
    "traversal",
]
