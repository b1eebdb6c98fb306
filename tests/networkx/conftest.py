"""Tests of the networkx backend; conversions are cached only where a test is about that."""

from __future__ import annotations

import sys
from pathlib import Path

import networkx as nx
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def cached():
    with nx.config(cache_converted_graphs=False):
        yield
