"""The order in which networkx's Dijkstra settles vertices, from their distances.

Its heap pops by distance, and among equal ones by the time of the push, which is that of the first
settled neighbour on a shortest path and, in its row, the first arc. Distances alone decide unless
vertices share one; such groups are ordered by the places of their neighbours, most of them at once
and the others one group after the other. O(m + n log n).
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import numpy as np

from parquetframe.graph.engine import Csr

__all__ = ["settling_order"]

_Array = np.ndarray[Any, Any]

_FEW_ARCS = 64  # below, a loop is faster than NumPy


def settling_order(rows: Csr, distance: _Array, sources: list[int]) -> _Array:
    """Vertices in the order in which they are settled.

    Args:
        rows: Arcs with weights, none below 0, in the order of the adjacency.
        distance: Of each vertex, from the nearest source; NaN where there is none.
        sources: In the order in which they are pushed, without repeats.
    """
    first = np.array(sources, np.int64)
    rest = ~np.isnan(distance)
    rest[first] = False
    later = np.flatnonzero(rest)
    later = later[np.argsort(distance[later], kind="stable")]
    order = np.concatenate([first, later])
    groups = _Groups(order, distance, len(sources))
    if groups.any_tied:
        _settle(groups, _tight_arcs(rows, distance, groups), distance)
    return groups.order


class _Groups:
    """Vertices by distance.

    Attributes:
        order: By distance; within a group as yet known.
        start: Place at which the group of a vertex starts; a source's own place.
        place: Place of each vertex in ``order``.
        tied: Whether a vertex has the distance of another.
    """

    def __init__(self, order: _Array, distance: _Array, sources: int) -> None:
        n, count = len(distance), len(order)
        self.order = order
        self.sources = sources
        by_place = distance[order]
        new = np.ones(count + 1, dtype=bool)
        new[1:count] = by_place[1:] != by_place[:-1]
        new[: sources + 1] = True
        starts = np.flatnonzero(new)
        sizes = np.diff(starts)
        self.start = np.full(n, -1, np.int64)
        self.start[order] = np.repeat(starts[:-1], sizes)
        self.place = np.full(n, -1, np.int64)
        self.place[order] = np.arange(count)
        self.tied = np.zeros(n, dtype=bool)
        self.tied[order] = np.repeat(sizes > 1, sizes)
        self.any_tied = bool((sizes > 1).any())

    def put(self, start: int, vertices: _Array | list[int]) -> None:
        """Order a group."""
        self.order[start : start + len(vertices)] = vertices
        self.place[vertices] = np.arange(start, start + len(vertices))


def _tight_arcs(rows: Csr, distance: _Array, groups: _Groups) -> tuple[_Array, _Array, _Array]:
    """Arcs on shortest paths to tied vertices, in the order of the groups: tail, head, place."""
    found = np.flatnonzero(groups.tied[rows.indices])
    heads = rows.indices[found].astype(np.int64)
    tails = np.searchsorted(rows.indptr, found, side="right") - 1
    weights = np.ones(len(found)) if rows.weights is None else rows.weights[found]
    tight = (distance[tails] + weights == distance[heads]) & (tails != heads)
    tails, heads, found = tails[tight], heads[tight], found[tight]
    by_group = np.lexsort((found, groups.place[heads]))
    return tails[by_group], heads[by_group], found[by_group]


def _settle(groups: _Groups, arcs: tuple[_Array, _Array, _Array], distance: _Array) -> None:
    """Order all groups; arcs of a head stand together, and heads of a group."""
    tails, heads, found = arcs
    inner = distance[tails] == distance[heads]  # by a weight of 0, or too small to count
    late = np.unique(groups.start[heads[inner]])
    left = _settle_at_once(groups, tails, heads, found, late)
    bounds = (
        np.searchsorted(groups.start[heads], left),
        np.searchsorted(groups.start[heads], left, side="right"),
    )
    slow = set(late.tolist())
    for start, low, high in zip(left.tolist(), *(b.tolist() for b in bounds), strict=True):
        part = tails[low:high], heads[low:high], found[low:high]
        if start in slow:
            _settle_through(groups, start, part, inner[low:high])
        elif high - low < _FEW_ARCS:
            _settle_few(groups, start, part)
        else:
            _settle_many(groups, start, part)


def _settle_at_once(
    groups: _Groups, tails: _Array, heads: _Array, found: _Array, late: _Array
) -> _Array:
    """Order where the groups of the neighbours decide; starts of the other groups, ascending."""
    coarse = groups.start[tails]
    firsts = _starts(heads)
    least = np.minimum.reduceat(coarse, firsts)
    lengths = np.diff(np.append(firsts, len(heads)))
    # Of arcs from the group that decides, the first: exact where that group is one vertex.
    arc = np.where(coarse == np.repeat(least, lengths), found, np.iinfo(np.int64).max)
    arc = np.minimum.reduceat(arc, firsts)
    vertices = heads[firsts]
    group = groups.start[vertices]
    by = np.lexsort((arc, least, group))
    vertices, least, group = vertices[by], least[by], group[by]
    same = (group[1:] == group[:-1]) & (least[1:] == least[:-1])
    doubtful = group[1:][same & groups.tied[groups.order[least[1:]]]]
    left = np.union1d(doubtful, late)
    sure = ~np.isin(group, left)
    # A group is complete here: each of its vertices has a tight arc.
    places = group[sure] + _within(group[sure])
    groups.order[places] = vertices[sure]
    groups.place[vertices[sure]] = places
    return left


def _settle_few(groups: _Groups, start: int, arcs: tuple[_Array, _Array, _Array]) -> None:
    tails, heads, found = arcs
    best: dict[int, tuple[int, int]] = {}
    places = groups.place[tails].tolist()
    for head, key in zip(heads.tolist(), zip(places, found.tolist(), strict=True), strict=True):
        if head not in best or key < best[head]:
            best[head] = key
    groups.put(start, sorted(best, key=best.__getitem__))


def _settle_many(groups: _Groups, start: int, arcs: tuple[_Array, _Array, _Array]) -> None:
    tails, heads, found = arcs
    by = heads[np.lexsort((found, groups.place[tails]))]
    vertices, first = np.unique(by, return_index=True)
    groups.put(start, vertices[np.argsort(first)])


def _settle_through(
    groups: _Groups, start: int, arcs: tuple[_Array, _Array, _Array], inner: _Array
) -> None:
    """A group whose vertices push each other, as the heap does it."""
    tails, heads, found = arcs
    places = groups.place[tails]
    outer = np.flatnonzero(~inner)
    outer = outer[np.lexsort((found[outer], places[outer]))]
    queue = deque(dict.fromkeys(heads[outer].tolist()))
    pushed = set(queue)
    inside: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for place in np.flatnonzero(inner).tolist():
        inside[int(tails[place])].append((int(found[place]), int(heads[place])))
    # Of vertices at distance 0, the sources come first.
    before = groups.order[: groups.sources].tolist() if start == groups.sources else []
    settled: list[int] = []
    waiting = deque(before)
    while waiting or queue:
        vertex = waiting.popleft() if waiting else queue.popleft()
        settled.append(vertex)
        for _, head in sorted(inside.get(vertex, ())):
            if head not in pushed:
                pushed.add(head)
                queue.append(head)
    groups.put(start, settled[len(before) :])


def _starts(values: _Array) -> _Array:
    """Places at which a run of equal values starts; there is at least one value."""
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return np.flatnonzero(new)


def _within(sorted_values: _Array) -> _Array:
    """Place of each value in its run."""
    if not len(sorted_values):
        return sorted_values
    starts = _starts(sorted_values)
    lengths = np.diff(np.append(starts, len(sorted_values)))
    return np.asarray(np.arange(len(sorted_values)) - np.repeat(starts, lengths))
