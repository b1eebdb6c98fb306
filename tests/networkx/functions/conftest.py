"""Functions of the networkx backend against networkx; every test runs on both engines."""

from __future__ import annotations

import sys
from pathlib import Path

import networkx as nx
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _no_cache():
    with nx.config(cache_converted_graphs=False):
        yield
