"""A cycle among parent pointers, by pointer doubling. O(n log n)."""

from __future__ import annotations

import numpy as np

from .rows import Ints

__all__ = ["parent_cycle"]


def parent_cycle(parent: Ints) -> list[int]:
    """Vertices of one cycle in the direction of its arcs, the smallest first; empty without one."""
    n = len(parent)
    jump = np.append(np.where(parent < 0, n, parent), n)  # n is where all other ways end
    for _ in range(n.bit_length()):
        jump = jump[jump]
    ends = jump[:n][jump[:n] < n]  # after at least n steps only vertices of cycles are left
    if not len(ends):
        return []
    cycle = [int(ends.min())]
    above = int(parent[cycle[0]])
    while above != cycle[0]:
        cycle.append(above)
        above = int(parent[above])
    cycle.reverse()
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]
