"""How tests of graphs read answers: run facts, and values by vertex."""

from __future__ import annotations

import json

__all__ = ["CHAIN", "fact", "pairs"]

CHAIN = {"src": ["a", "b", "c"], "dst": ["b", "c", "d"]}


def fact(table, name):
    """A fact about the run, from the metadata of the table."""
    return json.loads(table.schema.metadata[f"pf.{name}".encode()])


def pairs(table, value):
    """Values of a column by vertex."""
    return dict(zip(table["vertex"].to_pylist(), table[value].to_pylist(), strict=True))
