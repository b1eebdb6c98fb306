"""Random graphs of all classes of networkx, with odd nodes, odd weights and odd dictionaries."""

import math
from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction

import networkx as nx
import numpy as np
from hypothesis import strategies as st

CLASSES = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]


class Loud:
    """A node with an equality and a hash of its own."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Loud) and self.value == other.value

    def __hash__(self):
        return hash(("loud", self.value)) % 7  # collide

    def __repr__(self):
        return f"Loud({self.value})"


class Ordered(nx.DiGraph):
    """Dictionaries of another class."""

    node_dict_factory = OrderedDict
    adjlist_outer_dict_factory = OrderedDict
    adjlist_inner_dict_factory = OrderedDict
    edge_attr_dict_factory = OrderedDict


class Thin(nx.Graph):
    """All edges share one dictionary."""

    edge_data = {"weight": 1}  # noqa: RUF012 - as networkx's documentation has it

    @staticmethod
    def edge_attr_dict_factory():
        return Thin.edge_data


NODES = {
    "dense": range(12),
    "shuffled": [5, 3, 0, 9, 7, 1, 2, 11, 4, 6, 10, 8],
    "sparse": [10**6 * i - 5 for i in range(12)],
    "beyond": [2**63 + i for i in range(12)],
    "text": [f"n{i}" for i in range(12)],
    "tuples": [(i, "x") for i in range(12)],
    "floats": [i + 0.5 for i in range(10)] + [math.inf, math.nan],
    "mixed": [
        0,
        "0",
        (0,),
        1.5,
        True,
        frozenset({1}),
        b"0",
        Decimal(3),
        Fraction(1, 3),
        "é",
        -1,
        2,
    ],
    "loud": [Loud(i) for i in range(12)],
    "numpy": [np.int64(i) for i in range(12)],
}

INTS = st.integers(0, 20)
FLOATS = st.floats(0, 20, allow_nan=False)
WEIGHTS = {
    "absent": st.none(),
    "int": INTS,
    "float": FLOATS,
    "some int": st.one_of(st.none(), INTS),
    "bool": st.booleans(),
}


@st.composite
def graphs(draw, classes=CLASSES, nodes=tuple(NODES), weights=tuple(WEIGHTS)):
    """A graph of networkx; edges are added one by one, in any order, and some removed again."""
    made = draw(st.sampled_from(classes))()
    names = list(NODES[draw(st.sampled_from(nodes))])
    names = names[: draw(st.integers(0, len(names)))]
    if draw(st.booleans()):
        made.add_nodes_from(names)
    if not names:
        return made
    kind = WEIGHTS[draw(st.sampled_from(weights))]
    ends = st.sampled_from(names)
    for u, v, weight in draw(st.lists(st.tuples(ends, ends, kind), max_size=40)):
        made.add_edge(u, v, **({} if weight is None else {"weight": weight}))
    for u, v in (
        draw(st.lists(st.sampled_from(list(made.edges())), max_size=3)) if made.size() else ()
    ):
        unequal_loop = u is v and u != v  # NaN: networkx removes the loop, then looks for it again
        if made.has_edge(u, v) and not unequal_loop:
            made.remove_edge(u, v)
    return made


def order(graph):
    """Adjacency as lists: nodes, neighbours and parallel edges in their order."""
    keys = len if graph.is_multigraph() else (lambda data: 1)
    rows = [(u, [(v, keys(data)) for v, data in row.items()]) for u, row in graph.adjacency()]
    if not graph.is_directed():
        return rows, None
    return rows, [(u, list(row)) for u, row in graph.pred.items()]
