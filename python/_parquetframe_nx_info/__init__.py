"""What networkx is told about the backend at every ``import networkx``.

A package of its own, so that networkx need not load parquetframe for it. It imports nothing.
"""

__all__ = ["get_info"]

_URL = "https://github.com/parquetframe/parquetframe"

# Name on which networkx dispatches, and what it adds to the documentation of the function. A test
# compares the names with the functions that there are.
_FUNCTIONS: dict[str, str] = {
    "ancestors": "",
    "average_clustering": "``weight`` stays in networkx.",
    "betweenness_centrality": "Weights must be above 0.",
    "bfs_edges": "``sort_neighbors`` stays in networkx.",
    "bfs_layers": "",
    "bfs_predecessors": "``sort_neighbors`` stays in networkx.",
    "bfs_successors": "``sort_neighbors`` stays in networkx.",
    "closeness_centrality": "``distance`` stays in networkx.",
    "clustering": "``weight`` stays in networkx.",
    "connected_components": "",
    "core_number": "",
    "descendants": "",
    "descendants_at_distance": "",
    "dfs_edges": "``sort_neighbors`` stays in networkx.",
    "dfs_postorder_nodes": "``sort_neighbors`` stays in networkx.",
    "dfs_predecessors": "``sort_neighbors`` stays in networkx.",
    "dfs_preorder_nodes": "``sort_neighbors`` stays in networkx.",
    "dijkstra_path_length": "No weights that are functions.",
    "harmonic_centrality": "``distance`` stays in networkx.",
    "has_path": "",
    "is_connected": "",
    "is_directed_acyclic_graph": "",
    "is_strongly_connected": "",
    "is_weakly_connected": "",
    "louvain_communities": "Other communities, as good; with ``backend='parquetframe'`` only.",
    "multi_source_dijkstra_path_length": "No weights that are functions.",
    "node_connected_component": "",
    "number_connected_components": "",
    "number_strongly_connected_components": "",
    "number_weakly_connected_components": "",
    "pagerank": "Weights must not be negative.",
    "shortest_path_length": "No weights that are functions.",
    "single_source_bellman_ford_path_length": "No weights that are functions.",
    "single_source_dijkstra_path_length": "No weights that are functions.",
    "single_source_shortest_path_length": "",
    "single_target_shortest_path_length": "",
    "strongly_connected_components": "",
    "topological_generations": "",
    "topological_sort": "",
    "transitivity": "Directed graphs stay in networkx.",
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
