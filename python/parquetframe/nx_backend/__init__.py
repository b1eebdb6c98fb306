"""networkx functions on parquetframe: ``nx.pagerank(G, backend="parquetframe")``.

networkx finds :data:`backend` by its entry point; nobody else needs this package. :data:`calls`
tells how often each function really ran here.
"""

from __future__ import annotations

from .backend import Backend, backend
from .registry import calls

__all__ = ["Backend", "backend", "calls"]
