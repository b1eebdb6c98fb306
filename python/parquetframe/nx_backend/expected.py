"""Tests of networkx that the backend is not expected to pass, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["EXPECTED", "on_start_tests"]

_LOUVAIN = "community/tests/test_louvain.py::"
_OTHER_PARTITION = "another partition, found by the same rule in another order"

EXPECTED: dict[str, str] = {
    f"{_LOUVAIN}test_karate_club_partition": _OTHER_PARTITION,
    f"{_LOUVAIN}test_undirected_selfloops": _OTHER_PARTITION,
    f"{_LOUVAIN}test_directed_partition": _OTHER_PARTITION,
    f"{_LOUVAIN}test_none_weight_param": _OTHER_PARTITION,
    f"{_LOUVAIN}test_max_level": _OTHER_PARTITION,
    "test_dag.py::TestDAG::test_topological_sort6": (
        "a graph that changes while it is sorted: a converted copy is sorted"
    ),
}
"""End of the test's node id, and the reason."""


def on_start_tests(items: Iterable[Any]) -> None:
    """Mark those tests; networkx calls it when its suite runs on a backend."""
    import pytest

    for item in items:
        for end, reason in EXPECTED.items():
            if item.nodeid.split("[")[0].endswith(end):
                item.add_marker(pytest.mark.xfail(reason=f"parquetframe: {reason}"))
