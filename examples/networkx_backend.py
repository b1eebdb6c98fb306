"""networkx code on parquetframe: same calls and answers, for networkx graphs and for tables."""

from pathlib import Path

import networkx as nx

import parquetframe as pf
from parquetframe.nx_backend import calls

DATA = Path(__file__).parent / "nycflights" / "data"

# A graph that a program has already. A keyword sends one call to the backend ...
G = nx.karate_club_graph()
before = nx.pagerank(G)
after = nx.pagerank(G, backend="parquetframe")
print("same order:", list(after) == list(before))
print("same ranks:", all(abs(after[node] - before[node]) < 1e-12 for node in G))

# ... and a setting, or NETWORKX_BACKEND_PRIORITY=parquetframe, every call on a large graph.
with nx.config(backend_priority=["parquetframe"]):
    large = nx.gnm_random_graph(2_000, 10_000, seed=1)
    print("connected:", nx.is_connected(large), "- small graphs stay:", nx.is_connected(G))

# A graph from a file needs no networkx graph at all.
flights = pf.read_csv(DATA / "flights.csv.gz")
routes = pf.Graph.from_edges(flights, "origin", "dest", duplicates="first")
ranks = nx.pagerank(routes)
for airport in sorted(ranks, key=ranks.get, reverse=True)[:3]:
    print(f"{airport} {ranks[airport]:.4f}")
print("hops from EWR:", dict(nx.single_source_shortest_path_length(routes, "EWR"))["LAX"])

print("ran on parquetframe:", dict(calls))
