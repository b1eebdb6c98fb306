"""``shortest_path_length``: one function for all lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import networkx as nx

from parquetframe.nx_backend.dense import DenseView, view
from parquetframe.nx_backend.registry import algorithm

from .bellman_ford import bellman_ford_length, bellman_ford_lengths
from .dijkstra import dijkstra_length, dijkstra_lengths
from .hops import hop_distance, hop_lengths, is_worth_converting
from .weighted_rows import need_finite_weights, need_plain_weights, need_small_sums

__all__ = ["shortest_path_length"]


@algorithm(should_run=is_worth_converting)
def shortest_path_length(
    G: Any,  # noqa: N803
    source: Any = None,
    target: Any = None,
    weight: Any = None,
    method: str = "dijkstra",
) -> Any:
    """Lengths between two nodes, from one, to one, or between all."""
    if method not in {"dijkstra", "bellman-ford"}:
        raise ValueError(f"method not supported: {method}")
    graph = view(G)
    method = "unweighted" if weight is None else method
    if source is None and target is None:
        return _all_pairs(graph, weight, method)
    if source is None or target is None:
        backwards = source is None
        node = target if backwards else source
        if method == "unweighted":
            return hop_lengths(
                graph, graph.predecessors() if backwards else graph.successors(), node
            )
        if method == "dijkstra":
            return dijkstra_lengths(graph, {node}, weight, backwards=backwards)
        return bellman_ford_lengths(graph, node, weight, backwards=backwards)
    if method == "dijkstra":
        return dijkstra_length(graph, source, target, weight)
    if method == "bellman-ford":
        return bellman_ford_length(graph, source, target, weight)
    length = hop_distance(graph, source, target)
    if length is None:
        raise nx.NetworkXNoPath(f"No path between {source} and {target}.")
    return length


def _all_pairs(
    graph: DenseView, weight: Any, method: str
) -> Iterator[tuple[Any, dict[Any, int | float]]]:
    lengths: Callable[[Any], dict[Any, int | float]]
    if weight is None or graph.kind_for(weight) == "none":
        lengths = partial(_hop_lengths, graph)
    elif method == "dijkstra":
        need_plain_weights(graph)  # here: a generator can no longer decline
        need_small_sums(graph)
        lengths = partial(_weighted_lengths, graph, weight)
    else:
        need_finite_weights(graph)
        lengths = partial(bellman_ford_lengths, graph, weight=weight)
    return ((node, lengths(node)) for node in graph.nodes)


def _hop_lengths(graph: DenseView, node: Any) -> dict[Any, int | float]:
    return dict(hop_lengths(graph, graph.successors(), node))


def _weighted_lengths(graph: DenseView, weight: Any, node: Any) -> dict[Any, int | float]:
    return dijkstra_lengths(graph, {node}, weight)
