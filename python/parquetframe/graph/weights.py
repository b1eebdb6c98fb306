"""Whether an algorithm can use the weights of a graph; the edge that says no is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parquetframe.errors import GraphError, NegativeWeight

from .labels import label

if TYPE_CHECKING:
    from .base import GraphBase

__all__ = ["WeightFacts", "need_finite", "need_not_negative", "need_positive", "uses_weights"]


@dataclass(frozen=True)
class WeightFacts:
    """First edges with weights that some algorithms refuse; None where there is none."""

    negative: int | None
    zero: int | None
    infinite: int | None


def uses_weights(graph: GraphBase, weight: str | None) -> bool:
    """What ``weight=`` of an algorithm means for this graph.

    Raises:
        ValueError: Neither ``"auto"`` nor None.
    """
    if weight is None:
        return False
    if weight != "auto":
        raise ValueError(
            f"weight must be 'auto' (the graph's weights) or None (ignore them), not {weight!r}; "
            "which column holds weights is said when the graph is built"
        )
    return graph.is_weighted


def need_not_negative(graph: GraphBase, algorithm: str, advice: str = "") -> None:
    """Refuse a negative weight."""
    edge = graph.weight_facts.negative
    if edge is not None:
        raise _negative(graph, edge, f"{algorithm} needs weights >= 0{advice}")


def need_positive(graph: GraphBase, algorithm: str) -> None:
    """Refuse a weight that is not above 0."""
    facts = graph.weight_facts
    if facts.negative is not None:
        raise _negative(graph, facts.negative, f"{algorithm} needs weights > 0")
    if facts.zero is not None:
        text, row = _edge(graph, facts.zero)
        raise GraphError(f"weight 0 on {text}: {algorithm} needs weights > 0", row=row)


def need_finite(graph: GraphBase, algorithm: str) -> None:
    """Refuse an infinite weight."""
    edge = graph.weight_facts.infinite
    if edge is not None:
        row = graph.row_number(edge)
        raise GraphError(
            f"edge row {row}: weight is inf; {algorithm} needs finite weights",
            row=row,
            column="weight",
        )


def _negative(graph: GraphBase, edge: int, text: str) -> NegativeWeight:
    ends, row = _edge(graph, edge)
    weight = float(graph.edges.column("weight")[edge].as_py())
    return NegativeWeight(f"weight {weight:g} on {ends}: {text}", row=row, weight=weight)


def _edge(graph: GraphBase, edge: int) -> tuple[str, int]:
    src, dst = (label(graph.edges.column(name)[edge].as_py()) for name in ("src", "dst"))
    row = graph.row_number(edge)
    return f"edge {src}->{dst} (row {row})", row
