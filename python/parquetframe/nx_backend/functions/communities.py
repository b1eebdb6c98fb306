"""Louvain communities, on request only: networkx visits nodes in an order of its own."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from parquetframe.nx_backend.dense import view
from parquetframe.nx_backend.registry import algorithm

from .lookup import pick
from .weighted_rows import need_plain_weights

__all__ = ["louvain_communities"]


def _can_run(_: Any, args: SimpleNamespace) -> bool | str:
    for name in ("resolution", "threshold"):
        value = getattr(args, name)
        if not (isinstance(value, (int, float)) and math.isfinite(value)):
            return f"{name} is no finite number"
    if args.resolution < 0:
        return "resolution is below 0"
    if args.max_level is not None and not isinstance(args.max_level, int):
        return "max_level is no integer"
    return True


def _on_request(_graph: Any, _args: SimpleNamespace) -> str:
    return "communities would be others than those of networkx: ask with backend='parquetframe'"


@algorithm(
    can_run=_can_run,
    should_run=_on_request,
)
def louvain_communities(
    G: Any,  # noqa: N803
    weight: Any = "weight",
    resolution: float = 1,
    threshold: float = 1e-7,
    max_level: int | None = None,
    seed: Any = None,
) -> list[set[Any]]:
    """Sets of nodes with many edges inside."""
    if max_level is not None and max_level <= 0:
        raise ValueError("max_level argument must be a positive integer or None")
    graph = view(G)
    weighted = graph.kind_for(weight, mixed=True) != "none"
    if weighted:
        need_plain_weights(graph)
    params = {
        "resolution": float(resolution),
        "seed": int(seed.randint(0, 2**31 - 1)),
        "threshold": float(threshold),
        "max_level": max_level,
        "weighted": weighted,
    }
    columns, _ = graph.run("louvain", params)
    label = columns["community_id"]
    members = pick(graph.nodes, np.argsort(label, kind="stable").tolist())
    ends = np.cumsum(np.bincount(label)).tolist()
    return [set(members[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
