"""Graphs: any edge table in, answers keyed by the same ids out.

:class:`Graph` holds a graph; every algorithm is a method of it and a function here.

Examples:
    >>> import parquetframe as pf
    >>> edges = {"src": [1, 7], "dst": [2, 8]}
    >>> pf.graph.connected_components(edges)["component_id"].to_pylist()
    [0, 0, 1, 1]
"""

from __future__ import annotations

from .functions import function
from .graph import Graph

__all__ = [
    "Graph",
    "betweenness",
    "bfs",
    "closeness",
    "clustering",
    "connected_components",
    "core_number",
    "degree",
    "dfs",
    "dfs_edges",
    "harmonic",
    "hits",
    "label_propagation",
    "louvain",
    "minimum_spanning_forest",
    "pagerank",
    "shortest_paths",
    "topological_sort",
    "transitivity",
    "triangle_count",
    "triangles",
]

betweenness = function("betweenness")
bfs = function("bfs")
closeness = function("closeness")
clustering = function("clustering")
connected_components = function("connected_components")
core_number = function("core_number")
degree = function("degree")
dfs = function("dfs")
dfs_edges = function("dfs_edges")
harmonic = function("harmonic")
hits = function("hits")
label_propagation = function("label_propagation")
louvain = function("louvain")
minimum_spanning_forest = function("minimum_spanning_forest")
pagerank = function("pagerank")
shortest_paths = function("shortest_paths")
topological_sort = function("topological_sort")
transitivity = function("transitivity")
triangle_count = function("triangle_count")
triangles = function("triangles")
