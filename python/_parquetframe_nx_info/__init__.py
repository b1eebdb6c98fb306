"""What networkx is told about the backend at every ``import networkx``.

A package of its own, so that networkx need not load parquetframe for it. It imports nothing.
"""

__all__ = ["get_info"]

_URL = "https://github.com/parquetframe/parquetframe"

# Name on which networkx dispatches, and what it adds to the documentation of the function. A test
# compares the names with the functions that there are.
_FUNCTIONS: dict[str, str] = {
    "ancestors": "",
    "average_clustering": "",
    "betweenness_centrality": "",
    "bfs_edges": "",
    "bfs_layers": "",
    "bfs_predecessors": "",
    "bfs_successors": "",
    "closeness_centrality": "",
    "clustering": "",
    "connected_components": "",
    "core_number": "",
    "descendants": "",
    "descendants_at_distance": "",
    "dfs_edges": "",
    "dfs_postorder_nodes": "",
    "dfs_predecessors": "",
    "dfs_preorder_nodes": "",
    "dijkstra_path_length": "",
    "harmonic_centrality": "",
    "has_path": "",
    "is_connected": "",
    "is_directed_acyclic_graph": "",
    "is_strongly_connected": "",
    "is_weakly_connected": "",
    "louvain_communities": "",
    "multi_source_dijkstra_path_length": "",
    "node_connected_component": "",
    "number_connected_components": "",
    "number_strongly_connected_components": "",
    "number_weakly_connected_components": "",
    "pagerank": "",
    "shortest_path_length": "",
    "single_source_bellman_ford_path_length": "",
    "single_source_dijkstra_path_length": "",
    "single_source_shortest_path_length": "",
    "single_target_shortest_path_length": "",
    "strongly_connected_components": "",
    "topological_generations": "",
    "topological_sort": "",
    "transitivity": "",
    "triangles": "",
    "weakly_connected_components": "",
}


def get_info() -> dict[str, object]:
    """Description, functions and default settings, as networkx's entry point asks for them."""
    return {
        "backend_name": "parquetframe",
        "project": "parquetframe",
        "package": "parquetframe.nx_backend",
        "url": _URL,
        "short_summary": "Parallel graph algorithms in Rust, results identical to networkx.",
        "default_config": {"min_nodes": 500, "threads": None},
        "functions": {name: {"additional_docs": text} for name, text in _FUNCTIONS.items()},
    }
